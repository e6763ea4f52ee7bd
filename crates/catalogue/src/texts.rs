//! The texts of an edition that a release shows, under keys that stay, so that they can go out to be
//! translated and come back.
//!
//! An edition never changes once it is opened: translations stand beside it, and an edition with
//! them has the same digest, because no definition, rule or figure is another. Which translations a
//! release was worded with is the release's to record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_syntax::ast::Entry;
use fluent_syntax::{parser, serializer};

use crate::edition::Edition;
use crate::figure::FigureKind;
use crate::release::message_variables;

/// The longest translation, in bytes.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;

const SUFFIXES: [&str; 3] = ["-n", "-area", "-direction"];

/// A text in English, and in Welsh where that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// `metric_title:AD/012`, `category_label:AD/005[b]`, `message:statement-a1`,
    /// `definitional_change:3` by its line, or `source_title:<figure>`.
    pub key: String,
    /// English.
    pub english: String,
    /// Welsh; empty where it is not held.
    pub welsh: String,
}

/// Why a translation is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is no such text.
    #[error("{key:?} is no text of the edition")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// It is too long.
    #[error("{key} is longer than {TEXT_BYTES_MAX} bytes")]
    TooLong {
        /// The key.
        key: String,
    },
    /// A message that cannot be read as one.
    #[error("{key} is not a message: {problem}")]
    NoMessage {
        /// The key.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A message that names other variables than the English one.
    #[error("{key} must name the same figures as the English text: {figures}")]
    OtherFigures {
        /// The key.
        key: String,
        /// Those of the English text.
        figures: String,
    },
}

