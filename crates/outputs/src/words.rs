//! The words of the files in one language.

use mesur_figures::Shorthand;
use mesur_wording::{Args, Language, Wording, thousands};

use crate::dataset::{Column, Table, Text};
use crate::error::Error;

/// The voice of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    wording: &'a Wording,
}

impl<'a> Words<'a> {
    pub(crate) fn new(wording: &'a Wording) -> Self {
        Self { wording }
    }

    pub(crate) fn language(self) -> Language {
        self.wording.language()
    }

    /// A text that needs no values.
    pub(crate) fn label(self, message: &str) -> Result<String, Error> {
        self.with(message, &Args::new())
    }

    /// A text with values.
    pub(crate) fn with(self, message: &str, args: &Args) -> Result<String, Error> {
        Ok(self.wording.text(message, args)?)
    }

    /// A text of the data set; one that is held in English only says so.
    pub(crate) fn text(self, text: &Text) -> Result<String, Error> {
        match self.language() {
            Language::Cy if !text.cy.is_empty() => Ok(text.cy.clone()),
            _ if text.en.is_empty() => self.label("wording-not-held"),
            Language::En => Ok(text.en.clone()),
            Language::Cy => Ok(format!("{} ({})", text.en, self.label("english-only")?)),
        }
    }

    /// A metric with its code.
    pub(crate) fn title(self, table: &Table) -> Result<String, Error> {
        let args = Args::new()
            .text("code", &table.metric)
            .text("title", &self.text(&table.title)?);
        self.with("table-caption", &args)
    }

    /// A column with its category's code, which tells it apart from every other of its table.
    pub(crate) fn heading(self, column: &Column) -> Result<String, Error> {
        let label = self.text(&column.label)?;
        Ok(match &column.category {
            Some(code) => format!("{code}: {label}"),
            None => label,
        })
    }

    /// The meaning of a letter.
    pub(crate) fn meaning(self, shorthand: Shorthand) -> Result<String, Error> {
        self.label(&format!("shorthand-{}", shorthand.code()))
    }

    /// A number as it is printed.
    pub(crate) fn number(self, units: i64, decimals: u8) -> String {
        thousands(units, decimals, self.language())
    }
}
