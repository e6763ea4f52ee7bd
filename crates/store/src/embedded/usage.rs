//! How much of each file of the journal is still needed.
//!
//! | in the index | holds |
//! | --- | --- |
//! | `3`, file | bytes of values in that file which rows of the index name |
//!
//! It changes in the batch with the rows that it follows from, so it is right after any crash.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Row;
use crate::Error;
use crate::layout::BESIDE;

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
