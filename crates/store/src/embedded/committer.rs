//! The one thread of a store that writes: group commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use sled::IVec;
use tokio::sync::{mpsc, oneshot};

use super::SEGMENT_BYTES;
use super::folder::Last;
use super::row::{self, Value};
use super::shared::{Shared, Undo};
use super::slot::{self, Filling, Slots};
use super::syncer::{Answer, Failure, Flushed};
use crate::layout::{self, Draft, LAST_ROW};
use crate::{Commit, Error, Version};

/// The most commits made durable by one sync.
const GROUP_COMMITS_MAX: usize = 256;
/// No commit joins a group that has come to so many bytes.
const GROUP_BYTES: usize = SEGMENT_BYTES / 2;
/// A group is not written while the one before is not durable, if they come to more than this. sled
/// takes twice as much at the least before it writes over what it has moved.
const UNSYNCED_BYTES: usize = SEGMENT_BYTES;

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

/// The writing side of a store.
pub(super) struct Committer {
    shared: Arc<Shared>,
    last: Version,
    slots: Slots,
    failure: Failure,
    stopped: bool,
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>, last: Last, failure: Failure) -> Self {
        Self {
            shared,
            last: last.version,
            slots: Slots::new(last.next_slot),
            failure,
            stopped: false,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>, flushed: &SyncSender<Flushed>) {
        let mut unsynced = 0;
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
            // The syncer takes nothing before it is done with the group before. Without it nobody
            // is answered, which their authors notice.
            if unsynced + bytes > UNSYNCED_BYTES {
                let _ = flushed.send(Flushed::nothing());
            }
            unsynced = bytes;
            let _ = flushed.send(self.serve(group));
        }
    }

    fn serve(&mut self, requests: Vec<Request>) -> Flushed {
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
        self.stopped |= self.failure.get().is_some();
        let mut written = Ok(false);
        if version > self.last && !self.stopped {
            self.last = version;
            written = self.write(group, version).map(|()| true);
            self.stopped = written.is_err();
        }
        // A conflict may be with a commit that is not durable yet, so it too waits for its turn.
        Flushed { written, answers }
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

    /// Writes the group as one batch, not yet proof against power loss.
    fn write(&mut self, mut group: Group, version: Version) -> Result<(), Error> {
        let rows = std::mem::take(&mut group.rows);
        let apart = rows.values().flatten();
        let apart = apart.filter(|(_, value)| !matches!(value, Value::Inline(_)));
        let mut slots = Filling::new(&mut self.slots, &self.shared, apart.count())?;
        let mut batch = sled::Batch::default();
        for (key, row) in rows {
            if layout::is_log_row(&key) {
                group.before.insert(key.clone(), None);
            } else if let Some(before) = group.before(&self.shared, &key)?
                && let Some(place) = row::place(&before)
            {
                slots.cut(place, || group.before(&self.shared, &slot::key(place.slot)))?;
            }
            let row = row.map(|(version, value)| match value {
                Value::Inline(value) => row::inline(version, &value),
                Value::Shared(value) => row::apart(version, slots.beside(value)),
                Value::Alone(content) => row::apart(version, slots.alone(content)),
            });
            put(&mut batch, key, row);
        }
        for (slot, content) in slots.finish() {
            put(&mut batch, slot::key(slot).as_slice(), content);
        }
        let last = Last {
            version,
            next_slot: self.slots.next(),
        };
        batch.insert(LAST_ROW, &last.to_bytes());
        self.shared.hide(group.before);
        self.shared.apply(batch)
    }
}

fn put(batch: &mut sled::Batch, key: impl Into<IVec>, row: Option<IVec>) {
    match row {
        Some(row) => batch.insert(key, row),
        None => batch.remove(key),
    }
}
