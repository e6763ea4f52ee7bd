//! The thread that puts rows of the journal into the index, and lets go of what is not needed.
//!
//! Nobody waits for it: what is not in the index is in the journal and in the overlay. It hands sled
//! some thousand rows, has them made durable, and only then notes how far the index has come. After a
//! crash the journal is read from that note on, so rows may be put in twice, which is the same as once.
//!
//! Rows go to sled one by one: while it takes in a batch it lets nobody read, and it keeps in memory all that
//! the batch replaces. Only the note is a batch, with the use of files as it is then.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::{mpsc, oneshot};

use super::committer::{Request, Write};
use super::folder::{self, Disk};
use super::frame::{Frame, Kind};
use super::health::Health;
use super::journal::Mark;
use super::overlay::{Layer, Reached};
use super::replay::{self, Next};
use super::row::{Place, Row};
use super::shared::{self, Shared};
use super::usage::Usage;
use super::{files, point};
use crate::layout::{self, LAST_ROW};
use crate::{Error, Version};

/// Bytes of rows that sled is given before they are made durable. It writes some more, and takes 8 MiB
/// at the least before it writes over what it has moved.
const SYNC_BYTES: usize = 1024 * 1024;
/// Bytes of values that are moved in one group.
const MOVE_BYTES: usize = 1024 * 1024;
/// No further file is moved out of for now when so many bytes are on their way.
const MOVES_BYTES: u64 = 16 * 1024 * 1024;

/// What the indexer is asked to do.
pub(super) enum Job {
    /// Put what there is into the index.
    Index,
    /// Do so and leave the index alone until the receiver hears that its sender is gone.
    Hold(oneshot::Sender<Result<Version, Error>>, Receiver<()>),
}

/// The index's side of a store.
pub(super) struct Indexer {
    pub(super) shared: Arc<Shared>,
    pub(super) disk: Disk,
    pub(super) health: Arc<Health>,
    pub(super) usage: Usage,
    /// How far the index has come.
    pub(super) reached: Reached,
    /// Files that were found damaged when their values were to be moved.
    pub(super) damaged: BTreeSet<u32>,
}

