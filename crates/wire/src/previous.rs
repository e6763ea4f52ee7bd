//! Values of an earlier period, both ways.

use mesur_catalogue::{CellRef, Edition};
use mesur_figures::DECIMALS_MAX;
use mesur_proto::types::v1 as pb;
use mesur_returns::{Cells, Previous, PreviousValue, PreviousValues, PreviousValuesBuilder};

/// The most values of an earlier period that a request may have. What was collected here is read as it
/// was sent, however much that is.
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

/// Values of an earlier period as they come in, however many there are.
#[derive(Debug)]
pub struct PreviousValuesReader<'a> {
    values: PreviousValuesBuilder<'a>,
    taken: usize,
}

impl<'a> PreviousValuesReader<'a> {
    /// Before the first value. The edition that the codes are of need not be known; with that of the
    /// returns that will be compared with them, they are found and held best.
    pub fn new(edition: Option<&'a Edition>) -> Self {
        Self {
            values: PreviousValuesBuilder::new(edition),
            taken: 0,
        }
    }

    /// Takes the next value, if it can be taken.
    pub fn take(&mut self, value: &pb::PreviousValue) -> Result<(), PreviousValueError> {
        let place = self.taken;
        self.taken = place.saturating_add(1);
        let error = |problem: String| PreviousValueError { place, problem };
        let decimals = u8::try_from(value.decimals)
            .ok()
            .filter(|decimals| *decimals <= DECIMALS_MAX)
            .ok_or_else(|| error(format!("decimals are 0 to {DECIMALS_MAX}")))?;
        let earlier = PreviousValue {
            value: value.value,
            decimals,
        };
        let before = self.values.insert(&value.metric, &value.category, earlier);
        match before.map_err(|problem| error(problem.to_string()))? {
            None => Ok(()),
            Some(_) => Err(error("the same cell stands twice".to_owned())),
        }
    }

    /// All of them by cell.
    pub fn finish(self) -> PreviousValues {
        self.values.finish()
    }
}

/// The values by cell, or the first that cannot be taken. The edition that the codes are of need
/// not be known.
pub fn previous_values_from_wire(
    values: &[pb::PreviousValue],
) -> Result<PreviousValues, PreviousValueError> {
    let mut reader = PreviousValuesReader::new(None);
    for value in values {
        reader.take(value)?;
    }
    Ok(reader.finish())
}

/// The values of an authority in the order of their codes, one by one: there may be millions.
pub fn previous_values_to_wire(
    previous: &Previous,
) -> impl Iterator<Item = pb::PreviousValue> + use<'_> {
    let values = previous.values.iter();
    values.map(|(cell, value)| previous_value_to_wire(cell, value))
}

/// The values of some cells of a return, of which the first has the number `first`, for what is
/// compared with them later.
pub fn previous_values_from(
    edition: &Edition,
    first: usize,
    cells: &Cells,
) -> impl Iterator<Item = pb::PreviousValue> {
    let known = edition.cells().iter().skip(first);
    known.zip(cells.observations()).filter_map(|(cell, held)| {
        let value = PreviousValue {
            value: held?.value.counted()?,
            decimals: cell.decimals,
        };
        Some(previous_value_to_wire(&cell.reference, value))
    })
}

fn previous_value_to_wire(cell: &CellRef, value: PreviousValue) -> pb::PreviousValue {
    pb::PreviousValue {
        metric: cell.metric.to_string(),
        category: cell.category_str().to_owned(),
        value: value.value,
        decimals: value.decimals.into(),
    }
}
