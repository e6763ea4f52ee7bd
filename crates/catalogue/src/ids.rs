//! Codes and names: one type each, parsed in one place.
//!
//! A copy shares the text, so that an edition of millions of cells holds each code once.

use std::fmt;
use std::sync::Arc;

/// A text that is not the code or name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct IdError {
    /// What was expected, with its form.
    pub what: &'static str,
    /// What stood there.
    pub text: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the form of `text`.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    // A hostile text may be megabytes long; an error message may not.
                    Err(IdError { what: $what, text: text.chars().take(64).collect() })
                }
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn within(text: &str, length_max: usize, allowed: fn(char) -> bool) -> bool {
    !text.is_empty() && text.len() <= length_max && text.chars().all(allowed)
}

fn is_code_character(character: char) -> bool {
    character.is_ascii_graphic() && !matches!(character, '[' | ']' | ',' | '"' | '*')
}

text_id!(
    /// An ONS GSS code such as `W06000003` (Conwy), or the code of a reporting body elsewhere.
    AuthorityCode,
    "an authority code (1 to 16 letters and digits)",
    |text| within(text, 16, |c| c.is_ascii_alphanumeric())
);
text_id!(
    /// What is asked for every period, such as `pif`.
    CollectionId,
    "a collection id (1 to 16 lower-case letters and digits, a letter first)",
    |text| within(text, 16, |c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
);
text_id!(
    /// A reporting period such as `2022-23`: text that begins with its year.
    Period,
    "a period (1 to 16 digits, lower-case letters and hyphens, a digit first)",
    |text| within(text, 16, |c| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-')
        && text.starts_with(|c: char| c.is_ascii_digit())
);
text_id!(
    /// The code of a metric, such as `AD/012`: known only together with its edition.
    MetricCode,
    "a metric code (1 to 32 printable characters without spaces, commas, quotes, brackets or *)",
    |text| within(text, 32, is_code_character)
);
text_id!(
    /// The code of a category of a metric, such as `b` or `a.65+`.
    CategoryCode,
    "a category code (1 to 32 printable characters without spaces, commas, quotes, brackets or *)",
    |text| within(text, 32, is_code_character)
);

impl Period {
    /// The year that the period begins in, where the text begins with four digits.
    pub(crate) fn start_year(&self) -> Option<u16> {
        self.0.get(..4)?.parse().ok()
    }

    /// Whether this period begins one year after `earlier`. `2022-23` follows `2021-22`, not
    /// `2020-21`.
    pub fn follows(&self, earlier: &Self) -> bool {
        match (self.start_year(), earlier.start_year()) {
            (Some(year), Some(before)) => before.checked_add(1) == Some(year),
            _ => false,
        }
    }
}

/// The name of an edition: a collection and a period, written `pif/2022-23`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditionName {
    /// The collection.
    pub collection: CollectionId,
    /// The period.
    pub period: Period,
}

impl EditionName {
    /// Reads `pif/2022-23`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (collection, period) = text.split_once('/').ok_or_else(|| IdError {
            what: "an edition name (collection/period, such as pif/2022-23)",
            text: text.chars().take(64).collect(),
        })?;
        Ok(Self {
            collection: CollectionId::parse(collection)?,
            period: Period::parse(period)?,
        })
    }
}

impl fmt::Display for EditionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.period)
    }
}

/// A metric and, for a cell of its breakdown, a category; written `AD/012` or `AD/005[b]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// The metric.
    pub metric: MetricCode,
    /// The category; `None` is the metric itself, its total.
    pub category: Option<CategoryCode>,
}

impl CellRef {
    /// Reads `AD/012` or `AD/005[b]`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((metric, category)) => Ok(Self {
                metric: MetricCode::parse(metric)?,
                category: Some(CategoryCode::parse(category)?),
            }),
            None => Ok(Self {
                metric: MetricCode::parse(text)?,
                category: None,
            }),
        }
    }

    /// A cell by its two codes, the category's empty for the metric itself.
    pub fn from_codes(metric: &str, category: &str) -> Result<Self, IdError> {
        let category = match category {
            "" => None,
            text => Some(CategoryCode::parse(text)?),
        };
        Ok(Self {
            metric: MetricCode::parse(metric)?,
            category,
        })
    }

    /// The category as text, empty for the metric itself.
    pub fn category_str(&self) -> &str {
        self.category.as_ref().map_or("", CategoryCode::as_str)
    }
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.category {
            Some(category) => write!(f, "{}[{category}]", self.metric),
            None => write!(f, "{}", self.metric),
        }
    }
}

/// The number of a cell in its edition's dense cell index, counted from zero in catalogue order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

impl CellId {
    /// The number as an index.
    pub fn index(self) -> usize {
        // A 16-bit target is not one of ours; saturating keeps the conversion total.
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_are_written() {
        for text in ["AD/012", "AD/005[b]", "AD/030[a.65+]", "AD/023[18-64]"] {
            assert_eq!(CellRef::parse(text).expect("a reference").to_string(), text);
        }
        assert_eq!(
            EditionName::parse("pif/2022-23")
                .expect("a name")
                .to_string(),
            "pif/2022-23"
        );
        for text in ["", "AD 012", "AD/005[b", "AD/005[]", "AD/005]b["] {
            assert!(CellRef::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_next_year_follows() {
        let period = |text| Period::parse(text).expect("a period");
        assert!(period("2022-23").follows(&period("2021-22")));
        assert!(!period("2022-23").follows(&period("2020-21")));
        assert!(period("2031").follows(&period("2030")));
    }
}
