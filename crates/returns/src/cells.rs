//! The cells of a return, dense: one status and one value for each cell of the edition, by cell
//! number, and the texts of the few cells that have any beside them.
//!
//! Promises: a cell without texts costs nine bytes; equal contents are equal however they were put
//! together; no cell number makes it panic.
//!
//! Deliberately not here: what an edition asks for, and whether a cell may be missing.

use std::ops::Range;

use mesur_catalogue::{CellId, ContentHash};

use crate::date::Date;
use crate::observation::{Observation, Observed};

/// What is known of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Status {
    /// Nothing was sent.
    #[default]
    Missing,
    /// What was sent cannot be taken; a finding says why.
    Erroneous,
    /// A value for the whole period.
    Provided,
    /// A value for part of the period.
    PartPeriod,
    /// No value.
    NotProvided,
    /// The cell does not apply to the authority.
    NotApplicable,
}

impl Status {
    /// Whether the cell was observed.
    pub fn is_observed(self) -> bool {
        !matches!(self, Self::Missing | Self::Erroneous)
    }

    /// The word of the `status` column, and one for what no sender writes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Erroneous => "erroneous",
            Self::Provided => "provided",
            Self::PartPeriod => "part_period",
            Self::NotProvided => "not_provided",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The byte that stands for it in digests, which never changes.
    fn byte(self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Provided => 1,
            Self::PartPeriod => 2,
            Self::NotProvided => 3,
            Self::NotApplicable => 4,
            Self::Erroneous => 5,
        }
    }

    /// Whether the cell has a value of its own.
    pub fn has_value(self) -> bool {
        matches!(self, Self::Provided | Self::PartPeriod)
    }
}

/// The cells of a return, by cell number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cells {
    statuses: Vec<Status>,
    /// 0 where the status has no value.
    values: Vec<i64>,
    /// In the order of the cells.
    notes: Vec<Note>,
    /// The texts of the notes, one behind the other in their order.
    texts: String,
}

/// How much of a content is written out before it goes into its digest, in bytes.
const DIGEST_CHUNK: usize = 64 * 1024;
const VALUES_CHUNK: usize = DIGEST_CHUNK / size_of::<i64>();

fn number_to(hash: &mut ContentHash, number: u64) {
    hash.update(number.to_be_bytes());
}

fn text_to(hash: &mut ContentHash, text: &str) {
    number_to(hash, u64::try_from(text.len()).unwrap_or(u64::MAX));
    hash.update(text);
}

/// Where the texts of one cell stand, and the end of its part of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    cell: u32,
    end: Option<Date>,
    start: usize,
    reason: usize,
    comment: usize,
    reference: usize,
}

impl Note {
    fn ranges(&self) -> [Range<usize>; 3] {
        let reason = self.start.saturating_add(self.reason);
        let comment = reason.saturating_add(self.comment);
        let reference = comment.saturating_add(self.reference);
        [self.start..reason, reason..comment, comment..reference]
    }

    fn is_empty(&self) -> bool {
        self.end.is_none() && self.reason == 0 && self.comment == 0 && self.reference == 0
    }
}

