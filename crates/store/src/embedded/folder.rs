//! Opening a store's folder, and making what is in it durable.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::shared::Shared;
use super::slot;
use super::{SEGMENT_BYTES, Settings};
use crate::layout::{FORMAT_ROW, LAST_ROW};
use crate::{Error, Version};

/// The layout of rows that this program writes, and the newest that it reads.
const STORE_FORMAT: u32 = 1;

/// How long sled may take to close its file: five seconds of short naps.
const LET_GO_POLL: Duration = Duration::from_millis(1);
const LET_GO_POLLS_MAX: usize = 5000;

/// Where a store goes on when it is opened again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    /// The version of the last commit.
    pub(super) version: Version,
    /// The first slot that was never given a value.
    pub(super) next_slot: u64,
}

impl Last {
    const NONE: Self = Self {
        version: Version::ZERO,
        next_slot: slot::FIRST,
    };

    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (version, slot) = bytes.split_at_mut(8);
        version.copy_from_slice(&self.version.get().to_be_bytes());
        slot.copy_from_slice(&self.next_slot.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, slot) = bytes.split_first_chunk()?;
        Some(Self {
            version: Version::new(u64::from_be_bytes(*version)),
            next_slot: u64::from_be_bytes(slot.try_into().ok()?),
        })
    }
}

/// The files that a commit must be on before it is answered.
pub(super) struct Disk {
    db_file: File,
    blobs: PathBuf,
}

impl Disk {
    /// Returns once everything that sled has written out would survive a power cut.
    pub(super) fn make_durable(&self) -> Result<(), Error> {
        refuse_blobs(&self.blobs)?;
        self.db_file
            .sync_data()
            .map_err(|e| Error::backend("syncing the database file", e))
    }
}

/// Opens or makes the store in `path`; with it, where it goes on.
pub(super) fn open(path: &Path, settings: Settings) -> Result<(Shared, Disk, Last), Error> {
    fs::create_dir_all(path).map_err(|e| Error::backend("making the store's folder", e))?;
    let lock = lock(path)?;
    let blobs = path.join("blobs");
    if blobs.exists() {
        refuse_blobs(&blobs)?;
    }
    wait_for_sled_to_let_go(&path.join("db"))?;
    let db = sled::Config::new()
        .path(path)
        .cache_capacity(settings.cache_bytes)
        .flush_every_ms(None)
        .segment_size(SEGMENT_BYTES)
        .open()
        .map_err(|e| Error::backend("opening the database", e))?;
    let db_file = File::options()
        .read(true)
        .write(true)
        .open(path.join("db"))
        .map_err(|e| Error::backend("opening the database file", e))?;
    let disk = Disk { db_file, blobs };
    let is_new = db.is_empty();
    let format = db
        .get(FORMAT_ROW)
        .map_err(|e| Error::backend("reading the store format", e))?;
    let last = db
        .get(LAST_ROW)
        .map_err(|e| Error::backend("reading the version", e))?;
    let shared = Shared::new(db, lock);
    let last = if is_new {
        let mut batch = sled::Batch::default();
        batch.insert(FORMAT_ROW, &STORE_FORMAT.to_be_bytes());
        batch.insert(LAST_ROW, &Last::NONE.to_bytes());
        shared.apply(batch)?;
        Last::NONE
    } else {
        check_format(path, format.as_deref())?;
        let last = last.as_deref().and_then(Last::from_bytes);
        last.ok_or_else(|| unusable(path, "the version of the last commit is lost"))?
    };
    // sled recovers to what the file says, which after a crash of the process alone may be more
    // than is on disk; and a new file is only found again once its folder is on disk.
    disk.make_durable()?;
    sync_names(path)?;
    Ok((shared, disk, last))
}

/// Keeps every other store out of the folder until the file is closed.
fn lock(path: &Path) -> Result<File, Error> {
    let lock = File::create(path.join("lock"))
        .map_err(|e| Error::backend("making the store's lock file", e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::AlreadyOpen {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => {
            Err(Error::backend("locking the store's folder", source))
        }
    }
}

/// Waits while sled's worker threads still hold the file of a store closed just now.
///
/// They let go shortly after the database is dropped, and sled offers nothing to wait on. No
/// other store can be meant: the folder is locked. Past the limit sled's own lock refuses.
fn wait_for_sled_to_let_go(db: &Path) -> Result<(), Error> {
    let Ok(db) = File::open(db) else {
        return Ok(());
    };
    for _ in 0..LET_GO_POLLS_MAX {
        match db.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => std::thread::sleep(LET_GO_POLL),
            Err(TryLockError::Error(source)) => {
                return Err(Error::backend("waiting for the database file", source));
            }
        }
    }
    Ok(())
}

fn check_format(path: &Path, format: Option<&[u8]>) -> Result<(), Error> {
    let found = format
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_be_bytes);
    match found {
        Some(STORE_FORMAT) => Ok(()),
        Some(found) if found > STORE_FORMAT => Err(Error::NewerFormat {
            path: path.to_owned(),
            found,
            supported: STORE_FORMAT,
        }),
        Some(_) | None => Err(unusable(path, "it is not a store of Mesur")),
    }
}

/// Syncs sled's small files and the names in the folder and above it.
fn sync_names(path: &Path) -> Result<(), Error> {
    let absolute = path
        .canonicalize()
        .map_err(|e| Error::backend("resolving the store's folder", e))?;
    let conf = absolute.join("conf");
    let above = absolute.parent();
    for name in [Some(conf.as_path()), Some(absolute.as_path()), above]
        .into_iter()
        .flatten()
    {
        File::open(name)
            .and_then(|file| file.sync_all())
            .map_err(|e| Error::backend("syncing the store's folder", e))?;
    }
    Ok(())
}

/// Refuses a folder where sled keeps messages in files that it never syncs.
fn refuse_blobs(blobs: &Path) -> Result<(), Error> {
    let mut found =
        fs::read_dir(blobs).map_err(|e| Error::backend("looking for unsynced blobs", e))?;
    match found.next() {
        None => Ok(()),
        Some(_) => Err(unusable(
            blobs,
            "there are values in it that were never synced",
        )),
    }
}

fn unusable(path: &Path, problem: &'static str) -> Error {
    Error::Unusable {
        path: path.to_owned(),
        problem,
    }
}
