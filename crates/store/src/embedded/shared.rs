//! What the threads of a store and all its readers share.

use std::fs::File;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::files::{self, Files};
use super::overlay::Overlay;
use super::row::{Content, Place, Row};
use crate::chain::{self, Link};
use crate::layout::{self, Rows};
use crate::{Entry, Error, Version};

/// The index, the rows before it, and the values behind it.
pub(super) struct Shared {
    pub(super) db: sled::Db,
    pub(super) files: Files,
    overlay: RwLock<Overlay>,
    // Held, not read: unlocks the folder when the last user is gone. Declared after the database,
    // which must be closed by then.
    _lock: File,
}

/// A row whose value is still to be fetched, with the file that it is in.
type Found = (Row, Option<Arc<File>>);

impl Shared {
    pub(super) fn new(db: sled::Db, files: Files, overlay: Overlay, lock: File) -> Self {
        Self {
            db,
            files,
            overlay: RwLock::new(overlay),
            _lock: lock,
        }
    }

    pub(super) fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn overlay_mut(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the index has at `key`, whatever lies over it.
    pub(super) fn indexed(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        let row = self.db.get(key).map_err(read_fault)?;
        row.map(|row| parse(key, &row)).transpose()
    }

    /// The row as it is now.
    pub(super) fn current(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        match self.overlay().get(key) {
            Some(row) => Ok(row.clone()),
            None => self.indexed(key),
        }
    }

    /// The version of the row as it is now.
    pub(super) fn version(&self, key: &[u8]) -> Result<Option<Version>, Error> {
        match self.overlay().get(key) {
            Some(row) => Ok(row.as_ref().map(|row| row.version)),
            None => Ok(self.indexed(key)?.map(|row| row.version)),
        }
    }

    /// The file is looked up while the overlay is held: one that a row names is there until then,
    /// and what is open can be read even when it goes.
    fn with_file(&self, row: Row) -> Found {
        let file = row.place().and_then(|place| self.files.get(place.file));
        (row, file)
    }
}

fn entry(key: &[u8], (row, file): Found) -> Result<Entry, Error> {
    let fetch = |place: Place| files::read(file.as_deref(), place, layout::service_key(key));
    Ok(Entry {
        version: row.version,
        value: match row.content {
            Content::Inline(value) => value,
            Content::Apart(place) => fetch(place)?,
        },
    })
}

pub(super) fn parse(key: &[u8], row: &[u8]) -> Result<Row, Error> {
    Row::from_bytes(row).ok_or_else(|| Error::corrupt(layout::service_key(key), "it is no row"))
}

fn read_fault(source: sled::Error) -> Error {
    Error::backend("reading the index", source)
}

impl Rows for Shared {
    fn row(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let found = {
            let overlay = self.overlay();
            let row = match overlay.get(key) {
                Some(row) => row.clone(),
                None => self.indexed(key)?,
            };
            row.map(|row| self.with_file(row))
        };
        found.map(|found| entry(key, found)).transpose()
    }

    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<layout::Row>, Error> {
        if start >= end {
            return Ok(Vec::new());
        }
        let found = self.places(start, end, limit)?;
        let entries = found.into_iter().map(|(key, found)| {
            let entry = entry(&key, found)?;
            Ok((key, entry))
        });
        entries.collect()
    }
}

impl Shared {
    /// The last link of the chain.
    pub(super) fn chain_head(&self) -> Result<Link, Error> {
        let (start, end) = layout::logged(&chain::log(), None);
        let found = {
            let overlay = self.overlay();
            let range = (Bound::Included(&*start), Bound::Excluded(&*end));
            let upper = overlay.upper.range::<[u8], _>(range).next_back();
            let lower = overlay.lower.range::<[u8], _>(range).next_back();
            let layers = [lower, upper].into_iter().flatten();
            // Values that were moved stand in a layer above later ones.
            let in_layers = layers.max_by(|(one, _), (other, _)| one.cmp(other));
            let indexed = self.db.range(&*start..&*end).next_back();
            let indexed = indexed.transpose().map_err(read_fault)?;
            let last = match (in_layers, indexed) {
                (Some((key, Some(row))), indexed)
                    if indexed.as_ref().is_none_or(|(other, _)| **other <= **key) =>
                {
                    Some((key.clone(), row.clone()))
                }
                (_, Some((key, row))) => Some((key.to_vec(), parse(&key, &row)?)),
                (_, None) => None,
            };
            last.map(|(key, row)| (key, self.with_file(row)))
        };
        let Some((key, found)) = found else {
            return Ok(Link::START);
        };
        let value = entry(&key, found)?.value;
        let link = chain::opened(&value).map(|(link, _)| link);
        link.ok_or_else(|| Error::corrupt(layout::service_key(&key), "an entry without a link"))
    }

    /// The rows of the index alone.
    pub(super) fn indexed_rows(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<layout::Row>, Error> {
        let rows = self.db.range(start..end).take(limit).map(|row| {
            let (key, row) = row.map_err(read_fault)?;
            let entry = entry(&key, self.with_file(parse(&key, &row)?))?;
            Ok((key.to_vec(), entry))
        });
        rows.collect()
    }

    /// Merges the layers and the index: of a key the uppermost counts.
    fn places(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Found)>, Error> {
        let overlay = self.overlay();
        let range = (Bound::Included(start), Bound::Excluded(end));
        let mut upper = overlay.upper.range::<[u8], _>(range).peekable();
        let mut lower = overlay.lower.range::<[u8], _>(range).peekable();
        let mut stored = self.db.range(start..end).peekable();
        let mut found = Vec::new();
        while found.len() < limit {
            if let Some(Err(error)) = stored.next_if(Result::is_err) {
                return Err(read_fault(error));
            }
            let in_index = match stored.peek() {
                Some(Ok((key, _))) => Some(&**key),
                Some(Err(_)) | None => None,
            };
            let in_upper = upper.peek().map(|(key, _)| key.as_slice());
            let in_lower = lower.peek().map(|(key, _)| key.as_slice());
            let Some(key) = [in_upper, in_lower, in_index].into_iter().flatten().min() else {
                break;
            };
            let key = key.to_vec();
            let in_upper = upper.next_if(|(other, _)| **other == key);
            let in_lower = lower.next_if(|(other, _)| **other == key);
            let in_index = stored.next_if(|row| matches!(row, Ok((other, _)) if **other == *key));
            let row = match (in_upper.or(in_lower), in_index) {
                (Some((_, row)), _) => row.clone(),
                (None, Some(Ok((_, row)))) => Some(parse(&key, &row)?),
                (None, _) => None,
            };
            if let Some(row) = row {
                let with_file = self.with_file(row);
                found.push((key, with_file));
            }
        }
        Ok(found)
    }
}
