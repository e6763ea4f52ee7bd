//! The words of findings in every language that a caller may ask for.

use mesur_wording::{Language, Wording};

/// The house wording in both languages.
pub struct Wordings {
    english: Wording,
    welsh: Wording,
}

impl Wordings {
    /// Reads the house wording.
    pub fn house() -> Result<Self, mesur_wording::Error> {
        Ok(Self {
            english: Wording::new(Language::En, None)?,
            welsh: Wording::new(Language::Cy, None)?,
        })
    }

    /// The wording of the language that a caller names: `en` or `cy`, English when empty.
    pub fn of(&self, language_code: &str) -> Result<&Wording, LanguageError> {
        if language_code.is_empty() {
            return Ok(&self.english);
        }
        match Language::parse(language_code) {
            Ok(Language::En) => Ok(&self.english),
            Ok(Language::Cy) => Ok(&self.welsh),
            Err(_) => Err(LanguageError {
                code: language_code.chars().take(32).collect(),
            }),
        }
    }
}

/// A language that Mesur does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the language {code:?} is not en or cy")]
pub struct LanguageError {
    code: String,
}
