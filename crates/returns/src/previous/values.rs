//! Values by the codes of their cells.
//!
//! Where an edition was at hand, the values of its cells stand by their numbers, so that a return is
//! compared with another of thousands of cells without a code of them being looked at. Which way a
//! value is held makes no difference to what is said of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesur_catalogue::{CellId, CellIndex, CellRef};

use super::PreviousValue;

/// Bytes of the place of a cell's value.
const KNOWN_SIZE: usize = size_of::<i64>() + size_of::<u8>();

/// About the bytes of a value with codes of its own, and what the tree around it takes.
const OTHER_SIZE: usize = 192;

/// Values of an earlier period by code.
#[derive(Debug, Clone, Default)]
pub struct PreviousValues {
    known: Option<Known>,
    /// Those of cells that are not among the known ones.
    others: BTreeMap<CellRef, PreviousValue>,
}

/// The values of an edition's cells, by cell number: nine bytes each, for there may be millions.
#[derive(Debug, Clone)]
struct Known {
    index: Arc<CellIndex>,
    values: Vec<i64>,
    /// The digits after the point of each; [`NO_VALUE`] where there is none.
    decimals: Vec<u8>,
}

/// More digits after the point than any value has.
const NO_VALUE: u8 = u8::MAX;

impl Known {
    fn find(&self, cell: &CellRef) -> Option<CellId> {
        self.index.find(cell.metric.as_str(), cell.category_str())
    }

    fn get(&self, id: CellId) -> Option<PreviousValue> {
        let decimals = *self.decimals.get(id.index())?;
        let value = *self.values.get(id.index())?;
        (decimals != NO_VALUE).then_some(PreviousValue { value, decimals })
    }

    fn set(&mut self, id: CellId, new: PreviousValue) {
        let value = self.values.get_mut(id.index());
        if let Some((value, decimals)) = value.zip(self.decimals.get_mut(id.index())) {
            *value = new.value;
            *decimals = new.decimals;
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&CellRef, PreviousValue)> {
        let cells = self.index.by_code();
        cells.filter_map(|(id, cell)| Some((&cell.reference, self.get(id)?)))
    }
}

impl PreviousValues {
    /// No values yet, and a place for each cell of an edition.
    pub(super) fn for_cells(index: &Arc<CellIndex>) -> Self {
        let known = Known {
            index: Arc::clone(index),
            values: vec![0; index.len()],
            decimals: vec![NO_VALUE; index.len()],
        };
        Self {
            known: Some(known),
            others: BTreeMap::new(),
        }
    }

    /// Whether the values of the cells of an edition are to be had by their numbers.
    pub(crate) fn are_by_number(&self, index: &Arc<CellIndex>) -> bool {
        let known = self.known.as_ref();
        known.is_some_and(|known| Arc::ptr_eq(&known.index, index))
    }

    /// The value of a cell by its number in that edition.
    pub(crate) fn by_number(&self, id: CellId) -> Option<PreviousValue> {
        self.known.as_ref()?.get(id)
    }

    /// Sets the value of a cell of that edition.
    pub(super) fn set(&mut self, id: CellId, value: PreviousValue) {
        if let Some(known) = &mut self.known {
            known.set(id, value);
        }
    }

    /// Sets the value of a cell; the one that it had before.
    pub fn insert(&mut self, cell: CellRef, value: PreviousValue) -> Option<PreviousValue> {
        let Some(id) = self.known.as_ref().and_then(|known| known.find(&cell)) else {
            return self.others.insert(cell, value);
        };
        let before = self.by_number(id);
        self.set(id, value);
        before
    }

    /// The value of a cell.
    pub fn get(&self, cell: &CellRef) -> Option<PreviousValue> {
        match self.known.as_ref().and_then(|known| known.find(cell)) {
            Some(id) => self.by_number(id),
            None => self.others.get(cell).copied(),
        }
    }

    /// Every value with its cell, in the order of the codes.
    pub fn iter(&self) -> impl Iterator<Item = (&CellRef, PreviousValue)> {
        let mut known = self.known.iter().flat_map(Known::iter).peekable();
        let others = self.others.iter();
        let mut others = others.map(|(cell, value)| (cell, *value)).peekable();
        std::iter::from_fn(move || {
            let is_behind = match (known.peek(), others.peek()) {
                (Some((one, _)), Some((other, _))) => one > other,
                (known, _) => known.is_none(),
            };
            if is_behind {
                others.next()
            } else {
                known.next()
            }
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let known = self.known.iter().flat_map(|known| &known.decimals);
        let known = known.filter(|decimals| **decimals != NO_VALUE).count();
        known.saturating_add(self.others.len())
    }

    /// About how many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        let places = self.known.as_ref().map_or(0, |known| known.values.len());
        let known = places.saturating_mul(KNOWN_SIZE);
        known.saturating_add(self.others.len().saturating_mul(OTHER_SIZE))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl PartialEq for PreviousValues {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for PreviousValues {}

impl FromIterator<(CellRef, PreviousValue)> for PreviousValues {
    fn from_iter<I: IntoIterator<Item = (CellRef, PreviousValue)>>(values: I) -> Self {
        Self {
            known: None,
            others: values.into_iter().collect(),
        }
    }
}
