//! The dense stored form of the cells of a return or a draft, which submission, validation and
//! aggregation all keep.
//!
//! A content is stored in parts, one behind the other, and written and read a part at a time: beside
//! the cells themselves little memory is taken, however many there are.

use mesur_catalogue::CellId;
use mesur_proto::storage::v1::{CellText, ReturnContent};
use mesur_returns::{Cells, CellsBuilder, Date, Observed, Status};
use prost::Message;

/// A stored content that does not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the content cannot be read: {problem}")]
pub struct ContentError {
    problem: String,
}

/// How many cells a part of a stream has: at most 180 KB without texts.
const FRAME_CELLS: usize = 16 * 1024;

/// The most bytes of the length before a message.
const LENGTH_BYTES_MAX: usize = 10;

/// The states of a cell as they are stored; never given another meaning.
const MISSING: u8 = 0;
const PROVIDED: u8 = 1;
const PART_PERIOD: u8 = 2;
const NOT_PROVIDED: u8 = 3;
const NOT_APPLICABLE: u8 = 4;

/// The stored form of the cells of a return or of a draft, in parts of so many cells. A cell that is
/// erroneous, which neither has, would be stored as missing.
pub fn content_parts(cells: &Cells, part_cells: usize) -> impl Iterator<Item = ReturnContent> {
    let mut annotated = cells.annotated().peekable();
    let part_cells = part_cells.max(1);
    let columns = cells.statuses().chunks(part_cells);
    let columns = columns.zip(cells.values().chunks(part_cells));
    columns.enumerate().map(move |(part, (statuses, values))| {
        let end = part.saturating_add(1).saturating_mul(part_cells);
        let within = std::iter::from_fn(|| annotated.next_if(|cell| cell.index() < end));
        ReturnContent {
            states: statuses.iter().copied().map(state_of).collect(),
            values: values.to_vec(),
            texts: within.filter_map(|cell| text_of(cells, cell)).collect(),
        }
    })
}

/// The same as bytes: every part behind its length.
pub fn content_frames(cells: &Cells) -> impl Iterator<Item = Vec<u8>> {
    content_parts(cells, FRAME_CELLS).map(|part| part.encode_length_delimited_to_vec())
}

/// The cells of a part, of which the first has the number `first`.
pub fn cells_of_part(first: usize, part: ReturnContent) -> Result<Cells, ContentError> {
    let status = |state: u8| match state {
        MISSING => Ok(Status::Missing),
        PROVIDED => Ok(Status::Provided),
        PART_PERIOD => Ok(Status::PartPeriod),
        NOT_PROVIDED => Ok(Status::NotProvided),
        NOT_APPLICABLE => Ok(Status::NotApplicable),
        _ => Err(error("an unknown state")),
    };
    let statuses = part.states.into_iter().map(status);
    let statuses: Vec<Status> = statuses.collect::<Result<_, _>>()?;
    let count = statuses.len();
    let mut cells = CellsBuilder::from_columns(statuses, part.values)
        .ok_or_else(|| error("another number of values than of cells"))?;
    for text in part.texts {
        let cell = usize::try_from(text.cell).ok();
        let cell = cell.and_then(|cell| cell.checked_sub(first));
        let cell = cell.filter(|cell| *cell < count);
        let cell = cell.and_then(|cell| u32::try_from(cell).ok()).map(CellId);
        let cell = cell.ok_or_else(|| error("a text of no cell"))?;
        let end = if text.end_date.is_empty() {
            None
        } else if cells.status(cell) == Status::PartPeriod {
            let date = Date::parse(&text.end_date);
            Some(date.ok_or_else(|| error("an end date that is no date"))?)
        } else {
            let problem = "an end date of a value that is not of part of the period";
            return Err(error(problem));
        };
        cells.annotate(cell, end, [&text.reason, &text.comment, &text.reference]);
    }
    Ok(cells.finish())
}

/// Messages behind their lengths, out of bytes as they come.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
}

