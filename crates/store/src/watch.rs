//! Following a log.

use std::collections::VecDeque;
use std::sync::Weak;

use tokio::sync::watch;

use crate::layout::{self, Rows};
use crate::{Error, Log, LogEntry, Position};

/// Entries read at a time: at most 2 MiB for each follower.
const PAGE_ENTRIES: usize = 64;

/// What followers are woken by; sent anew after each group of commits.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// Every commit so far is durable, and there may be new ones.
    Durable,
    /// No later commit will ever be durable.
    Failed(String),
}

/// A follower of one log.
///
/// It does not keep the store open.
pub struct Watch {
    rows: Weak<dyn Rows>,
    log: Log,
    after: Option<Position>,
    ready: VecDeque<LogEntry>,
    progress: watch::Receiver<Progress>,
}

impl Watch {
    pub(crate) fn new(
        rows: Weak<dyn Rows>,
        log: Log,
        after: Option<Position>,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        Self {
            rows,
            log,
            after,
            ready: VecDeque::new(),
            progress,
        }
    }

    /// The next entry; waits until there is one.
    ///
    /// May be dropped while it waits without losing an entry. Answers [`Error::Closed`] once the
    /// store is closed, and [`Error::Failed`] behind the last durable entry of a failed one.
    pub async fn next(&mut self) -> Result<LogEntry, Error> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.after = Some(entry.position);
                return Ok(entry);
            }
            // Marked as seen before the read: a commit in between then wakes the wait below.
            let progress = self.progress.borrow_and_update().clone();
            let rows = self.rows.upgrade().ok_or(Error::Closed)?;
            self.ready = layout::read_log(&*rows, &self.log, self.after, PAGE_ENTRIES)?.into();
            drop(rows);
            if !self.ready.is_empty() {
                continue;
            }
            if let Progress::Failed(reason) = progress {
                return Err(Error::Failed { reason });
            }
            self.progress.changed().await.map_err(|_| Error::Closed)?;
        }
    }
}
