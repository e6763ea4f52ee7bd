//! How much of each file of the journal is still needed.
//!
//! | in the index | holds |
//! | --- | --- |
//! | `3`, file | bytes of values in that file which rows of the index name |
//!
//! It is written with the note of how far the index has come. Where the index may have come further before
//! a crash, it is counted anew.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Row;
use super::shared;
use crate::Error;
use crate::layout::{BESIDE, is_dumped};

/// Bytes of each file that rows of the index name.
#[derive(Default)]
pub(super) struct Usage {
    bytes: BTreeMap<u32, u64>,
    changed: BTreeSet<u32>,
}

impl Usage {
    pub(super) fn read(db: &sled::Db) -> Result<Self, Error> {
        let mut usage = Self::default();
        for row in db.scan_prefix([BESIDE]) {
            let (key, bytes) = row.map_err(|e| Error::backend("reading the index", e))?;
            let file = key.strip_prefix(&[BESIDE]).and_then(|f| f.try_into().ok());
            let (Some(file), Ok(bytes)) = (file, (&*bytes).try_into()) else {
                return Err(Error::corrupt(&key, "it is no file's use"));
            };
            let bytes = u64::from_be_bytes(bytes);
            usage.bytes.insert(u32::from_be_bytes(file), bytes);
        }
        Ok(usage)
    }

    /// Counts what the rows of the index name.
    pub(super) fn recount(&mut self, db: &sled::Db) -> Result<(), Error> {
        let noted = std::mem::take(&mut self.bytes);
        self.changed.extend(noted.into_keys());
        for row in db.iter() {
            let (key, row) = row.map_err(|e| Error::backend("reading the index", e))?;
            if is_dumped(&key) {
                self.replace(None, Some(&shared::parse(&key, &row)?));
            }
        }
        Ok(())
    }

    /// A row of the index that was one becomes the other.
    pub(super) fn replace(&mut self, old: Option<&Row>, new: Option<&Row>) {
        let places = [old, new].map(|row| row.and_then(Row::place));
        let [old, new] = places;
        if old == new {
            return;
        }
        if let Some(place) = old {
            let bytes = self.bytes.entry(place.file).or_default();
            *bytes = bytes.saturating_sub(place.length.into());
            self.changed.insert(place.file);
        }
        if let Some(place) = new {
            let bytes = self.bytes.entry(place.file).or_default();
            *bytes = bytes.saturating_add(place.length.into());
            self.changed.insert(place.file);
        }
    }

    /// Adds to the batch what has changed.
    pub(super) fn write(&mut self, batch: &mut sled::Batch) {
        for file in std::mem::take(&mut self.changed) {
            let key = [&[BESIDE][..], &file.to_be_bytes()].concat();
            match self.of(file) {
                0 => {
                    self.bytes.remove(&file);
                    batch.remove(key);
                }
                bytes => batch.insert(key, &bytes.to_be_bytes()),
            }
        }
    }

    /// Bytes of the file that are needed.
    pub(super) fn of(&self, file: u32) -> u64 {
        self.bytes.get(&file).copied().unwrap_or_default()
    }

    /// The files of which something is needed.
    pub(super) fn files(&self) -> impl Iterator<Item = u32> {
        self.bytes.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::folder;
    use super::super::overlay::Reached;
    use super::*;
    use crate::layout::LAST_ROW;
    use crate::{Commit, Log, Settings, SledStore, Store};

    fn index(path: &Path) -> sled::Db {
        folder::wait_for_sled_to_let_go(&path.join("db")).unwrap();
        folder::open_index(path, Settings::default()).unwrap()
    }

    #[tokio::test]
    async fn rows_that_a_crash_left_without_a_note_are_counted_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new("entries");
        let store = SledStore::open(folder.path(), Settings::default()).unwrap();
        let commit = Commit::new().append(&log, [7; 600]);
        store.commit(commit.put("key", [8; 700])).await.unwrap();
        drop(store);
        let db = index(folder.path());
        db.insert(LAST_ROW, &Reached::NOTHING.to_bytes()).unwrap();
        for noted in db.scan_prefix([BESIDE]).keys() {
            db.remove(noted.unwrap()).unwrap();
        }
        drop(db);

        drop(SledStore::open(folder.path(), Settings::default()).unwrap());
        let db = index(folder.path());
        assert_ne!(
            db.get(LAST_ROW).unwrap().unwrap(),
            Reached::NOTHING.to_bytes()
        );
        let rows = db.iter().map(Result::unwrap);
        let rows = rows.filter(|(key, _)| is_dumped(key));
        let places = rows.filter_map(|(_, row)| Row::from_bytes(&row)?.place());
        let named: u64 = places.map(|place| u64::from(place.length)).sum();
        assert_eq!(named, 1300);
        assert_eq!(Usage::read(&db).unwrap().of(1), named);
    }
}
