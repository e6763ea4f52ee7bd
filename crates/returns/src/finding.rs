//! One result of a check: what was found, where, and in which figures.

use std::sync::Arc;

use mesur_catalogue::{CellRef, RuleText, Severity};

use crate::kind::FindingKind;
use crate::limits::VALUE_CHARS_MAX;
use crate::plain::plain;
use crate::previous::Previous;

mod order;

pub use order::{RuleSummary, summary_by_rule};
pub(crate) use order::{identify, short_hash, sort};

/// One result of a check. Its words are made elsewhere, from these plain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, or the kind where there is none, and the place: `AD/005-sum:AD/005`. The same in
    /// every run and for every revision, and unique among the findings of a return: a second one
    /// in the same place ends in `#2`.
    pub id: String,
    /// What was found.
    pub kind: FindingKind,
    /// What it means for sign-off.
    pub severity: Severity,
    /// The id of the rule; `None` where the content is no complete return or no rule is involved.
    pub rule: Option<String>,
    /// Every cell of the edition that it is about; the first is its place.
    pub cells: Vec<CellRef>,
    /// The metric of the place, as sent where it is unknown; empty for a whole file.
    pub metric: String,
    /// The category of the place, as sent where it is unknown; empty for the metric itself.
    pub category: String,
    /// The sheet of a spreadsheet on which the row stands; empty elsewhere.
    pub sheet: String,
    /// The physical line of the file, or the row of the sheet, from 1.
    pub line: Option<u64>,
    /// The column of the file.
    pub column: Option<String>,
    /// The text or figure as it was sent, cut to [`VALUE_CHARS_MAX`](crate::VALUE_CHARS_MAX).
    pub value: Option<String>,
    /// What is asked for.
    pub expected: Option<String>,
    /// What stands there, as it was worked out.
    pub found: Option<String>,
    /// The value of the place in an earlier period, as printed; `None` where none is held.
    pub previous: Option<String>,
    /// How far what was found is from what is expected, in thousandths of the larger of the two; 0
    /// where they are no figures.
    pub effect: u64,
    /// What an explanation was given for: it is another one as soon as a value that the finding
    /// rests on has changed.
    pub fingerprint: String,
    /// What the rule says in place of the sentence of its kind.
    pub text: Option<Arc<RuleText>>,
    /// What the sender may have meant: a code, a word or a format.
    pub advice: Option<String>,
    /// The sender's own reference of the row.
    pub reference: String,
}

impl Finding {
    /// A finding of no rule and no place yet.
    pub fn new(kind: FindingKind) -> Self {
        Self {
            id: String::new(),
            kind,
            severity: kind.severity(),
            rule: None,
            cells: Vec::new(),
            metric: String::new(),
            category: String::new(),
            sheet: String::new(),
            line: None,
            column: None,
            value: None,
            expected: None,
            found: None,
            previous: None,
            effect: 0,
            fingerprint: String::new(),
            text: None,
            advice: None,
            reference: String::new(),
        }
    }

    pub(crate) fn on_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// On a row of a sheet; a file without sheets has an empty name of one.
    pub(crate) fn on_sheet(mut self, sheet: &str, row: u64) -> Self {
        sheet.clone_into(&mut self.sheet);
        self.on_line(row)
    }

    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(shortened(column));
        self
    }

    pub(crate) fn with_value(mut self, value: &str) -> Self {
        self.value = Some(shortened(value));
        self
    }

    pub(crate) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn having_found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn advising(mut self, advice: Option<String>) -> Self {
        self.advice = advice;
        self
    }

    /// Sets the cells; the first becomes the place.
    pub(crate) fn about(mut self, cells: Vec<CellRef>) -> Self {
        if let Some(place) = cells.first() {
            self.metric = place.metric.to_string();
            place.category_str().clone_into(&mut self.category);
        }
        self.cells = cells;
        self
    }

    /// Sets the value that its place had before; `previous` must be of an earlier period.
    pub(crate) fn note_previous(&mut self, previous: Option<&Previous>) {
        let place = self.cells.first();
        let value = previous.zip(place);
        let value = value.and_then(|(previous, place)| previous.values.get(place));
        self.previous = value.map(|value| plain(value.value.into(), value.decimals));
    }

    /// Whether it blocks sign-off.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether it is about the content being a readable, complete return, not about a rule of
    /// the edition.
    pub fn is_structural(&self) -> bool {
        self.rule.is_none()
    }
}

/// A sender's text, or of a longer one the beginning and an ellipsis: a hostile one may be megabytes
/// long.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().nth(VALUE_CHARS_MAX).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(VALUE_CHARS_MAX.saturating_sub(1));
    kept.chain(['…']).collect()
}
