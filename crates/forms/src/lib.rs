//! Forms: what an authority fills in with a spreadsheet program and sends back as its return.
//!
//! A form has one row for each cell of the edition, with the wording, the unit and the value of an
//! earlier period where one is held, and what has been filled in so far. As a spreadsheet it has a
//! cover and guidance, one sheet for each family of metrics, lists to choose from, and only the
//! cells to fill in unlocked; as CSV it is the long form with more columns.
//!
//! Promises: a form says which edition, which content of it and which authority it is for, so that
//! one of another year, version or authority is recognised when it comes back; what was filled in
//! comes back as it was, to the byte; nothing in a form is a formula; a value that is not there is
//! an empty cell, never a zero; the same contents are the same bytes.
//!
//! Deliberately not here: reading a form, which `mesur-returns` does as it reads any file; where
//! values come from; a clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod csv_form;
mod error;
mod form;
mod guidance;
mod ods;
mod words;
mod xlsx;

use mesur_catalogue::{AuthorityCode, Edition};
use mesur_returns::{Cells, Previous};
use mesur_wording::Language;

pub use error::Error;

use crate::form::Form;

/// A kind of file that a form is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Office Open XML, for Excel.
    Xlsx,
    /// The open document format, for any program.
    Ods,
    /// Comma-separated values, UTF-8, in the long form.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Xlsx, Self::Ods, Self::Csv];

    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
            Self::Csv => "csv",
        }
    }

    /// The format that the ending of a file's name stands for.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let mut formats = Self::ALL.into_iter();
        formats.find(|format| format.extension().eq_ignore_ascii_case(extension))
    }

    /// The media type, for HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// What a form is made of.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// What is asked for.
    pub edition: &'a Edition,
    /// Who is asked.
    pub authority: &'a AuthorityCode,
    /// The authority's values of an earlier period, shown beside the cells.
    pub previous: Option<&'a Previous>,
    /// What has been filled in so far: the cells of a return or of a draft.
    pub current: Option<&'a Cells>,
}

/// Writes a form in a language.
pub fn write_form(
    format: Format,
    contents: &Contents<'_>,
    language: Language,
) -> Result<Vec<u8>, Error> {
    let form = Form::new(contents, language)?;
    match format {
        Format::Xlsx => xlsx::write(&form),
        Format::Ods => ods::write(&form),
        Format::Csv => csv_form::write(&form),
    }
}
