//! The rows of sheets as rows of a return.
//!
//! Every sheet that has a header with metric, category, value and status among its first rows is
//! data; any other may be a cover that states edition, digest and authority. Numbers have become
//! text before they come here.

use std::borrow::Cow;

use crate::file::Refusal;
use crate::file::columns::{Column, Layout};
use crate::file::form;
use crate::file::long::too_many_rows;
use crate::file::survey::Survey;
use crate::finding::{Finding, shortened};
use crate::kind::FindingKind;
use crate::limits::{COLUMNS_MAX, COMMENT_CHARS_MAX, HEADER_ROWS_MAX};
use crate::row::{RawObservation, RawValue};

/// The digits that a spreadsheet keeps of a number: what has more is not what was typed.
const EXACT_DIGITS_MAX: usize = 15;

/// How much of a text is kept: a file may name a long one in each of its cells.
pub(crate) const TEXT_CHARS_MAX: usize = COMMENT_CHARS_MAX + 1;

/// What a cell of a sheet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text, or anything else by what it shows.
    Text(String),
    /// A number in plain decimal digits.
    Number(String),
    /// The error of a formula, such as `#REF!`.
    Error(String),
}

impl Content {
    /// Text, cut where it is longer than any text of a return: one more character tells it.
    pub(crate) fn of_text(text: &str) -> Self {
        let end = text.char_indices().nth(TEXT_CHARS_MAX).map(|(end, _)| end);
        Self::Text(
            end.and_then(|end| text.get(..end))
                .unwrap_or(text)
                .to_owned(),
        )
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Error(text) => text,
        }
    }
}

/// A cell that the sheet holds otherwise than it was typed, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) kind: FindingKind,
    pub(crate) column: Column,
    pub(crate) row: RawObservation<'static>,
    pub(crate) text: String,
}

/// What all sheets of a file came to.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) notes: Vec<Finding>,
    pub(crate) faults: Vec<Finding>,
    pub(crate) slips: Vec<Slip>,
    pub(crate) survey: Survey,
    pub(crate) rows: Vec<RawObservation<'static>>,
    /// What a cover states: edition, digest, authority.
    stated: [Option<String>; 3],
    has_data: bool,
    rows_max: usize,
    /// The rows below headers so far, filled in or not.
    rows_seen: usize,
    sheet: String,
    layout: Option<Layout>,
}

/// What a cover may state, in the order of [`Book::stated`].
const STATED: [Column; 3] = [Column::Edition, Column::EditionDigest, Column::Authority];

impl Book {
    pub(crate) fn new(rows_max: usize) -> Self {
        Self {
            rows_max,
            ..Self::default()
        }
    }

    /// What the cover says of a column that rows may have too.
    pub(crate) fn stated(&self, column: Column) -> Option<&str> {
        let place = STATED.iter().position(|stated| *stated == column)?;
        self.stated.get(place)?.as_deref()
    }

    pub(crate) fn begin_sheet(&mut self, name: &str) {
        self.sheet = shortened(name);
        self.layout = None;
    }

    /// Whether the rows that come now are rows of a return.
    pub(crate) fn is_in_data(&self) -> bool {
        self.layout.is_some()
    }