impl Edition {
    /// Every text of the edition that a release may show, with English, in the order of the tables.
    pub fn texts(&self) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut note = |key: String, english: &str, welsh: &str| {
            if !english.is_empty() {
                texts.push(Text {
                    key,
                    english: english.to_owned(),
                    welsh: welsh.to_owned(),
                });
            }
        };
        let english = messages(self.release.templates_en.as_deref());
        let welsh = messages(self.release.templates_cy.as_deref());
        for (id, text) in &english {
            let held = welsh.iter().find(|(other, _)| other == id);
            let held = held.map_or("", |(_, text)| text.as_str());
            note(format!("message:{id}"), text, held);
        }
        for metric in &self.metrics {
            let key = format!("metric_title:{}", metric.code);
            note(key, &metric.title_en, &metric.title_cy);
            for category in &metric.categories {
                let key = format!("category_label:{}[{}]", metric.code, category.code);
                note(key, &category.words.label_en, &category.words.label_cy);
            }
        }
        for (change, line) in self.changes.iter().zip(1u32..) {
            note(
                format!("definitional_change:{line}"),
                &change.text,
                &change.text_cy,
            );
        }
        for figure in &self.figures {
            if let FigureKind::Outside(outside) = &figure.kind {
                let key = format!("source_title:{}", figure.id);
                note(key, &outside.source_title_en, &outside.source_title_cy);
            }
        }
        texts
    }

    /// The edition with Welsh texts by their keys, in place of those that it holds itself. All or
    /// nothing: every text that is wrong is named.
    pub fn with_welsh(&self, welsh: &BTreeMap<String, String>) -> Result<Self, Vec<TextError>> {
        let mut errors = Vec::new();
        let known: BTreeMap<String, String> = self
            .texts()
            .into_iter()
            .map(|text| (text.key, text.english))
            .collect();
        for (key, text) in welsh {
            match known.get(key) {
                None => errors.push(TextError::UnknownKey {
                    key: key.chars().take(128).collect(),
                }),
                Some(_) if text.len() > TEXT_BYTES_MAX => {
                    errors.push(TextError::TooLong { key: key.clone() });
                }
                Some(english) if key.starts_with("message:") => {
                    errors.extend(check_message(key, english, text).err());
                }
                Some(_) => {}
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut edition = self.clone();
        edition.put_welsh(welsh);
        Ok(edition)
    }

    fn put_welsh(&mut self, welsh: &BTreeMap<String, String>) {
        let put = |key: String, place: &mut String| {
            if let Some(text) = welsh.get(&key) {
                place.clone_from(text);
            }
        };
        for metric in &mut self.metrics {
            let code = &metric.code;
            put(format!("metric_title:{code}"), &mut metric.title_cy);
            for category in &mut metric.categories {
                let key = format!("category_label:{code}[{}]", category.code);
                if welsh.contains_key(&key) {
                    put(key, &mut Arc::make_mut(&mut category.words).label_cy);
                }
            }
        }
        for (change, line) in self.changes.iter_mut().zip(1u32..) {
            put(format!("definitional_change:{line}"), &mut change.text_cy);
        }
        for figure in &mut self.figures {
            if let FigureKind::Outside(outside) = &mut figure.kind {
                let key = format!("source_title:{}", figure.id);
                put(key, &mut outside.source_title_cy);
            }
        }
        let mut held: BTreeMap<String, String> = messages(self.release.templates_cy.as_deref())
            .into_iter()
            .collect();
        for (key, text) in welsh {
            if let Some(id) = key.strip_prefix("message:") {
                held.insert(id.to_owned(), text.clone());
            }
        }
        if !held.is_empty() {
            let whole: Vec<String> = held.iter().map(|(id, text)| source(id, text)).collect();
            self.release.templates_cy = Some(whole.concat());
        }
    }
}

/// The messages of a template file with their texts, in the order of the file. One that does not
/// parse was a fault when the edition was loaded.
fn messages(templates: Option<&str>) -> Vec<(String, String)> {
    let resource = match templates.map(parser::parse) {
        None => return Vec::new(),
        Some(Ok(resource) | Err((resource, _))) => resource,
    };
    let mut found = Vec::new();
    for entry in resource.body {
        if let Entry::Message(mut message) = entry {
            message.comment = None;
            let id = message.id.name.to_owned();
            let body = vec![Entry::Message(message)];
            let text = serializer::serialize(&fluent_syntax::ast::Resource { body });
            let text = text.split_once('=').map_or("", |(_, text)| text);
            let lines = text.trim().lines();
            // Serialized, the lines of a text of several stand four spaces in.
            let lines = lines.map(|line| line.strip_prefix("    ").unwrap_or(line));
            found.push((id, lines.collect::<Vec<_>>().join("\n")));
        }
    }
    found
}

/// A message as it stands in a template file.
fn source(id: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
    format!("{id} =\n{}", lines.concat())
}

/// A translation is one message and nothing else, and states the figures that the English one does.
fn check_message(key: &str, english: &str, welsh: &str) -> Result<(), TextError> {
    let read = |text: &str| -> Result<BTreeSet<String>, TextError> {
        let problem = |problem: String| TextError::NoMessage {
            key: key.to_owned(),
            problem,
        };
        let source = source("text", text);
        let resource = parser::parse(source.as_str()).map_err(|(_, errors)| {
            problem(errors.first().map_or_else(String::new, ToString::to_string))
        })?;
        let variables = message_variables(&resource);
        let (Some(found), 1, 1) = (variables.get("text"), variables.len(), resource.body.len())
        else {
            return Err(problem("it is not one text".to_owned()));
        };
        let figure = |variable: &String| {
            let known = SUFFIXES.iter().find_map(|end| variable.strip_suffix(end));
            known.unwrap_or(variable).to_owned()
        };
        Ok(found.iter().map(figure).collect())
    };
    let wanted = read(english)?;
    if read(welsh)? == wanted {
        return Ok(());
    }
    Err(TextError::OtherFigures {
        key: key.to_owned(),
        figures: wanted.into_iter().collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use crate::ids::EditionName;

    fn edition() -> Edition {
        let catalogue = Catalogue::bundled().unwrap();
        let name = EditionName::parse("pif/2022-23").unwrap();
        Edition::clone(catalogue.get(&name).unwrap())
    }

    #[test]
    fn texts_come_back_under_their_keys_and_change_no_definition() {
        let edition = edition();
        let texts = edition.texts();
        let lacking: BTreeMap<String, String> = texts
            .iter()
            .filter(|text| text.welsh.is_empty())
            .map(|text| (text.key.clone(), text.english.clone()))
            .collect();
        assert!(lacking.len() > 100, "{}", lacking.len());
        let translated = edition.with_welsh(&lacking).unwrap();
        assert!(translated.texts().iter().all(|text| !text.welsh.is_empty()));
        assert_eq!(translated.digest(), edition.digest());
        // What was held stays, message for message.
        for (before, after) in texts.iter().zip(translated.texts()) {
            assert_eq!(before.key, after.key);
            assert_eq!(before.english, after.english);
            if !before.welsh.is_empty() {
                assert_eq!(before.welsh, after.welsh, "{}", before.key);
            }
        }
    }

    #[test]
    fn a_translation_states_the_figures_of_the_english_text_and_is_one_text() {
        let edition = edition();
        let texts = edition.texts();
        let text = texts
            .iter()
            .find(|text| text.key.starts_with("message:statement-") && text.english.contains("{ $"))
            .unwrap();
        let one = |key: &str, welsh: &str| {
            let welsh = BTreeMap::from([(key.to_owned(), welsh.to_owned())]);
            edition.with_welsh(&welsh).unwrap_err().remove(0)
        };
        assert!(matches!(
            one(&text.key, "Dim ffigur."),
            TextError::OtherFigures { .. }
        ));
        assert!(matches!(one(&text.key, "{ $"), TextError::NoMessage { .. }));
        assert!(matches!(
            one("message:none", "x"),
            TextError::UnknownKey { .. }
        ));
        let injected = format!("{}\n}}\nother = text", text.english);
        assert!(matches!(
            one(&text.key, &injected),
            TextError::NoMessage { .. } | TextError::OtherFigures { .. }
        ));
        let longest = |bytes: usize| {
            let rest = " ".repeat(bytes - text.english.len());
            format!("{}{rest}", text.english)
        };
        let welsh = [(text.key.clone(), longest(TEXT_BYTES_MAX))].into();
        assert!(edition.with_welsh(&welsh).is_ok());
        let long = longest(TEXT_BYTES_MAX + 1);
        assert!(matches!(one(&text.key, &long), TextError::TooLong { .. }));
    }
}
