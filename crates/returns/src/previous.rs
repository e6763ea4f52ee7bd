//! The same authority's values of an earlier period, for the rules that compare with it.

use std::collections::BTreeMap;

use mesur_catalogue::{AuthorityCode, CategoryCode, CellRef, Edition, MetricCode, Period};
use mesur_figures::parse_quantity;

use crate::finding::Finding;
use crate::observation::DataReturn;
use crate::row::{RawObservation, RawValue};
use crate::table::{most_frequent, read_table};

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
    pub values: BTreeMap<CellRef, PreviousValue>,
}

impl Previous {
    /// The values of a return of `edition`.
    pub fn from_return(edition: &Edition, data_return: &DataReturn) -> Self {
        let cells = edition.cells().iter().zip(&data_return.observations);
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
    /// passed over, and so are rows of another authority or period than most.
    pub fn read_csv(bytes: &[u8]) -> Result<Self, PreviousError> {
        let table = read_table(bytes).map_err(|findings| PreviousError::Unreadable { findings })?;
        let named = |text: &RawObservation| {
            let authority = AuthorityCode::parse(text.authority.as_deref()?.trim()).ok()?;
            Some((
                authority,
                Period::parse(text.edition.as_deref()?.trim()).ok()?,
            ))
        };
        let (authority, period) =
            most_frequent(table.rows.iter().filter_map(named)).ok_or(PreviousError::Unnamed)?;
        let own = (authority, period);
        let rows = table.rows.iter();
        let values = rows
            .filter(|row| named(row).as_ref() == Some(&own))
            .filter_map(plain_value)
            .collect();
        let (authority, period) = own;
        Ok(Self {
            authority,
            period,
            values,
        })
    }
}

fn plain_value(row: &RawObservation) -> Option<(CellRef, PreviousValue)> {
    let cell = CellRef {
        metric: MetricCode::parse(row.metric.trim()).ok()?,
        category: match row.category.trim() {
            "" => None,
            text => Some(CategoryCode::parse(text).ok()?),
        },
    };
    let text = match (row.status.trim(), &row.value) {
        ("provided" | "part_period", Some(RawValue::Text(text))) => text.trim(),
        ("not_applicable", _) => "0",
        _ => return None,
    };
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let decimals = u8::try_from(fraction.len()).ok()?;
    let value = parse_quantity(text, decimals).ok()?;
    Some((cell, PreviousValue { value, decimals }))
}
