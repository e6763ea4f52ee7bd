//! The words of a release go out to be translated as one CSV file, and come back the same way.
//!
//! Translations stand beside the edition, which never changes; a compilation uses those that are held
//! then. One whose English has changed since, in another edition under the same name, is not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesur_catalogue::{Catalogue, Edition, EditionName, Text, TextError};
use mesur_rpc::Violation;
use mesur_rpc::audit;
use mesur_rpc::etag::etag;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Store, with_retry};
use mesur_wire::EditionResource;

use crate::error::Error;
use crate::render;
use crate::store::{self, translations};

const HEADER: [&str; 4] = ["key", "english", "welsh", "note"];
/// The most lines of a file that are told as wrong.
const VIOLATIONS_MAX: usize = 200;

/// A translation as it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Translation {
    /// The English text that was translated.
    pub(crate) english: String,
    /// The Welsh text.
    pub(crate) welsh: String,
}

/// The translations of an edition by their keys.
pub(crate) type Translations = BTreeMap<String, Translation>;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Texts whose Welsh is new or another.
    pub(crate) changed: u32,
    /// Texts that still lack Welsh.
    pub(crate) missing: u32,
}

/// The texts of all editions.
pub(crate) struct Texts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
}

impl Texts {
    /// The texts of an edition with the translations held now, as CSV.
    pub(crate) async fn export(
        &self,
        name: &EditionName,
        missing_only: bool,
    ) -> Result<Vec<u8>, Error> {
        let (held, _) = translations::held(&*self.store, name).await?;
        let edition = edition_with(self.edition(name)?, &held);
        let texts = edition.texts().into_iter();
        let texts = texts.filter(|text| !missing_only || text.welsh.is_empty());
        written(texts).map_err(|source| {
            Error::Render(render::Error::Write {
                file: "texts.csv",
                source: source.into(),
            })
        })
    }

    /// Takes a file in, all of it or nothing.
    pub(crate) async fn import(
        &self,
        name: &EditionName,
        file: &[u8],
        mutation: &Mutation,
    ) -> Result<Imported, Error> {
        let edition = self.edition(name)?;
        with_retry(|| async {
            let prefix = store::request_prefix();
            if let Some(earlier) = mutation.earlier(&*self.store, &prefix).await? {
                return Ok(imported_of(&earlier));
            }
            let (mut held, expect) = translations::held(&*self.store, name).await?;
            let current = edition_with(edition, &held);
            let taken = read(&current, file).map_err(Error::InvalidFields)?;
            let changed = u32::try_from(taken.len()).unwrap_or(u32::MAX);
            held.extend(taken);
            let after = edition_with(edition, &held);
            let missing = after
                .texts()
                .iter()
                .filter(|text| text.welsh.is_empty())
                .count();
            let imported = Imported {
                changed,
                missing: u32::try_from(missing).unwrap_or(u32::MAX),
            };
            let commit =
                translations::put(&*self.store, Commit::new(), name, &held, expect).await?;
            let subject = audit::Subject::new(EditionResource(name.clone())).digest(etag([file]));
            let commit = mutation.remember(commit, &prefix, &bytes_of(imported), &subject);
            self.store.commit(commit).await?;
            Ok(imported)
        })
        .await
    }

    fn edition(&self, name: &EditionName) -> Result<&Edition, Error> {
        let found = self.catalogue.get(name);
        found
            .map(Arc::as_ref)
            .ok_or_else(|| Error::EditionNotFound { name: name.clone() })
    }
}

/// An edition with those translations that still fit: the English text is the same.
pub(crate) fn edition_with(edition: &Edition, held: &Translations) -> Edition {
    let fitting = edition.texts().into_iter().filter_map(|text| {
        let translation = held.get(&text.key)?;
        let fits = translation.english == text.english;
        fits.then(|| (text.key, translation.welsh.clone()))
    });
    let fitting: BTreeMap<String, String> = fitting.collect();
    edition
        .with_welsh(&fitting)
        .unwrap_or_else(|_| edition.clone())
}

