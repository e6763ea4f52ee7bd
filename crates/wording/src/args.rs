//! The values a message is written out with.

use std::collections::BTreeMap;

use fluent_bundle::{FluentArgs, FluentValue};

use crate::{Language, number::thousands};

/// Opens the id of a figure in formatted text.
pub(crate) const FIGURE_START: char = '\u{E000}';
/// Closes the id of a figure in formatted text.
pub(crate) const FIGURE_END: char = '\u{E001}';
/// Stands where a message prints a number that may only choose a form.
pub(crate) const NUMBER_PRINTED: char = '\u{E002}';

/// Whether a character is one of the three above, and so must come from nowhere else.
pub(crate) const fn is_reserved(character: char) -> bool {
    matches!(character, FIGURE_START | FIGURE_END | NUMBER_PRINTED)
}

/// Named values for a message, built one by one.
///
/// A reserved character in a text (U+E000 to U+E002, which no text means anything by) is replaced
/// with U+FFFD, so a supplier's text can neither pose as a figure nor stop a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "each call returns the arguments so far"]
pub struct Args(BTreeMap<String, Value>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Number(i64),
}

impl Args {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `$name` to a text, printed as it is.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), Value::Text(plain(value)));
        self
    }

    /// Sets `$name` to a number that chooses a form, and `$name-digits` to its digits for printing.
    ///
    /// Fluent holds numbers as floats; that is exact enough to choose a plural form, and the digits
    /// never pass through one.
    pub fn number(mut self, name: &str, value: i64) -> Self {
        // Both languages part digits alike; the language is named only because the function asks.
        let digits = thousands(value, 0, Language::En);
        self.0.insert(name.to_owned(), Value::Number(value));
        self.text(&format!("{name}-digits"), &digits)
    }

    /// Sets the variables of a figure: `$id`, which comes out as a figure span; `$id-n`, which
    /// chooses a form, where `n` is given; and `$id-area`, the authority's name, where `area` is.
    pub fn figure(mut self, id: &str, n: Option<i64>, area: Option<&str>) -> Self {
        let placeholder = format!("{FIGURE_START}{}{FIGURE_END}", plain(id));
        self.0.insert(id.to_owned(), Value::Text(placeholder));
        if let Some(n) = n {
            self.0.insert(format!("{id}-n"), Value::Number(n));
        }
        match area {
            Some(area) => self.text(&format!("{id}-area"), area),
            None => self,
        }
    }

    pub(crate) fn fluent(&self) -> FluentArgs<'_> {
        self.0
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => FluentValue::from(text.as_str()),
                    Value::Number(number) => FluentValue::from(*number),
                };
                (name.as_str(), value)
            })
            .collect()
    }
}

fn plain(text: &str) -> String {
    text.replace(is_reserved, "\u{FFFD}")
}
