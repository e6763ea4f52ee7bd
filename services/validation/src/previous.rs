//! Values of an earlier period as both submission and callers send them.

use std::collections::BTreeMap;

use mesur_catalogue::{CategoryCode, CellRef, IdError, MetricCode};
use mesur_figures::DECIMALS_MAX;
use mesur_returns::PreviousValue;

/// One value as it was sent. The edition that its code is of need not be known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// The metric's code.
    pub(crate) metric: &'a str,
    /// The category's code; empty for the metric itself.
    pub(crate) category: &'a str,
    /// The value, scaled by `decimals`.
    pub(crate) value: i64,
    /// Digits after the point.
    pub(crate) decimals: i32,
}

/// A value that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its place among the values, from 0.
    pub(crate) place: usize,
    /// What is wrong with it.
    pub(crate) problem: String,
}

/// The values by cell, or the first that cannot be taken.
pub(crate) fn collect<'a>(
    values: impl IntoIterator<Item = Sent<'a>>,
) -> Result<BTreeMap<CellRef, PreviousValue>, Fault> {
    let mut cells = BTreeMap::new();
    for (place, value) in values.into_iter().enumerate() {
        let fault = |problem: String| Fault { place, problem };
        let cell = cell_ref(value).map_err(|error| fault(error.to_string()))?;
        let decimals = u8::try_from(value.decimals)
            .ok()
            .filter(|decimals| *decimals <= DECIMALS_MAX)
            .ok_or_else(|| fault(format!("decimals are 0 to {DECIMALS_MAX}")))?;
        let value = PreviousValue {
            value: value.value,
            decimals,
        };
        if cells.insert(cell, value).is_some() {
            return Err(fault("the same cell stands twice".to_owned()));
        }
    }
    Ok(cells)
}

fn cell_ref(value: Sent<'_>) -> Result<CellRef, IdError> {
    let category = match value.category {
        "" => None,
        text => Some(CategoryCode::parse(text)?),
    };
    Ok(CellRef {
        metric: MetricCode::parse(value.metric)?,
        category,
    })
}
