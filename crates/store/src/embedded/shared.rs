//! What readers see: sled's rows with the group that is not yet durable taken back out.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sled::IVec;

use super::row::{self, Place};
use crate::layout::{self, Row, Rows};
use crate::{Entry, Error};

/// The rows that a group of commits overwrites, as they were before it; `None` had no value.
pub(super) type Undo = BTreeMap<Vec<u8>, Option<IVec>>;

/// The state that the committer and all readers share.
pub(super) struct Shared {
    db: sled::Db,
    // Empty but while a group is under way. A reader holds it, shared, for the whole of its read,
    // so it sees the state before the group or the state after it is durable, and no other.
    undo: RwLock<Undo>,
    // Held, not read: unlocks the folder when the last user is gone. Declared after the database,
    // which must be closed by then.
    _lock: File,
}

impl Shared {
    pub(super) fn new(db: sled::Db, lock: File) -> Self {
        Self {
            db,
            undo: RwLock::default(),
            _lock: lock,
        }
    }

    /// Shows readers these rows instead of what sled has.
    pub(super) fn hide(&self, undo: Undo) {
        *self.undo.write().unwrap_or_else(PoisonError::into_inner) = undo;
    }

    /// Shows readers what sled has.
    pub(super) fn reveal(&self) {
        self.hide(Undo::new());
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

    fn state<'a>(&'a self, undo: &'a Undo) -> State<'a> {
        State { db: &self.db, undo }
    }

    fn undo(&self) -> RwLockReadGuard<'_, Undo> {
        self.undo.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state of the store: sled's rows with some taken back.
struct State<'a> {
    db: &'a sled::Db,
    undo: &'a Undo,
}

impl State<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<IVec>, Error> {
        match self.undo.get(key) {
            Some(before) => Ok(before.clone()),
            None => self.db.get(key).map_err(read_fault),
        }
    }

    fn entry(&self, key: &[u8], row: &IVec) -> Result<Entry, Error> {
        let corrupt = |problem| Error::corrupt(layout::service_key(key), problem);
        let (version, place) = row::read(row).ok_or_else(|| corrupt("it is no row"))?;
        let value = match place {
            Place::Inline(value) => value.to_vec(),
            Place::Slot(slot) => {
                let value = self.row(&row::slot_key(slot))?;
                value.ok_or_else(|| corrupt("its slot is gone"))?.to_vec()
            }
        };
        Ok(Entry { version, value })
    }
}

impl Rows for Shared {
    fn row(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let undo = self.undo();
        let state = self.state(&undo);
        let row = state.row(key)?;
        row.map(|row| state.entry(key, &row)).transpose()
    }

    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Row>, Error> {
        if start >= end {
            return Ok(Vec::new());
        }
        let undo = self.undo();
        let state = self.state(&undo);
        // The first of the union are among the first of either side, so this is bounded by the
        // limit and the size of a group.
        let before = undo.range(start.to_vec()..end.to_vec());
        let mut found: Vec<_> = before
            .filter_map(|(key, row)| Some((key.clone(), row.clone()?)))
            .collect();
        let unchanged = self.db.range(start..end).filter(|row| match row {
            Ok((key, _)) => !undo.contains_key(&**key),
            Err(_) => true,
        });
        for row in unchanged.take(limit) {
            let (key, row) = row.map_err(read_fault)?;
            found.push((key.to_vec(), row));
        }
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

    #[test]
    fn a_group_under_way_is_hidden_from_every_read_until_it_is_durable() {
        let folder = tempfile::tempdir().unwrap();
        let (shared, _, _) =
            super::super::folder::open(folder.path(), super::super::Settings::default()).unwrap();
        let row = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        let mut before = sled::Batch::default();
        for key in ["a", "b", "d"] {
            before.insert(key, "old");
        }
        shared.apply(before).unwrap();

        shared.hide(Undo::from([
            (b"a".to_vec(), Some(b"old".to_vec())),
            (b"b".to_vec(), Some(b"old".to_vec())),
            (b"c".to_vec(), None),
        ]));
        let mut group = sled::Batch::default();
        group.remove("a");
        group.insert("b", "new");
        group.insert("c", "new");
        shared.apply(group).unwrap();

        assert_eq!(shared.row(b"a").unwrap(), Some(b"old".to_vec()));
        assert_eq!(shared.row(b"c").unwrap(), None);
        assert_eq!(
            shared.rows(b"a", b"z", 2).unwrap(),
            [row("a", "old"), row("b", "old")]
        );
        assert_eq!(
            shared.rows(b"b", b"z", 9).unwrap(),
            [row("b", "old"), row("d", "old")]
        );

        shared.reveal();
        let after = [row("b", "new"), row("c", "new"), row("d", "old")];
        assert_eq!(shared.rows(b"a", b"z", 9).unwrap(), after);
    }
}
