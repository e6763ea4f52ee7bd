//! The values of a release as they go over the wire, made once when it is published.
//!
//! Each row stands as the field that it is in an answer, and rows stand after one another, cell by cell
//! and area by area. So an answer is copied together of a few spans, and is byte for byte what
//! encoding each row would make.

use std::ops::Range;

use mesur_figures::format_quantity;
use mesur_proto::publication::v1 as pb;
use prost::Message as _;

use crate::domain::{Shown, ShownColumn, ShownMetric, ShownTables};

/// Field 1 of both responses, `rows`, and that its length follows.
const ROW_KEY: u8 = 0x0a;

/// The rows of one revision of a release.
#[derive(Debug, Default)]
pub(super) struct EncodedRows {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl EncodedRows {
    /// The values of `release`, a resource name with its revision: of each cell in the order of the
    /// catalogue, those of all areas, the nation first.
    pub(super) fn new(release: &str, period: &str, tables: &ShownTables) -> Self {
        let mut rows = Self::default();
        for metric in &tables.metrics {
            for column in &metric.columns {
                let codes = std::iter::once(&tables.nation).chain(&tables.authorities);
                for (area, code) in codes.enumerate() {
                    let shown = column.values.get(area);
                    rows.push(shown.map(|shown| pb::DatasetRow {
                        release: release.to_owned(),
                        period: period.to_owned(),
                        area: code.clone(),
                        metric: metric.code.clone(),
                        category: column.category.clone(),
                        ..value(metric, column, area, *shown)
                    }));
                }
            }
        }
        rows.bytes.shrink_to_fit();
        rows.ends.shrink_to_fit();
        rows
    }

    /// Adds a row, or in its place nothing.
    fn push(&mut self, row: Option<pb::DatasetRow>) {
        if let Some(row) = row {
            self.bytes.push(ROW_KEY);
            self.bytes.extend(row.encode_length_delimited_to_vec());
        }
        self.ends.push(self.bytes.len());
    }

    /// These rows as they stand in an answer; nothing where there are none such.
    pub(super) fn span(&self, rows: Range<usize>) -> &[u8] {
        let end_of = |row: Option<usize>| match row {
            Some(row) => self.ends.get(row).copied(),
            None => Some(0),
        };
        let start = end_of(rows.start.checked_sub(1));
        let end = end_of(rows.end.checked_sub(1));
        let bytes = start
            .zip(end)
            .and_then(|(start, end)| self.bytes.get(start..end));
        bytes.unwrap_or_default()
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
        let written = encoded.span(0..6);
        let one_by_one: Vec<_> = (0..6).map(|row| encoded.span(row..row + 1)).collect();
        assert_eq!(one_by_one.concat(), written);
        assert!(encoded.span(6..7).is_empty() && encoded.span(5..7).is_empty());
        let read = pb::StreamDatasetResponse::decode(written).unwrap();
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
