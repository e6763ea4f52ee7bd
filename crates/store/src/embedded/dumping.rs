//! Dumping the embedded store: its index, held still.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use super::shared::Shared;
use crate::dump::{DumpRow, Source};
use crate::{Error, layout};

/// What keeps the indexer waiting; it goes on once this is released or nobody has it any more.
#[derive(Default)]
pub(super) struct Hold {
    sender: Mutex<Option<Sender<()>>>,
}

impl Hold {
    /// Begins to hold; the indexer waits for the end of what is returned.
    pub(super) fn begin(&self) -> Receiver<()> {
        let (sender, receiver) = channel();
        *self.sender() = Some(sender);
        receiver
    }

    /// Lets the indexer go on.
    pub(super) fn release(&self) {
        *self.sender() = None;
    }

    fn sender(&self) -> MutexGuard<'_, Option<Sender<()>>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of the index while the indexer waits. One at a time: the guard is the hold's.
pub(super) struct Held {
    pub(super) shared: Arc<Shared>,
    pub(super) hold: OwnedMutexGuard<Arc<Hold>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hold.release();
    }
}

#[async_trait]
impl Source for Held {
    async fn rows(&mut self, after: Option<&[u8]>, limit: usize) -> Result<Vec<DumpRow>, Error> {
        // Locked while reading: a store that is being closed releases the indexer.
        let held = self.hold.sender();
        if held.is_none() {
            return Err(Error::Closed);
        }
        let (start, end) = layout::dumped_behind(after);
        let rows = self.shared.indexed_rows(&start, &end, limit)?;
        let rows = rows.into_iter().map(|(key, entry)| DumpRow {
            key,
            version: entry.version,
            value: entry.value,
        });
        Ok(rows.collect())
    }
}
