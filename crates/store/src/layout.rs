//! Where keys, log entries and the store's own facts stand in the one ordered space of rows that
//! a back end keeps, and how a commit becomes rows. All back ends use it, so they cannot differ.
//!
//! A row's key begins with its space: `0` facts about the store, `1` keys of the service, `2` log
//! entries (`log | version | index in the commit`), `3` what a back end keeps beside them. How it
//! holds a row's value and the version of the commit that wrote it is its own affair.

use crate::chain::{self, Link};
use crate::lease::Claim;
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

/// The longest key of a row.
pub(crate) const ROW_KEY_BYTES_MAX: usize = SPACE_BYTES + crate::KEY_BYTES_MAX + POSITION_BYTES;

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
    let (start, end) = scanned(range);
    Ok(keys_of(rows.rows(&start, &end, limit)?))
}

/// The rows of the keys in a range: from the first up to, and without, the second.
pub(crate) fn scanned(range: &KeyRange) -> (Vec<u8>, Vec<u8>) {
    let end = range.end.as_deref().map_or_else(|| vec![KEYS + 1], key_row);
    (key_row(&range.start), end)
}

/// Rows under the keys that they were made of.
pub(crate) fn keys_of(mut rows: Vec<Row>) -> Vec<(Key, Entry)> {
    for (key, _) in &mut rows {
        key.drain(..SPACE_BYTES);
    }
    rows
}

