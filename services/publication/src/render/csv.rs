//! The data file.

use std::io;

use mesur_outputs::DATA_COLUMNS;

use crate::domain::DataRow;

/// Writes rows as CSV: one header row, UTF-8, lines that end with a line feed, figures in plain
/// digits, shorthand in a column of its own.
pub fn write_data_csv(rows: &[DataRow], to: impl io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(DATA_COLUMNS)?;
    let count = |count: Option<u32>| count.map_or_else(String::new, |count| count.to_string());
    for row in rows {
        writer.write_record([
            &row.period,
            &row.area_code,
            &row.area,
            &row.metric,
            &row.category,
            &row.value,
            &row.shorthand.to_string(),
            &count(row.provided),
            &count(row.expected),
        ])?;
    }
    writer.flush()
}
