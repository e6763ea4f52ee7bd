//! The embedded back end: sled 0.34.7, fenced in this module.
//!
//! # Atomicity
//!
//! All rows stand in sled's default tree. One committer thread takes queued commits, checks each
//! against the state that the ones before it leave, and hands the outcome of the whole group to
//! sled as **one** `apply_batch`. sled writes a batch as a manifest holding the log position of
//! the batch's last message, followed by one message per row (and per tree node split); recovery
//! stops *at the manifest* unless the log reaches that position without a tear. So a batch of any
//! size is there wholly or not at all, however many messages and segments it takes. Outside of
//! batches only empty slots are made (`slot.rs`), which mean nothing.
//!
//! # Durability
//!
//! sled's own flush calls `sync_file_range`, which neither empties the disk's cache nor writes
//! the file's length. So the committer calls the blocking `flush` and hands the group to the syncer,
//! the second thread, which calls `fdatasync` on sled's `db` file, and only then shows the group to
//! readers, answers it and wakes followers. Meanwhile the committer writes the next group, which
//! readers do not see either. The asynchronous flush is never used (many of them at once deadlock),
//! nor sled's flush timer.
//!
//! A message over a quarter of a segment would go to a file under `blobs/`, which sled never
//! syncs. The longest message is a tree leaf: sled splits one on the first visit that finds it
//! with more than 16 rows, so one holds at most 17, and 20 when a neighbour of three has just
//! been merged into it. A row is a key with a short value, or a slot. [`SEGMENT_BYTES`] is chosen,
//! and checked at compile time, so that such a leaf full of the longest rows fits. A file that
//! appears under `blobs/` all the same fails the store, and a folder with one in it is not opened.
//!
//! # Failure
//!
//! When a write, flush or sync fails, or a blob appears, it is unknown what a restart will find.
//! That group and every later commit are answered [`Error::Failed`]; reads go on showing the last
//! durable state. Opening the folder again shows what survived.
//!
//! # Limits of the argument
//!
//! Recovery trusts sled. It writes over a segment once all that stood there has been written out
//! elsewhere, and two more segments, 8 MiB, have been filled since (`SegmentAccountant::stabilize`).
//! What is written between two `fdatasync`s is kept under that where commits allow it. Within a
//! longer batch, and in tree splits made while reading, a disk that loses power *and* had put the
//! two in the other order in its cache could lose what stood there.

mod committer;
mod folder;
mod row;
mod shared;
mod slot;
mod syncer;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use crate::layout;
use crate::watch::Progress;
use crate::{Commit, Entry, Error, Key, KeyRange, Log, LogEntry, Position, Store, Version, Watch};
use crate::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use committer::{Committer, Request};
use shared::Shared;
use syncer::{Failure, Syncer};

/// Bytes of one segment of sled's log. Fixed for ever: sled refuses a folder with another.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;
/// The most rows of a tree leaf.
const LEAF_ROWS_MAX: usize = 20;
/// What a row takes beyond key and value: space, log position, version, lengths; generous.
const ROW_OVERHEAD_BYTES: usize = 64;
const _: () = assert!(
    (LEAF_ROWS_MAX + 2) * (KEY_BYTES_MAX + VALUE_BYTES_MAX + ROW_OVERHEAD_BYTES)
        < SEGMENT_BYTES / 4 - 1024,
    "a tree leaf must stay under a quarter of a segment, or sled writes it unsynced"
);

/// Commits that may wait for the committer; further ones wait to be queued.
const QUEUE_COMMITS: usize = 1024;

/// What an operator may choose about a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of memory for tree nodes that were read or written lately.
    pub cache_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
        }
    }
}

/// A durable store in a folder of its own.
///
/// Dropping it finishes and answers what is queued, then closes the folder; the drop waits for
/// that, which is one group commit or a few.
pub struct SledStore {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
    // Both are emptied in `drop` alone.
    queue: Option<mpsc::Sender<Request>>,
    threads: Vec<JoinHandle<()>>,
}

impl SledStore {
    /// Opens the store in the folder `path`, or makes an empty one there.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, Error> {
        let (shared, disk, last) = folder::open(path, settings)?;
        let shared = Arc::new(shared);
        let (queue, queued) = mpsc::channel(QUEUE_COMMITS);
        let (sender, progress) = watch::channel(Progress::Durable);
        let failure = Failure::default();
        let committer = Committer::new(Arc::clone(&shared), last, Arc::clone(&failure));
        let syncer = Syncer::new(Arc::clone(&shared), disk, failure, sender);
        // Handed over, not queued: one group is written while one is synced, and no third.
        let (flushed, to_sync) = std::sync::mpsc::sync_channel(0);
        let threads = vec![
            start("store-committer", move || committer.run(queued, &flushed))?,
            start("store-syncer", move || syncer.run(&to_sync))?,
        ];
        Ok(Self {
            shared,
            progress,
            queue: Some(queue),
            threads,
        })
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.queue.take());
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
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        let (reply, answer) = oneshot::channel();
        // Either fails only when the committer thread has panicked.
        let stopped = || Error::Failed {
            reason: "the committer has stopped".to_owned(),
        };
        queue
            .send(Request::new(commit, reply))
            .await
            .map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
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
        Ok(Watch::new(rows, log, after, self.progress.clone()))
    }
}
