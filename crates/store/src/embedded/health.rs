//! Whether a store still takes commits.

use std::sync::OnceLock;

use tokio::sync::watch;

use crate::Error;
use crate::told;
use crate::watch::Progress;

/// A store's state, and who is told of it.
pub(super) struct Health {
    failure: OnceLock<String>,
    progress: watch::Sender<Progress>,
}

impl Health {
    pub(super) fn new() -> Self {
        Self {
            failure: OnceLock::new(),
            progress: watch::Sender::new(Progress::Durable),
        }
    }

    /// What followers are woken by.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Wakes followers: there are new commits.
    pub(super) fn advanced(&self) {
        if self.failure.get().is_none() {
            self.progress.send_replace(Progress::Durable);
        }
    }

    /// [`Error::Failed`] once the store has failed.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.failure.get() {
            None => Ok(()),
            Some(reason) => Err(Error::Failed {
                reason: reason.clone(),
            }),
        }
    }

    /// Refuses everything from now on: what a restart will find is unknown.
    pub(super) fn fail(&self, error: &Error) {
        let reason = with_causes(error);
        if self.failure.set(reason.clone()).is_ok() {
            told::failed(true);
            tracing::error!(%reason, "store failed; it accepts no more commits");
            self.progress.send_replace(Progress::Failed(reason));
        }
    }
}

/// An error with all that caused it, for whom no source can be handed to.
pub(super) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
