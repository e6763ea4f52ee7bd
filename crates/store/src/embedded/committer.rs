//! The one thread of a store that commits: group commit.
//!
//! While one group is made durable the next comes together. Those whose authors are ready at the same time come at
//! the same time, for each lets the others go first (`SledStore::commit`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::frame::{Frame, Kind};
use super::health::{Health, with_causes};
use super::indexer::Job;
use super::journal::{Fault, Journal};
use super::overlay::{Layer, Reached};
use super::point;
use super::row::Place;
use super::shared::Shared;
use crate::chain::Link;
use crate::layout::{self, Reliance};
use crate::told;
use crate::{Commit, Error, Version};

/// The most commits made durable by one sync.
const GROUP_COMMITS_MAX: usize = 1024;
/// No commit joins a group that has come to so many bytes.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// So many rows are worth putting into the index.
const INDEX_ROWS: usize = 4096;
/// With so many rows that are not in the index, commits wait for it.
const UNINDEXED_ROWS_MAX: usize = 65_536;

/// Where the answer to a commit goes.
pub(super) type Reply = oneshot::Sender<Result<Version, Error>>;

/// Something to be written, and where its answer goes.
pub(super) struct Write {
    frame: Frame,
    reliance: Reliance,
    /// Where the values are that are to be moved, in the order of the rows.
    places: Vec<Place>,
    /// What a load ends with.
    version: Version,
    reply: Option<Reply>,
}

/// What the committer is asked to do.
pub(super) enum Request {
    Write(Write),
    /// Put everything so far into the index and leave it so until the receiver hears that its
    /// sender is gone.
    Hold(oneshot::Sender<Result<Version, Error>>, Receiver<()>),
}

impl Write {
    /// Does what can be done on the author's thread, for the committer is alone.
    pub(super) fn commit(commit: Commit) -> Self {
        let (frame, reliance) = Frame::of(layout::Draft::new(commit, |value| value));
        Self {
            reliance,
            ..Self::frame(frame)
        }
    }

    /// Values to be written anew, if they still are where they were found.
    pub(super) fn moved(frame: Frame, places: Vec<Place>) -> Self {
        Self {
            places,
            ..Self::frame(frame.close())
        }
    }

    /// Rows of a dump, or with none of them the end of a load at `version`.
    pub(super) fn load(frame: Frame, version: Version) -> Self {
        Self {
            version,
            ..Self::frame(frame.close())
        }
    }

    /// The same, with somebody who waits for the answer.
    pub(super) fn answered_to(self, reply: Reply) -> Self {
        Self {
            reply: Some(reply),
            ..self
        }
    }

    fn frame(frame: Frame) -> Self {
        Self {
            frame,
            reliance: Reliance::default(),
            places: Vec::new(),
            version: Version::ZERO,
            reply: None,
        }
    }
}

/// What is written and synced together.
struct Group {
    rows: Layer,
    frames: Vec<Frame>,
    reached: Reached,
    /// Where it begins in its file.
    start: u32,
    /// The last link of the chain.
    head: Option<Link>,
    /// Whether rows of a dump are in it, of which the last link is not known yet.
    holds_load: bool,
}

/// The writing side of a store.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Journal,
    pub(super) health: Arc<Health>,
    /// The last link of the chain; none while it has to be looked for.
    pub(super) head: Option<Link>,
}

