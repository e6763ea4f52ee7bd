//! What an orchestrator asks of a process, and what the answers rest on.
//!
//! It is live while it answers. It has started when it takes calls: its store is open then. It is ready
//! from there to the first signal, so that nobody is sent to it while it drains.
//!
//! It stays ready while a store in etcd is away, and when an embedded store takes no more commits:
//! reading goes on, the pages of releases most of all, and every replica would go at once otherwise.
//! `mesur_store_commits_total` and `mesur_store_failed` tell of it.

use tokio_util::sync::CancellationToken;

/// How far a process has come.
#[derive(Debug, Clone)]
pub struct Probes {
    serving: CancellationToken,
    stopping: CancellationToken,
}

impl Probes {
    /// Started when `serving` is cancelled, and ready until `stopping` is.
    pub fn new(serving: CancellationToken, stopping: CancellationToken) -> Self {
        Self { serving, stopping }
    }

    /// Whether it has ever taken calls.
    pub fn has_started(&self) -> bool {
        self.serving.is_cancelled()
    }

    /// Whether it takes calls, and is to.
    pub fn is_ready(&self) -> bool {
        self.has_started() && !self.stopping.is_cancelled()
    }
}
