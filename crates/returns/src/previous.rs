//! The same authority's values of an earlier period, for the rules that compare with it.

use std::collections::BTreeMap;

use mesur_catalogue::{AuthorityCode, CellId, CellRef, Edition, Period};
use mesur_figures::parse_quantity;

use crate::data_return::DataReturn;
use crate::file::{OneReturn, Opened, Rows, Table};
use crate::finding::Finding;
use crate::row::{RawObservation, RawValue, trimmed};

mod builder;
mod values;

pub use builder::PreviousValuesBuilder;
pub use values::PreviousValues;

/// Why a file gives no earlier values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreviousError {
    /// The file cannot be read as a return.
    #[error("the earlier return cannot be read")]
    Unreadable {
        /// What keeps it from being read.
        findings: Vec<Finding>,
    },
    /// No row names an authority and a period.
    #[error("the earlier return names no authority and period")]
    Unnamed,
}

/// A value of an earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousValue {
    /// The value, scaled by `decimals`.
    pub value: i64,
    /// Digits after the point.
    pub decimals: u8,
}

/// The same authority's values of an earlier period, by code: that edition may have had other
/// cells, and need not be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// Whose values they are; comparing another authority's is the caller's to prevent.
    pub authority: AuthorityCode,
    /// The period that they are of.
    pub period: Period,
    /// The values that are there; what did not apply is 0.
    pub values: PreviousValues,
}

impl Previous {
    /// Whether the values are of a period before that of `edition`.
    pub(crate) fn is_before(&self, edition: &Edition) -> bool {
        self.period < edition.name().period
    }

    /// The values of a return of `edition`.
    pub fn from_return(edition: &Edition, data_return: &DataReturn) -> Self {
        let cells = edition.cells().iter().zip(data_return.observations());
        let values = cells.filter_map(|(cell, observation)| {
            let value = PreviousValue {
                value: observation.value.counted()?,
                decimals: cell.decimals,
            };
            Some((cell.reference.clone(), value))
        });
        Self {
            authority: data_return.authority.clone(),
            period: data_return.edition.period.clone(),
            values: values.collect(),
        }
    }

    /// The values of a file that was checked in its own time: rows that say nothing plain are
    /// passed over, and so are rows of another authority or period than most. The file is read
    /// within the limits of `edition`, whose return is compared with it.
    pub fn read_file(bytes: &[u8], edition: &Edition) -> Result<Self, PreviousError> {
        let unreadable = |findings| PreviousError::Unreadable { findings };
        let opened = Opened::read(bytes, edition).map_err(unreadable)?;
        if let Some(rows) = opened.one_return(edition)
            && let Some(previous) = Self::of_one_return(rows, edition)
        {
            return Ok(previous);
        }
        Self::of_table(&opened.survey().map_err(unreadable)?, edition)
    }

    /// The values of any file, after a look at all of its rows.
    pub(crate) fn of_table(table: &Table<'_>, edition: &Edition) -> Result<Self, PreviousError> {
        let stated = table.stated();
        let named = |row: &RawObservation<'_>| {
            let period = row.edition.as_deref().or(stated.0)?;
            let authority = row.authority.as_deref().or(stated.1)?;
            Some((
                AuthorityCode::parse(authority.trim()).ok()?,
                Period::parse(period.trim()).ok()?,
            ))
        };
        let own = most_frequent(table.rows().filter_map(|row| named(&row)));
        let own = own.ok_or(PreviousError::Unnamed)?;
        let mut values = PreviousValues::for_cells(edition.cell_index());
        for row in table.rows() {
            if named(&row).as_ref() == Some(&own) {
                take(
                    &mut values,
                    &row,
                    edition.find(trimmed(&row.metric), trimmed(&row.category)),
                );
            }
        }
        let (authority, period) = own;
        Ok(Self {
            authority,
            period,
            values,
        })
    }

    /// The same of a file with rows of one authority and period, if it is one.
    fn of_one_return(mut rows: OneReturn<'_, '_>, edition: &Edition) -> Option<Self> {
        let mut values = PreviousValues::for_cells(edition.cell_index());
        let mut before = None;
        while let Some(next) = rows.next(before).ok()? {
            match next {
                Rows::Whole(first, _) => {
                    for (cell, value) in (first.0..).map(CellId).zip(rows.values()) {
                        let (value, decimals) = (*value, 0);
                        values.set(cell, PreviousValue { value, decimals });
                        before = Some(cell);
                    }
                }
                Rows::Other(line) => {
                    let row = rows.observation(line);
                    let (metric, category) = (trimmed(&row.metric), trimmed(&row.category));
                    let cell = edition.find_after(before, metric, category);
                    take(&mut values, &row, cell);
                    before = cell.or(before);
                }
            }
        }
        Some(Self {
            authority: rows.authority,
            period: rows.period,
            values,
        })
    }
}

/// The item that occurs most often; the first of those that occur equally often.
fn most_frequent<T: Ord>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, (usize, usize)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        let (count, _) = counts.entry(item).or_insert((0, place));
        *count = count.saturating_add(1);
    }
    let most = counts
        .into_iter()
        .max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
    most.map(|(item, _)| item)
}

/// Takes what a row says plainly; `cell` is the edition's that it names.
fn take(values: &mut PreviousValues, row: &RawObservation<'_>, cell: Option<CellId>) {
    let Some(value) = plain_value(row) else {
        return;
    };
    if let Some(cell) = cell {
        values.set(cell, value);
    } else if let Ok(cell) = CellRef::from_codes(trimmed(&row.metric), trimmed(&row.category)) {
        values.insert(cell, value);
    }
}

fn plain_value(row: &RawObservation<'_>) -> Option<PreviousValue> {
    let text = match (trimmed(&row.status), &row.value) {
        ("provided" | "part_period", Some(RawValue::Text(text))) => trimmed(text),
        ("not_applicable", _) => "0",
        _ => return None,
    };
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let decimals = u8::try_from(fraction.len()).ok()?;
    let value = parse_quantity(text, decimals).ok()?;
    Some(PreviousValue { value, decimals })
}