impl Frames {
    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next message; `None` while it is not there whole.
    pub fn message<M: Message + Default>(&mut self) -> Result<Option<M>, ContentError> {
        let is_last = |byte: &u8| byte & 0x80 == 0;
        if !self.held.iter().take(LENGTH_BYTES_MAX).any(is_last)
            && self.held.len() < LENGTH_BYTES_MAX
        {
            return Ok(None);
        }
        let length = prost::decode_length_delimiter(self.held.as_slice())
            .map_err(|problem| error(&problem.to_string()))?;
        let start = prost::length_delimiter_len(length);
        let end = start.saturating_add(length);
        let Some(bytes) = self.held.get(start..end) else {
            return Ok(None);
        };
        let message = M::decode(bytes).map_err(|problem| error(&problem.to_string()))?;
        self.held.drain(..end);
        Ok(Some(message))
    }

    /// Fails when something is left that is no whole message.
    pub fn finish(self) -> Result<(), ContentError> {
        if self.held.is_empty() {
            Ok(())
        } else {
            Err(error("it is cut short"))
        }
    }
}

/// Cells out of the bytes of [`content_frames`] as they come.
#[derive(Debug)]
pub struct ContentReader {
    frames: Frames,
    cells: CellsBuilder,
}

impl ContentReader {
    /// No cells yet, and room for so many.
    pub fn new(cells: usize) -> Self {
        Self::after(Frames::default(), cells)
    }

    /// The same behind what was read of `frames` already.
    pub fn after(frames: Frames, cells: usize) -> Self {
        Self {
            frames,
            cells: CellsBuilder::with_capacity(cells),
        }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), ContentError> {
        self.frames.push(bytes);
        while let Some(part) = self.frames.message()? {
            let first = self.cells.len();
            self.cells.append(&cells_of_part(first, part)?);
        }
        Ok(())
    }

    /// The cells.
    pub fn finish(mut self) -> Result<Cells, ContentError> {
        // What stood behind something else may never have been looked at.
        self.take(&[])?;
        self.frames.finish()?;
        Ok(self.cells.finish())
    }
}

fn state_of(status: Status) -> u8 {
    match status {
        Status::Missing | Status::Erroneous => MISSING,
        Status::Provided => PROVIDED,
        Status::PartPeriod => PART_PERIOD,
        Status::NotProvided => NOT_PROVIDED,
        Status::NotApplicable => NOT_APPLICABLE,
    }
}

fn text_of(cells: &Cells, cell: CellId) -> Option<CellText> {
    let observation = cells.observation(cell)?;
    let end_date = match observation.value {
        Observed::PartPeriod { end: Some(end), .. } => end.to_string(),
        _ => String::new(),
    };
    Some(CellText {
        cell: cell.0,
        comment: observation.comment.to_owned(),
        reference: observation.reference.to_owned(),
        end_date,
        reason: observation.reason.to_owned(),
    })
}

