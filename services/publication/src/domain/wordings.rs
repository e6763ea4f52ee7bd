//! The wording of an edition in both languages.

use mesur_catalogue::Edition;
use mesur_wording::{Error, Language, Wording};

/// English and Welsh, loaded once.
#[derive(Debug)]
pub(crate) struct Wordings {
    en: Wording,
    cy: Wording,
}

impl Wordings {
    /// Loads the house wording and, over it, the edition's.
    pub(crate) fn load(edition: &Edition) -> Result<Self, Error> {
        let plan = edition.release();
        Ok(Self {
            en: Wording::new(Language::En, plan.templates_en.as_deref())?,
            cy: Wording::new(Language::Cy, plan.templates_cy.as_deref())?,
        })
    }

    /// The wording of a language.
    pub(crate) fn of(&self, language: Language) -> &Wording {
        match language {
            Language::En => &self.en,
            Language::Cy => &self.cy,
        }
    }

    /// The wording to take a message from: the language's own, or English where it has none.
    pub(crate) fn holding(&self, language: Language, message: &str) -> &Wording {
        let own = self.of(language);
        if own.has(message) { own } else { &self.en }
    }
}
