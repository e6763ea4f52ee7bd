//! From loose rows to one state for each cell of the edition.
//!
//! Rows come from a file, with texts as values, or from a message, with scaled numbers; the checks
//! are the same. A row that cannot be taken makes its cell erroneous, not missing: the sender
//! reads one finding for one slip.

use mesur_catalogue::{
    AuthorityCode, Catalogue, CategoryCode, Cell, CellId, CellRef, Edition, MetricCode,
};
use mesur_figures::{QuantityError, parse_quantity};

use crate::date::Date;
use crate::finding::{self, Finding, shortened};
use crate::kind::FindingKind;
use crate::limits::{COMMENT_CHARS_MAX, REFERENCE_CHARS_MAX};
use crate::observation::{Observation, Observed};
use crate::outcome::{Assembly, CellState};
use crate::row::{RawObservation, RawValue};
use crate::suggest::Suggestions;

/// Puts the rows of `authority`'s return into the cells of `edition`; `catalogue` tells a metric
/// of another edition from an unknown one.
pub fn assemble(
    edition: &Edition,
    catalogue: &Catalogue,
    authority: &AuthorityCode,
    rows: impl IntoIterator<Item = RawObservation>,
) -> Assembly {
    let mut assembler = Assembler {
        edition,
        catalogue,
        authority,
        suggestions: None,
        cells: vec![CellState::Missing; edition.cells().len()],
        taken: vec![false; edition.cells().len()],
        findings: Vec::new(),
    };
    for row in rows {
        assembler.take(row);
    }
    assembler.finish()
}

struct Assembler<'a> {
    edition: &'a Edition,
    catalogue: &'a Catalogue,
    authority: &'a AuthorityCode,
    /// Made when the first unknown code asks for it: most returns have none.
    suggestions: Option<Suggestions>,
    cells: Vec<CellState>,
    /// Whether a row of this return has named the cell.
    taken: Vec<bool>,
    findings: Vec<Finding>,
}

