//! What the files are written from.

use std::collections::HashSet;

use mesur_figures::{Marks, format_quantity};

use crate::error::Error;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// English; empty where it is not held.
    pub en: String,
    /// Welsh; empty where it is not held.
    pub cy: String,
}

/// Who a value is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// The code of the Office for National Statistics.
    pub code: String,
    /// The name.
    pub name: Text,
}

/// A value as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The value, scaled by the table's decimals; without one the marks say why.
    pub units: Option<i64>,
    /// The shorthand.
    pub marks: Marks,
    /// Whether it covers only part of the period, or for the nation some of its values do.
    pub part_period: bool,
}

/// How many authorities are in a column's national value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Those whose value is in the sum.
    pub provided: u32,
    /// Those that the collection asks.
    pub expected: u32,
}

/// One cell of a metric over all areas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The category's code; `None` is the metric itself.
    pub category: Option<String>,
    /// The label; of the metric itself the word for a total.
    pub label: Text,
    /// The notes on it, as places in [`Dataset::notes`].
    pub notes: Vec<usize>,
    /// Of the national value.
    pub coverage: Coverage,
    /// The values, in the order of [`Dataset::areas`].
    pub cells: Vec<Cell>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The code.
    pub metric: String,
    /// The title.
    pub title: Text,
    /// What is counted, such as `assessments`.
    pub unit: String,
    /// The decimals of its values.
    pub decimals: u8,
    /// How many authorities are in the first column's national value, ready to print.
    pub coverage: Text,
    /// The total if it has one, then its categories.
    pub columns: Vec<Column>,
}

/// A release as its figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    /// The collection.
    pub collection: String,
    /// The period.
    pub period: String,
    /// `collections/{collection}/editions/{period}`.
    pub edition: String,
    /// The digest of the edition.
    pub edition_digest: String,
    /// `snapshots/{snapshot}`.
    pub snapshot: String,
    /// The digest of the snapshot.
    pub snapshot_digest: String,
    /// The reference; empty when there is none.
    pub reference: String,
    /// The revision, from 1.
    pub revision: u32,
    /// The day of publication, ISO 8601.
    pub publish_day: Option<String>,
    /// The title.
    pub title: Text,
    /// What stands on the cover under the title, ready to print: reference, period, contact and so on.
    pub about: Vec<Text>,
    /// What is said of the quality, ready to print.
    pub quality: Vec<Text>,
    /// The notes that columns refer to, ready to print, in the order of their numbers.
    pub notes: Vec<Text>,
    /// The nation first, then the authorities.
    pub areas: Vec<Area>,
    /// The metrics that are published.
    pub tables: Vec<Table>,
}

/// A cell as it is known in one text: `AD/005[b]`, or `AD/005` for the metric itself.
pub(crate) fn reference(table: &Table, column: &Column) -> String {
    match &column.category {
        Some(category) => format!("{}[{category}]", table.metric),
        None => table.metric.clone(),
    }
}

impl Cell {
    /// The value in plain digits; empty where there is none.
    pub(crate) fn digits(&self, decimals: u8) -> String {
        self.units
            .map_or_else(String::new, |units| format_quantity(units, decimals))
    }
}

impl Dataset {
    /// That every table has every area, every note is there, and every fact is whole and stands once.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let malformed = |problem: String| Error::Malformed { problem };
        let mut areas = HashSet::new();
        for area in &self.areas {
            if !areas.insert(&area.code) {
                return Err(malformed(format!("{} stands twice", area.code)));
            }
        }
        let mut seen = HashSet::new();
        for table in &self.tables {
            for column in &table.columns {
                let cell = reference(table, column);
                if column.cells.len() != self.areas.len() {
                    let (found, wanted) = (column.cells.len(), self.areas.len());
                    return Err(malformed(format!("{cell} has {found} of {wanted} areas")));
                }
                if column.notes.iter().any(|note| *note >= self.notes.len()) {
                    return Err(malformed(format!("{cell} has a note that is not there")));
                }
                let empty = column.cells.iter().zip(&self.areas);
                let empty = empty
                    .filter(|(cell, _)| cell.units.is_none() && cell.marks.is_empty())
                    .map(|(_, area)| area.code.clone())
                    .next();
                if let Some(area) = empty {
                    let problem = "it has neither a value nor a letter that says why";
                    return Err(Error::Fact {
                        cell,
                        area,
                        problem,
                    });
                }
                if !seen.insert(cell.clone()) {
                    return Err(malformed(format!("{cell} stands twice")));
                }
            }
        }
        Ok(())
    }

    /// Every column with its table.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&Table, &Column)> {
        self.tables
            .iter()
            .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
    }

    /// Every letter that stands at a value.
    pub(crate) fn marks(&self) -> Marks {
        let cells = self.columns().flat_map(|(_, column)| &column.cells);
        cells.flat_map(|cell| cell.marks.iter()).collect()
    }
}
