//! The one thread of a store that writes: group commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::folder::Disk;
use super::shared::{Shared, Undo};
use crate::layout::{self, LAST_VERSION_ROW};
use crate::watch::Progress;
use crate::{COMMIT_BYTES_MAX, Commit, Error, Version};

/// The most commits made durable by one sync.
const GROUP_COMMITS_MAX: usize = 256;
/// No commit joins a group that has come to so many bytes.
const GROUP_BYTES: usize = COMMIT_BYTES_MAX;

/// A commit and where its answer goes.
pub(super) struct Request {
    pub(super) commit: Commit,
    pub(super) reply: oneshot::Sender<Result<Version, Error>>,
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
    progress: watch::Sender<Progress>,
    failed: Option<String>,
}

impl Committer {
    pub(super) fn new(
        shared: Arc<Shared>,
        disk: Disk,
        last: Version,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            shared,
            disk,
            last,
            progress,
            failed: None,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = first.commit.bytes();
            let mut group = vec![first];
            while group.len() < GROUP_COMMITS_MAX
                && bytes < GROUP_BYTES
                && let Ok(next) = queue.try_recv()
            {
                bytes += next.commit.bytes();
                group.push(next);
            }
            self.serve(group);
        }
    }

    fn serve(&mut self, group: Vec<Request>) {
        let mut staged = BTreeMap::new();
        let mut version = self.last;
        let mut answers = Vec::with_capacity(group.len());
        for Request { commit, reply } in group {
            let result = self.stage(commit, version.next(), &mut staged);
            if let Ok(accepted) = result {
                version = accepted;
            }
            answers.push(Answer { reply, result });
        }
        if version > self.last && self.failed.is_none() {
            match self.write(staged, version) {
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
        commit: Commit,
        version: Version,
        staged: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    ) -> Result<Version, Error> {
        layout::verify(&commit, |key| match staged.get(key) {
            Some(row) => Ok(row.clone()),
            None => self.shared.latest(key),
        })?;
        staged.extend(layout::rows_of(commit, version));
        Ok(version)
    }

    /// Writes the group as one batch and makes it durable.
    fn write(
        &self,
        mut staged: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
        version: Version,
    ) -> Result<(), Error> {
        staged.insert(
            LAST_VERSION_ROW.to_vec(),
            Some(version.get().to_be_bytes().to_vec()),
        );
        let mut undo = Undo::new();
        let mut batch = sled::Batch::default();
        for (key, row) in staged {
            let before = if layout::is_log_row(&key) {
                None
            } else {
                self.shared.latest(&key)?
            };
            match row {
                Some(row) => batch.insert(key.as_slice(), row),
                None => batch.remove(key.as_slice()),
            }
            undo.insert(key, before);
        }
        self.shared.hide(undo);
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
