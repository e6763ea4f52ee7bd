//! What one row says of its cell.

use mesur_catalogue::{Cell, CellId, Edition};
use mesur_figures::{QuantityError, parse_quantity};

use super::Assembler;
use crate::cells::Status;
use crate::date::Date;
use crate::finding::shortened;
use crate::kind::FindingKind;
use crate::limits::{COMMENT_CHARS_MAX, REFERENCE_CHARS_MAX};
use crate::observation::Observed;
use crate::row::{RawObservation, RawValue, trimmed};
use crate::suggest::nearest_reason;

/// A finding says why something cannot be taken.
struct Refused;

impl Assembler<'_> {
    /// What a row says of its cell; `None` after a finding that keeps it from being taken.
    pub(super) fn observe(&mut self, row: &RawObservation<'_>, id: CellId) -> Option<Observed> {
        let cell = self.edition.cell(id)?;
        let texts = self.check_texts(row, id);
        let value = self.observed(row, id, cell)?;
        texts.then_some(value)
    }

    /// Whether the texts can be kept.
    fn check_texts(&mut self, row: &RawObservation<'_>, id: CellId) -> bool {
        let mut fit = self.check_reason(row, id);
        for (column, text, limit) in [
            ("comment", &row.comment, COMMENT_CHARS_MAX),
            ("reference", &row.reference, REFERENCE_CHARS_MAX),
        ] {
            if text.len() > limit && text.chars().nth(limit).is_some() {
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
        if trimmed(&row.comment).starts_with(['=', '+', '-', '@']) {
            self.find(FindingKind::FormulaText, row, Some(id), |finding| {
                finding.in_column("comment").with_value(&row.comment)
            });
        }
        fit
    }

    /// Whether the reason is one of the edition's, if there is any.
    fn check_reason(&mut self, row: &RawObservation<'_>, id: CellId) -> bool {
        let reason = trimmed(&row.reason);
        if reason.is_empty() || self.edition.reason(reason).is_some() {
            return true;
        }
        let edition = self.edition;
        self.find(FindingKind::UnknownReason, row, Some(id), |finding| {
            let ids = edition.reasons().iter().map(|known| known.id.as_str());
            finding
                .in_column("reason")
                .with_value(reason)
                .expecting(ids.collect::<Vec<_>>().join(", "))
                .advising(nearest_reason(edition, reason))
        });
        false
    }

    /// The value and status of a row.
    fn observed(&mut self, row: &RawObservation<'_>, id: CellId, cell: &Cell) -> Option<Observed> {
        let word = trimmed(&row.status);
        let status = match word {
            "provided" => Status::Provided,
            "part_period" => Status::PartPeriod,
            "not_provided" => Status::NotProvided,
            "not_applicable" => Status::NotApplicable,
            _ => {
                self.unknown_status(row, id, word);
                return None;
            }
        };
        let reasoned = status == Status::Provided
            || !trimmed(&row.reason).is_empty()
            || !trimmed(&row.comment).is_empty();
        if !reasoned {
            self.find(FindingKind::MissingReason, row, Some(id), |finding| {
                finding.in_column("comment").having_found(word)
            });
        }
        let end = self.end_date(row, id, status);
        if !status.has_value() {
            let empty = self.check_no_value(row, id, cell);
            let value = match status {
                Status::NotProvided => Observed::NotProvided,
                _ => Observed::NotApplicable,
            };
            return (empty && reasoned && end.is_ok()).then_some(value);
        }
        let value = self.value(row, id, cell)?;
        let end = end.ok()?;
        let observed = match status {
            Status::PartPeriod => Observed::PartPeriod { value, end },
            _ => Observed::Provided(value),
        };
        reasoned.then_some(observed)
    }

    fn unknown_status(&mut self, row: &RawObservation<'_>, id: CellId, word: &str) {
        if word.is_empty() {
            self.find(FindingKind::MissingStatus, row, Some(id), |finding| {
                finding
                    .in_column("status")
                    .expecting(Observed::STATUSES.join(", "))
            });
            return;
        }
        let meant = shortened(word).to_lowercase().replace([' ', '-'], "_");
        let meant = Observed::STATUSES.into_iter().find(|known| *known == meant);
        self.find(FindingKind::UnknownStatus, row, Some(id), |finding| {
            finding
                .in_column("status")
                .with_value(word)
                .expecting(Observed::STATUSES.join(", "))
                .advising(meant.map(str::to_owned))
        });
    }

    /// The last day that the value covers, or that there is none.
    fn end_date(
        &mut self,
        row: &RawObservation<'_>,
        id: CellId,
        status: Status,
    ) -> Result<Option<Date>, Refused> {
        let stated = trimmed(&row.end_date);
        if stated.is_empty() {
            let is_part = status == Status::PartPeriod;
            return Ok(is_part.then(|| self.end_in(&row.comment)).flatten());
        }
        let date = Date::parse(stated).filter(|date| {
            let (start, end) = self.period;
            status == Status::PartPeriod
                && start.is_none_or(|start| *date >= start)
                && end.is_none_or(|end| *date <= end)
        });
        if date.is_some() {
            return Ok(date);
        }
        let expected = if status == Status::PartPeriod {
            let settings = self.edition.settings();
            format!("{} – {}", settings.period_start, settings.period_end)
        } else {
            Status::PartPeriod.word().to_owned()
        };
        self.find(FindingKind::InvalidEndDate, row, Some(id), |finding| {
            let finding = finding.in_column("end_date").with_value(stated);
            finding.having_found(status.word()).expecting(expected)
        });
        Err(Refused)
    }

    /// The last day that a part-period value covers: the latest date in the comment that lies
    /// within the edition's period. Its first day is left out, because "from 1 April to 23
    /// November" names it too.
    fn end_in(&self, comment: &str) -> Option<Date> {
        let (start, end) = self.period;
        let within = |date: &Date| {
            start.is_none_or(|start| *date > start) && end.is_none_or(|end| *date <= end)
        };
        Date::all_in(comment).into_iter().filter(within).max()
    }

    fn check_no_value(&mut self, row: &RawObservation<'_>, id: CellId, cell: &Cell) -> bool {
        let text = value_text(row, cell);
        if !text.is_empty() {
            self.find(FindingKind::ValueNotAllowed, row, Some(id), |finding| {
                finding.in_column("value").with_value(&text)
            });
        }
        text.is_empty()
    }

    fn value(&mut self, row: &RawObservation<'_>, id: CellId, cell: &Cell) -> Option<i64> {
        let text = match &row.value {
            Some(RawValue::Scaled(value)) => return Some(*value),
            Some(RawValue::Text(text)) => trimmed(text),
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

fn value_text(row: &RawObservation<'_>, cell: &Cell) -> String {
    match &row.value {
        Some(RawValue::Scaled(value)) => mesur_figures::format_quantity(*value, cell.decimals),
        Some(RawValue::Text(text)) => shortened(text.trim()),
        None => String::new(),
    }
}

/// The first and the last day of the edition's period, where they are stated.
pub(super) fn period_of(edition: &Edition) -> (Option<Date>, Option<Date>) {
    let settings = edition.settings();
    (
        Date::parse(&settings.period_start),
        Date::parse(&settings.period_end),
    )
}
