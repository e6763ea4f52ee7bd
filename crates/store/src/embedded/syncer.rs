//! The thread that makes flushed groups durable, shows them to readers and answers their authors.
//!
//! It is apart from the committer so that the next group is being written while the disk is busy
//! with the one before. Groups come and leave in the order of commits, and whatever fails is told
//! here, behind all that did not.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use tokio::sync::{oneshot, watch};

use super::folder::Disk;
use super::shared::Shared;
use crate::watch::Progress;
use crate::{Error, Version};

/// An answer that waits until the state it speaks of is durable.
pub(super) struct Answer {
    pub(super) reply: oneshot::Sender<Result<Version, Error>>,
    pub(super) result: Result<Version, Error>,
}

/// A group that the committer is done with.
pub(super) struct Flushed {
    /// Whether anything was written, which is then hidden from readers; conflicts write nothing.
    pub(super) written: Result<bool, Error>,
    pub(super) answers: Vec<Answer>,
}

impl Flushed {
    /// Waits for its turn and no more.
    pub(super) fn nothing() -> Self {
        Self {
            written: Ok(false),
            answers: Vec::new(),
        }
    }
}

/// Why the store accepts no more commits, once it does not.
pub(super) type Failure = Arc<OnceLock<String>>;

/// The syncing side of a store.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    disk: Disk,
    failure: Failure,
    progress: watch::Sender<Progress>,
}

impl Syncer {
    pub(super) fn new(
        shared: Arc<Shared>,
        disk: Disk,
        failure: Failure,
        progress: watch::Sender<Progress>,
    ) -> Self {
        Self {
            shared,
            disk,
            failure,
            progress,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(super) fn run(self, queue: &Receiver<Flushed>) {
        while let Ok(group) = queue.recv() {
            self.serve(group);
        }
    }

    fn serve(&self, group: Flushed) {
        match group.written {
            // A sync that succeeds after one that failed says nothing about what that one lost.
            Ok(true) if self.failure.get().is_none() => match self.disk.make_durable() {
                Ok(()) => {
                    self.shared.reveal();
                    self.progress.send_replace(Progress::Durable);
                }
                Err(error) => self.fail(&error),
            },
            Ok(_) => {}
            Err(error) => self.fail(&error),
        }
        for Answer { reply, result } in group.answers {
            // The author of a commit may have gone away; that is its own affair.
            let _ = reply.send(match self.failure.get() {
                None => result,
                Some(reason) => Err(Error::Failed {
                    reason: reason.clone(),
                }),
            });
        }
    }

    /// Refuses everything from now on: what a restart will find is unknown.
    fn fail(&self, error: &Error) {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        if self.failure.set(reason.clone()).is_ok() {
            tracing::error!(%reason, "store failed; it accepts no more commits");
            self.progress.send_replace(Progress::Failed(reason));
        }
    }
}
