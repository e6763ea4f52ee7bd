//! The embedded back end: a journal of our own, and sled 0.34.7 as its index, fenced in this module.
//!
//! # How a commit is made
//!
//! A commit is one **frame** (`frame.rs`), made on its author's thread. It is queued once every task that is
//! ready has had a turn, so those who are ready together come together. One committer thread takes what
//! is queued, checks each commit against the state that the ones before it leave, writes the frames of
//! the whole group behind one another at the end of the journal, calls `fdatasync` once, shows the group
//! to readers and answers it. The next group is written after that and no sooner. Only entries of the
//! chain get something from that thread, their links: it alone knows which entry is the one before.
//!
//! Values of over 512 bytes stay where they are in the journal; all else of a row is short. Rows wait
//! in memory (`overlay.rs`) until the indexer thread puts some thousand into sled, one by one, with the
//! place of a long value instead of the value, and notes how far it has come. So a value is written
//! once, and sled is not asked while anybody waits. A file of the journal goes when the index is past
//! it and names no value in it; a file that is mostly waste has its values moved to the end.
//!
//! # Atomicity
//!
//! A frame counts when its checksums hold, and otherwise it never was. The index may have taken in a
//! part of a commit when the process dies: everything from the note on is read back from the journal
//! and lies over the index, key by key, so no reader sees the difference.
//!
//! # Durability
//!
//! The journal is an append-only file, and a new one is on disk with its name before it is used. What
//! the index took from it is flushed **and** synced before the note is made, since sled's own flush
//! calls `sync_file_range`, which neither empties the disk's cache nor writes the file's length; and a
//! file of the journal is removed after that. sled's asynchronous flush is never used (many of them at
//! once deadlock), nor its flush timer.
//!
//! A message over a quarter of a segment would go to a file under `blobs/`, which sled never syncs. The
//! longest message is a tree leaf: sled splits one on the first visit that finds it with more than 16
//! rows, so one holds at most 17, and 20 when a neighbour of three has just been merged into it.
//! [`SEGMENT_BYTES`] is chosen, and checked at compile time, so that such a leaf full of the longest
//! rows fits. A file under `blobs/` all the same fails the store, and is not opened.
//!
//! # Failure
//!
//! When a write fails, a full disk say, the journal is cut back to where it was, and the group answered
//! [`Error::NotWritten`]; the next may succeed. When a sync or the index fails it is unknown what a
//! restart will find: that group and every later commit are answered [`Error::Failed`], and reads go on
//! showing the last durable state. Opening the folder again shows what survived.
//!
//! # Limits of the argument
//!
//! The last group before a crash cannot be told from one that was damaged afterwards: it was either
//! written whole or it is gone. Recovery of the index trusts sled. It writes over a segment once all
//! that stood there has been written out elsewhere, and two more segments, 8 MiB, have been filled
//! since (`SegmentAccountant::stabilize`); what it is given between two `fdatasync`s is far below that.

mod committer;
mod dumping;
mod files;
mod folder;
mod frame;
mod health;
mod indexer;
mod journal;
mod overlay;
mod replay;
mod row;
mod shared;
mod usage;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::dump;
use crate::layout;
use crate::lease::Locks;
use crate::queue;
use crate::told;
use crate::{Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, Position};
use crate::{KEY_BYTES_MAX, Store, Version, Watch};
use committer::{Committer, Reply, Request, Write};
use dumping::{Held, Hold};
use frame::{Frame, Kind};
use health::Health;
use shared::Shared;

/// Ends the process here when a test has asked for it: what every step of a commit leaves behind.
macro_rules! point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name, |_| std::process::abort());
    };
}
use point;

/// Bytes of one segment of sled's log. Fixed for ever: sled refuses a folder with another.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;
/// The most rows of a tree leaf.
const LEAF_ROWS_MAX: usize = 20;
/// What a row takes beyond its key and a value: space, log position, version, lengths; generous.
const ROW_OVERHEAD_BYTES: usize = 64;
const _: () = assert!(
    (LEAF_ROWS_MAX + 2) * (KEY_BYTES_MAX + row::INLINE_BYTES_MAX + ROW_OVERHEAD_BYTES)
        < SEGMENT_BYTES / 4 - 1024,
    "a tree leaf must stay under a quarter of a segment, or sled writes it unsynced"
);

