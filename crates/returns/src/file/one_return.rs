//! The rows of a CSV file in the long form, gone through once.
//!
//! In nearly every file all rows name one authority and one period, and most of them name the cell
//! after the one before, give it a whole number for the whole period and say nothing else. Such a
//! row is told by comparing it with what it would be, without taking it apart.
//!
//! Promises: of a file that is gone through to its end the rows are those of
//! [`Long::rows`], and [`Long::survey`] would find nothing against it. What it would find, and whose
//! return a file is with several authorities or periods in it, is not decided here: such a file is
//! left to the two of them, and so is a form.

use std::borrow::Cow;

use mesur_catalogue::{AuthorityCode, CellId, Edition, Period};

use crate::file::columns::{Column, Layout};
use crate::file::long::{Long, is_empty};
use crate::file::records::Records;
use crate::row::RawObservation;

/// The columns as they are asked for, as far as a plain row says something in them.
const IN_ORDER: [Column; 6] = [
    Column::Authority,
    Column::Edition,
    Column::Metric,
    Column::Category,
    Column::Value,
    Column::Status,
];

/// The most digits of a whole number that is read here: every number of so many fits 64 bits.
const DIGITS_MAX: usize = 15;

/// The most rows that are told at once: what is held of them is small, and warm when it is taken.
const ROWS_AT_ONCE: usize = 1_024;

/// A file in which something has to be decided that is not decided here.
pub(crate) struct Undecided;

/// Rows one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows {
    /// This cell and those after it have whole numbers for the whole period, this one on this line
    /// and each of the others on the next one, and no more is said. The numbers are the
    /// [`values`](OneReturn::values), of cells without decimals.
    Whole(CellId, u64),
    /// One that says anything else, on this line: the [`observation`](OneReturn::observation).
    Other(u64),
}

/// The rows of one authority's return of one period.
pub(crate) struct OneReturn<'a, 'e> {
    pub(crate) authority: AuthorityCode,
    pub(crate) period: Period,
    edition: &'e Edition,
    records: Records<'a>,
    fields: Vec<Cow<'a, str>>,
    values: Vec<i64>,
    layout: Layout,
    /// How many more records there may be.
    spare: usize,
    /// What stands before the metric of a plain row and behind its value; `None` where the columns
    /// are in another order than they are asked for.
    frame: Option<[String; 2]>,
}

impl<'a, 'e> OneReturn<'a, 'e> {
    /// The rows below a header, of the authority and the period that the first of them names by
    /// their codes; `None` where it does not.
    pub(crate) fn of(long: &Long<'a>, edition: &'e Edition, rows_max: usize) -> Option<Self> {
        if long.is_form() {
            return None;
        }
        let layout = long.layout.clone();
        let mut records = long.records.clone();
        let mut fields = Vec::with_capacity(layout.width);
        records.next(&mut fields)?.ok()?;
        let authority = AuthorityCode::parse(layout.text(&fields, Column::Authority)).ok()?;
        let period = Period::parse(layout.text(&fields, Column::Edition)).ok()?;
        let mut places = (0..).zip(IN_ORDER);
        let in_order = places.all(|(place, column)| layout.at(column) == Some(place));
        let frame = in_order.then(|| {
            let silent = layout.width.saturating_sub(IN_ORDER.len());
            let beginning = format!("{authority},{period},");
            [beginning, format!(",provided{}", ",".repeat(silent))]
        });
        Some(Self {
            authority,
            period,
            edition,
            records: long.records.clone(),
            fields,
            values: Vec::with_capacity(ROWS_AT_ONCE),
            layout,
            spare: rows_max,
            frame,
        })
    }

