//! The words of a form in one language.

use mesur_catalogue::{Category, Edition, Metric};
use mesur_wording::{Args, Language, Wording};

use crate::error::Error;

/// The house wording with the edition's, for one form.
pub(crate) struct Words {
    wording: Wording,
}

impl Words {
    pub(crate) fn new(edition: &Edition, language: Language) -> Result<Self, Error> {
        let plan = edition.release();
        let templates = match language {
            Language::En => &plan.templates_en,
            Language::Cy => &plan.templates_cy,
        };
        let wording = Wording::new(language, templates.as_deref())?;
        Ok(Self { wording })
    }

    /// A text without variables.
    pub(crate) fn plain(&self, id: &str) -> Result<String, Error> {
        self.with(id, &Args::new())
    }

    pub(crate) fn with(&self, id: &str, args: &Args) -> Result<String, Error> {
        Ok(self.wording.text(id, args)?)
    }

    /// A text of the edition, where it has one in this language.
    pub(crate) fn of_edition(&self, id: &str) -> Result<Option<String>, Error> {
        self.wording.has(id).then(|| self.plain(id)).transpose()
    }

    /// The wording of a metric.
    pub(crate) fn metric(&self, metric: &Metric) -> Result<String, Error> {
        self.held(&metric.title_en, &metric.title_cy)
    }

    /// The wording of a category.
    pub(crate) fn category(&self, category: &Category) -> Result<String, Error> {
        self.held(&category.words.label_en, &category.words.label_cy)
    }

    /// The text of this language, or the English one marked as such, or that none is held.
    fn held(&self, en: &str, cy: &str) -> Result<String, Error> {
        match self.wording.language() {
            Language::Cy if !cy.is_empty() => Ok(cy.to_owned()),
            _ if en.is_empty() => self.plain("wording-not-held"),
            Language::En => Ok(en.to_owned()),
            Language::Cy => Ok(format!("{en} ({})", self.plain("english-only")?)),
        }
    }

    /// The one of two names that is this language's.
    pub(crate) fn name<'n>(&self, en: &'n str, cy: &'n str) -> &'n str {
        match self.wording.language() {
            Language::Cy if !cy.is_empty() => cy,
            Language::En | Language::Cy => en,
        }
    }
}
