//! A CSV file as rows, or why it is none.
//!
//! UTF-8, commas, a header line that names the columns in any order. A fault of the whole file
//! stops everything after it: what cannot be read for certain is not read at all. Lines are
//! physical lines, counted here and not by the CSV parser, whose count lags after CRLF.

use std::collections::BTreeMap;
use std::io::Read;

use csv::StringRecord;

use crate::finding::Finding;
use crate::kind::FindingKind;
use crate::limits::{FILE_BYTES_MAX, ROWS_MAX};
use crate::row::{RawObservation, RawValue};

const COLUMNS: [&str; 7] = [
    "authority",
    "edition",
    "metric",
    "category",
    "value",
    "status",
    "comment",
];

/// One more record after the file. The parser takes a quotation mark that never closes for closed
/// at the end of its input; it then swallows this record, which so tells the two apart.
const SENTINEL: &[u8] = b"\n.";

const MEBIBYTE: usize = 1024 * 1024;

/// The rows of a file, and what is worth a note about it.
pub(crate) struct Table {
    pub(crate) notes: Vec<Finding>,
    pub(crate) rows: Vec<RawObservation>,
}

/// Reads the rows. `Err` has what keeps the file from being read, after its notes.
pub(crate) fn read_table(bytes: &[u8]) -> Result<Table, Vec<Finding>> {
    let mut notes = Vec::new();
    match read(bytes, &mut notes) {
        Ok(rows) => Ok(Table { notes, rows }),
        Err(faults) => {
            notes.extend(faults);
            Err(notes)
        }
    }
}

fn read(bytes: &[u8], notes: &mut Vec<Finding>) -> Result<Vec<RawObservation>, Vec<Finding>> {
    if bytes.len() > FILE_BYTES_MAX {
        let mebibytes = |count: usize| format!("{} MiB", count.div_ceil(MEBIBYTE));
        return Err(vec![
            Finding::new(FindingKind::FileTooLarge)
                .expecting(mebibytes(FILE_BYTES_MAX))
                .having_found(mebibytes(bytes.len())),
        ]);
    }
    let mut text = decode(bytes)?;
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        notes.push(Finding::new(FindingKind::ByteOrderMark).on_line(1));
        text = rest;
    }
    refuse_nul_bytes(text)?;
    if text.trim().is_empty() {
        return Err(vec![Finding::new(FindingKind::EmptyFile)]);
    }
    let records = records(text)?;
    let mut records = records.into_iter();
    let Some((line, header)) = records.next() else {
        return Err(vec![Finding::new(FindingKind::EmptyFile)]);
    };
    let columns = columns(line, &header, notes)?;
    rows(records, header.len(), &columns)
}

fn decode(bytes: &[u8]) -> Result<&str, Vec<Finding>> {
    let finding = Finding::new(FindingKind::Encoding).expecting("UTF-8");
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(vec![finding.on_line(1).having_found("UTF-16")]);
    }
    str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = Lines::new(bytes).line_of(at);
        let byte = bytes.get(at).map_or(0, |byte| *byte);
        // What spreadsheets in Britain write where they do not write UTF-8.
        let finding = finding.having_found("Windows-1252").on_line(line);
        vec![finding.with_value(&format!("0x{byte:02X}"))]
    })
}

fn refuse_nul_bytes(text: &str) -> Result<(), Vec<Finding>> {
    let mut lines = Lines::new(text.as_bytes());
    let mut places: Vec<u64> = text
        .match_indices('\0')
        .map(|(at, _)| lines.line_of(at))
        .collect();
    places.dedup();
    if places.is_empty() {
        return Ok(());
    }
    let finding = |line| Finding::new(FindingKind::NulByte).on_line(line);
    Err(places.into_iter().take(ROWS_MAX).map(finding).collect())
}

/// The records with the lines on which they start.
fn records(text: &str) -> Result<Vec<(u64, StringRecord)>, Vec<Finding>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes().chain(SENTINEL));
    let mut lines = Lines::new(text.as_bytes());
    let mut records: Vec<(u64, StringRecord)> = Vec::new();
    for record in reader.records() {
        // The text is UTF-8, in memory, and rows may be of any length: nothing is left to fail.
        let record = record.map_err(|_| vec![Finding::new(FindingKind::MalformedCsv)])?;
        let byte = record.position().map_or(0, csv::Position::byte);
        let start = lines.skip_line_ends(usize::try_from(byte).unwrap_or(usize::MAX));
        if start >= text.len() {
            return Ok(records);
        }
        // The header is one record.
        if records.len() > ROWS_MAX {
            return Err(vec![
                Finding::new(FindingKind::TooManyRows)
                    .expecting(ROWS_MAX.to_string())
                    .having_found(format!("more than {ROWS_MAX}")),
            ]);
        }
        records.push((lines.line_of(start), record));
    }
    Err(vec![unclosed_quote(records.pop())])
}