    /// The next rows that say something; `before` is the cell of the row before.
    pub(crate) fn next(&mut self, before: Option<CellId>) -> Result<Option<Rows>, Undecided> {
        loop {
            self.records.skip_line_ends();
            let line = self.records.line();
            let first = CellId(before.map_or(0, |cell| cell.0.saturating_add(1)));
            self.take_whole(first);
            if !self.values.is_empty() {
                let spare = self.spare.checked_sub(self.values.len());
                self.spare = spare.ok_or(Undecided)?;
                return Ok(Some(Rows::Whole(first, line)));
            }
            let Some(record) = self.records.next(&mut self.fields) else {
                return Ok(None);
            };
            record.map_err(|_| Undecided)?;
            self.spare = self.spare.checked_sub(1).ok_or(Undecided)?;
            if self.fields.len() != self.layout.width {
                return Err(Undecided);
            }
            if is_empty(&self.fields) {
                continue;
            }
            let is = |column, code: &str| self.layout.text(&self.fields, column) == code;
            let is_own = is(Column::Authority, self.authority.as_str())
                && is(Column::Edition, self.period.as_str());
            return is_own.then_some(Some(Rows::Other(line))).ok_or(Undecided);
        }
    }

    /// The numbers of the rows that were told last.
    pub(crate) fn values(&self) -> &[i64] {
        &self.values
    }

    /// What the row says that was told last, on its line; to be asked for once.
    pub(crate) fn observation(&mut self, line: u64) -> RawObservation<'a> {
        self.layout.row(&mut self.fields, line)
    }

    /// Takes the rows that name one cell after the other from `first` on and give it a whole number,
    /// and leaves any other where it is.
    fn take_whole(&mut self, first: CellId) {
        self.values.clear();
        let Some([beginning, ending]) = &self.frame else {
            return;
        };
        let text = self.records.rest();
        let mut rest = text;
        let cells = self.edition.cells().get(first.index()..);
        let cells = cells.unwrap_or_default();
        let metrics = cells.get(..ROWS_AT_ONCE).unwrap_or(cells);
        let mut start = beginning.clone();
        'rows: for cells in metrics.chunk_by(|one, next| one.metric == next.metric) {
            if let Some(cell) = cells.first() {
                start.truncate(beginning.len());
                start.push_str(cell.reference.metric.as_str());
                start.push(',');
            }
            for cell in cells {
                let category = cell.reference.category_str();
                let row = plain_row(rest, [&start, category, ending]);
                let Some((value, behind)) = row.filter(|_| cell.decimals == 0) else {
                    break 'rows;
                };
                self.values.push(value);
                rest = behind;
            }
        }
        let length = text.len().saturating_sub(rest.len());
        self.records.pass(length, self.values.len());
    }
}

/// The whole number of a plain row, and what is behind its line, if a text begins with one: with
/// what it has before its category, its category, and what is behind its value.
#[inline]
fn plain_row<'a>(text: &'a [u8], [start, category, ending]: [&str; 3]) -> Option<(i64, &'a [u8])> {
    let rest = behind(text, start.as_bytes())?;
    let rest = behind(rest, category.as_bytes())?;
    let (value, rest) = whole_number(rest.strip_prefix(b",")?)?;
    match behind(rest, ending.as_bytes())? {
        [] => Some((value, &[])),
        [b'\n', rest @ ..] | [b'\r', b'\n', rest @ ..] => Some((value, rest)),
        _ => None,
    }
}

/// The whole number that a text begins with, and what is behind it.
#[inline]
fn whole_number(text: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0_i64;
    let mut rest = text;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        value = value.wrapping_mul(10).wrapping_add(digit);
        rest = behind;
    }
    let digits = text.len().saturating_sub(rest.len());
    (1..=DIGITS_MAX).contains(&digits).then_some((value, rest))
}

/// What is behind `start` in a text that begins with it. Of a few bytes, to call what compares
/// texts takes longer than to compare them here.
#[inline]
fn behind<'a>(text: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    let (beginning, rest) = text.split_at_checked(start.len())?;
    let same = match (beginning.last_chunk::<8>(), start.last_chunk::<8>()) {
        (Some(one), Some(other)) => {
            let words = beginning.as_chunks::<8>().0.iter();
            one == other && words.eq(start.as_chunks::<8>().0)
        }
        _ => beginning.iter().eq(start),
    };
    same.then_some(rest)
}
