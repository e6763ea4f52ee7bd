//! Rendering a compiled release: the files that are published, byte for byte the same whenever
//! they are made from the same release.
//!
//! A [`document`](document::Document) is the release worded in one language; the plain text, the
//! web page and the structured facts are written from it, so that they cannot differ in what they
//! say. Every sentence comes from the wording. A text that is not held in Welsh is shown in English
//! and marked as English. No figure passes through a float, nothing asks the time.
//!
//! Pages and texts are written here, the files for those who use the figures again by `mesur-outputs`.
//! The bundle holds all others, so it is written last and no other file says how large it is.
//!
//! Deliberately not here: what is published at all (`crate::domain`), serving.

mod bundle;
mod chart;
mod csv;
mod document;
mod figure;
mod files;
mod html;
mod json;
mod line;
mod measure;
mod quality;
mod speaker;
mod table;
mod text;
mod topic;

#[cfg(test)]
mod tests;

use std::io;

use mesur_catalogue::Edition;
use mesur_wording::Language;

use crate::domain::{Compiled, Wordings, rows_of};
pub use csv::write_data_csv;
use document::Document;
pub(crate) use html::{
    QUERY_CHARACTERS_MAX, RELEASE, STYLE, STYLE_FILE, SiteFrame, feed, find_form, frame, home,
    other, page_file,
};
pub(crate) use mesur_outputs::File;
use mesur_outputs::{DATA_FILE, bundle::Signer};
use speaker::Speaker;
pub(crate) use topic::stem;

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
    /// A file for those who use the figures again could not be written.
    #[error("writing the files of the figures")]
    Output(#[from] mesur_outputs::Error),
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

const TEXT: &str = "text/plain; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";
const JSON: &str = "application/json";
pub(crate) const FACTS_FILE: &str = "release.json";

/// The name of the plain text in a language.
const fn text_file(language: Language) -> &'static str {
    match language {
        Language::En => "main-points.en.txt",
        Language::Cy => "main-points.cy.txt",
    }
}

/// Renders every file of a release, in the order of their names. The edition must be the one that
/// the release was compiled from.
pub(crate) fn render(
    edition: &Edition,
    compiled: &Compiled,
    signer: &Signer,
) -> Result<Vec<File>, Error> {
    let wordings = Wordings::load(edition)?;
    let worded = |language| -> Result<(Document, Speaker<'_>), Error> {
        let speaker = Speaker::new(&wordings, language);
        Ok((Document::new(&speaker, edition, compiled)?, speaker))
    };
    let ((english, en), (welsh, cy)) = (worded(Language::En)?, worded(Language::Cy)?);
    let told = [(&english, &en), (&welsh, &cy)];
    let mut files = files::write(edition, compiled, told)?;
    for (document, speaker) in told {
        let name = text_file(document.language);
        let text = text::write(document, speaker)?;
        files.push(File::new(name, TEXT, text.into_bytes()));
    }
    let mut data = Vec::new();
    write_data_csv(&rows_of(edition, &compiled.tables), &mut data).map_err(|source| {
        Error::Write {
            file: DATA_FILE,
            source,
        }
    })?;
    files.push(File::new(DATA_FILE, CSV, data));
    let facts = json::write(edition, compiled, (&en, &english), (&cy, &welsh))?;
    files.push(File::new(FACTS_FILE, JSON, facts));
    let pages = html::pages(edition, compiled, told, &downloads(&files))?;
    files.extend(
        pages
            .into_iter()
            .map(|page| File::new(page.name, page.media_type, page.content.into_bytes())),
    );
    let bundle = bundle::write(edition, compiled, [&english, &welsh], (&files, signer))?;
    files.push(bundle);
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// What the pages offer, in the order of the names: every other file with its size, and the bundle.
fn downloads(files: &[File]) -> Vec<html::Download> {
    let mut downloads: Vec<_> = files
        .iter()
        .map(|file| html::Download {
            name: file.name.clone(),
            size_bytes: Some(file.content.len()),
        })
        .collect();
    downloads.push(html::Download {
        name: mesur_outputs::bundle::FILE.to_owned(),
        size_bytes: None,
    });
    downloads.sort_by(|one, other| one.name.cmp(&other.name));
    downloads
}

/// The titles of an edition's release in English and in Welsh, as they stand on its pages.
pub(crate) fn titles(edition: &Edition) -> Result<[String; 2], Error> {
    let wordings = Wordings::load(edition)?;
    let title = |language| -> Result<String, Error> {
        Ok(document::title(&Speaker::new(&wordings, language), edition)?.words())
    };
    Ok([title(Language::En)?, title(Language::Cy)?])
}
