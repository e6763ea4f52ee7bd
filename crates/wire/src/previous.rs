//! Values of an earlier period, both ways.

use mesur_catalogue::CellRef;
use mesur_figures::DECIMALS_MAX;
use mesur_proto::types::v1 as pb;
use mesur_returns::{Previous, PreviousValue, PreviousValues};

/// The most values of an earlier period, well above the cells of any collection.
pub const PREVIOUS_VALUES_MAX: usize = 10_000;

/// A value that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("value {place}: {problem}")]
pub struct PreviousValueError {
    /// Its place among the values, from 0.
    pub place: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// The values by cell, or the first that cannot be taken. The edition that the codes are of need
/// not be known.
pub fn previous_values_from_wire(
    values: &[pb::PreviousValue],
) -> Result<PreviousValues, PreviousValueError> {
    let mut cells = PreviousValues::default();
    for (place, value) in values.iter().enumerate() {
        let error = |problem: String| PreviousValueError { place, problem };
        let cell = CellRef::from_codes(&value.metric, &value.category)
            .map_err(|problem| error(problem.to_string()))?;
        let decimals = u8::try_from(value.decimals)
            .ok()
            .filter(|decimals| *decimals <= DECIMALS_MAX)
            .ok_or_else(|| error(format!("decimals are 0 to {DECIMALS_MAX}")))?;
        let value = PreviousValue {
            value: value.value,
            decimals,
        };
        if cells.insert(cell, value).is_some() {
            return Err(error("the same cell stands twice".to_owned()));
        }
    }
    Ok(cells)
}

/// The values of an authority in the order of their codes.
pub fn previous_values_to_wire(previous: &Previous) -> Vec<pb::PreviousValue> {
    let values = previous
        .values
        .iter()
        .map(|(cell, value)| pb::PreviousValue {
            metric: cell.metric.to_string(),
            category: cell.category_str().to_owned(),
            value: value.value,
            decimals: value.decimals.into(),
        });
    values.collect()
}