/// What an operator may choose about a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of memory for tree nodes of the index that were read or written lately.
    pub cache_bytes: u64,
    /// Bytes of a file of the journal before the next is begun.
    pub journal_file_bytes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            journal_file_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A durable store in a folder of its own.
///
/// Dropping it finishes and answers what is queued, then closes the folder; the drop waits for
/// that, which is one group commit or a few.
pub struct SledStore {
    shared: Arc<Shared>,
    health: Arc<Health>,
    // Both are emptied in `drop` alone.
    queue: Option<mpsc::Sender<Request>>,
    threads: Vec<JoinHandle<()>>,
    locks: Locks,
    /// One dump at a time.
    hold: Arc<tokio::sync::Mutex<Arc<Hold>>>,
    /// The same, for closing the store while a dump has it.
    closing: Arc<Hold>,
}

impl SledStore {
    /// Opens the store in the folder `path`, or makes an empty one there.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, Error> {
        let health = Arc::new(Health::new());
        told::begin();
        told::failed(false);
        let (indexer, journal) = folder::open(path, settings, &health)?;
        let shared = Arc::clone(&indexer.shared);
        let (queue, queued) = queue::commits();
        let weak = queue.downgrade();
        let committer = Committer {
            shared: Arc::clone(&shared),
            journal,
            health: Arc::clone(&health),
            head: None,
        };
        // Handed over, not queued: the indexer takes a job when it is done with the one before.
        let (to_index, jobs) = std::sync::mpsc::sync_channel(0);
        let threads = vec![
            start("store-committer", move || committer.run(queued, &to_index))?,
            start("store-indexer", move || indexer.run(&jobs, &weak))?,
        ];
        let hold = Arc::new(Hold::default());
        Ok(Self {
            shared,
            health,
            queue: Some(queue),
            threads,
            locks: Locks::default(),
            hold: Arc::new(tokio::sync::Mutex::new(Arc::clone(&hold))),
            closing: hold,
        })
    }

    async fn write(&self, write: Write) -> Result<Version, Error> {
        self.ask(|reply| Request::Write(write.answered_to(reply)))
            .await
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> Request + Send) -> Result<Version, Error> {
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        // Either fails only when a thread of the store has panicked.
        let stopped = || Error::Failed {
            reason: "a thread of the store has stopped".to_owned(),
        };
        queue.send(request(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.closing.release();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|source| Error::backend("starting a thread of the store", source))
}

#[async_trait]
impl Store for SledStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        layout::get(&*self.shared, key)
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        layout::scan(&*self.shared, &range, limit)
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        commit.check_limits()?;
        told::commit(async {
            let write = Write::commit(commit);
            // Whoever is ready too comes first, and so into the same group: one sync for all of them, and one
            // change of thread.
            tokio::task::yield_now().await;
            self.write(write).await
        })
        .await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        layout::read_log(&*self.shared, log, after, limit)
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        let rows: Weak<Shared> = Arc::downgrade(&self.shared);
        Ok(Watch::new(rows, log, after, self.health.progress()))
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        Ok(self.locks.lease(name).await)
    }

    /// Commits go on until some tens of thousands of rows wait for the index, and then wait too.
    async fn dump(&self) -> Result<Dump, Error> {
        let held = Held {
            shared: Arc::clone(&self.shared),
            hold: Arc::clone(&self.hold).lock_owned().await,
        };
        let released = held.hold.begin();
        let version = self.ask(|reply| Request::Hold(reply, released)).await?;
        Ok(Dump::new(version, Box::new(held)))
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        dump::check(&rows)?;
        let mut frame = Frame::new(Kind::Load);
        for row in rows {
            frame.push_moved(row.key, row.version, row.value);
        }
        self.write(Write::load(frame, Version::ZERO))
            .await
            .map(drop)
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        let frame = Frame::new(Kind::Loaded);
        self.write(Write::load(frame, version)).await.map(drop)
    }
}
