//! Saying things in one language, and in English where that language has no words.

use mesur_catalogue::Authority;
use mesur_wording::{Args, Language, Span, Wording};

use super::Error;
use super::line::{Line, Run};
use crate::domain::{Date, Wordings, area_name};

/// The voice of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker<'a> {
    wordings: &'a Wordings,
    language: Language,
}

impl<'a> Speaker<'a> {
    /// Speaks a language.
    pub(crate) fn new(wordings: &'a Wordings, language: Language) -> Self {
        Self { wordings, language }
    }

    /// The voice to word a message in: its own language throughout, figures and names included.
    pub(crate) fn for_message(&self, message: &str) -> Self {
        Self {
            language: self.holding(message).language(),
            ..*self
        }
    }

    /// The language of the document.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The wording of the language.
    pub(crate) fn wording(&self) -> &'a Wording {
        self.wordings.of(self.language)
    }

    /// The wording that has a message: that of the language, or else English.
    pub(crate) fn holding(&self, message: &str) -> &'a Wording {
        self.wordings.holding(self.language, message)
    }

    /// Whether the release has the message at all.
    pub(crate) fn has(&self, message: &str) -> bool {
        self.wordings.of(Language::En).has(message)
    }

    /// A text of the house wording, which is held in every language.
    pub(crate) fn house(&self, message: &str, args: &Args) -> Result<String, Error> {
        Ok(self.wordings.of(self.language).text(message, args)?)
    }

    /// A text of the house wording that needs no values.
    pub(crate) fn label(&self, message: &str) -> Result<String, Error> {
        self.house(message, &Args::new())
    }

    /// A text of the edition that needs no values.
    pub(crate) fn edition(&self, message: &str) -> Result<Line, Error> {
        self.line(message, Args::new(), &[])
    }

    /// A line in which texts of a state of their own are put in as they are: each slot fills the
    /// variable of its name.
    pub(crate) fn line(
        &self,
        message: &str,
        args: Args,
        slots: &[(&str, Run)],
    ) -> Result<Line, Error> {
        let wording = self.holding(message);
        let args = slots
            .iter()
            .fold(args, |args, (name, _)| args.figure(name, None, None));
        let runs = wording
            .spans(message, &args)?
            .into_iter()
            .map(|span| match span {
                Span::Text(text) => Ok(Run::Text(text)),
                Span::Figure(name) => match slots.iter().find(|(slot, _)| *slot == name) {
                    Some((_, run)) => Ok(run.clone()),
                    None => Err(Error::NoFigure {
                        message: message.to_owned(),
                        figure: name,
                    }),
                },
            });
        Ok(Line {
            runs: runs.collect::<Result<_, _>>()?,
            english_only: wording.language() != self.language,
        })
    }

    /// A text that is held in one or both languages; `None` when it is held in neither, and in an
    /// English document when it is not held in English.
    pub(crate) fn held(&self, en: &str, cy: &str) -> Option<Run> {
        match self.language {
            Language::Cy if !cy.is_empty() => Some(Run::Text(cy.to_owned())),
            Language::Cy if !en.is_empty() => Some(Run::English(en.to_owned())),
            Language::En if !en.is_empty() => Some(Run::Text(en.to_owned())),
            Language::Cy | Language::En => None,
        }
    }

    /// The same, with the words for a text that is not held.
    pub(crate) fn held_or_not(&self, en: &str, cy: &str) -> Result<Run, Error> {
        match self.held(en, cy) {
            Some(run) => Ok(run),
            None => Ok(Run::Text(self.label("wording-not-held")?)),
        }
    }

    /// The name of an authority or of the nation.
    pub(crate) fn name(&self, area: &Authority) -> String {
        area_name(area, self.language).to_owned()
    }

    /// A date in full.
    pub(crate) fn date(&self, date: Date) -> Result<String, Error> {
        Ok(self
            .wordings
            .of(self.language)
            .date(date.year, date.month, date.day)?)
    }
}
