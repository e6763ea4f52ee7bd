//! Rendering a compiled release: the files that are published, byte for byte the same whenever
//! they are made from the same release.
//!
//! A [`document`](document::Document) is the release worded in one language; the plain text, the
//! web page and the structured facts are written from it, so that they cannot differ in what they
//! say. Every sentence comes from the wording. A text that is not held in Welsh is shown in English
//! and marked as English. No figure passes through a float, nothing asks the time.
//!
//! Deliberately not here: what is published at all (`crate::domain`), compression, serving.

mod csv;
mod document;
mod figure;
mod html;
mod json;
mod line;
mod quality;
mod speaker;
mod table;
mod text;

#[cfg(test)]
mod tests;

use std::io;

use mesur_catalogue::Edition;
use mesur_wording::Language;

use crate::domain::{Compiled, Wordings, rows_of};
pub use csv::write_data_csv;
use document::Document;
pub(crate) use html::STYLE;
use speaker::Speaker;

/// Why a release could not be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A text could not be worded.
    #[error("wording the release")]
    Wording(#[from] mesur_wording::Error),
    /// A sentence names a figure that the statement does not have.
    #[error("the sentence of {message} has no figure {figure}")]
    NoFigure {
        /// The message.
        message: String,
        /// The name in the sentence.
        figure: String,
    },
    /// A file could not be written.
    #[error("writing {file}")]
    Write {
        /// The file's name.
        file: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The name within the release.
    pub(crate) name: &'static str,
    /// The media type.
    pub(crate) media_type: &'static str,
    /// The content.
    pub(crate) content: Vec<u8>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";
const JSON: &str = "application/json";
const DATA_FILE: &str = "data.csv";
const FACTS_FILE: &str = "release.json";

/// The name of the web page in a language.
const fn page_file(language: Language) -> &'static str {
    match language {
        Language::En => "release.en.html",
        Language::Cy => "release.cy.html",
    }
}

/// The name of the plain text in a language.
const fn text_file(language: Language) -> &'static str {
    match language {
        Language::En => "main-points.en.txt",
        Language::Cy => "main-points.cy.txt",
    }
}

/// Renders every file of a release, in the order of their names. The edition must be the one that
/// the release was compiled from.
pub(crate) fn render(edition: &Edition, compiled: &Compiled) -> Result<Vec<File>, Error> {
    let wordings = Wordings::load(edition)?;
    let worded = |language| -> Result<(Document, Speaker<'_>), Error> {
        let speaker = Speaker::new(&wordings, language);
        Ok((Document::new(&speaker, edition, compiled)?, speaker))
    };
    let mut files = Vec::new();
    let ((english, en), (welsh, cy)) = (worded(Language::En)?, worded(Language::Cy)?);
    for (document, speaker) in [(&english, &en), (&welsh, &cy)] {
        files.push(File {
            name: text_file(document.language),
            media_type: TEXT,
            content: text::write(document, speaker)?.into_bytes(),
        });
        files.push(File {
            name: page_file(document.language),
            media_type: HTML,
            content: html::page(document, speaker)?.into_string().into_bytes(),
        });
    }
    let mut data = Vec::new();
    write_data_csv(&rows_of(edition, &compiled.tables), &mut data).map_err(|source| {
        Error::Write {
            file: DATA_FILE,
            source,
        }
    })?;
    files.push(File {
        name: DATA_FILE,
        media_type: CSV,
        content: data,
    });
    files.push(File {
        name: FACTS_FILE,
        media_type: JSON,
        content: json::write(edition, compiled, (&en, &english), (&cy, &welsh))?,
    });
    files.sort_by_key(|file| file.name);
    Ok(files)
}

/// The titles of an edition's release in English and in Welsh, as they stand on its pages.
pub(crate) fn titles(edition: &Edition) -> Result<[String; 2], Error> {
    let wordings = Wordings::load(edition)?;
    let title = |language| -> Result<String, Error> {
        Ok(document::title(&Speaker::new(&wordings, language), edition)?.words())
    };
    Ok([title(Language::En)?, title(Language::Cy)?])
}
