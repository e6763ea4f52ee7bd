//! A store that holds one call up, so that a test decides what comes between.

use std::sync::Mutex;

use async_trait::async_trait;
use mesur_store::{Call, Error, Front, MemoryStore, Store};
use tokio::sync::Notify;

/// A store in memory, one of whose calls can be held up.
#[derive(Default)]
pub(crate) struct HeldStore {
    inner: MemoryStore,
    /// How many calls still pass before the one that is held.
    passing: Mutex<Option<usize>>,
    reached: Notify,
    released: Notify,
}

impl HeldStore {
    /// Lets so many calls pass and holds the next one; those behind it pass.
    pub(crate) fn hold_after(&self, calls: usize) {
        *self.passing.lock().unwrap() = Some(calls);
    }

    /// Waits until a call is held.
    pub(crate) async fn held(&self) {
        self.reached.notified().await;
    }

    /// Lets the held call go on.
    pub(crate) fn release(&self) {
        self.released.notify_one();
    }
}

#[async_trait]
impl Front for HeldStore {
    fn behind(&self) -> &dyn Store {
        &self.inner
    }

    async fn pass(&self, call: Call) -> Result<(), Error> {
        if !matches!(call, Call::Get | Call::Scan | Call::Commit) {
            return Ok(());
        }
        let left = {
            let mut passing = self.passing.lock().unwrap();
            let left = *passing;
            *passing = left.and_then(|left| left.checked_sub(1));
            left
        };
        if left == Some(0) {
            self.reached.notify_one();
            self.released.notified().await;
        }
        Ok(())
    }
}