/// The sentinel was swallowed: the last field of the last record is an open quotation.
fn unclosed_quote(last: Option<(u64, StringRecord)>) -> Finding {
    let finding = Finding::new(FindingKind::MalformedCsv);
    let Some((line, record)) = last else {
        return finding;
    };
    let closed_fields = record.iter().take(record.len().saturating_sub(1));
    let line = closed_fields.fold(line, |line, field| {
        line.saturating_add(
            Lines::new(field.as_bytes())
                .line_of(field.len())
                .saturating_sub(1),
        )
    });
    finding.on_line(line).with_value("\"")
}

/// For each of [`COLUMNS`] its place in the header.
fn columns(
    line: u64,
    header: &StringRecord,
    notes: &mut Vec<Finding>,
) -> Result<[usize; 7], Vec<Finding>> {
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    let is = |name: &str, column: &str| name.eq_ignore_ascii_case(column);
    if let Some(delimiter) = other_delimiter(header) {
        return Err(vec![
            Finding::new(FindingKind::Delimiter)
                .on_line(line)
                .with_value(delimiter)
                .expecting(","),
        ]);
    }
    let mut places = [0; 7];
    let mut faults = Vec::new();
    for (column, place) in COLUMNS.iter().zip(&mut places) {
        let mut found = names
            .iter()
            .enumerate()
            .filter(|(_, name)| is(name, column));
        match (found.next(), found.next()) {
            (Some((at, _)), None) => *place = at,
            (first, _) => faults.push(
                Finding::new(FindingKind::Columns)
                    .on_line(line)
                    .in_column(column)
                    .having_found(if first.is_none() { "0" } else { "2" }),
            ),
        }
    }
    for name in &names {
        if !COLUMNS.iter().any(|column| is(name, column)) {
            notes.push(
                Finding::new(FindingKind::ExtraColumn)
                    .on_line(line)
                    .in_column(name),
            );
        }
    }
    if faults.is_empty() {
        Ok(places)
    } else {
        Err(faults)
    }
}

/// The sign that parts the columns' names, where it is not the comma.
fn other_delimiter(header: &StringRecord) -> Option<&'static str> {
    let known = |name: &str| {
        let name = name.trim().trim_matches('"');
        COLUMNS
            .iter()
            .any(|column| name.eq_ignore_ascii_case(column))
    };
    let by_commas = header.iter().filter(|name| known(name)).count();
    [";", "\t", "|"].into_iter().find(|delimiter| {
        let names = header.iter().flat_map(|field| field.split(delimiter));
        names.filter(|name| known(name)).count() > by_commas
    })
}

fn rows(
    records: impl Iterator<Item = (u64, StringRecord)>,
    width: usize,
    columns: &[usize; 7],
) -> Result<Vec<RawObservation>, Vec<Finding>> {
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for (line, record) in records {
        if record.len() != width {
            faults.push(
                Finding::new(FindingKind::MalformedCsv)
                    .on_line(line)
                    .expecting(width.to_string())
                    .having_found(record.len().to_string()),
            );
        } else if record.iter().any(|field| !field.is_empty()) {
            // Spreadsheets write rows of bare commas below the last one; they say nothing.
            rows.push(row(line, &record, columns));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if rows.is_empty() {
        return Err(vec![Finding::new(FindingKind::NoRows)]);
    }
    Ok(rows)
}

fn row(line: u64, record: &StringRecord, columns: &[usize; 7]) -> RawObservation {
    let [authority, edition, metric, category, value, status, comment] =
        columns.map(|place| record.get(place).unwrap_or_default().to_owned());
    RawObservation {
        authority: Some(authority),
        edition: Some(edition),
        metric,
        category,
        value: Some(RawValue::Text(value)),
        status,
        comment,
        reference: String::new(),
        line: Some(line),
    }
}

/// Counts physical lines, each ended by LF, CRLF or CR, in one pass over growing places.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            line: 1,
        }
    }

    /// The line of a byte, which must not lie before the last one asked for.
    fn line_of(&mut self, place: usize) -> u64 {
        while self.at < place {
            let Some(byte) = self.bytes.get(self.at) else {
                break;
            };
            self.at = self.at.saturating_add(1);
            let ends = match byte {
                b'\n' => true,
                b'\r' => self.bytes.get(self.at) != Some(&b'\n'),
                _ => false,
            };
            self.line = self.line.saturating_add(u64::from(ends));
        }
        self.line
    }

    /// The first place from `place` on that does not end a line.
    fn skip_line_ends(&self, place: usize) -> usize {
        let rest = self.bytes.get(place..).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        place.saturating_add(ends.count())
    }
}

/// The item that occurs most often; the first of those that occur equally often.
pub(crate) fn most_frequent<T: Ord + Clone>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, (usize, usize)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        let (count, _) = counts.entry(item).or_insert((0, place));
        *count = count.saturating_add(1);
    }
    let most = counts
        .into_iter()
        .max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
    most.map(|(item, _)| item)
}