impl Assembler<'_> {
    fn take(&mut self, row: RawObservation) {
        let cell = cell_ref(&row).and_then(|reference| self.edition.cell_id(&reference));
        self.find_spaces(&row, cell);
        if self.find_foreign(&row, cell) {
            // The row is another return's; it only says that this cell was not forgotten.
            if let Some(state) = cell.and_then(|id| self.cells.get_mut(id.index()))
                && *state == CellState::Missing
            {
                *state = CellState::Erroneous;
            }
            return;
        }
        let Some(id) = cell else {
            let finding = self.unknown_cell(&row);
            self.findings.push(finding);
            return;
        };
        let again = self
            .taken
            .get_mut(id.index())
            .is_some_and(|taken| std::mem::replace(taken, true));
        if again {
            self.find(FindingKind::DuplicateRow, &row, cell, |finding| finding);
        }
        let line = row.line;
        let state = match self.observe(row, id) {
            Some(observation) if !again => CellState::Observed { observation, line },
            _ => CellState::Erroneous,
        };
        if let Some(slot) = self.cells.get_mut(id.index()) {
            *slot = state;
        }
    }

    fn finish(mut self) -> Assembly {
        for (cell, state) in self.edition.cells().iter().zip(&self.cells) {
            if *state == CellState::Missing {
                let finding = Finding::new(FindingKind::MissingRow);
                self.findings
                    .push(finding.about(vec![cell.reference.clone()]));
            }
        }
        finding::sort(self.edition, &mut self.findings);
        Assembly {
            cells: self.cells,
            findings: self.findings,
        }
    }

    /// Notes a finding on a row.
    fn find(
        &mut self,
        kind: FindingKind,
        row: &RawObservation,
        cell: Option<CellId>,
        detail: impl FnOnce(Finding) -> Finding,
    ) {
        let finding = self.on_row(kind, row, cell);
        self.findings.push(detail(finding));
    }

    fn on_row(&self, kind: FindingKind, row: &RawObservation, cell: Option<CellId>) -> Finding {
        let cell = cell.and_then(|id| self.edition.cell(id));
        let mut finding = Finding::new(kind).about(
            cell.map(|cell| cell.reference.clone())
                .into_iter()
                .collect(),
        );
        finding.metric = shortened(row.metric.trim());
        finding.category = shortened(row.category.trim());
        finding.line = row.line;
        finding.reference = shortened(&row.reference);
        finding
    }

    fn find_spaces(&mut self, row: &RawObservation, cell: Option<CellId>) {
        for (column, text) in row.trimmed_texts() {
            if text.trim() != text {
                self.find(FindingKind::SurroundingSpace, row, cell, |finding| {
                    finding.in_column(column).with_value(text)
                });
            }
        }
    }

    /// Notes what a row says of itself that is not this return's; whether there is any.
    fn find_foreign(&mut self, row: &RawObservation, cell: Option<CellId>) -> bool {
        let (period, authority) = (self.edition.name().period.as_str(), self.authority.as_str());
        let stated = [
            (FindingKind::WrongEdition, "edition", &row.edition, period),
            (
                FindingKind::WrongAuthority,
                "authority",
                &row.authority,
                authority,
            ),
        ];
        let mut foreign = false;
        for (kind, column, found, expected) in stated {
            if let Some(found) = found
                && found.trim() != expected
            {
                foreign = true;
                self.find(kind, row, cell, |finding| {
                    let finding = finding.in_column(column).with_value(found.trim());
                    finding.expecting(expected)
                });
            }
        }
        foreign
    }

    fn unknown_cell(&mut self, row: &RawObservation) -> Finding {
        let (metric, category) = (row.metric.trim(), row.category.trim());
        let edition = self.edition;
        let suggestions = self
            .suggestions
            .get_or_insert_with(|| Suggestions::new(edition));
        let advice = suggestions.find(metric, category);
        let code = MetricCode::parse(metric).ok();
        let known = code.as_ref().and_then(|code| edition.metric(code));
        let (kind, column, value) = match known {
            Some(_) if category.is_empty() => (FindingKind::TotalNotAllowed, "category", category),
            Some(_) => (FindingKind::UnknownCategory, "category", category),
            None => (FindingKind::UnknownMetric, "metric", metric),
        };
        let finding = self.on_row(kind, row, None).in_column(column);
        let collection = &edition.name().collection;
        let other = code
            .filter(|_| known.is_none())
            .and_then(|code| self.catalogue.other_edition_with(collection, &code));
        if let Some(other) = other {
            return Finding {
                kind: FindingKind::MetricNotInEdition,
                ..finding.with_value(metric)
            }
            .expecting(edition.name().period.as_str())
            .having_found(other.name().period.as_str());
        }
        finding.with_value(value).advising(advice)
    }

    /// What a row says of its cell; `None` after a finding that keeps it from being taken.
    fn observe(&mut self, row: RawObservation, id: CellId) -> Option<Observation> {
        let cell = self.edition.cell(id)?;
        let texts = self.check_texts(&row, id);
        let value = self.observed(&row, id, cell)?;
        texts.then_some(Observation {
            value,
            comment: row.comment,
            reference: row.reference,
        })
    }

    /// Whether comment and reference can be kept.
    fn check_texts(&mut self, row: &RawObservation, id: CellId) -> bool {
        let mut fit = true;
        for (column, text, limit) in [
            ("comment", &row.comment, COMMENT_CHARS_MAX),
            ("reference", &row.reference, REFERENCE_CHARS_MAX),
        ] {
            if text.chars().nth(limit).is_some() {
                fit = false;
                self.find(FindingKind::CellTooLong, row, Some(id), |finding| {
                    finding
                        .in_column(column)
                        .with_value(text)
                        .expecting(limit.to_string())
                });
            }
            if text.contains('\0') {
                fit = false;
                self.find(FindingKind::NulByte, row, Some(id), |finding| {
                    finding.in_column(column)
                });
            }
        }
        // Some spreadsheets drop leading space before they look for a formula.
        if row.comment.trim_start().starts_with(['=', '+', '-', '@']) {
            self.find(FindingKind::FormulaText, row, Some(id), |finding| {
                finding.in_column("comment").with_value(&row.comment)
            });
        }
        fit
    }

    /// The value and status of a row.
    fn observed(&mut self, row: &RawObservation, id: CellId, cell: &Cell) -> Option<Observed> {
        let status = row.status.trim();
        let with_value = match status {
            "provided" | "part_period" => true,
            "not_provided" | "not_applicable" => false,
            _ => {
                let meant = status.to_lowercase().replace([' ', '-'], "_");
                let meant = Observed::STATUSES.into_iter().find(|word| *word == meant);
                self.find(FindingKind::UnknownStatus, row, Some(id), |finding| {
                    finding
                        .in_column("status")
                        .with_value(status)
                        .expecting(Observed::STATUSES.join(", "))
                        .advising(meant.map(str::to_owned))
                });
                return None;
            }
        };
        let reasoned = status == "provided" || !row.comment.trim().is_empty();
        if !reasoned {
            self.find(FindingKind::MissingReason, row, Some(id), |finding| {
                finding.in_column("comment").having_found(status)
            });
        }
        if !with_value {
            let empty = self.check_no_value(row, id, cell);
            let value = match status {
                "not_provided" => Observed::NotProvided,
                _ => Observed::NotApplicable,
            };
            return (empty && reasoned).then_some(value);
        }
        let value = self.value(row, id, cell)?;
        let observed = match status {
            "provided" => Observed::Provided(value),
            _ => Observed::PartPeriod {
                value,
                end: part_period_end(self.edition, &row.comment),
            },
        };
        reasoned.then_some(observed)
    }

    fn check_no_value(&mut self, row: &RawObservation, id: CellId, cell: &Cell) -> bool {
        let text = value_text(row, cell);
        if !text.is_empty() {
            self.find(FindingKind::ValueNotAllowed, row, Some(id), |finding| {
                finding.in_column("value").with_value(&text)
            });
        }
        text.is_empty()
    }

    fn value(&mut self, row: &RawObservation, id: CellId, cell: &Cell) -> Option<i64> {
        let text = match &row.value {
            Some(RawValue::Scaled(value)) => return Some(*value),
            Some(RawValue::Text(text)) => text.trim(),
            None => "",
        };
        let kind = if text.is_empty() {
            FindingKind::ValueMissing
        } else {
            match parse_quantity(text, cell.decimals) {
                Ok(value) => return Some(value),
                Err(QuantityError::NotANumber) => FindingKind::NotANumber,
                Err(QuantityError::NotWhole) => FindingKind::NotWhole,
                Err(QuantityError::TooManyDecimals(_)) => FindingKind::TooManyDecimals,
                Err(QuantityError::TooLarge) => FindingKind::TooLarge,
            }
        };
        self.find(kind, row, Some(id), |finding| {
            let finding = finding.in_column("value").with_value(text);
            if kind == FindingKind::TooManyDecimals {
                finding.expecting(cell.decimals.to_string())
            } else {
                finding
            }
        });
        None
    }
}

fn cell_ref(row: &RawObservation) -> Option<CellRef> {
    let category = match row.category.trim() {
        "" => None,
        text => Some(CategoryCode::parse(text).ok()?),
    };
    let metric = MetricCode::parse(row.metric.trim()).ok()?;
    Some(CellRef { metric, category })
}

fn value_text(row: &RawObservation, cell: &Cell) -> String {
    match &row.value {
        Some(RawValue::Scaled(value)) => mesur_figures::format_quantity(*value, cell.decimals),
        Some(RawValue::Text(text)) => shortened(text.trim()),
        None => String::new(),
    }
}

/// The last day that a part-period value covers: the latest date in the comment that lies within
/// the edition's period. Its first day is left out, because "from 1 April to 23 November" names
/// it too.
fn part_period_end(edition: &Edition, comment: &str) -> Option<Date> {
    let settings = edition.settings();
    let start = Date::parse(&settings.period_start);
    let end = Date::parse(&settings.period_end);
    let within =
        |date: &Date| start.is_none_or(|start| *date > start) && end.is_none_or(|end| *date <= end);
    Date::all_in(comment).into_iter().filter(within).max()
}