fn error(problem: &str) -> ContentError {
    ContentError {
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use mesur_returns::Observation;
    use proptest::prelude::*;

    use super::*;

    /// More than one part, where a part has few.
    const CELLS: usize = 300;
    const PART_CELLS: usize = 64;

    /// What was observed, with reason, comment and reference; `None` for a missing cell.
    type Drawn = Option<(Observed, [String; 3])>;

    fn drawn() -> impl Strategy<Value = Drawn> {
        let date = (1_u16..=9_999, 1_u8..=12, 1_u8..=28)
            .prop_map(|(year, month, day)| Date::parse(&format!("{year:04}-{month:02}-{day:02}")));
        let date = date.prop_filter("a date", Option::is_some);
        let value = prop_oneof![
            any::<i64>().prop_map(Observed::Provided),
            (any::<i64>(), prop_oneof![Just(None), date])
                .prop_map(|(value, end)| Observed::PartPeriod { value, end }),
            Just(Observed::NotProvided),
            Just(Observed::NotApplicable),
        ];
        let texts =
            [".{0,2}", ".{0,8}", ".{0,4}"].map(|pattern| prop_oneof![Just(String::new()), pattern]);
        prop_oneof![1 => Just(None), 9 => (value, texts).prop_map(Some)]
    }

    /// Cells set in the order of `places`, as far as they are observed.
    fn set(drawn: &[Drawn], places: &[usize]) -> Cells {
        let mut cells = CellsBuilder::new(drawn.len());
        for place in places {
            let Some((value, [reason, comment, reference])) = &drawn[*place] else {
                continue;
            };
            let observation = Observation {
                value: *value,
                reason,
                comment,
                reference,
            };
            cells.set(CellId(u32::try_from(*place).expect("few")), observation);
        }
        cells.finish()
    }

    fn read(frames: &[u8], piece: usize) -> Result<Cells, ContentError> {
        let mut reader = ContentReader::new(CELLS);
        for piece in frames.chunks(piece) {
            reader.take(piece)?;
        }
        reader.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn cells_are_read_back_as_they_were_stored_in_whatever_order_they_were_set(
            drawn in prop::collection::vec(drawn(), CELLS),
            places in Just((0..CELLS).collect::<Vec<_>>()).prop_shuffle(),
            piece in 1_usize..2_000,
        ) {
            let in_order: Vec<usize> = (0..drawn.len()).collect();
            let cells = set(&drawn, &in_order);
            prop_assert_eq!(&set(&drawn, &places), &cells);
            let parts = content_parts(&cells, PART_CELLS);
            let frames = parts.map(|part| part.encode_length_delimited_to_vec());
            let frames = frames.collect::<Vec<_>>().concat();
            prop_assert!(read(&frames, piece).as_ref() == Ok(&cells));
            let whole = content_frames(&cells).collect::<Vec<_>>().concat();
            prop_assert!(read(&whole, piece).as_ref() == Ok(&cells));
            let cut = frames.get(..frames.len() - 1).expect("bytes");
            prop_assert!(read(cut, piece).is_err());
            for (number, drawn) in (0..).zip(&drawn) {
                let stored = cells.observation(CellId(number));
                let stored = stored.map(|stored| {
                    let texts = [stored.reason, stored.comment, stored.reference];
                    (stored.value, texts.map(str::to_owned))
                });
                prop_assert_eq!(&stored, drawn);
            }
            let other = CellsBuilder::from_columns(vec![Status::NotProvided; CELLS], vec![0; CELLS]);
            let changed = other.expect("columns").finish().with(&cells);
            for (number, drawn) in (0..).zip(&drawn) {
                let observed = changed.observation(CellId(number)).expect("observed");
                let expected = drawn.clone();
                let (value, texts) = expected.unwrap_or_else(|| (Observed::NotProvided, Default::default()));
                prop_assert_eq!(observed.value, value);
                prop_assert_eq!([observed.reason, observed.comment, observed.reference], texts);
            }
        }
    }

    #[test]
    fn a_content_that_does_not_make_sense_is_refused_with_its_reason() {
        let problem = |states: Vec<u8>, values: usize, texts: &[(u32, &str)]| {
            let texts = texts.iter().map(|(cell, end_date)| CellText {
                cell: *cell,
                end_date: (*end_date).to_owned(),
                ..CellText::default()
            });
            let content = ReturnContent {
                states,
                values: vec![7; values],
                texts: texts.collect(),
            };
            cells_of_part(10, content).err().map(|error| error.problem)
        };
        let all = |state: u8| vec![state; 4];
        assert_eq!(problem(all(PROVIDED), 4, &[]), None);
        let end = [(10, "2020-11-23")];
        assert_eq!(problem(all(PART_PERIOD), 4, &end), None);
        for (found, said) in [
            (problem(all(PROVIDED), 5, &[]), "number of values"),
            (problem(all(5), 4, &[]), "unknown state"),
            (problem(all(PROVIDED), 4, &[(14, "")]), "no cell"),
            (problem(all(PROVIDED), 4, &[(9, "")]), "no cell"),
            (problem(all(PROVIDED), 4, &end), "not of part"),
            (problem(all(PART_PERIOD), 4, &[(10, "soon")]), "no date"),
        ] {
            let found = found.expect(said);
            assert!(found.contains(said), "{found}");
        }
        let mut endless = Frames::default();
        endless.push(&[0xff; 12]);
        assert!(endless.message::<ReturnContent>().is_err());
    }
}
