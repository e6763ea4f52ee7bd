//! The messages of one language: loading, checking and writing them out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::resolver::ResolverError;
use fluent_bundle::{FluentError, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use unic_langid::LanguageIdentifier;

use crate::args::{FIGURE_END, FIGURE_START, NUMBER_PRINTED, is_reserved};
use crate::shape::Shape;
use crate::{Args, Error, Fault, Language, Part, Variables};

/// A stretch of a formatted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words, as they are.
    Text(String),
    /// The place of a figure, by its id; the printed figure and its mark go here.
    Figure(String),
}

/// The wording of one language: the house messages, and over them those of an edition.
pub struct Wording {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    messages: BTreeMap<String, Message>,
}

/// What a message uses, kept so that it can be asked for without formatting.
struct Message {
    own: Variables,
    references: BTreeSet<String>,
}

impl Wording {
    /// Loads the house wording of `language`, and over it the wording of an edition, if there is one.
    ///
    /// All faults of the source are reported at once: syntax, an id given twice, a reference to a
    /// message that is not there, and what the wording does not use (terms, functions, attributes).
    pub fn new(language: Language, edition_ftl: Option<&str>) -> Result<Self, Error> {
        let locale: LanguageIdentifier = language.code().parse().map_err(|_| Error::Language {
            tag: language.code().to_owned(),
        })?;
        let mut faults = Vec::new();
        let mut parts = vec![(
            Part::House,
            read(Part::House, language.house(), &mut faults),
        )];
        if let Some(source) = edition_ftl {
            parts.push((Part::Edition, read(Part::Edition, source, &mut faults)));
        }

        let mut messages = BTreeMap::new();
        for (part, resource) in &parts {
            messages.extend(entries(*part, resource, &mut faults));
        }
        for (part, resource) in &parts {
            unresolved(*part, resource, &messages, &mut faults);
        }
        if !faults.is_empty() {
            faults.sort();
            return Err(Error::Source { language, faults });
        }

        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolation marks help mixed directions, and would be noise in every figure here.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(_) => Some(NUMBER_PRINTED.to_string()),
            FluentValue::String(_)
            | FluentValue::Custom(_)
            | FluentValue::None
            | FluentValue::Error => None,
        }));
        for (_, resource) in parts {
            bundle.add_resource_overriding(resource);
        }
        Ok(Self {
            language,
            bundle,
            messages,
        })
    }

    /// The language of the wording.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Whether the message is there.
    pub fn has(&self, id: &str) -> bool {
        self.messages.contains_key(id)
    }

    /// The ids of all messages, in alphabetical order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }

    /// The variables a message needs, with those of the messages it refers to; `None` where the
    /// message is not there.
    pub fn variables(&self, id: &str) -> Option<Variables> {
        let mut found = Variables::default();
        let mut seen = BTreeSet::from([id]);
        let mut open = vec![self.messages.get(id)?];
        while let Some(message) = open.pop() {
            found.printed.extend(message.own.printed.iter().cloned());
            found.choosing.extend(message.own.choosing.iter().cloned());
            for reference in &message.references {
                if seen.insert(reference) {
                    open.extend(self.messages.get(reference));
                }
            }
        }
        Some(found)
    }

    /// Writes out a message without figures.
    pub fn text(&self, id: &str, args: &Args) -> Result<String, Error> {
        let text = self.format(id, args)?;
        if text.contains(FIGURE_START) {
            return Err(self.fault(
                id,
                "has figures, and was asked for as plain text".to_owned(),
            ));
        }
        Ok(text)
    }

    /// Writes out a message, its figures apart from its words.
    pub fn spans(&self, id: &str, args: &Args) -> Result<Vec<Span>, Error> {
        let formatted = self.format(id, args)?;
        let mut spans = Vec::new();
        let push_text = |spans: &mut Vec<Span>, text: &str| {
            if !text.is_empty() {
                spans.push(Span::Text(text.to_owned()));
            }
        };
        for piece in formatted.split_inclusive(FIGURE_END) {
            match piece
                .strip_suffix(FIGURE_END)
                .and_then(|piece| piece.split_once(FIGURE_START))
            {
                Some((text, figure)) => {
                    push_text(&mut spans, text);
                    spans.push(Span::Figure(figure.to_owned()));
                }
                None => push_text(&mut spans, piece),
            }
        }
        Ok(spans)
    }

    /// Writes out a date in full: `9 April 2024`, `9 Ebrill 2024`.
    ///
    /// The month is 1 to 12 and the day 1 to 31; whether the month has that day is not asked.
    pub fn date(&self, year: i16, month: i8, day: i8) -> Result<String, Error> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(Error::Date { year, month, day });
        }
        let month = self.text(&format!("month-{month}"), &Args::new())?;
        let args = Args::new()
            .text("day", &day.to_string())
            .text("month", &month)
            .text("year", &year.to_string());
        self.text("date", &args)
    }

    fn format(&self, id: &str, args: &Args) -> Result<String, Error> {
        let pattern = self
            .bundle
            .get_message(id)
            .and_then(|message| message.value())
            .ok_or_else(|| Error::NoMessage {
                id: id.to_owned(),
                language: self.language,
            })?;
        let mut errors = Vec::new();
        let args = args.fluent();
        let formatted = self
            .bundle
            .format_pattern(pattern, Some(&args), &mut errors)
            .into_owned();
        if !errors.is_empty() {
            let mut faults: Vec<String> = errors.iter().map(describe).collect();
            faults.dedup();
            return Err(Error::Format {
                id: id.to_owned(),
                language: self.language,
                faults,
            });
        }
        if formatted.contains(NUMBER_PRINTED) {
            let fault = "prints a number that may only choose a form; use its digits or its figure";
            return Err(self.fault(id, fault.to_owned()));
        }
        Ok(formatted)
    }

    fn fault(&self, id: &str, fault: String) -> Error {
        Error::Format {
            id: id.to_owned(),
            language: self.language,
            faults: vec![fault],
        }
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wording")
            .field("language", &self.language)
            .field("messages", &self.messages.len())
            .finish_non_exhaustive()
    }
}

