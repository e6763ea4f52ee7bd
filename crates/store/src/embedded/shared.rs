//! What readers see: sled's rows with the group that is not yet durable taken back out.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sled::IVec;

use super::row::{self, Found};
use super::slot;
use crate::layout::{self, Row, Rows};
use crate::{Entry, Error};

/// The rows that a group of commits overwrites, as they were before it; `None` had no value.
pub(super) type Undo = BTreeMap<Vec<u8>, Option<IVec>>;

/// The state that the committer and all readers share.
pub(super) struct Shared {
    db: sled::Db,
    // Empty but while groups are under way; the oldest first. A reader holds it, shared, for the
    // whole of its read, so it sees the state before all of them, and no other.
    hidden: RwLock<VecDeque<Undo>>,
    // Held, not read: unlocks the folder when the last user is gone. Declared after the database,
    // which must be closed by then.
    _lock: File,
}

impl Shared {
    pub(super) fn new(db: sled::Db, lock: File) -> Self {
        Self {
            db,
            hidden: RwLock::default(),
            _lock: lock,
        }
    }

    /// Shows readers these rows instead of what sled is about to have.
    pub(super) fn hide(&self, undo: Undo) {
        let mut hidden = self.hidden.write().unwrap_or_else(PoisonError::into_inner);
        hidden.push_back(undo);
    }

    /// Shows readers what the oldest group that is hidden wrote.
    pub(super) fn reveal(&self) {
        let mut hidden = self.hidden.write().unwrap_or_else(PoisonError::into_inner);
        let revealed = hidden.pop_front();
        // Readers need not wait while it is taken apart.
        drop(hidden);
        drop(revealed);
    }

    /// The row as sled has it, durable or not: for the committer alone.
    pub(super) fn latest(&self, key: &[u8]) -> Result<Option<IVec>, Error> {
        self.db.get(key).map_err(read_fault)
    }

    /// Makes a row that holds nothing, outside of every batch: one that no reader looks at.
    pub(super) fn make_empty(&self, key: &[u8]) -> Result<(), Error> {
        let made = self.db.insert(key, &[]);
        made.map(drop)
            .map_err(|e| Error::backend("making room for a value", e))
    }

    /// Hands a batch to sled and waits until it is written out; not yet proof against power loss.
    pub(super) fn apply(&self, batch: sled::Batch) -> Result<(), Error> {
        self.db
            .apply_batch(batch)
            .map_err(|e| Error::backend("applying a commit", e))?;
        self.db
            .flush()
            .map_err(|e| Error::backend("flushing a commit", e))?;
        Ok(())
    }

    fn hidden(&self) -> RwLockReadGuard<'_, VecDeque<Undo>> {
        self.hidden.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state of the store: sled's rows with some taken back.
struct State<'a> {
    db: &'a sled::Db,
    hidden: &'a VecDeque<Undo>,
}

impl State<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<IVec>, Error> {
        match self.hidden.iter().find_map(|undo| undo.get(key)) {
            Some(before) => Ok(before.clone()),
            None => self.db.get(key).map_err(read_fault),
        }
    }

    fn entry(&self, key: &[u8], row: &IVec) -> Result<Entry, Error> {
        let corrupt = |problem| Error::corrupt(layout::service_key(key), problem);
        let (version, found) = row::read(row).ok_or_else(|| corrupt("it is no row"))?;
        let value = match found {
            Found::Value(value) => value.to_vec(),
            Found::At(place) => {
                let content = self.row(&slot::key(place.slot))?;
                let content = content.ok_or_else(|| corrupt("its slot is gone"))?;
                let value = slot::value(&content, place.index);
                value
                    .ok_or_else(|| corrupt("it is not in its slot"))?
                    .to_vec()
            }
        };
        Ok(Entry { version, value })
    }
}

impl Rows for Shared {
    fn row(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let hidden = self.hidden();
        let state = State {
            db: &self.db,
            hidden: &hidden,
        };
        let row = state.row(key)?;
        row.map(|row| state.entry(key, &row)).transpose()
    }

    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Row>, Error> {
        if start >= end {
            return Ok(Vec::new());
        }
        let hidden = self.hidden();
        let state = State {
            db: &self.db,
            hidden: &hidden,
        };
        let mut before = BTreeMap::new();
        for undo in hidden.iter().rev() {
            let rows = undo.range(start.to_vec()..end.to_vec());
            before.extend(rows.map(|(key, row)| (key.as_slice(), row)));
        }
        let unchanged = self.db.range(start..end).filter(|row| match row {
            Ok((key, _)) => !before.contains_key(&**key),
            Err(_) => true,
        });
        // The first of the union are among the first of either side, so this is bounded by the
        // limit and the size of the groups under way.
        let mut found = Vec::new();
        for row in unchanged.take(limit) {
            let (key, row) = row.map_err(read_fault)?;
            found.push((key.to_vec(), row));
        }
        let before = before.into_iter();
        found.extend(before.filter_map(|(key, row)| Some((key.to_vec(), row.clone()?))));
        found.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        found.truncate(limit);
        let entries = found.into_iter().map(|(key, row)| {
            let entry = state.entry(&key, &row)?;
            Ok((key, entry))
        });
        entries.collect()
    }
}

fn read_fault(source: sled::Error) -> Error {
    Error::backend("reading the store", source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    #[test]
    fn a_group_under_way_is_hidden_from_every_read_until_it_is_durable() {
        let folder = tempfile::tempdir().unwrap();
        let (shared, _, _) =
            super::super::folder::open(folder.path(), super::super::Settings::default()).unwrap();
        let row = |value: &str| row::inline(Version::ZERO, value.as_bytes());
        let apply = |rows: &[(&str, Option<&str>)]| {
            let mut batch = sled::Batch::default();
            for (key, value) in rows {
                match value {
                    Some(value) => batch.insert(*key, row(value)),
                    None => batch.remove(*key),
                }
            }
            shared.apply(batch).unwrap();
        };
        let hide = |rows: &[(&str, Option<&str>)]| {
            let rows = rows.iter();
            shared.hide(
                rows.map(|(key, value)| (key.as_bytes().to_vec(), value.map(row)))
                    .collect(),
            );
        };
        let read = |start: &str, limit| -> Vec<_> {
            let found = shared.rows(start.as_bytes(), b"z", limit).unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            let rows = found.into_iter();
            rows.map(|(key, entry)| text(key) + &text(entry.value))
                .collect()
        };
        apply(&[("a", Some("0")), ("b", Some("0")), ("d", Some("0"))]);
        hide(&[("a", Some("0")), ("b", Some("0")), ("c", None)]);
        apply(&[("a", None), ("b", Some("1")), ("c", Some("1"))]);
        hide(&[("b", Some("1")), ("c", Some("1")), ("d", Some("0"))]);
        apply(&[("b", Some("2")), ("c", None), ("d", Some("2"))]);

        assert_eq!(shared.row(b"a").unwrap().unwrap().value, b"0");
        assert_eq!(shared.row(b"c").unwrap(), None);
        assert_eq!(read("a", 2), ["a0", "b0"]);
        assert_eq!(read("b", 9), ["b0", "d0"]);
        shared.reveal();
        assert_eq!(shared.row(b"c").unwrap().unwrap().value, b"1");
        assert_eq!(read("a", 9), ["b1", "c1", "d0"]);
        shared.reveal();
        assert_eq!(read("a", 9), ["b2", "d2"]);
    }
}