fn written(texts: impl Iterator<Item = Text>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for text in texts {
        let note = note(&text.key);
        writer.write_record([&text.key, &text.english, &text.welsh, note])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// What a translator has to know of a text.
fn note(key: &str) -> &'static str {
    if key.starts_with("message:") {
        "keep what stands in braces as it is"
    } else {
        ""
    }
}

/// The translations of a file that are new or other than what is held; every line that is wrong.
fn read(edition: &Edition, file: &[u8]) -> Result<BTreeMap<String, Translation>, Vec<Violation>> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let known: BTreeMap<String, Text> = edition
        .texts()
        .into_iter()
        .map(|text| (text.key.clone(), text))
        .collect();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader
        .headers()
        .map(|header| header.iter().take(3).eq(HEADER[..3].iter().copied()));
    if !matches!(header, Ok(true)) {
        return Err(vec![violation(1, "must begin with key,english,welsh")]);
    }
    let mut taken = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut violations = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                violations.push(violation(line, "is not UTF-8 text in CSV"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let field = |place: usize| record.get(place).unwrap_or_default().replace("\r\n", "\n");
        let (key, english, welsh) = (field(0), field(1), field(2));
        let Some(text) = known.get(&key) else {
            let key: String = key.chars().take(128).collect();
            violations.push(violation(
                line,
                &format!("{key:?} is no text of the edition"),
            ));
            continue;
        };
        if lines.insert(key.clone(), line).is_some() {
            violations.push(violation(line, &format!("{key} stands twice")));
        } else if english != text.english {
            violations.push(violation(
                line,
                &format!("the English of {key} is not as it was sent"),
            ));
        } else if !welsh.trim().is_empty() && welsh != text.welsh {
            taken.insert(key, Translation { english, welsh });
        }
    }
    let welsh = taken
        .iter()
        .map(|(key, one)| (key.clone(), one.welsh.clone()));
    for error in edition
        .with_welsh(&welsh.collect())
        .err()
        .unwrap_or_default()
    {
        let line = lines.get(key_of(&error)).copied().unwrap_or_default();
        violations.push(violation(line, &error.to_string()));
    }
    if violations.is_empty() {
        return Ok(taken);
    }
    violations.truncate(VIOLATIONS_MAX);
    Err(violations)
}

fn key_of(error: &TextError) -> &str {
    match error {
        TextError::UnknownKey { key }
        | TextError::TooLong { key }
        | TextError::NoMessage { key, .. }
        | TextError::OtherFigures { key, .. } => key,
    }
}

fn violation(line: u64, problem: &str) -> Violation {
    Violation {
        field: format!("content.line[{line}]"),
        reason: "INVALID_TEXT",
        description: format!("line {line}: {problem}"),
    }
}

fn bytes_of(imported: Imported) -> Vec<u8> {
    let numbers = [imported.changed, imported.missing];
    numbers.map(u32::to_be_bytes).concat()
}

fn imported_of(bytes: &[u8]) -> Imported {
    let number = |place: usize| {
        let end = place.saturating_add(4);
        let bytes = bytes
            .get(place..end)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    Imported {
        changed: number(0),
        missing: number(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition() -> Edition {
        let catalogue = Catalogue::bundled().unwrap();
        let name = EditionName::parse("pif/2022-23").unwrap();
        Edition::clone(catalogue.get(&name).unwrap())
    }

    #[test]
    fn a_file_comes_back_as_it_went_out_and_changes_what_was_translated() {
        let edition = edition();
        let file = written(edition.texts().into_iter()).unwrap();
        assert!(read(&edition, &file).unwrap().is_empty());
        let text = String::from_utf8(file).unwrap();
        let title = edition.texts().into_iter().find(|text| {
            text.key.starts_with("metric_title:")
                && text.welsh.is_empty()
                && !text.english.contains(['"', ','])
        });
        let title = title.unwrap();
        let line = format!("{},{},", title.key, title.english);
        assert!(text.contains(&line));
        // A spreadsheet marks UTF-8 and ends lines in its own way.
        let back = format!(
            "\u{feff}{}",
            text.replace(&line, &format!("{line}Ŵyna’r tŷ"))
        );
        let taken = read(&edition, back.replace('\n', "\r\n").as_bytes()).unwrap();
        let due = Translation {
            english: title.english.clone(),
            welsh: "Ŵyna’r tŷ".to_owned(),
        };
        assert_eq!(taken, BTreeMap::from([(title.key.clone(), due)]));
        let translated = edition_with(&edition, &taken);
        let seen = translated
            .texts()
            .into_iter()
            .find(|text| text.key == title.key);
        assert_eq!(seen.unwrap().welsh, "Ŵyna’r tŷ");
    }

    #[test]
    fn so_many_lines_are_told_as_wrong_and_no_more() {
        let edition = edition();
        let told = |lines: usize| {
            let wrong = "nothing,x,y\n".repeat(lines);
            let read = read(&edition, format!("key,english,welsh\n{wrong}").as_bytes());
            read.unwrap_err().len()
        };
        let told = [VIOLATIONS_MAX - 1, VIOLATIONS_MAX, VIOLATIONS_MAX + 1].map(told);
        assert_eq!(told, [VIOLATIONS_MAX - 1, VIOLATIONS_MAX, VIOLATIONS_MAX]);
    }

    #[test]
    fn every_line_that_is_wrong_is_told_and_nothing_is_taken() {
        let edition = edition();
        let text = edition.texts().remove(0);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER).unwrap();
        for row in [
            ["metric_title:ZZ/999", "x", "y", ""],
            [&text.key, "other English", "y", ""],
            [&text.key, &text.english, "y", ""],
        ] {
            writer.write_record(row).unwrap();
        }
        let violations = read(&edition, &writer.into_inner().unwrap()).unwrap_err();
        let lines: Vec<&str> = violations.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            lines,
            ["content.line[2]", "content.line[3]", "content.line[4]"]
        );
        assert!(read(&edition, b"a,b\n").is_err());
        assert!(read(&edition, b"key,english,welsh\n\xff,\xff,\xff\n").is_err());
    }
}
