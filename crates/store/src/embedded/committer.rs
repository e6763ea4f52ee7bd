//! The one thread of a store that writes: group commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use sled::IVec;
use tokio::sync::{mpsc, oneshot, watch};

use super::folder::{Disk, Last};
use super::row::{self, Slots, Value};
use super::shared::{Shared, Undo};
use crate::layout::{self, Draft, LAST_ROW};
use crate::watch::Progress;
use crate::{COMMIT_BYTES_MAX, Commit, Error, Version};

/// The most commits made durable by one sync.
const GROUP_COMMITS_MAX: usize = 256;
/// No commit joins a group that has come to so many bytes.
const GROUP_BYTES: usize = COMMIT_BYTES_MAX;

/// A commit and where its answer goes.
pub(super) struct Request {
    draft: Draft<Value>,
    bytes: usize,
    reply: oneshot::Sender<Result<Version, Error>>,
}

impl Request {
    /// Does what can be done on the author's thread, for the committer is alone.
    pub(super) fn new(commit: Commit, reply: oneshot::Sender<Result<Version, Error>>) -> Self {
        Self {
            bytes: commit.bytes(),
            draft: Draft::new(commit, Value::new),
            reply,
        }
    }
}

/// The commits that are made durable together.
#[derive(Default)]
struct Group {
    /// What they write, after one another; `None` is deleted.
    rows: BTreeMap<Vec<u8>, Option<(Version, Value)>>,
    /// The rows of sled that they looked at or write, as they were before.
    before: Undo,
}

impl Group {
    fn before(&mut self, shared: &Shared, key: &[u8]) -> Result<Option<IVec>, Error> {
        if let Some(row) = self.before.get(key) {
            return Ok(row.clone());
        }
        let row = shared.latest(key)?;
        self.before.insert(key.to_vec(), row.clone());
        Ok(row)
    }

    /// The version of a row after the commits so far.
    fn version(&mut self, shared: &Shared, key: &[u8]) -> Result<Option<Version>, Error> {
        if let Some(staged) = self.rows.get(key) {
            return Ok(staged.as_ref().map(|(version, _)| *version));
        }
        let Some(row) = self.before(shared, key)? else {
            return Ok(None);
        };
        let (version, _) = row::read(&row)
            .ok_or_else(|| Error::corrupt(layout::service_key(key), "it is no row"))?;
        Ok(Some(version))
    }
}

/// An answer that waits until the state it speaks of is durable.
struct Answer {
    reply: oneshot::Sender<Result<Version, Error>>,
    result: Result<Version, Error>,
}

/// The writing side of a store.
pub(super) struct Committer {
    shared: Arc<Shared>,
    disk: Disk,
    last: Version,
    slots: Slots,
    progress: watch::Sender<Progress>,
    failed: Option<String>,
}

impl Committer {
    pub(super) fn new(
        shared: Arc<Shared>,
        disk: Disk,
        last: Last,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            shared,
            disk,
            last: last.version,
            slots: Slots::new(last.next_slot),
            progress,
            failed: None,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = first.bytes;
            let mut group = vec![first];
            while group.len() < GROUP_COMMITS_MAX
                && bytes < GROUP_BYTES
                && let Ok(next) = queue.try_recv()
            {
                bytes += next.bytes;
                group.push(next);
            }
            self.serve(group);
        }
    }

    fn serve(&mut self, requests: Vec<Request>) {
        let mut group = Group::default();
        let mut version = self.last;
        let mut answers = Vec::with_capacity(requests.len());
        for Request { draft, reply, .. } in requests {
            let result = self.stage(draft, version.next(), &mut group);
            if let Ok(accepted) = result {
                version = accepted;
            }
            answers.push(Answer { reply, result });
        }
        if version > self.last && self.failed.is_none() {
            match self.write(group, version) {
                Ok(()) => {
                    self.last = version;
                    self.shared.reveal();
                    self.progress.send_replace(Progress::Durable);
                }
                Err(error) => self.fail(&error),
            }
        }
        for Answer { reply, result } in answers {
            // A conflict may be with a commit of this group, so it too is known only now. The
            // author of a commit may have gone away; that is its own affair.
            let _ = reply.send(match &self.failed {
                None => result,
                Some(reason) => Err(Error::Failed {
                    reason: reason.clone(),
                }),
            });
        }
    }

    /// Adds the commit's rows to the group, if what it relies on holds after the ones before it.
    fn stage(
        &self,
        draft: Draft<Value>,
        version: Version,
        group: &mut Group,
    ) -> Result<Version, Error> {
        draft.verify(|key| group.version(&self.shared, key))?;
        let rows = draft.rows(version);
        group
            .rows
            .extend(rows.map(|(key, value)| (key, value.map(|value| (version, value)))));
        Ok(version)
    }

    /// Writes the group as one batch and makes it durable.
    fn write(&mut self, mut group: Group, version: Version) -> Result<(), Error> {
        let rows = std::mem::take(&mut group.rows);
        let long = rows
            .values()
            .filter(|row| matches!(row, Some((_, Value::Long(_)))));
        let slots = u64::try_from(long.count()).unwrap_or(u64::MAX);
        self.slots.make(&self.shared, slots)?;
        let mut batch = sled::Batch::default();
        for (key, row) in rows {
            if layout::is_log_row(&key) {
                group.before.insert(key.clone(), None);
            } else if let Some(before) = group.before(&self.shared, &key)?
                && let Some(slot) = row::slot_of(&before)
            {
                let slot = row::slot_key(slot);
                group.before(&self.shared, &slot)?;
                batch.remove(&slot);
            }
            match row {
                None => batch.remove(key),
                Some((version, Value::Inline(value))) => {
                    batch.insert(key, row::inline(version, &value));
                }
                Some((version, Value::Long(value))) => {
                    let slot = self.slots.take();
                    batch.insert(&row::slot_key(slot), value);
                    batch.insert(key, row::pointer(version, slot));
                }
            }
        }
        let last = Last {
            version,
            next_slot: self.slots.next(),
        };
        batch.insert(LAST_ROW, &last.to_bytes());
        self.shared.hide(group.before);
        self.shared.apply(batch)?;
        self.disk.make_durable()
    }

    /// Refuses everything from now on: what a restart will find is unknown.
    fn fail(&mut self, error: &Error) {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        tracing::error!(%reason, "store failed; it accepts no more commits");
        self.progress.send_replace(Progress::Failed(reason.clone()));
        self.failed = Some(reason);
    }
}