impl Indexer {
    /// Serves jobs until there is nobody to ask; then puts in what there is once more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>, queue: &mpsc::WeakSender<Request>) {
        while let Ok(job) = jobs.recv() {
            let indexed = self.index();
            let is_indexed = indexed.is_ok();
            if let Job::Hold(reply, release) = job {
                // Whoever asked may have gone away, and then its end is gone too.
                let _ = reply.send(indexed.map(|()| self.reached.version));
                let _ = release.recv();
            }
            if is_indexed && let Err(error) = self.tidy(queue) {
                self.health.fail(&error);
            }
        }
        // What does not come into the index is told when the folder is opened again.
        let _ = self.index();
    }

    /// Puts what has been committed so far into the index.
    pub(super) fn index(&mut self) -> Result<(), Error> {
        self.health.check()?;
        let (layer, reached) = {
            let mut overlay = self.shared.overlay_mut();
            if overlay.reached == self.reached {
                return Ok(());
            }
            overlay.lower = Arc::new(std::mem::take(&mut overlay.upper));
            (Arc::clone(&overlay.lower), overlay.reached)
        };
        let done = self.put(&layer, reached);
        if let Err(error) = &done {
            // The layer stays where it is, so readers see no difference.
            self.health.fail(error);
            return done;
        }
        self.reached = reached;
        let lower = std::mem::take(&mut self.shared.overlay_mut().lower);
        drop(lower);
        Ok(())
    }

    fn put(&mut self, layer: &Layer, reached: Reached) -> Result<(), Error> {
        let mut unsynced = 0;
        for (key, row) in layer {
            unsynced += self.put_row(key, row.as_ref())?;
            if unsynced >= SYNC_BYTES {
                self.disk.sync(&self.shared.db)?;
                unsynced = 0;
            }
        }
        self.disk.sync(&self.shared.db)?;
        point!("index-before-note");
        let mut note = sled::Batch::default();
        note.insert(LAST_ROW, &reached.to_bytes());
        self.usage.write(&mut note);
        folder::apply(&self.shared.db, note)?;
        self.disk.sync(&self.shared.db)?;
        point!("index-after-note");
        Ok(())
    }

    /// Puts a row in, or takes it out; how many bytes it has.
    fn put_row(&mut self, key: &[u8], row: Option<&Row>) -> Result<usize, Error> {
        point!("index-before-row");
        let db = &self.shared.db;
        let stored = row.map(Row::to_bytes);
        let bytes = key.len() + stored.as_ref().map_or(0, |stored| stored.len());
        let old = match stored {
            Some(stored) => db.insert(key, stored),
            None => db.remove(key),
        };
        let old = old.map_err(|e| Error::backend("putting a row into the index", e))?;
        let old = old.map(|old| shared::parse(key, &old)).transpose()?;
        self.usage.replace(old.as_ref(), row);
        Ok(bytes)
    }

    /// Removes files of which nothing is needed, and moves what is needed out of those that are
    /// mostly waste.
    fn tidy(&mut self, queue: &mpsc::WeakSender<Request>) -> Result<(), Error> {
        let mut old = self.shared.files.numbers();
        old.retain(|number| *number < self.reached.mark.file);
        for number in old.extract_if(.., |number| self.usage.of(*number) == 0) {
            point!("journal-before-remove");
            self.shared.files.remove(number)?;
        }
        let mut moved_bytes = 0;
        for number in old {
            let needed = self.usage.of(number);
            let is_readable = !self.damaged.contains(&number);
            if is_readable
                && moved_bytes < MOVES_BYTES
                && needed < self.shared.files.bytes(number)? / 2
            {
                moved_bytes += needed;
                match self.vacate(number, queue) {
                    // One value that cannot be read is no reason to take no more commits.
                    Err(error @ Error::Corrupt { .. }) => {
                        tracing::error!(%error, file = number, "a file of the journal stays");
                        self.damaged.insert(number);
                    }
                    moved => moved?,
                }
            }
        }
        Ok(())
    }

    /// Asks the committer to write the values anew that are needed of a file. Once that has come
    /// into the index, nothing of it is needed. What does not come through is asked for again.
    fn vacate(&self, number: u32, queue: &mpsc::WeakSender<Request>) -> Result<(), Error> {
        let length = self.shared.files.bytes(number)?;
        let file = self.shared.files.get(number);
        let (Some(file), Some(queue)) = (file, queue.upgrade()) else {
            return Ok(());
        };
        // A queue that is full now has room another time.
        let send = |frame, places| {
            let moved = Request::Write(Write::moved(frame, places));
            queue.try_send(moved).is_ok()
        };
        let mut mark = Mark {
            file: number,
            ..Mark::FIRST
        };
        let (mut moved, mut places) = (Frame::new(Kind::Move), Vec::<Place>::new());
        loop {
            let (head, mut frame) = match replay::next(&file, mark.offset, length)? {
                Next::Frame(head, frame) => (head, frame),
                Next::End => break,
                Next::Torn => {
                    let problem = format!("byte {} of file {number} of the journal", mark.offset);
                    return Err(Error::corrupt(&[], problem));
                }
            };
            for (key, row) in frame.take_rows(head.version, mark) {
                let Some(row) = row else { continue };
                let Some(place) = row.place() else { continue };
                if self.shared.current(&key)?.and_then(|row| row.place()) == Some(place) {
                    let value = files::read(Some(&*file), place, layout::service_key(&key))?;
                    moved.push_moved(key, row.version, value);
                    places.push(place);
                }
            }
            mark = mark.after(replay::frame_bytes(head));
            if moved.bytes().len() >= MOVE_BYTES {
                let frame = std::mem::replace(&mut moved, Frame::new(Kind::Move));
                if !send(frame, std::mem::take(&mut places)) {
                    return Ok(());
                }
            }
        }
        if !places.is_empty() {
            send(moved, places);
        }
        Ok(())
    }
}