    /// Takes a row of the sheet by its number, from 1: cells with their columns, from 0.
    pub(crate) fn take(&mut self, number: u64, cells: &[(usize, Content)]) -> Result<(), Refusal> {
        let Some(layout) = &self.layout else {
            if number <= HEADER_ROWS_MAX {
                self.look_for_header(number, cells);
            }
            if self.layout.is_none() {
                self.look_for_statement(cells);
            }
            return Ok(());
        };
        self.rows_seen = self.rows_seen.saturating_add(1);
        if self.rows_seen > self.rows_max {
            return Err(Box::new(too_many_rows(self.rows_max)));
        }
        let mut fields = fields(cells, layout.width);
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(());
        }
        let text = |column| layout.text(&fields, column);
        for (column, tally) in [
            (Column::Authority, &mut self.survey.authorities),
            (Column::Edition, &mut self.survey.editions),
            (Column::EditionDigest, &mut self.survey.digests),
        ] {
            if layout.at(column).is_some() && !text(column).trim().is_empty() {
                tally.add(text(column));
            }
        }
        let row = RawObservation {
            sheet: Cow::Owned(self.sheet.clone()),
            ..form::settled(layout.row(&mut fields, number))
        };
        if form::is_blank(&row) {
            self.rows.push(row);
            return Ok(());
        }
        let content = |column| {
            let at = layout.at(column)?;
            let cell = cells.iter().find(|(place, _)| *place == at);
            cell.map(|(_, content)| content)
        };
        for column in [Column::Value, Column::Comment, Column::Reference] {
            let kind = match content(column) {
                Some(Content::Error(_)) => FindingKind::CellError,
                Some(Content::Number(number)) if column == Column::Value && !is_exact(number) => {
                    FindingKind::InexactNumber
                }
                _ => continue,
            };
            self.slips.push(Slip {
                kind,
                column,
                text: content(column).map_or("", Content::text).to_owned(),
                row: row.clone(),
            });
        }
        self.survey.rows = self.survey.rows.saturating_add(1);
        self.rows.push(row);
        Ok(())
    }

    fn look_for_header(&mut self, number: u64, cells: &[(usize, Content)]) {
        let width = cells
            .iter()
            .map(|(column, _)| column.saturating_add(1))
            .max();
        let header = fields(cells, width.unwrap_or_default());
        match Layout::of_sheet(&self.sheet, number, &header, &mut self.notes) {
            Some(Ok(layout)) => {
                self.has_data = true;
                self.layout = Some(layout);
            }
            Some(Err(faults)) => self.faults.extend(faults),
            None => {}
        }
    }

    /// A cover has a word and what it stands for in neighbouring cells of a row. A word beside
    /// another one is a header.
    fn look_for_statement(&mut self, cells: &[(usize, Content)]) {
        let mut texts = cells.iter().map(|(_, content)| content.text().trim());
        let mut texts = texts.by_ref().filter(|text| !text.is_empty());
        let (Some(word), Some(text)) = (texts.next(), texts.next()) else {
            return;
        };
        if Column::of_sheet(text).is_some() {
            return;
        }
        let column = Column::of_sheet(word.trim_end_matches(':'));
        let place = STATED.iter().position(|stated| Some(*stated) == column);
        if let Some(stated) = place.and_then(|place| self.stated.get_mut(place)) {
            stated.get_or_insert_with(|| text.to_owned());
        }
    }

    /// What keeps the file from being read, when all sheets have been taken.
    pub(crate) fn faults(&mut self) -> Vec<Finding> {
        let mut faults = std::mem::take(&mut self.faults);
        if faults.is_empty() && !self.has_data {
            let finding = Finding::new(FindingKind::NoDataSheet);
            faults.push(finding.expecting("metric, category, value, status"));
        }
        faults
    }
}

/// The cells of a row as fields, empty where the sheet has none.
fn fields(cells: &[(usize, Content)], width: usize) -> Vec<Cow<'static, str>> {
    let mut fields = vec![Cow::Borrowed(""); width.min(COLUMNS_MAX)];
    for (column, content) in cells {
        if let Some(field) = fields.get_mut(*column) {
            *field = Cow::Owned(content.text().to_owned());
        }
    }
    fields
}

/// Whether a spreadsheet can hold the number as it was typed.
fn is_exact(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit);
    let digits: String = digits.collect();
    digits.trim_matches('0').len() <= EXACT_DIGITS_MAX
}

/// The row's value as it shows in a finding.
pub(crate) fn value_text(row: &RawObservation<'_>) -> String {
    match &row.value {
        Some(RawValue::Text(text)) => shortened(text),
        Some(RawValue::Scaled(_)) | None => String::new(),
    }
}
