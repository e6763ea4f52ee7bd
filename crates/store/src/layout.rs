//! Where keys, log entries and the store's own facts stand in the one ordered space of rows that
//! a back end keeps, and how a commit becomes rows. Both back ends use it, so they cannot differ.
//!
//! A row's key begins with its space: `0` facts about the store, `1` keys of the service, `2` log
//! entries (`log | version | index in the commit`), `3` what a back end keeps beside them. How it
//! holds a row's value and the version of the commit that wrote it is its own affair.

use crate::log::POSITION_BYTES;
use crate::{Commit, Entry, Error, Expect, Key, KeyRange, Log, LogEntry, Position, Version};

/// The row with the format of the store.
pub(crate) const FORMAT_ROW: &[u8] = b"\0format";
/// The row with the version of the last commit.
pub(crate) const LAST_ROW: &[u8] = b"\0last";

const KEYS: u8 = 1;
const LOGS: u8 = 2;
/// The space that a back end has to itself.
pub(crate) const BESIDE: u8 = 3;
/// Bytes of a space in a row's key.
const SPACE_BYTES: usize = 1;

/// A row: its key, and what it holds.
pub(crate) type Row = (Vec<u8>, Entry);

/// The durable rows of a back end, all from one state within a call.
pub(crate) trait Rows: Send + Sync {
    /// What one row holds.
    fn row(&self, key: &[u8]) -> Result<Option<Entry>, Error>;
    /// The first `limit` rows from `start` up to, and without, `end`.
    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Row>, Error>;
}

/// The value at `key`.
pub(crate) fn get(rows: &dyn Rows, key: &[u8]) -> Result<Option<Entry>, Error> {
    rows.row(&key_row(key))
}

/// The first `limit` entries of `range`.
pub(crate) fn scan(
    rows: &dyn Rows,
    range: &KeyRange,
    limit: usize,
) -> Result<Vec<(Key, Entry)>, Error> {
    let start = key_row(&range.start);
    let end = range.end.as_deref().map_or_else(|| vec![KEYS + 1], key_row);
    let mut found = rows.rows(&start, &end, limit)?;
    for (key, _) in &mut found {
        key.drain(..SPACE_BYTES);
    }
    Ok(found)
}

/// The first `limit` entries of `log` behind `after`.
pub(crate) fn read_log(
    rows: &dyn Rows,
    log: &Log,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<LogEntry>, Error> {
    let mut start = log_row(log);
    if let Some(position) = after {
        start.extend_from_slice(&position.to_bytes());
        start.push(0);
    }
    let mut end = log_row(log);
    // A log's prefix ends in the end mark of a text, so this is behind all of its entries and
    // before every other log's.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let found = rows.rows(&start, &end, limit)?;
    found
        .into_iter()
        .map(|(key, entry)| {
            let position = key
                .last_chunk::<POSITION_BYTES>()
                .and_then(|bytes| Position::from_bytes(bytes))
                .ok_or_else(|| Error::corrupt(&key, "a log entry without a position"))?;
            Ok(LogEntry {
                position,
                value: entry.value,
            })
        })
        .collect()
}

/// A commit as rows, but for its version, which is known once its turn has come.
pub(crate) struct Draft<V> {
    expectations: Vec<(Vec<u8>, Expect)>,
    writes: Vec<(Vec<u8>, Option<V>)>,
    appends: Vec<(Vec<u8>, V)>,
}

impl<V> Draft<V> {
    /// The rows of `commit`, each value in the form that a back end keeps.
    pub(crate) fn new(commit: Commit, form: impl Fn(Vec<u8>) -> V) -> Self {
        let expectations = commit.expectations.into_iter();
        let writes = commit.writes.into_iter();
        let appends = commit.appends.into_iter();
        Self {
            expectations: expectations
                .map(|(key, expect)| (key_row(&key), expect))
                .collect(),
            writes: writes
                .map(|(key, value)| (key_row(&key), value.map(&form)))
                .collect(),
            appends: appends
                .map(|(log, value)| (log_row(&log), form(value)))
                .collect(),
        }
    }

    /// Refuses the commit unless all it relies on holds. `current` is the version of a row.
    pub(crate) fn verify(
        &self,
        mut current: impl FnMut(&[u8]) -> Result<Option<Version>, Error>,
    ) -> Result<(), Error> {
        for (row, expect) in &self.expectations {
            if !expect.holds(current(row)?) {
                let key = service_key(row).to_vec();
                return Err(Error::Conflict { key });
            }
        }
        Ok(())
    }

    /// What the commit does as `version`: the value of each row, or that it is deleted.
    pub(crate) fn rows(self, version: Version) -> impl Iterator<Item = (Vec<u8>, Option<V>)> {
        // The limit on keys keeps the index far below its end.
        let appends = self
            .appends
            .into_iter()
            .zip(0u16..)
            .map(move |((mut row, value), index)| {
                row.extend_from_slice(&Position::new(version, index).to_bytes());
                (row, Some(value))
            });
        self.writes.into_iter().chain(appends)
    }
}

/// Whether the row is a log entry: one that no earlier commit can have written.
pub(crate) fn is_log_row(key: &[u8]) -> bool {
    key.first() == Some(&LOGS)
}

/// The key that a row's key was made of.
pub(crate) fn service_key(row: &[u8]) -> &[u8] {
    row.get(SPACE_BYTES..).unwrap_or_default()
}

fn key_row(key: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(key.len() + SPACE_BYTES);
    row.push(KEYS);
    row.extend_from_slice(key);
    row
}

/// What the rows of a log begin with; the position follows.
fn log_row(log: &Log) -> Vec<u8> {
    let mut row = Vec::with_capacity(log.prefix().len() + SPACE_BYTES + POSITION_BYTES);
    row.push(LOGS);
    row.extend_from_slice(log.prefix());
    row
}
