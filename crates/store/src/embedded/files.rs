//! The files of the journal.
//!
//! `journal/NNNNNNNNNN` begins with the magic, its own number and a checksum; frames follow. Numbers go
//! up and are not used again. Only the last file is written, at its end; an older one never changes,
//! and goes when nothing in it is needed any more.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::row::Place;
use crate::Error;

/// Bytes of a file before its first frame.
pub(super) const START: u32 = 16;
const MAGIC: &[u8; 8] = b"MSRJRNL1";

fn head(number: u32) -> Vec<u8> {
    let mut head = [&MAGIC[..], &number.to_be_bytes()].concat();
    head.extend_from_slice(&crc32c::crc32c(&head).to_be_bytes());
    head
}

/// The files that are there, open for reading.
pub(super) struct Files {
    folder: PathBuf,
    open: RwLock<BTreeMap<u32, Arc<File>>>,
}

impl Files {
    /// Opens what is in the folder; it is made if it is not there.
    pub(super) fn open(folder: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&folder)
            .map_err(|e| Error::backend("making the folder of the journal", e))?;
        let names = fs::read_dir(&folder)
            .map_err(|e| Error::backend("looking for the journal's files", e))?;
        let mut open = BTreeMap::new();
        for entry in names {
            let entry = entry.map_err(|e| Error::backend("looking for the journal's files", e))?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            let number = number.filter(|number| *name == *file_name(*number));
            let number =
                number.ok_or_else(|| damaged(&entry.path(), "it is no file of a journal"))?;
            open.insert(number, Arc::new(open_file(&entry.path())?));
        }
        Ok(Self {
            folder,
            open: RwLock::new(open),
        })
    }

    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.folder.join(file_name(number))
    }

    /// The numbers of all files, in order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.keys().copied().collect()
    }

    /// A file, if it is there.
    pub(super) fn get(&self, number: u32) -> Option<Arc<File>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&number).cloned()
    }

    /// Makes an empty file; it and its name are on disk afterwards.
    pub(super) fn make(&self, number: u32) -> Result<Arc<File>, Error> {
        let path = self.path(number);
        let made = make_file(&path, &head(number)).and_then(|file| {
            File::open(&self.folder)?.sync_all()?;
            Ok(Arc::new(file))
        });
        match made {
            Ok(file) => {
                let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
                open.insert(number, Arc::clone(&file));
                Ok(file)
            }
            Err(error) => {
                // Nothing is in it; the next attempt begins anew.
                let _ = fs::remove_file(&path);
                Err(Error::backend("making a file of the journal", error))
            }
        }
    }

    /// Puts on disk what a crash may have left in memory alone: the names, and the end of the last file.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let last = self.numbers().pop().and_then(|number| self.get(number));
        let synced = last.map_or(Ok(()), |file| file.sync_all());
        synced
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|e| Error::backend("syncing the journal", e))
    }

    /// Removes a file in which nothing is needed. Who is reading from it reads on.
    pub(super) fn remove(&self, number: u32) -> Result<(), Error> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.remove(&number);
        drop(open);
        fs::remove_file(self.path(number))
            .map_err(|e| Error::backend("removing a file of the journal", e))
    }

    /// Whether the file begins as it must.
    pub(super) fn is_begun(&self, number: u32) -> bool {
        let mut found = vec![0; head(number).len()];
        let read = self
            .get(number)
            .is_some_and(|file| file.read_exact_at(&mut found, 0).is_ok());
        read && found == head(number)
    }

    /// Bytes of a file.
    pub(super) fn bytes(&self, number: u32) -> Result<u64, Error> {
        let file = self.get(number);
        let file = file.ok_or_else(|| damaged(&self.path(number), "it is missing"))?;
        let facts = file.metadata();
        facts
            .map(|facts| facts.len())
            .map_err(|e| Error::backend("reading the length of a journal's file", e))
    }
}

/// The value at its place in the file, for the row at `key`.
pub(super) fn read(file: Option<&File>, place: Place, key: &[u8]) -> Result<Vec<u8>, Error> {
    let file = file.ok_or_else(|| {
        Error::corrupt(
            key,
            format!("file {} of the journal is missing", place.file),
        )
    })?;
    let mut value = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut value, place.offset.into())
        .map_err(|e| Error::backend("reading a value from the journal", e))?;
    if crc32c::crc32c(&value) != place.checksum {
        let problem = format!(
            "its checksum does not match (file {} of the journal, {} bytes at {})",
            place.file, place.length, place.offset
        );
        return Err(Error::corrupt(key, problem));
    }
    Ok(value)
}

/// What is said of a folder that cannot be what was written.
pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Error {
    Error::Unusable {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

fn file_name(number: u32) -> String {
    format!("{number:010}")
}

fn open_file(path: &Path) -> Result<File, Error> {
    let opened = File::options().read(true).write(true).open(path);
    opened.map_err(|e| Error::backend("opening a file of the journal", e))
}

fn make_file(path: &Path, head: &[u8]) -> std::io::Result<File> {
    let mut options = File::options();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    file.write_all_at(head, 0)?;
    file.sync_all()?;
    Ok(file)
}
