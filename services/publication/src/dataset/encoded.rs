//! The values of a release as they go over the wire, made once when it is published.
//!
//! A message of protobuf may be put together from encodings of its parts, one after another. So a row
//! is the release's part, the area's, the cell's and the value's, in the order of their fields: an
//! answer is copied together, and is byte for byte what encoding each row would make.

use mesur_figures::format_quantity;
use mesur_proto::publication::v1 as pb;
use prost::Message as _;
use prost::bytes::BufMut;

use crate::domain::{Shown, ShownColumn, ShownMetric, ShownTables};

/// Field 1 of both responses, `rows`, and that its length follows.
const ROW_KEY: u8 = 0x0a;

/// The rows of one revision of a release.
#[derive(Debug)]
pub(super) struct EncodedRows {
    /// The release and the period.
    release: Vec<u8>,
    /// The area, the nation first.
    areas: Vec<Vec<u8>>,
    /// In the order of the catalogue.
    cells: Vec<Cell>,
}

/// A row, as its parts.
pub(crate) struct Row<'a>([&'a [u8]; 4]);

/// One cell over all areas.
#[derive(Debug)]
struct Cell {
    /// The metric and the category.
    code: Vec<u8>,
    /// The values of all areas with what stands beside them, after one another.
    values: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl EncodedRows {
    /// The values of `release`, a resource name with its revision.
    pub(super) fn new(release: &str, period: &str, tables: &ShownTables) -> Self {
        let release = pb::DatasetRow {
            release: release.to_owned(),
            period: period.to_owned(),
            ..pb::DatasetRow::default()
        };
        let codes = std::iter::once(&tables.nation).chain(&tables.authorities);
        let areas = codes.map(|code| {
            let area = pb::DatasetRow {
                area: code.clone(),
                ..pb::DatasetRow::default()
            };
            area.encode_to_vec()
        });
        let metrics = tables.metrics.iter();
        let cells = metrics.flat_map(|metric| {
            let columns = metric.columns.iter();
            columns.map(move |column| Cell::new(metric, column))
        });
        Self {
            release: release.encode_to_vec(),
            areas: areas.collect(),
            cells: cells.collect(),
        }
    }

    /// The row of a cell and an area, each by its place, if there is one.
    pub(super) fn row(&self, cell: usize, area: usize) -> Option<Row<'_>> {
        let cell = self.cells.get(cell)?;
        let from = match area.checked_sub(1) {
            None => 0,
            Some(before) => *cell.ends.get(before)?,
        };
        let value = cell.values.get(from..*cell.ends.get(area)?)?;
        let area = self.areas.get(area)?;
        Some(Row([&self.release, area, &cell.code, value]))
    }
}

impl Row<'_> {
    fn content_bytes(&self) -> usize {
        self.0.iter().map(|part| part.len()).sum()
    }

    /// How many bytes it is in a message.
    pub(crate) fn bytes(&self) -> usize {
        let content = self.content_bytes();
        let head = prost::length_delimiter_len(content).saturating_add(1);
        content.saturating_add(head)
    }

    /// Writes it as field 1 of a message.
    pub(crate) fn write(&self, buffer: &mut impl BufMut) {
        buffer.put_u8(ROW_KEY);
        // A buffer of bytes grows: there is always room for the length.
        let _ = prost::encode_length_delimiter(self.content_bytes(), buffer);
        for part in self.0 {
            buffer.put_slice(part);
        }
    }
}

impl Cell {
    fn new(metric: &ShownMetric, column: &ShownColumn) -> Self {
        let code = pb::DatasetRow {
            metric: metric.code.clone(),
            category: column.category.clone(),
            ..pb::DatasetRow::default()
        };
        let mut values = Vec::new();
        let mut ends = Vec::with_capacity(column.values.len());
        for (area, shown) in column.values.iter().enumerate() {
            values.extend(value(metric, column, area, *shown).encode_to_vec());
            ends.push(values.len());
        }
        values.shrink_to_fit();
        Self {
            code: code.encode_to_vec(),
            values,
            ends,
        }
    }
}

/// What a row has of a value alone.
fn value(metric: &ShownMetric, column: &ShownColumn, area: usize, shown: Shown) -> pb::DatasetRow {
    let of_nation = |count: u32| {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        (area == 0).then_some(count)
    };
    let value = shown
        .units
        .map(|units| format_quantity(units, metric.decimals));
    let shorthand = shown.marks.iter().map(|mark| mark.code().to_owned());
    pb::DatasetRow {
        value: value.unwrap_or_default(),
        shorthand: shorthand.collect(),
        provided_count: of_nation(column.provided),
        expected_count: of_nation(column.expected),
        ..pb::DatasetRow::default()
    }
}

#[cfg(test)]
mod tests {
    use mesur_figures::{Marks, Shorthand};

    use super::*;

    #[test]
    fn rows_are_byte_for_byte_what_encoding_each_makes() {
        let shown = |units, marks| Shown {
            units,
            marks,
            part_period: false,
        };
        let column = ShownColumn {
            category: "a".to_owned(),
            labels: <[String; 2]>::default(),
            provided: 1,
            expected: 2,
            values: vec![
                shown(Some(12_345), Marks::NONE.with(Shorthand::Total)),
                shown(None, Marks::NONE.with(Shorthand::NotAvailable)),
                shown(Some(0), Marks::NONE),
            ],
        };
        let total = ShownColumn {
            category: String::new(),
            ..column.clone()
        };
        let metric = ShownMetric {
            code: "AD/001".to_owned(),
            titles: <[String; 2]>::default(),
            decimals: 1,
            columns: vec![total, column],
        };
        let tables = ShownTables {
            nation: "W92000004".to_owned(),
            authorities: vec!["W06000001".to_owned(), "W06000002".to_owned()],
            metrics: vec![metric],
            ..ShownTables::default()
        };
        let encoded = EncodedRows::new("releases/pif-2022-23/revisions/1", "2022-23", &tables);
        let mut written = Vec::new();
        for cell in 0..2 {
            for area in 0..3 {
                let row = encoded.row(cell, area).unwrap();
                let before = written.len();
                row.write(&mut written);
                assert_eq!(written.len() - before, row.bytes());
            }
        }
        assert!(encoded.row(2, 0).is_none() && encoded.row(0, 3).is_none());
        let read = pb::StreamDatasetResponse::decode(&*written).unwrap();
        assert_eq!(read.encode_to_vec(), written);
        let values: Vec<_> = read.rows.iter().map(|row| &*row.value).collect();
        assert_eq!(values, ["1234.5", "", "0.0", "1234.5", "", "0.0"]);
        let row = &read.rows[3];
        let expected = pb::DatasetRow {
            release: "releases/pif-2022-23/revisions/1".to_owned(),
            period: "2022-23".to_owned(),
            area: "W92000004".to_owned(),
            metric: "AD/001".to_owned(),
            category: "a".to_owned(),
            value: "1234.5".to_owned(),
            shorthand: vec!["t".to_owned()],
            provided_count: Some(1),
            expected_count: Some(2),
        };
        assert_eq!(*row, expected);
    }
}
