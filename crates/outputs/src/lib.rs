//! The files of a release for those who use its figures again: spreadsheets, tables for machines,
//! the set that is uploaded to `StatsWales`, and the signed bundle of everything.
//!
//! All are written from one neutral [`Dataset`], which whoever publishes makes once, so that they
//! cannot differ in what they say. `docs/outputs.md` describes each for its readers.
//!
//! Promises: the same data set gives the same bytes, on any machine; no value passes through a
//! float on its way into a file, but for workbooks, which hold doubles, and there a number that is
//! not exactly a double is written as text; a text never becomes a formula or markup; a missing value
//! is empty or a letter that says why, never a zero; a text that is not held in Welsh is marked as
//! English.
//!
//! Deliberately not here: web pages, the file of facts, what is published at all, the clock, keys.
#![deny(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod archive;
pub mod bundle;
mod csvw;
mod dataset;
mod error;
mod file;
mod jsonstat;
mod lookups;
mod ods;
mod parquet;
mod statswales;
mod words;
mod workbook;
mod xlsx;

use mesur_wording::{Language, Wording};

pub use dataset::{Area, Cell, Column, Coverage, Dataset, Table, Text};
pub use error::Error;
pub use file::File;
use words::Words;

/// The columns of `data.csv`.
pub const DATA_COLUMNS: [&str; 9] = [
    "period",
    "area_code",
    "area",
    "metric",
    "category",
    "value",
    "shorthand",
    "provided",
    "expected",
];

/// The name of the data file that `data.csv-metadata.json` describes.
pub const DATA_FILE: &str = "data.csv";

/// Writes every file but `data.csv` itself and the bundle, in the order of their names. The wordings
/// are the house's, with what the edition says instead.
pub fn write(dataset: &Dataset, english: &Wording, welsh: &Wording) -> Result<Vec<File>, Error> {
    dataset.check()?;
    let (en, cy) = (Words::new(english), Words::new(welsh));
    let mut files = lookups::write(dataset, en, cy)?;
    files.push(csvw::write(dataset, en, cy)?);
    files.push(parquet::write(dataset)?);
    files.push(statswales::write(dataset, en, cy)?);
    for words in [en, cy] {
        let workbook = workbook::Workbook::new(dataset, words)?;
        let tag = workbook.language.code();
        files.push(File::new(
            format!("tables.{tag}.xlsx"),
            xlsx::MEDIA_TYPE,
            xlsx::write(&workbook)?,
        ));
        files.push(File::new(
            format!("tables.{tag}.ods"),
            mesur_spreadsheet::ods::MEDIA_TYPE,
            ods::write(&workbook)?,
        ));
        files.push(jsonstat::write(dataset, words)?);
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// The tag of a language with its country, for documents.
fn locale(language: Language) -> (&'static str, &'static str) {
    (language.code(), "GB")
}