/// The first `limit` entries of `log` behind `after`.
pub(crate) fn read_log(
    rows: &dyn Rows,
    log: &Log,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<LogEntry>, Error> {
    let (start, end) = logged(log, after);
    log_entries(rows.rows(&start, &end, limit)?)
}

/// The rows of the entries of `log` behind `after`: from the first up to, and without, the second.
pub(crate) fn logged(log: &Log, after: Option<Position>) -> (Vec<u8>, Vec<u8>) {
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
    (start, end)
}

/// The log entries that the rows hold.
pub(crate) fn log_entries(rows: Vec<Row>) -> Result<Vec<LogEntry>, Error> {
    rows.into_iter()
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

/// What a commit relies on.
#[derive(Clone, Default)]
pub(crate) struct Reliance {
    claim: Option<Claim>,
    expectations: Vec<(Vec<u8>, Expect)>,
}

impl Reliance {
    /// Refuses a commit unless all it relies on holds. `current` is the version of a row.
    pub(crate) fn verify(
        &self,
        mut current: impl FnMut(&[u8]) -> Result<Option<Version>, Error>,
    ) -> Result<(), Error> {
        if let Some(claim) = &self.claim {
            claim.check()?;
        }
        for (row, expect) in &self.expectations {
            if !expect.holds(current(row)?) {
                let key = service_key(row).to_vec();
                return Err(Error::Conflict { key });
            }
        }
        Ok(())
    }
}

/// A commit as rows, but for its version, which is known once its turn has come.
#[derive(Clone)]
pub(crate) struct Draft<V> {
    reliance: Reliance,
    writes: Vec<(Vec<u8>, Option<V>)>,
    appends: Vec<(Vec<u8>, V)>,
    /// What it adds to the chain, without links.
    chained: Vec<Vec<u8>>,
}

/// What a commit does, for a back end that puts it together itself.
pub(crate) struct Parts<V> {
    /// What it relies on.
    pub(crate) reliance: Reliance,
    /// The rows that it writes or deletes.
    pub(crate) writes: Vec<(Vec<u8>, Option<V>)>,
    /// The rows of the logs that it appends to, without a position.
    pub(crate) appends: Vec<(Vec<u8>, V)>,
    /// What it adds to the chain, without links. These entries stand behind all others.
    pub(crate) chained: Vec<Vec<u8>>,
}

impl<V> Draft<V> {
    /// The rows of `commit`, each value in the form that a back end keeps.
    pub(crate) fn new(commit: Commit, form: impl Fn(Vec<u8>) -> V) -> Self {
        let expectations = commit.expectations.into_iter();
        let writes = commit.writes.into_iter();
        let appends = commit.appends.into_iter();
        let omitted = commit.omitted.into_iter().map(|(log, position)| {
            let mut row = log_row(&log);
            row.extend_from_slice(&position.to_bytes());
            (row, None)
        });
        Self {
            reliance: Reliance {
                claim: commit.claim,
                expectations: expectations
                    .map(|(key, expect)| (key_row(&key), expect))
                    .collect(),
            },
            writes: writes
                .map(|(key, value)| (key_row(&key), value.map(&form)))
                .chain(omitted)
                .collect(),
            appends: appends
                .map(|(log, value)| (log_row(&log), form(value)))
                .collect(),
            chained: commit.chained,
        }
    }

    /// The rows that the commit relies on.
    #[cfg(feature = "etcd")]
    pub(crate) fn expectations(&self) -> impl Iterator<Item = (&[u8], Expect)> {
        let expectations = self.reliance.expectations.iter();
        expectations.map(|(row, expect)| (row.as_slice(), *expect))
    }

    /// The lease that the commit is made under.
    #[cfg(feature = "etcd")]
    pub(crate) fn claim(&self) -> Option<&Claim> {
        self.reliance.claim.as_ref()
    }

    /// Refuses the commit unless all it relies on holds. `current` is the version of a row.
    pub(crate) fn verify(
        &self,
        current: impl FnMut(&[u8]) -> Result<Option<Version>, Error>,
    ) -> Result<(), Error> {
        self.reliance.verify(current)
    }

    /// Whether it adds to the chain.
    #[cfg(feature = "etcd")]
    pub(crate) fn is_chained(&self) -> bool {
        !self.chained.is_empty()
    }

    /// What it does.
    pub(crate) fn into_parts(self) -> Parts<V> {
        Parts {
            reliance: self.reliance,
            writes: self.writes,
            appends: self.appends,
            chained: self.chained,
        }
    }

    /// What the commit does as `version`: the value of each row, or that it is deleted. `head` is the
    /// last link of the chain, before and after; `form` is as in [`Draft::new`].
    pub(crate) fn rows(
        self,
        version: Version,
        head: &mut Link,
        form: impl Fn(Vec<u8>) -> V,
    ) -> Vec<(Vec<u8>, Option<V>)> {
        let mut rows = self.writes;
        // The limit on keys keeps the index far below its end.
        let mut indices = 0u16..;
        let mut position = || Position::new(version, indices.next().unwrap_or(u16::MAX));
        for (mut row, value) in self.appends {
            row.extend_from_slice(&position().to_bytes());
            rows.push((row, Some(value)));
        }
        for entry in self.chained {
            let position = position();
            let mut row = chain_row();
            row.extend_from_slice(&position.to_bytes());
            let mut value = chain::unlinked(&entry);
            chain::seal(&mut value, position, head);
            rows.push((row, Some(form(value))));
        }
        rows
    }
}

/// What the rows of the chain begin with; the position follows.
pub(crate) fn chain_row() -> Vec<u8> {
    log_row(&chain::log())
}

/// Whether the row is an entry of the chain.
pub(crate) fn is_chain_row(key: &[u8]) -> bool {
    let prefix = chain_row();
    key.len() == prefix.len() + POSITION_BYTES && key.starts_with(&prefix)
}

/// Whether the row is a log entry: one that no earlier commit can have written.
pub(crate) fn is_log_row(key: &[u8]) -> bool {
    key.first() == Some(&LOGS)
}

/// Whether the row is in a dump: a key or a log entry.
pub(crate) fn is_dumped(key: &[u8]) -> bool {
    matches!(key.first(), Some(&(KEYS | LOGS))) && key.len() <= ROW_KEY_BYTES_MAX
}

/// The rows of a dump behind `after`: from the first key up to, and without, the second.
pub(crate) fn dumped_behind(after: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    let start = after.map_or_else(|| vec![KEYS], |after| [after, &[0]].concat());
    (start, vec![BESIDE])
}

/// The key that a row's key was made of.
pub(crate) fn service_key(row: &[u8]) -> &[u8] {
    row.get(SPACE_BYTES..).unwrap_or_default()
}

/// The row of `key`.
pub(crate) fn key_row(key: &[u8]) -> Vec<u8> {
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
