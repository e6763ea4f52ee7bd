//! The columns of a return file, and which of them a header names.
//!
//! A CSV file names them in English; a sheet may have them in English or Welsh, as the form that
//! Mesur writes has them.

use std::borrow::Cow;

use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::limits::COLUMNS_MAX;
use crate::row::{RawObservation, RawValue};

/// A column that is read, in the order of [`COLUMNS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Authority,
    Edition,
    EditionDigest,
    Metric,
    Category,
    Value,
    Status,
    Reason,
    Comment,
    EndDate,
    Reference,
}

/// The columns with the words that name them, the first of a CSV file and of findings, the others
/// of sheets in Welsh.
const COLUMNS: [(Column, &str, &str); 11] = [
    (Column::Authority, "authority", "awdurdod"),
    (Column::Edition, "edition", "argraffiad"),
    (
        Column::EditionDigest,
        "edition_digest",
        "crynodeb yr argraffiad",
    ),
    (Column::Metric, "metric", "metrig"),
    (Column::Category, "category", "categori"),
    (Column::Value, "value", "gwerth"),
    (Column::Status, "status", "statws"),
    (Column::Reason, "reason", "rheswm"),
    (Column::Comment, "comment", "sylw"),
    (Column::EndDate, "end_date", "dyddiad gorffen"),
    (Column::Reference, "reference", "cyfeirnod"),
];

/// What a form says beside its cells, for the person who fills it in.
const FOR_THE_READER: [(&str, &str); 4] = [
    ("metric_wording", "geiriad y metrig"),
    ("category_wording", "geiriad y categori"),
    ("unit", "uned"),
    ("previous_value", "gwerth blaenorol"),
];

/// The columns that every CSV file in the long form has, in the order in which they are asked for.
const REQUIRED: [Column; 7] = [
    Column::Authority,
    Column::Edition,
    Column::Metric,
    Column::Category,
    Column::Value,
    Column::Status,
    Column::Comment,
];

/// The columns that make the rows below them rows of a return.
const OF_SHEET: [Column; 4] = [
    Column::Metric,
    Column::Category,
    Column::Value,
    Column::Status,
];

impl Column {
    /// The word of findings.
    pub(crate) fn name(self) -> &'static str {
        COLUMNS.get(self as usize).map_or("", |(_, name, _)| name)
    }

    /// The column that a CSV header names.
    fn of_csv(name: &str) -> Option<Self> {
        let mut columns = COLUMNS.iter();
        columns
            .find(|(_, known, _)| name.eq_ignore_ascii_case(known))
            .map(|(column, _, _)| *column)
    }

    /// The column that a word of a sheet names, in either language.
    pub(crate) fn of_sheet(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace(' ', "_");
        let is = |known: &str| known.replace(' ', "_") == word;
        let mut columns = COLUMNS.iter();
        columns
            .find(|(_, english, welsh)| is(english) || is(welsh))
            .map(|(column, _, _)| *column)
    }
}

fn is_for_the_reader(word: &str) -> bool {
    let word = word.trim().to_lowercase().replace(' ', "_");
    FOR_THE_READER
        .iter()
        .any(|(english, welsh)| *english == word || welsh.replace(' ', "_") == word)
}

/// Where the columns stand in the records below a header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// How many columns the header has.
    pub(crate) width: usize,
    places: [Option<usize>; COLUMNS.len()],
}

