//! Following a log.

use std::collections::VecDeque;
use std::sync::Weak;

use async_trait::async_trait;
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

/// What a follower reads from.
#[async_trait]
pub(crate) trait ReadLog: Send + Sync {
    /// The first `limit` entries of `log` behind `after`, in order.
    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error>;
}

#[async_trait]
impl<R: Rows> ReadLog for R {
    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        layout::read_log(self, log, after, limit)
    }
}

/// A follower of one log.
///
/// It does not keep the store open.
pub struct Watch {
    rows: Weak<dyn ReadLog>,
    log: Log,
    after: Option<Position>,
    ready: VecDeque<LogEntry>,
    progress: watch::Receiver<Progress>,
}

impl Watch {
    pub(crate) fn new(
        rows: Weak<dyn ReadLog>,
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

    /// How many entries were read that [`Watch::next`] did not answer yet.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// The next entry; waits until there is one.
    ///
    /// May be dropped while it waits without losing an entry. Answers [`Error::Closed`] once the
    /// store is closed, and [`Error::Failed`] behind the last durable entry of a failed one. After
    /// [`Error::Unavailable`] it may be asked again, and leaves nothing out.
    pub async fn next(&mut self) -> Result<LogEntry, Error> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.after = Some(entry.position);
                return Ok(entry);
            }
            // Marked as seen before the read: a commit in between then wakes the wait below.
            let progress = self.progress.borrow_and_update().clone();
            let rows = self.rows.upgrade().ok_or(Error::Closed)?;
            let read = rows.read_log(&self.log, self.after, PAGE_ENTRIES);
            self.ready = read.await?.into();
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