impl Cells {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.statuses.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.statuses.is_empty()
    }

    /// What is known of each cell.
    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// The value of each cell, scaled by its metric's decimals; 0 where its status has none.
    pub fn values(&self) -> &[i64] {
        &self.values
    }

    /// What is known of a cell; a number beyond the last one is missing.
    pub fn status(&self, cell: CellId) -> Status {
        self.statuses.get(cell.index()).copied().unwrap_or_default()
    }

    /// What was observed; `None` for a cell that is missing or erroneous.
    pub fn observed(&self, cell: CellId) -> Option<Observed> {
        let value = self.values.get(cell.index()).copied()?;
        Some(match self.status(cell) {
            Status::Missing | Status::Erroneous => return None,
            Status::Provided => Observed::Provided(value),
            Status::PartPeriod => {
                let end = self.note(cell).and_then(|note| note.end);
                Observed::PartPeriod { value, end }
            }
            Status::NotProvided => Observed::NotProvided,
            Status::NotApplicable => Observed::NotApplicable,
        })
    }

    /// What was observed, with its texts; `None` for a cell that is missing or erroneous.
    pub fn observation(&self, cell: CellId) -> Option<Observation<'_>> {
        let [reason, comment, reference] = self.texts_of(cell);
        Some(Observation {
            value: self.observed(cell)?,
            reason,
            comment,
            reference,
        })
    }

    /// Every cell in order, `None` for one that is missing or erroneous.
    pub fn observations(&self) -> impl Iterator<Item = Option<Observation<'_>>> {
        let mut notes = self.notes.iter().peekable();
        let cells = (0..).zip(self.statuses.iter().zip(&self.values));
        cells.map(move |(cell, (status, value))| {
            let note = notes.next_if(|note| note.cell == cell);
            let [reason, comment, reference] = note.map_or([""; 3], |note| self.read(note));
            let value = match status {
                Status::Missing | Status::Erroneous => return None,
                Status::Provided => Observed::Provided(*value),
                Status::PartPeriod => Observed::PartPeriod {
                    value: *value,
                    end: note.and_then(|note| note.end),
                },
                Status::NotProvided => Observed::NotProvided,
                Status::NotApplicable => Observed::NotApplicable,
            };
            Some(Observation {
                value,
                reason,
                comment,
                reference,
            })
        })
    }

    /// The cells that have a text or an end of their part of the period, in order.
    pub fn annotated(&self) -> impl Iterator<Item = CellId> {
        self.notes.iter().map(|note| CellId(note.cell))
    }

    /// The id of the reason; empty where none was given.
    pub fn reason(&self, cell: CellId) -> &str {
        let [reason, _, _] = self.texts_of(cell);
        reason
    }

    /// The comment; empty where none was given.
    pub fn comment(&self, cell: CellId) -> &str {
        let [_, comment, _] = self.texts_of(cell);
        comment
    }

    /// The sender's own reference; empty where none was given.
    pub fn reference(&self, cell: CellId) -> &str {
        let [_, _, reference] = self.texts_of(cell);
        reference
    }

    /// These cells with what was observed in `changes` in their place.
    #[must_use]
    pub fn with(&self, changes: &Self) -> Self {
        let mut builder = CellsBuilder::new(self.len());
        let pairs = self.observations().zip(
            changes
                .observations()
                .map(Some)
                .chain(std::iter::repeat(None)),
        );
        for ((own, changed), cell) in pairs.zip(0..) {
            match changed.flatten().or(own) {
                Some(observation) => builder.set(CellId(cell), observation),
                None if self.status(CellId(cell)) == Status::Erroneous => {
                    builder.refuse(CellId(cell));
                }
                None => {}
            }
        }
        builder.finish()
    }

    /// Takes all that is said into a digest, without references: the number of cells; a byte of
    /// status for each; the values, each in eight bytes, the highest first; then for each cell that
    /// has a reason, a comment or an end its number, the end as text, reason and comment, each text
    /// behind its length. Lengths and numbers have eight bytes too.
    pub(crate) fn say_to(&self, hash: &mut ContentHash) {
        self.columns_to(hash);
        for note in &self.notes {
            let [reason, comment, _] = self.read(note);
            if reason.is_empty() && comment.is_empty() && note.end.is_none() {
                continue;
            }
            let end = note.end.map(|end| end.to_string()).unwrap_or_default();
            number_to(hash, u64::from(note.cell));
            for text in [end.as_str(), reason, comment] {
                text_to(hash, text);
            }
        }
    }

    /// The digest of the sender's references by cell, `None` where there are none. With the digest of
    /// the content it tells a repeat from another sending.
    pub fn references(&self) -> Option<String> {
        let mut hash = None;
        for note in self.notes.iter().filter(|note| note.reference > 0) {
            let [_, _, reference] = self.read(note);
            let hash = hash.get_or_insert_with(ContentHash::default);
            number_to(hash, u64::from(note.cell));
            text_to(hash, reference);
        }
        hash.map(ContentHash::finish)
    }

    fn columns_to(&self, hash: &mut ContentHash) {
        number_to(hash, u64::try_from(self.len()).unwrap_or(u64::MAX));
        let mut bytes = Vec::with_capacity(DIGEST_CHUNK);
        for statuses in self.statuses.chunks(DIGEST_CHUNK) {
            bytes.clear();
            bytes.extend(statuses.iter().map(|status| status.byte()));
            hash.update(&bytes);
        }
        for values in self.values.chunks(VALUES_CHUNK) {
            bytes.clear();
            for value in values {
                bytes.extend_from_slice(&value.to_be_bytes());
            }
            hash.update(&bytes);
        }
    }

    fn note(&self, cell: CellId) -> Option<&Note> {
        let at = self.notes.binary_search_by_key(&cell.0, |note| note.cell);
        at.ok().and_then(|at| self.notes.get(at))
    }

    fn texts_of(&self, cell: CellId) -> [&str; 3] {
        self.note(cell).map_or([""; 3], |note| self.read(note))
    }

    fn read(&self, note: &Note) -> [&str; 3] {
        note.ranges()
            .map(|range| self.texts.get(range).unwrap_or_default())
    }
}

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
