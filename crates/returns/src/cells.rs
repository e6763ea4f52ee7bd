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

mod builder;

pub use builder::CellsBuilder;

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
const DIGEST_CHUNK: usize = 4 * 1024;
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
        let mut bytes = [0; DIGEST_CHUNK];
        for statuses in self.statuses.chunks(DIGEST_CHUNK) {
            for (place, status) in bytes.iter_mut().zip(statuses) {
                *place = status.byte();
            }
            hash.update(bytes.get(..statuses.len()).unwrap_or_default());
        }
        let mut numbers = [[0; size_of::<i64>()]; VALUES_CHUNK];
        for values in self.values.chunks(VALUES_CHUNK) {
            for (place, value) in numbers.iter_mut().zip(values) {
                *place = value.to_be_bytes();
            }
            let written = numbers.get(..values.len()).unwrap_or_default();
            hash.update(written.as_flattened());
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
