//! One result of a check: what was found, where, and in which figures.

use std::collections::BTreeMap;

use mesur_catalogue::{CellRef, Edition, Severity};

use crate::kind::FindingKind;
use crate::limits::VALUE_CHARS_MAX;

/// One result of a check. Its words are made elsewhere, from these plain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
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
    /// The physical line of the file on which the row starts, from 1.
    pub line: Option<u64>,
    /// The column of the file.
    pub column: Option<String>,
    /// The text or figure as it was sent, cut to [`VALUE_CHARS_MAX`](crate::VALUE_CHARS_MAX).
    pub value: Option<String>,
    /// What is asked for.
    pub expected: Option<String>,
    /// What stands there, as it was worked out.
    pub found: Option<String>,
    /// What the sender may have meant: a code, a word or a format.
    pub advice: Option<String>,
    /// The sender's own reference of the row.
    pub reference: String,
}

impl Finding {
    /// A finding of no rule and no place yet.
    pub(crate) fn new(kind: FindingKind) -> Self {
        Self {
            kind,
            severity: kind.severity(),
            rule: None,
            cells: Vec::new(),
            metric: String::new(),
            category: String::new(),
            line: None,
            column: None,
            value: None,
            expected: None,
            found: None,
            advice: None,
            reference: String::new(),
        }
    }

    pub(crate) fn on_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
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

/// The beginning of a sender's text: a hostile one may be megabytes long.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(VALUE_CHARS_MAX).collect()
}

/// Catalogue order of the place, then what is structural, then the order of the rules. What has
/// no place in the catalogue comes last, by line.
pub(crate) fn sort(edition: &Edition, findings: &mut [Finding]) {
    let rules = edition.rules().iter().enumerate();
    let rules: BTreeMap<&str, usize> = rules.map(|(at, rule)| (rule.id.as_str(), at)).collect();
    findings.sort_by_cached_key(|finding| {
        let cell = finding.cells.first().and_then(|cell| edition.cell_id(cell));
        let rule = finding
            .rule
            .as_deref()
            .and_then(|id| rules.get(id).copied());
        (cell.is_none(), cell, rule, finding.line)
    });
}
