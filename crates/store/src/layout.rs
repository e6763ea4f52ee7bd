//! Where keys, log entries and the store's own facts stand in the one ordered space of rows that
//! a back end keeps, and how a commit becomes rows. Both back ends use it, so they cannot differ.
//!
//! A row's key begins with its space: `0` facts about the store, `1` keys of the service, `2` log
//! entries (`log | version | index in the commit`). A row's value is the version of the commit
//! that wrote it, big-endian, and the bytes given.

use crate::log::POSITION_BYTES;
use crate::{Commit, Entry, Error, Key, KeyRange, Log, LogEntry, Position, Version};

/// The row with the format of the store.
pub(crate) const FORMAT_ROW: &[u8] = b"\0format";
/// The row with the version of the last commit.
pub(crate) const LAST_VERSION_ROW: &[u8] = b"\0last";

const KEYS: u8 = 1;
const LOGS: u8 = 2;

/// A row: its key and its value.
pub(crate) type Row = (Vec<u8>, Vec<u8>);
/// What a commit does to one row: its key, and its value unless it is deleted.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// The durable rows of a back end, all from one state within a call.
pub(crate) trait Rows: Send + Sync {
    /// The value of one row.
    fn row(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
    /// The first `limit` rows from `start` up to, and without, `end`.
    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Row>, Error>;
}

/// The value at `key`.
pub(crate) fn get(rows: &dyn Rows, key: &[u8]) -> Result<Option<Entry>, Error> {
    rows.row(&key_row(key))?
        .map(|row| entry(key, &row))
        .transpose()
}

/// The first `limit` entries of `range`.
pub(crate) fn scan(
    rows: &dyn Rows,
    range: &KeyRange,
    limit: usize,
) -> Result<Vec<(Key, Entry)>, Error> {
    let start = key_row(&range.start);
    let end = range.end.as_deref().map_or_else(|| vec![KEYS + 1], key_row);
    let found = rows.rows(&start, &end, limit)?;
    found
        .into_iter()
        .map(|(key, row)| {
            let key = key.get(1..).unwrap_or_default().to_vec();
            let entry = entry(&key, &row)?;
            Ok((key, entry))
        })
        .collect()
}

/// The first `limit` entries of `log` behind `after`.
pub(crate) fn read_log(
    rows: &dyn Rows,
    log: &Log,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<LogEntry>, Error> {
    let mut start = log_row(log, after);
    if after.is_some() {
        start.push(0);
    }
    let mut end = log_row(log, None);
    // A log's prefix ends in the end mark of a text, so this is behind all of its entries and
    // before every other log's.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let found = rows.rows(&start, &end, limit)?;
    found
        .into_iter()
        .map(|(key, row)| {
            let position = key
                .last_chunk::<POSITION_BYTES>()
                .and_then(|bytes| Position::from_bytes(bytes))
                .ok_or_else(|| Error::corrupt(&key, "a log entry without a position"))?;
            Ok(LogEntry {
                position,
                value: entry(&key, &row)?.value,
            })
        })
        .collect()
}

/// Refuses the commit unless all it relies on holds.
pub(crate) fn verify(
    commit: &Commit,
    mut current: impl FnMut(&[u8]) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    for (key, expect) in &commit.expectations {
        let row = current(&key_row(key))?;
        let version = row
            .map(|row| entry(key, &row))
            .transpose()?
            .map(|entry| entry.version);
        if !expect.holds(version) {
            return Err(Error::Conflict { key: key.clone() });
        }
    }
    Ok(())
}

/// The rows that the commit writes as `version`.
pub(crate) fn rows_of(commit: Commit, version: Version) -> impl Iterator<Item = Write> {
    let writes = commit
        .writes
        .into_iter()
        .map(move |(key, value)| (key_row(&key), value.map(|value| versioned(version, &value))));
    // The limit on keys keeps the index far below its end.
    let appends = commit
        .appends
        .into_iter()
        .zip(0u16..)
        .map(move |((log, value), index)| {
            let position = Position::new(version, index);
            (
                log_row(&log, Some(position)),
                Some(versioned(version, &value)),
            )
        });
    writes.chain(appends)
}

/// Whether the row is a log entry: one that no earlier commit can have written.
pub(crate) fn is_log_row(key: &[u8]) -> bool {
    key.first() == Some(&LOGS)
}

fn key_row(key: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(key.len() + 1);
    row.push(KEYS);
    row.extend_from_slice(key);
    row
}

fn log_row(log: &Log, position: Option<Position>) -> Vec<u8> {
    let mut row = Vec::with_capacity(log.prefix().len() + 1 + POSITION_BYTES);
    row.push(LOGS);
    row.extend_from_slice(log.prefix());
    if let Some(position) = position {
        row.extend_from_slice(&position.to_bytes());
    }
    row
}

fn versioned(version: Version, value: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(value.len() + 8);
    row.extend_from_slice(&version.get().to_be_bytes());
    row.extend_from_slice(value);
    row
}

fn entry(key: &[u8], row: &[u8]) -> Result<Entry, Error> {
    let (version, value) = row
        .split_first_chunk::<8>()
        .ok_or_else(|| Error::corrupt(key, "no version"))?;
    Ok(Entry {
        version: Version::new(u64::from_be_bytes(*version)),
        value: value.to_vec(),
    })
}
