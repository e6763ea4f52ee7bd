//! Putting values of an earlier period together, where they come one by one.

use mesur_catalogue::{CellId, CellRef, Edition, IdError};

use super::{PreviousValue, PreviousValues};

/// Values of an earlier period as they come. The values of the cells of an edition get their places by
/// number, at once where they come in the order of its catalogue; any others are held by their codes.
#[derive(Debug)]
pub struct PreviousValuesBuilder<'a> {
    edition: Option<&'a Edition>,
    before: Option<CellId>,
    values: PreviousValues,
}

impl<'a> PreviousValuesBuilder<'a> {
    /// No values yet. With the edition of the returns that will be compared with them, that takes
    /// least time and least memory.
    pub fn new(edition: Option<&'a Edition>) -> Self {
        let places = |edition: &Edition| PreviousValues::for_cells(edition.cell_index());
        Self {
            edition,
            before: None,
            values: edition.map(places).unwrap_or_default(),
        }
    }

    /// Sets the value of a cell by its two codes, the category's empty for the metric itself; the one
    /// that it had before.
    pub fn insert(
        &mut self,
        metric: &str,
        category: &str,
        value: PreviousValue,
    ) -> Result<Option<PreviousValue>, IdError> {
        let known = |edition: &Edition| edition.find_after(self.before, metric, category);
        let Some(cell) = self.edition.and_then(known) else {
            let cell = CellRef::from_codes(metric, category)?;
            return Ok(self.values.insert(cell, value));
        };
        self.before = Some(cell);
        let before = self.values.by_number(cell);
        self.values.set(cell, value);
        Ok(before)
    }

    /// All of them.
    pub fn finish(self) -> PreviousValues {
        self.values
    }
}