/// Parses a source and notes its syntax faults and reserved characters.
fn read(part: Part, source: &str, faults: &mut Vec<Fault>) -> FluentResource {
    if let Some(at) = source.find(is_reserved) {
        let text = "has a character from U+E000 to U+E002, which are reserved".to_owned();
        faults.push(Fault {
            part,
            line: line_at(source, at),
            text,
        });
    }
    match FluentResource::try_new(source.to_owned()) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            faults.extend(errors.into_iter().map(|error| Fault {
                part,
                line: line_before(source, error.pos.start),
                text: error.kind.to_string(),
            }));
            resource
        }
    }
}

/// The messages of a resource; notes ids given twice and entries the wording has no use for.
fn entries(
    part: Part,
    resource: &FluentResource,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Message> {
    let mut messages = BTreeMap::new();
    for entry in resource.entries() {
        let (name, text) = match entry {
            Entry::Message(message) => {
                let name = message.id.name;
                match &message.value {
                    None => (name, format!("message {name} has no text")),
                    Some(_) if !message.attributes.is_empty() => (
                        name,
                        format!("message {name} has attributes, which are not used"),
                    ),
                    Some(pattern) => {
                        let shape = Shape::of(pattern);
                        if messages
                            .insert(name.to_owned(), Message::from(&shape))
                            .is_none()
                        {
                            continue;
                        }
                        (name, format!("message {name} is given twice"))
                    }
                }
            }
            Entry::Term(term) => {
                let name = term.id.name;
                (name, format!("-{name} is a term; use a message"))
            }
            // Junk has its syntax fault already.
            Entry::Comment(_)
            | Entry::GroupComment(_)
            | Entry::ResourceComment(_)
            | Entry::Junk { .. } => continue,
        };
        faults.push(Fault {
            part,
            line: line_of(resource.source(), name),
            text,
        });
    }
    messages
}

/// Notes references that lead nowhere.
fn unresolved(
    part: Part,
    resource: &FluentResource,
    messages: &BTreeMap<String, Message>,
    faults: &mut Vec<Fault>,
) {
    for entry in resource.entries() {
        let Entry::Message(message) = entry else {
            continue;
        };
        let Some(shape) = message.value.as_ref().map(Shape::of) else {
            continue;
        };
        let missing = shape
            .messages
            .iter()
            .filter(|name| !messages.contains_key(**name));
        for name in missing {
            let text = format!("refers to message {name}, which is not there");
            faults.push(Fault {
                part,
                line: line_of(resource.source(), name),
                text,
            });
        }
        for name in &shape.unsupported {
            let text = format!("{name} is a term, function or attribute, which are not used");
            faults.push(Fault {
                part,
                line: line_of(resource.source(), name),
                text,
            });
        }
    }
}

impl From<&Shape<'_>> for Message {
    fn from(shape: &Shape<'_>) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            own: Variables {
                printed: owned(&shape.printed),
                choosing: owned(&shape.choosing),
            },
            references: owned(&shape.messages),
        }
    }
}

fn describe(error: &FluentError) -> String {
    match error {
        FluentError::ResolverError(ResolverError::Reference(kind)) => {
            use fluent_bundle::resolver::errors::ReferenceKind as Kind;
            match kind {
                Kind::Variable { id } => format!("variable ${id} was not given"),
                Kind::Message { id, .. } => format!("message {id} is not there"),
                Kind::Term { id, .. } => format!("term -{id} is not there"),
                Kind::Function { id } => format!("function {id} is not there"),
            }
        }
        FluentError::ResolverError(other) => other.to_string(),
        FluentError::ParserError(other) => other.to_string(),
        FluentError::Overriding { id, .. } => format!("{id} is given twice"),
    }
}

/// The line of a name that is a slice of `source`.
fn line_of(source: &str, name: &str) -> usize {
    let at = name.as_ptr().addr().saturating_sub(source.as_ptr().addr());
    line_at(source, at)
}

/// The line of the last text before a byte. The parser finds a missing mark only where the next text
/// begins, which may be lines below.
fn line_before(source: &str, at: usize) -> usize {
    let before = source.get(..at).unwrap_or(source);
    line_at(source, before.trim_end().len())
}

/// The line of a byte, counted from 1.
fn line_at(source: &str, at: usize) -> usize {
    let before = source.bytes().take(at);
    before
        .filter(|byte| *byte == b'\n')
        .count()
        .saturating_add(1)
}