impl Committer {
    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>, jobs: &SyncSender<Job>) {
        let mut indexed_file = self.journal.file();
        while let Some(first) = queue.blocking_recv() {
            let mut next = Some(first);
            let mut bytes = 0;
            let mut group = Vec::new();
            let mut hold = None;
            while let Some(request) = next.take() {
                match request {
                    Request::Write(write) => {
                        bytes += write.frame.bytes().len();
                        group.push(write);
                    }
                    Request::Hold(reply, release) => hold = Some(Job::Hold(reply, release)),
                }
                if hold.is_none() && group.len() < GROUP_COMMITS_MAX && bytes < GROUP_BYTES {
                    next = queue.try_recv().ok();
                }
            }
            let unindexed = self.serve(group);
            // The indexer takes a job when it is done with the one before. Where it is gone the
            // store has failed, and every commit is told so.
            let file = self.journal.file();
            if let Some(hold) = hold {
                let _ = jobs.send(hold);
            } else if unindexed >= UNINDEXED_ROWS_MAX {
                let _ = jobs.send(Job::Index);
            } else if unindexed >= INDEX_ROWS || file > indexed_file {
                if jobs.try_send(Job::Index).is_err() {
                    continue;
                }
            } else {
                continue;
            }
            indexed_file = file;
        }
    }

    /// Answers the group; how many rows the index does not have yet.
    fn serve(&mut self, writes: Vec<Write>) -> usize {
        let mut replies = Vec::with_capacity(writes.len());
        let begun = Instant::now();
        let written = self.write(writes, &mut replies);
        told::group(begun, replies.len());
        if let Err(error) = &written {
            tracing::warn!(reason = %with_causes(error), "a group of commits was not written");
        }
        point!("committer-before-answer");
        for (reply, result) in replies {
            // A commit that was refused may have been refused for one that was not written.
            let result = match &written {
                Ok(()) => result,
                Err(error) => Err(self.health.check().err().unwrap_or(Error::NotWritten {
                    reason: with_causes(error),
                })),
            };
            // Its author may have gone away; that is its own affair.
            let _ = reply.send(result);
        }
        self.shared.overlay().upper.len()
    }

    fn write(
        &mut self,
        writes: Vec<Write>,
        replies: &mut Vec<(Reply, Result<Version, Error>)>,
    ) -> Result<(), Error> {
        let mut group = Group {
            rows: BTreeMap::new(),
            frames: Vec::with_capacity(writes.len()),
            reached: self.shared.overlay().reached,
            start: 0,
            head: self.head,
            holds_load: false,
        };
        let begun = self.health.check().and_then(|()| self.journal.end());
        if let Ok(mark) = &begun {
            group.reached.mark = *mark;
            group.start = mark.offset;
        }
        for mut write in writes {
            let reply = write.reply.take();
            let result = match &begun {
                Ok(_) => self.stage(write, &mut group),
                Err(_) => Ok(Version::ZERO),
            };
            replies.extend(reply.map(|reply| (reply, result)));
        }
        begun?;
        if group.frames.is_empty() {
            return Ok(());
        }
        let frames: Vec<_> = group.frames.iter().collect();
        self.journal.append(&frames).map_err(|fault| match fault {
            Fault::Undone(error) => error,
            Fault::Unknown(error) => {
                self.health.fail(&error);
                error
            }
        })?;
        let mut overlay = self.shared.overlay_mut();
        overlay.upper.extend(group.rows);
        overlay.reached = group.reached;
        drop(overlay);
        self.head = group.head;
        self.health.advanced();
        Ok(())
    }

    /// Adds to the group, if what it relies on holds after those before it.
    fn stage(&self, write: Write, group: &mut Group) -> Result<Version, Error> {
        let Write {
            mut frame,
            reliance,
            places,
            version,
            ..
        } = write;
        let Reached {
            version: last,
            is_loading,
            ..
        } = group.reached;
        let version = match frame.kind() {
            Kind::Commit if is_loading => return Err(Error::Loading),
            Kind::Commit => {
                reliance.verify(|row| match group.rows.get(row) {
                    Some(staged) => Ok(staged.as_ref().map(|staged| staged.version)),
                    None => self.shared.version(row),
                })?;
                last.next()
            }
            Kind::Move => {
                if !self.are_at(group, &frame, &places)? {
                    return Ok(last);
                }
                last
            }
            Kind::Load | Kind::Loaded if last > Version::ZERO => return Err(Error::NotEmpty),
            Kind::Load | Kind::Loaded => version,
        };
        if frame.is_chained() {
            let mut head = match group.head {
                Some(head) => head,
                None if group.holds_load => return Err(Error::Loading),
                None => self.shared.chain_head()?,
            };
            frame.link(version, &mut head);
            group.head = Some(head);
        }
        if matches!(frame.kind(), Kind::Load | Kind::Loaded) {
            group.head = None;
            group.holds_load = true;
        }
        let mark = group.reached.mark;
        frame.seal(version, group.start);
        group.rows.extend(frame.take_rows(version, mark));
        group.reached = group
            .reached
            .after(frame.kind(), version, frame.bytes().len());
        group.frames.push(frame);
        Ok(version)
    }

    /// Whether the values of a move still are where they were found.
    fn are_at(&self, group: &Group, frame: &Frame, places: &[Place]) -> Result<bool, Error> {
        for (key, place) in frame.keys().zip(places) {
            let current = match group.rows.get(key) {
                Some(staged) => staged.clone(),
                None => self.shared.current(key)?,
            };
            if current.and_then(|row| row.place()) != Some(*place) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
