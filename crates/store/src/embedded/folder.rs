//! Opening a store's folder.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::files::{Files, damaged};
use super::frame::{Frame, Head, Kind};
use super::health::Health;
use super::indexer::Indexer;
use super::journal::{Journal, Mark};
use super::overlay::{Overlay, Reached};
use super::shared::Shared;
use super::usage::Usage;
use super::{SEGMENT_BYTES, Settings, point, replay};
use crate::Error;
use crate::layout::{FORMAT_ROW, LAST_ROW};

/// The layout of rows that this program writes, and the newest that it reads.
const STORE_FORMAT: u32 = 1;
/// So many rows read back from the journal are put into the index before the next.
const REPLAY_ROWS: usize = 65_536;

/// How long sled may take to close its file: five seconds of short naps.
const LET_GO_POLL: Duration = Duration::from_millis(1);
const LET_GO_POLLS_MAX: usize = 5000;

/// The files that the index must be on.
pub(super) struct Disk {
    db_file: File,
    blobs: PathBuf,
}

impl Disk {
    fn open(path: &Path) -> Result<Self, Error> {
        let db_file = File::options().read(true).write(true).open(path.join("db"));
        Ok(Self {
            db_file: db_file.map_err(|e| Error::backend("opening the index file", e))?,
            blobs: path.join("blobs"),
        })
    }

    /// What sled was handed would survive a power cut afterwards.
    pub(super) fn sync(&self, db: &sled::Db) -> Result<(), Error> {
        let flushed = db.flush();
        flushed.map_err(|e| Error::backend("flushing the index", e))?;
        point!("index-before-sync");
        self.make_durable()
    }

    fn make_durable(&self) -> Result<(), Error> {
        refuse_blobs(&self.blobs)?;
        self.db_file
            .sync_data()
            .map_err(|e| Error::backend("syncing the index file", e))
    }
}

/// Hands sled a batch, which survives a power cut after the next [`Disk::sync`].
pub(super) fn apply(db: &sled::Db, batch: sled::Batch) -> Result<(), Error> {
    let applied = db.apply_batch(batch);
    applied.map_err(|e| Error::backend("putting rows into the index", e))
}

/// Opens or makes the store in `path`.
pub(super) fn open(
    path: &Path,
    settings: Settings,
    health: &Arc<Health>,
) -> Result<(Indexer, Journal), Error> {
    fs::create_dir_all(path).map_err(|e| Error::backend("making the store's folder", e))?;
    let lock = lock(path)?;
    if path.join("blobs").exists() {
        refuse_blobs(&path.join("blobs"))?;
    }
    wait_for_sled_to_let_go(&path.join("db"))?;
    let files = Files::open(path.join("journal"))?;
    // A crash may have left files and names that are not on disk; what is read of them now is
    // going to be relied on.
    files.sync()?;
    clear_what_sled_left(path, &files)?;
    let db = open_index(path, settings)?;
    let disk = Disk::open(path)?;
    let reached = if db.is_empty() {
        begin(path, &db, &disk, &files)?
    } else {
        read_reached(path, &db)?
    };
    let usage = Usage::read(&db)?;
    if let Some(missing) = usage.files().find(|file| files.get(*file).is_none()) {
        return Err(damaged(&files.path(missing), "it is missing"));
    }
    let shared = Shared::new(db, files, Overlay::new(reached), lock);
    let mut indexer = Indexer {
        shared: Arc::new(shared),
        disk,
        health: Arc::clone(health),
        usage,
        reached,
        damaged: BTreeSet::new(),
    };
    let end = catch_up(&mut indexer)?;
    if indexer.shared.overlay().reached.is_loading {
        let problem = "a load into it was not finished; remove the folder and load again";
        return Err(damaged(path, problem));
    }
    // sled recovers to what its file says, which after a crash of the process alone may be more than
    // is on disk; and a new file is only found again once its folder is on disk.
    indexer.disk.make_durable()?;
    sync_names(path)?;
    let file = indexer.shared.files.get(end.file);
    let file = file.ok_or_else(|| damaged(path, "its journal is missing"))?;
    let shared = Arc::clone(&indexer.shared);
    let journal = Journal::new(shared, file, end, settings.journal_file_bytes);
    Ok((indexer, journal))
}

