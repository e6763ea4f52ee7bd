//! Disclosure policies: how a metric's values are shown so that nobody can be told from them.
//!
//! A policy is data of the edition: tables `[[disclosure_policy]]` in `edition.toml`, chosen by the
//! column `disclosure` of `metrics.csv`, or for all metrics by the key `disclosure`. Without one a
//! metric's values are shown exactly.
//!
//! Deliberately not here: what a policy does to a value, and what a reader can work out from the
//! values that are shown.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::fault::{Faults, line_of};

/// What a metric, or the edition, names for no policy.
const NONE: &str = "none";

/// The largest threshold and base: far above any in use, and such that no decimals overflow.
const NUMBER_MAX: u32 = 1_000_000;

/// What is shown of a small value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmallValues {
    /// Nothing but the letter `c`.
    #[default]
    Hidden,
    /// The nearest multiple like any other value, with the letter `k` where that is zero.
    Rounded,
}

/// How the values of a metric are shown. Numbers are whole ones of what the metric counts, whatever
/// its decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosurePolicy {
    /// Its id within the edition.
    pub id: String,
    /// Values above zero and below this are small; 0 and 1 make none small.
    pub threshold: u32,
    /// What is shown is the nearest multiple of this, halves up; 1 rounds nothing.
    pub base: u32,
    /// What is shown of small values.
    pub small_values: SmallValues,
    /// Whether zero is hidden like a small value.
    pub zero_hidden: bool,
    /// How far apart the ends of the tightest interval must be that a reader can work out for a
    /// value that is not shown; `None` is all that the policy itself says of a small value.
    pub interval_width: Option<u32>,
}

impl DisclosurePolicy {
    /// How far apart the smallest and the largest hidden value are; `None` when nothing is hidden
    /// for itself.
    fn small_width(&self) -> Option<u32> {
        let least = u32::from(!self.zero_hidden);
        self.threshold.checked_sub(1)?.checked_sub(least)
    }
}

/// The policies of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disclosure {
    policies: Vec<Arc<DisclosurePolicy>>,
    default: Option<Arc<DisclosurePolicy>>,
}

impl Disclosure {
    /// The policies in the order of the file.
    pub fn policies(&self) -> &[Arc<DisclosurePolicy>] {
        &self.policies
    }

    /// The policy that a metric's row names: empty is the edition's own.
    pub(crate) fn named(&self, id: &str) -> Result<Option<Arc<DisclosurePolicy>>, String> {
        match id {
            "" => Ok(self.default.clone()),
            NONE => Ok(None),
            id => match self.policies.iter().find(|policy| policy.id == id) {
                Some(policy) => Ok(Some(Arc::clone(policy))),
                None => Err(format!(
                    "{id:?} is neither \"none\" nor the id of a disclosure_policy in edition.toml"
                )),
            },
        }
    }
}

/// A table `[[disclosure_policy]]` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    id: Spanned<String>,
    threshold: Option<Spanned<u32>>,
    base: Option<Spanned<u32>>,
    small_values: Option<Spanned<SmallValues>>,
    #[serde(default)]
    zero_hidden: bool,
    interval_width: Option<Spanned<u32>>,
}

/// Checks the policies, and that `default` is one of them.
pub(crate) fn read(
    (file, text): (&str, &str),
    written: Vec<Written>,
    default: Option<&Spanned<String>>,
    faults: &mut Faults,
) -> Disclosure {
    let mut disclosure = Disclosure::default();
    for table in written {
        let mut fault = |span, column: &str, message: String| {
            faults.at(file, line_of(text, Some(span)), column, message);
        };
        let id_span = table.id.span();
        let is_known = |policy: &Arc<DisclosurePolicy>| policy.id == *table.id.get_ref();
        if disclosure.policies.iter().any(is_known) {
            fault(
                id_span,
                "id",
                format!("{} stands twice", table.id.get_ref()),
            );
            continue;
        }
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let id = table.id.get_ref();
        if id.is_empty() || id == NONE || !id.chars().all(word) {
            let due = "lower-case letters, digits and hyphens, and not \"none\"";
            fault(id_span, "id", format!("{id:?} is no id of a policy: {due}"));
        }
        check(&table, &mut fault);
        let value = |number: &Option<Spanned<u32>>| number.as_ref().map(|one| *one.get_ref());
        let small_values = table.small_values.as_ref().map(|one| *one.get_ref());
        disclosure.policies.push(Arc::new(DisclosurePolicy {
            id: table.id.into_inner(),
            threshold: value(&table.threshold).unwrap_or(0),
            base: value(&table.base).unwrap_or(1),
            small_values: small_values.unwrap_or_default(),
            zero_hidden: table.zero_hidden,
            interval_width: value(&table.interval_width),
        }));
    }
    if let Some(named) = default {
        match disclosure.named(named.get_ref()) {
            Ok(policy) => disclosure.default = policy,
            Err(message) => {
                let row = line_of(text, Some(named.span()));
                faults.at(file, row, "disclosure", message);
            }
        }
    }
    disclosure
}

type Span = std::ops::Range<usize>;

fn check(table: &Written, fault: &mut impl FnMut(Span, &str, String)) {
    let number = |value: &Option<Spanned<u32>>, without: u32| {
        value.as_ref().map_or(without, |one| *one.get_ref())
    };
    let (threshold, base) = (number(&table.threshold, 0), number(&table.base, 1));
    for (key, value) in [("threshold", &table.threshold), ("base", &table.base)] {
        if let Some(value) = value
            && (*value.get_ref() > NUMBER_MAX || (key == "base" && *value.get_ref() == 0))
        {
            let least = u32::from(key == "base");
            let message = format!("not a number from {least} to {NUMBER_MAX}");
            fault(value.span(), key, message);
        }
    }
    let rounded = table
        .small_values
        .as_ref()
        .filter(|small| *small.get_ref() == SmallValues::Rounded);
    if let Some(rounded) = rounded
        && (base <= 1 || table.zero_hidden)
    {
        let message = "rounded small values need a base above 1 and zero that is not hidden";
        fault(rounded.span(), "small_values", message.to_owned());
    }
    if threshold <= 1 && base <= 1 {
        let message = "it hides and rounds nothing: name \"none\" where values are exact";
        fault(table.id.span(), "threshold", message.to_owned());
    } else if threshold <= 1 && table.zero_hidden {
        let message = "zero alone cannot be hidden: the letter would tell it";
        fault(table.id.span(), "threshold", message.to_owned());
    } else if threshold == 2 && rounded.is_none() && !table.zero_hidden {
        let message = "of small values only 1 would be hidden, and the letter would tell it";
        fault(table.id.span(), "threshold", message.to_owned());
    }
    let policy = DisclosurePolicy {
        id: String::new(),
        threshold,
        base,
        small_values: SmallValues::Hidden,
        zero_hidden: table.zero_hidden,
        interval_width: None,
    };
    if let Some(width) = &table.interval_width {
        let most = policy.small_width().unwrap_or(0);
        if !(1..=most).contains(width.get_ref()) {
            let message =
                format!("the small values are {most} apart: a number from 1 to {most} is due");
            fault(width.span(), "interval_width", message);
        }
    }
}
