//! Cells as rows come: in any order, a cell perhaps twice.

use mesur_catalogue::CellId;

use super::{Cells, Note, Status};
use crate::date::Date;
use crate::observation::{Observation, Observed};

/// Cells as they are put together, in any order.
#[derive(Debug)]
pub struct CellsBuilder {
    cells: Cells,
    /// Whether notes and texts already stand as they do in finished cells.
    in_order: bool,
}

impl CellsBuilder {
    /// So many cells, all of them missing.
    pub fn new(cells: usize) -> Self {
        Self {
            cells: Cells {
                statuses: vec![Status::Missing; cells],
                values: vec![0; cells],
                notes: Vec::new(),
                texts: String::new(),
            },
            in_order: true,
        }
    }

    /// No cells yet, and room for so many.
    pub fn with_capacity(cells: usize) -> Self {
        Self {
            cells: Cells {
                statuses: Vec::with_capacity(cells),
                values: Vec::with_capacity(cells),
                notes: Vec::new(),
                texts: String::new(),
            },
            in_order: true,
        }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds cells behind the last one.
    pub fn append(&mut self, cells: &Cells) {
        let first = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let start = self.cells.texts.len();
        let own = &mut self.cells;
        own.statuses.extend_from_slice(&cells.statuses);
        own.values.extend_from_slice(&cells.values);
        own.notes.extend(cells.notes.iter().map(|note| Note {
            cell: note.cell.saturating_add(first),
            start: note.start.saturating_add(start),
            ..*note
        }));
        own.texts.push_str(&cells.texts);
    }

    /// Cells by their statuses and values, without texts yet; `None` when their numbers differ. A
    /// value beside a status that has none is dropped.
    pub fn from_columns(statuses: Vec<Status>, mut values: Vec<i64>) -> Option<Self> {
        for (status, value) in statuses.iter().zip(&mut values) {
            if !status.has_value() {
                *value = 0;
            }
        }
        (statuses.len() == values.len()).then(|| Self {
            cells: Cells {
                statuses,
                values,
                notes: Vec::new(),
                texts: String::new(),
            },
            in_order: true,
        })
    }

    /// What is known of a cell so far.
    pub fn status(&self, cell: CellId) -> Status {
        self.cells.status(cell)
    }

    /// Sets the value of a cell for the whole period, of which nothing was observed before; a number
    /// beyond the last one is left out.
    pub(crate) fn set_value(&mut self, cell: CellId, value: i64) {
        let status = self.cells.statuses.get_mut(cell.index());
        let place = self.cells.values.get_mut(cell.index());
        if let (Some(status), Some(place)) = (status, place) {
            (*status, *place) = (Status::Provided, value);
        }
    }

    /// Sets what was observed in a cell; a number beyond the last one is left out.
    pub fn set(&mut self, cell: CellId, observation: Observation<'_>) {
        let Some(status) = self.cells.statuses.get_mut(cell.index()) else {
            return;
        };
        let before = *status;
        *status = observation.value.status();
        if let Some(value) = self.cells.values.get_mut(cell.index()) {
            *value = observation.value.value().unwrap_or(0);
        }
        let end = match observation.value {
            Observed::PartPeriod { end, .. } => end,
            Observed::Provided(_) | Observed::NotProvided | Observed::NotApplicable => None,
        };
        let texts = [
            observation.reason,
            observation.comment,
            observation.reference,
        ];
        if before.is_observed() || end.is_some() || texts.iter().any(|text| !text.is_empty()) {
            self.annotate(cell, end, texts);
        }
    }

    /// Sets the values of the cells from `first` on, for the whole period and without texts; those of
    /// which something is known stay.
    pub(crate) fn provide(&mut self, first: CellId, values: &[i64]) {
        let statuses = self.cells.statuses.iter_mut().skip(first.index());
        let cells = statuses.zip(self.cells.values.iter_mut().skip(first.index()));
        for ((status, place), value) in cells.zip(values) {
            if *status == Status::Missing {
                *status = Status::Provided;
                *place = *value;
            }
        }
    }

    /// Notes that what was sent for a cell cannot be taken.
    pub fn refuse(&mut self, cell: CellId) {
        let Some(status) = self.cells.statuses.get_mut(cell.index()) else {
            return;
        };
        let before = std::mem::replace(status, Status::Erroneous);
        if let Some(value) = self.cells.values.get_mut(cell.index()) {
            *value = 0;
        }
        if before.is_observed() {
            self.annotate(cell, None, [""; 3]);
        }
    }

    /// Sets the texts of a cell, reason, comment and reference, and the end of its part of the
    /// period where it has one; the last ones given stay.
    pub fn annotate(&mut self, cell: CellId, end: Option<Date>, texts: [&str; 3]) {
        if cell.index() >= self.cells.len() {
            return;
        }
        let end = end.filter(|_| self.status(cell) == Status::PartPeriod);
        let [reason, comment, reference] = texts.map(str::len);
        let note = Note {
            cell: cell.0,
            end,
            start: self.cells.texts.len(),
            reason,
            comment,
            reference,
        };
        let follows = self
            .cells
            .notes
            .last()
            .is_none_or(|last| last.cell < cell.0);
        self.in_order = self.in_order && follows && !note.is_empty();
        self.cells.notes.push(note);
        for text in texts {
            self.cells.texts.push_str(text);
        }
    }

    /// The cells.
    pub fn finish(mut self) -> Cells {
        if !self.in_order {
            self.put_in_order();
        }
        self.cells
    }

    fn put_in_order(&mut self) {
        let cells = &mut self.cells;
        // The last of a cell's notes comes first, and alone stays.
        cells.notes.reverse();
        cells.notes.sort_by_key(|note| note.cell);
        cells.notes.dedup_by_key(|note| note.cell);
        cells.notes.retain(|note| !note.is_empty());
        let mut texts = String::new();
        for note in &mut cells.notes {
            let [reason, _, reference] = note.ranges();
            let start = texts.len();
            texts.push_str(
                cells
                    .texts
                    .get(reason.start..reference.end)
                    .unwrap_or_default(),
            );
            note.start = start;
        }
        cells.texts = texts;
    }
}
