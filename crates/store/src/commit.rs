//! What one commit asks for, and the limits it must keep.

use std::collections::BTreeMap;

use crate::lease::Claim;
use crate::{Error, Key, Lease, Log, Position, chain};

/// The longest key accepted, in bytes.
pub const KEY_BYTES_MAX: usize = 512;
/// The longest value accepted, in bytes.
pub const VALUE_BYTES_MAX: usize = 32 * 1024;
/// The most expectations, writes, deletions, log entries and entries of the chain of one commit, together.
pub const COMMIT_KEYS_MAX: usize = 120;
/// The most bytes of keys and values of one commit: 1 MiB, so that with 120 keys it is one transaction
/// of etcd.
pub const COMMIT_BYTES_MAX: usize = 1024 * 1024;

/// Position in the store's single order of commits; zero is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);

    /// The position with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The position of the commit after this one.
    pub(crate) const fn next(self) -> Self {
        // One commit a nanosecond would take five hundred years to get to the end.
        Self(self.0.saturating_add(1))
    }
}

/// What a commit relies on about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The key has no value.
    Absent,
    /// The key was last written by this commit.
    At(Version),
}

impl Expect {
    /// Whether a key last written at `current` is as expected.
    pub(crate) fn holds(self, current: Option<Version>) -> bool {
        match self {
            Self::Absent => current.is_none(),
            Self::At(version) => current == Some(version),
        }
    }
}

/// One atomic change: what it relies on, writes, deletes and appends.
#[derive(Debug, Clone, Default)]
#[must_use = "a commit does nothing until a store is given it"]
pub struct Commit {
    pub(crate) claim: Option<Claim>,
    pub(crate) expectations: Vec<(Key, Expect)>,
    pub(crate) writes: BTreeMap<Key, Option<Vec<u8>>>,
    pub(crate) appends: Vec<(Log, Vec<u8>)>,
    pub(crate) chained: Vec<Vec<u8>>,
    /// Entries of logs that are left out from now on.
    pub(crate) omitted: Vec<(Log, Position)>,
}

impl Commit {
    /// A commit that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses the commit with [`Error::Conflict`] unless `key` is as expected.
    pub fn expect(mut self, key: impl Into<Key>, expect: Expect) -> Self {
        self.expectations.push((key.into(), expect));
        self
    }

    /// Refuses the commit with [`Error::LeaseLost`] unless `lease` is held when it is written. Of
    /// several leases the last counts.
    pub fn under(mut self, lease: &Lease) -> Self {
        self.claim = Some(lease.claim().clone());
        self
    }

    /// Writes `value` at `key`; of several writes to a key in one commit the last stands.
    pub fn put(mut self, key: impl Into<Key>, value: impl Into<Vec<u8>>) -> Self {
        self.writes.insert(key.into(), Some(value.into()));
        self
    }

    /// Leaves `key` without a value; to delete an absent key is no fault.
    pub fn delete(mut self, key: impl Into<Key>) -> Self {
        self.writes.insert(key.into(), None);
        self
    }

    /// Appends an entry to `log`. Entries of one commit keep the order of the calls.
    pub fn append(mut self, log: &Log, value: impl Into<Vec<u8>>) -> Self {
        self.appends.push((log.clone(), value.into()));
        self
    }

    /// Adds an entry to the store's [`chain`], of at most [`chain::CHAINED_BYTES_MAX`] bytes. Entries of
    /// one commit keep the order of the calls.
    pub fn chain(mut self, entry: impl Into<Vec<u8>>) -> Self {
        self.chained.push(entry.into());
        self
    }

    /// Leaves an entry of `log` out from now on, which [`crate::compact`] alone decides.
    pub(crate) fn omit(mut self, log: &Log, position: Position) -> Self {
        self.omitted.push((log.clone(), position));
        self
    }

    /// Expectations, writes, deletions and entries of logs and of the chain.
    pub(crate) fn keys(&self) -> usize {
        let entries = self.appends.len() + self.chained.len() + self.omitted.len();
        self.expectations.len() + self.writes.len() + entries
    }

    /// Bytes of all keys and values.
    pub(crate) fn bytes(&self) -> usize {
        let writes = self
            .writes
            .iter()
            .map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len));
        let appends = self
            .appends
            .iter()
            .map(|(log, value)| log.prefix().len() + value.len());
        let expectations = self.expectations.iter().map(|(key, _)| key.len());
        let chained = self
            .chained
            .iter()
            .map(|entry| chain::LINK_BYTES + entry.len());
        writes
            .chain(appends)
            .chain(expectations)
            .chain(chained)
            .sum()
    }

    /// Refuses what is over a limit, before anything is queued.
    pub(crate) fn check_limits(&self) -> Result<(), Error> {
        within("keys of a commit", self.keys(), COMMIT_KEYS_MAX)?;
        within("bytes of a commit", self.bytes(), COMMIT_BYTES_MAX)?;
        let written = self.writes.keys().map(Vec::len);
        let expected = self.expectations.iter().map(|(key, _)| key.len());
        for key in written.chain(expected) {
            within("bytes of a key", key, KEY_BYTES_MAX)?;
        }
        let logs = self.appends.iter().map(|(log, _)| log.prefix().len());
        for log in logs {
            within("bytes of a log's name", log, KEY_BYTES_MAX)?;
        }
        let values = self.writes.values().flatten();
        let entries = self.appends.iter().map(|(_, value)| value);
        for value in values.chain(entries) {
            within("bytes of a value", value.len(), VALUE_BYTES_MAX)?;
        }
        for entry in &self.chained {
            within(
                "bytes of an entry of the chain",
                entry.len(),
                chain::CHAINED_BYTES_MAX,
            )?;
        }
        Ok(())
    }
}

/// Refuses a `size` over its `limit`.
pub(crate) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size > limit {
        Err(Error::TooLarge { what, size, limit })
    } else {
        Ok(())
    }
}
