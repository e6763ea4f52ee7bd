//! The other files of the release, with what they are and how large.

use maud::{Markup, html};
use mesur_wording::{Args, thousands};

use super::{Page, RELEASE};
use crate::render::Error;

/// A file that is not a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Download {
    /// The name within the release.
    pub(crate) name: String,
    /// The length in bytes; `None` for a file that holds the pages themselves.
    pub(crate) size_bytes: Option<usize>,
}

/// What a file is for, by how its name ends: the first that fits. Files are offered in this order.
const KINDS: [(&str, &str); 18] = [
    (".xlsx", "download-xlsx"),
    (".ods", "download-ods"),
    ("data.csv", "download-data"),
    ("-metadata.json", "download-csvw"),
    (".en.json", "download-json-stat"),
    (".cy.json", "download-json-stat"),
    (".parquet", "download-parquet"),
    ("statswales.zip", "download-statswales"),
    (".en.txt", "download-text"),
    (".cy.txt", "download-text"),
    ("release.json", "download-facts"),
    ("areas.csv", "download-look-up"),
    ("categories.csv", "download-look-up"),
    ("metrics.csv", "download-look-up"),
    ("shorthand.csv", "download-look-up"),
    ("bundle.zip", "download-bundle"),
    (".sig", "download-signature"),
    ("", "download-other"),
];

impl Page<'_> {
    pub(super) fn downloads(&self) -> Result<Markup, Error> {
        let heading = html! { (self.label("downloads-heading")?) };
        Ok(html! {
            section aria-labelledby="data" {
                (self.heading(RELEASE, "data", &heading)?)
                div.scroll role="region" tabindex="0" aria-labelledby="files" {
                    table.list {
                        caption #files { (self.label("downloads-caption")?) }
                        thead {
                            tr {
                                th scope="col" { (self.label("downloads-file")?) }
                                th.text scope="col" { (self.label("downloads-kind")?) }
                                th scope="col" { (self.label("downloads-size")?) }
                            }
                        }
                        tbody {
                            @for (download, kind) in self.offered() {
                                tr {
                                    th scope="row" { a href=(download.name) { (download.name) } }
                                    td.text { (self.label(kind)?) }
                                    td { (self.size(download.size_bytes)?) }
                                }
                            }
                        }
                    }
                }
            }
        })
    }

    /// The files with what they are.
    fn offered(&self) -> Vec<(&Download, &'static str)> {
        let ours = self
            .downloads
            .iter()
            .filter(|file| self.is_ours(&file.name));
        let mut offered: Vec<_> = ours.map(|file| (place(&file.name), file)).collect();
        offered.sort_by_key(|(place, _)| *place);
        let kind = |place| {
            KINDS
                .get(place)
                .map_or("download-other", |(_, message)| *message)
        };
        offered
            .into_iter()
            .map(|(place, file)| (file, kind(place)))
            .collect()
    }

    /// A file of the other language is offered there.
    fn is_ours(&self, name: &str) -> bool {
        let other = format!(".{}.", super::other(self.language()).code());
        !name.contains(&other)
    }

    /// A size as people read it, to one decimal.
    fn size(&self, bytes: Option<usize>) -> Result<String, Error> {
        let Some(bytes) = bytes else {
            return Ok(String::new());
        };
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let (unit, message) = match bytes {
            ..1_000 => (1, "size-bytes"),
            1_000..1_000_000 => (1_000, "size-kilobytes"),
            _ => (1_000_000, "size-megabytes"),
        };
        let value = if unit == 1 {
            thousands(bytes, 0, self.language())
        } else {
            let tenths = bytes
                .saturating_mul(10)
                .saturating_add(unit / 2)
                .div_euclid(unit);
            thousands(tenths, 1, self.language())
        };
        self.speaker
            .house(message, &Args::new().text("value", &value))
    }
}

/// The place of a file's kind.
fn place(name: &str) -> usize {
    let kinds = KINDS.iter();
    kinds.take_while(|(end, _)| !name.ends_with(end)).count()
}
