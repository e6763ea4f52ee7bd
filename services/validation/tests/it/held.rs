//! A store that holds one call up, so that a test decides what comes between.

use std::sync::Mutex;

use async_trait::async_trait;
use mesur_store::{
    Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, MemoryStore,
    Position, Store, Version, Watch,
};
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

    async fn pass(&self) {
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
    }
}

#[async_trait]
impl Store for HeldStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.pass().await;
        self.inner.get(key).await
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        self.pass().await;
        self.inner.scan(range, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        self.pass().await;
        self.inner.commit(commit).await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.inner.read_log(log, after, limit).await
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        self.inner.watch(log, after).await
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        self.inner.lease(name).await
    }

    async fn dump(&self) -> Result<Dump, Error> {
        self.inner.dump().await
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        self.inner.load(rows).await
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        self.inner.finish_load(version).await
    }
}