impl Layout {
    /// The layout of a CSV file, and notes on columns that are not read; `Err` has what is wrong
    /// with the header.
    pub(crate) fn of_csv(
        line: u64,
        header: &[Cow<'_, str>],
        notes: &mut Vec<Finding>,
    ) -> Result<Self, Vec<Finding>> {
        if let Some(delimiter) = other_delimiter(header) {
            return Err(vec![
                Finding::new(FindingKind::Delimiter)
                    .on_line(line)
                    .with_value(delimiter)
                    .expecting(","),
            ]);
        }
        if header.len() > COLUMNS_MAX {
            return Err(vec![too_many_columns(line, header.len(), COLUMNS_MAX)]);
        }
        let mut layout = Self {
            width: header.len(),
            ..Self::default()
        };
        let mut faults = layout.place(header, Column::of_csv);
        let missing = REQUIRED
            .into_iter()
            .filter(|column| layout.at(*column).is_none());
        faults.extend(missing.map(|column| (column, FindingKind::Columns)));
        faults.sort_by_key(|(column, _)| REQUIRED.iter().position(|required| required == column));
        let unnamed = (1_usize..).zip(header);
        let unnamed = unnamed.filter(|(_, name)| name.trim().is_empty());
        let unnamed: Vec<String> = unnamed.map(|(number, _)| number.to_string()).collect();
        if !unnamed.is_empty() {
            let note = Finding::new(FindingKind::UnnamedColumn).on_line(line);
            notes.push(note.in_column(&unnamed.join(", ")));
        }
        for name in header.iter().map(|name| name.trim()) {
            let is_read = Column::of_csv(name).is_some();
            if !name.is_empty() && !is_read && !is_for_the_reader(name) {
                let note = Finding::new(FindingKind::ExtraColumn).on_line(line);
                notes.push(note.in_column(name));
            }
        }
        layout.or_faults(faults, "", line)
    }

    /// The layout of a sheet whose header this row is; `None` where it is no header.
    pub(crate) fn of_sheet(
        sheet: &str,
        row: u64,
        header: &[Cow<'_, str>],
        notes: &mut Vec<Finding>,
    ) -> Option<Result<Self, Vec<Finding>>> {
        let mut layout = Self {
            width: header.len(),
            ..Self::default()
        };
        let faults = layout.place(header, Column::of_sheet);
        OF_SHEET
            .into_iter()
            .all(|column| layout.at(column).is_some())
            .then_some(())?;
        for word in header.iter().map(|word| word.trim()) {
            if !word.is_empty() && Column::of_sheet(word).is_none() && !is_for_the_reader(word) {
                let note = Finding::new(FindingKind::ExtraColumn).on_sheet(sheet, row);
                notes.push(note.in_column(word));
            }
        }
        Some(layout.or_faults(faults, sheet, row))
    }

    /// Finds the columns; those that stand twice come back, as faults.
    fn place(
        &mut self,
        header: &[Cow<'_, str>],
        column_of: fn(&str) -> Option<Column>,
    ) -> Vec<(Column, FindingKind)> {
        let mut twice = Vec::new();
        for (at, name) in header.iter().enumerate() {
            let Some(column) = column_of(name.trim()) else {
                continue;
            };
            let Some(place) = self.places.get_mut(column as usize) else {
                continue;
            };
            if place.is_none() {
                *place = Some(at);
            } else if !twice.contains(&(column, FindingKind::DuplicateColumn)) {
                twice.push((column, FindingKind::DuplicateColumn));
            }
        }
        twice
    }

    fn or_faults(
        self,
        faults: Vec<(Column, FindingKind)>,
        sheet: &str,
        line: u64,
    ) -> Result<Self, Vec<Finding>> {
        if faults.is_empty() {
            return Ok(self);
        }
        let finding = |(column, kind): (Column, FindingKind)| {
            let finding = Finding::new(kind).on_sheet(sheet, line);
            finding.in_column(column.name())
        };
        Err(faults.into_iter().map(finding).collect())
    }

    /// Where a column stands.
    pub(crate) fn at(&self, column: Column) -> Option<usize> {
        self.places.get(column as usize).copied().flatten()
    }

    /// The text of a column in a record; empty where the file has no such column.
    pub(crate) fn text<'f>(&self, fields: &'f [Cow<'_, str>], column: Column) -> &'f str {
        let field = self.at(column).and_then(|at| fields.get(at));
        field.map_or("", |field| field.as_ref())
    }

    /// The row that a record says, taking the texts out of it.
    pub(crate) fn row<'a>(&self, fields: &mut [Cow<'a, str>], line: u64) -> RawObservation<'a> {
        let mut take = |column| fields.get_mut(self.at(column)?).map(std::mem::take);
        RawObservation {
            authority: take(Column::Authority),
            edition: take(Column::Edition),
            metric: take(Column::Metric).unwrap_or_default(),
            category: take(Column::Category).unwrap_or_default(),
            value: take(Column::Value).map(RawValue::Text),
            status: take(Column::Status).unwrap_or_default(),
            reason: take(Column::Reason).unwrap_or_default(),
            comment: take(Column::Comment).unwrap_or_default(),
            end_date: take(Column::EndDate).unwrap_or_default(),
            reference: take(Column::Reference).unwrap_or_default(),
            sheet: Cow::Borrowed(""),
            line: Some(line),
        }
    }
}

/// What is found of a header that is wider than may be.
pub(crate) fn too_many_columns(line: u64, found: usize, most: usize) -> Finding {
    Finding::new(FindingKind::TooManyColumns)
        .on_line(line)
        .expecting(most.to_string())
        .having_found(found.to_string())
}

/// The sign that parts the columns' names, where it is not the comma.
fn other_delimiter(header: &[Cow<'_, str>]) -> Option<&'static str> {
    let known = |name: &&str| Column::of_csv(name.trim().trim_matches('"')).is_some();
    let by_commas = header.iter().map(AsRef::as_ref).filter(known).count();
    [";", "\t", "|"].into_iter().find(|delimiter| {
        let names = header.iter().flat_map(|field| field.split(delimiter));
        names.filter(known).count() > by_commas
    })
}
