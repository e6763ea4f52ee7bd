//! The web pages of a release: its own page, one for each metric and each authority, and a list of them
//! all, in both languages, with the style sheet that they share. They need nothing else and no script.
//!
//! What every page keeps: a language on every text, landmarks, headings in order, each id once and the
//! same in both languages, every link within the page answered, footnotes linked both ways, tables with
//! captions and scopes that can be scrolled by keyboard, charts with their values in a table. Texts
//! are escaped by the template. Links between the pages are relative, so that they work at every
//! address of the release and in a folder.

mod authority;
mod charts;
mod contents;
mod downloads;
mod metric;
mod points;
mod release;
mod revisions;
mod shell;
mod sources;
mod spread;
mod tables;
mod text;
mod topics;

#[cfg(test)]
pub(super) mod tests;

use std::sync::LazyLock;

use maud::Markup;
use mesur_catalogue::{ContentHash, Edition};
use mesur_wording::Language;

use super::Error;
use super::document::Document;
use super::measure::Measure;
use super::speaker::Speaker;
use super::topic::stem;
use crate::domain::{Compiled, Point, series};
pub(crate) use downloads::Download;
pub(crate) use shell::{QUERY_CHARACTERS_MAX, SiteFrame, feed, find_form, frame, home, other};

/// The style of every page.
pub(crate) const STYLE: &str = include_str!("html/style.css");

/// The name of the style sheet: its digest is in it, so that it may be kept for ever.
pub(crate) static STYLE_FILE: LazyLock<String> = LazyLock::new(|| {
    let digest = ContentHash::of(STYLE);
    let digits = digest.rsplit(':').next().unwrap_or_default();
    let short: String = digits.chars().take(12).collect();
    format!("style.{short}.css")
});

/// A page or the style sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebFile {
    /// The name within the release.
    pub(crate) name: String,
    /// The media type.
    pub(crate) media_type: &'static str,
    /// The content.
    pub(crate) content: String,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
/// The page of the release.
pub(crate) const RELEASE: &str = "release";
/// The list of all pages.
const CONTENTS: &str = "contents";

/// The name of a page in a language.
pub(crate) fn page_file(stem: &str, language: Language) -> String {
    format!("{stem}.{}.html", language.code())
}

/// Writes every page, and the style sheet. The downloads are the other files of the release.
pub(crate) fn pages(
    edition: &Edition,
    compiled: &Compiled,
    worded: [(&Document, &Speaker<'_>); 2],
    downloads: &[Download],
) -> Result<Vec<WebFile>, Error> {
    let shapes: Vec<Shape> = compiled
        .tables
        .iter()
        .map(|table| {
            let lead = table.columns.first();
            Shape {
                stem: stem("metric", table.metric.code.as_str()),
                measure: lead.and_then(|column| Measure::of(edition, &table.metric, column)),
                points: lead.map_or_else(Vec::new, |column| {
                    series(edition, &compiled.history, &table.metric, column)
                }),
            }
        })
        .collect();
    let mut files = vec![WebFile {
        name: STYLE_FILE.clone(),
        media_type: CSS,
        content: STYLE.to_owned(),
    }];
    for (document, speaker) in worded {
        let page = Page {
            speaker: *speaker,
            english_only: speaker.label("english-only")?,
            edition,
            compiled,
            document,
            shapes: &shapes,
            downloads,
        };
        let mut add = |stem: &str, markup: Markup| {
            files.push(WebFile {
                name: page_file(stem, document.language),
                media_type: HTML,
                content: markup.into_string(),
            });
        };
        add(RELEASE, page.release()?);
        add(CONTENTS, page.contents()?);
        for (place, shape) in shapes.iter().enumerate() {
            add(&shape.stem, page.metric(place)?);
        }
        for (place, authority) in edition.authorities().iter().enumerate() {
            let stem = stem("authority", authority.code.as_str());
            add(&stem, page.authority(place, authority)?);
        }
    }
    Ok(files)
}

/// What is shown of a metric beside its table, whatever the language.
struct Shape {
    /// The stem of its page.
    stem: String,
    /// What authorities are compared by, where they are.
    measure: Option<Measure>,
    /// The nation over the periods; empty without an earlier release that has the metric.
    points: Vec<Point>,
}

/// What every part of a page is written with.
struct Page<'a> {
    speaker: Speaker<'a>,
    /// Says that a text is held in English only.
    english_only: String,
    edition: &'a Edition,
    compiled: &'a Compiled,
    document: &'a Document,
    /// One for each table of the release.
    shapes: &'a [Shape],
    downloads: &'a [Download],
}

impl Page<'_> {
    fn label(&self, message: &str) -> Result<String, Error> {
        self.speaker.label(message)
    }

    fn language(&self) -> Language {
        self.document.language
    }

    /// The address of a page in the language of this one.
    fn to(&self, stem: &str) -> String {
        page_file(stem, self.language())
    }
}