pub(super) fn open_index(path: &Path, settings: Settings) -> Result<sled::Db, Error> {
    let config = sled::Config::new().path(path);
    let opened = config
        .cache_capacity(settings.cache_bytes)
        .flush_every_ms(None)
        .segment_size(SEGMENT_BYTES)
        .open();
    opened.map_err(|e| Error::backend("opening the index", e))
}

/// Removes what sled left half written when it was cut off, and would itself take for damage: a
/// snapshot that was being made, and the settings of an index in which there is nothing yet.
fn clear_what_sled_left(path: &Path, files: &Files) -> Result<(), Error> {
    let fault = |e| Error::backend("clearing what a crash left of the index", e);
    for entry in fs::read_dir(path).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path()).map_err(fault)?;
        }
    }
    let index_bytes = fs::metadata(path.join("db")).map_or(0, |facts| facts.len());
    if index_bytes > 0 {
        return Ok(());
    }
    if replay::holds_frames(files)? {
        return Err(damaged(
            &path.join("db"),
            "it is lost, and the journal is not",
        ));
    }
    match fs::remove_file(path.join("conf")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(fault(error)),
        _ => Ok(()),
    }
}

/// Makes what a store without any commit has: first the journal, so that an index always has one.
fn begin(path: &Path, db: &sled::Db, disk: &Disk, files: &Files) -> Result<Reached, Error> {
    if replay::holds_frames(files)? {
        return Err(damaged(
            &path.join("db"),
            "it is lost, and the journal is not",
        ));
    }
    for number in files.numbers() {
        files.remove(number)?;
    }
    files.make(Mark::FIRST.file)?;
    sync_names(path)?;
    let mut batch = sled::Batch::default();
    batch.insert(FORMAT_ROW, &STORE_FORMAT.to_be_bytes());
    batch.insert(LAST_ROW, &Reached::NOTHING.to_bytes());
    apply(db, batch)?;
    disk.sync(db)?;
    Ok(Reached::NOTHING)
}

fn read_reached(path: &Path, db: &sled::Db) -> Result<Reached, Error> {
    let read = |row| {
        db.get(row)
            .map_err(|e| Error::backend("reading how far the index has come", e))
    };
    check_format(path, read(FORMAT_ROW)?.as_deref())?;
    let reached = read(LAST_ROW)?;
    let reached = reached.as_deref().and_then(Reached::from_bytes);
    reached.ok_or_else(|| damaged(path, "how far its index has come is lost"))
}

/// Reads back what is in the journal and not in the index; where the journal goes on.
///
/// The index may have rows of it already, of which the use of files that it noted knows nothing.
fn catch_up(indexer: &mut Indexer) -> Result<Mark, Error> {
    let shared = Arc::clone(&indexer.shared);
    let from = indexer.reached.mark;
    let mut is_counted = false;
    replay::replay(&shared.files, from, |head, frame, mark| {
        if !std::mem::replace(&mut is_counted, true) {
            indexer.usage.recount(&shared.db)?;
        }
        take(&shared, head, frame, mark)?;
        if shared.overlay().upper.len() >= REPLAY_ROWS {
            indexer.index()?;
        }
        Ok(())
    })
}

fn take(shared: &Shared, head: Head, mut frame: Frame, mark: Mark) -> Result<(), Error> {
    let mut overlay = shared.overlay_mut();
    let expected = overlay.reached.version.next();
    if head.kind == Kind::Commit && head.version != expected {
        let problem = format!(
            "commit {} is missing in front of byte {}",
            expected.get(),
            mark.offset
        );
        return Err(damaged(&shared.files.path(mark.file), problem));
    }
    overlay.upper.extend(frame.take_rows(head.version, mark));
    overlay.reached.mark = mark;
    let bytes = replay::frame_bytes(head);
    overlay.reached = overlay.reached.after(head.kind, head.version, bytes);
    Ok(())
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
pub(super) fn wait_for_sled_to_let_go(db: &Path) -> Result<(), Error> {
    let Ok(db) = File::open(db) else {
        return Ok(());
    };
    for _ in 0..LET_GO_POLLS_MAX {
        match db.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => std::thread::sleep(LET_GO_POLL),
            Err(TryLockError::Error(source)) => {
                return Err(Error::backend("waiting for the index file", source));
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
        Some(_) | None => Err(damaged(path, "it is not a store of Mesur")),
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
        Some(_) => Err(damaged(
            blobs,
            "there are rows in it that were never synced",
        )),
    }
}
