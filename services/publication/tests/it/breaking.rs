//! A store that can be made to take nothing, and to be away.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use mesur_store::{
    Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, MemoryStore,
    Position, Store, Version, Watch,
};

#[derive(Default)]
pub(crate) struct Breaking {
    store: MemoryStore,
    /// Whether commits fail.
    pub(crate) is_full: AtomicBool,
    /// Whether everything is answered as when the store cannot be reached.
    pub(crate) is_away: AtomicBool,
}

impl Breaking {
    fn reach(&self) -> Result<(), Error> {
        if self.is_away.load(Ordering::SeqCst) {
            let source = "nobody answers".into();
            let doing = "asking";
            return Err(Error::Unavailable { doing, source });
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Breaking {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.reach()?;
        self.store.get(key).await
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        self.reach()?;
        self.store.scan(range, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        self.reach()?;
        if self.is_full.load(Ordering::SeqCst) {
            return Err(Error::Closed);
        }
        self.store.commit(commit).await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.reach()?;
        self.store.read_log(log, after, limit).await
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        self.store.watch(log, after).await
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        self.store.lease(name).await
    }

    async fn dump(&self) -> Result<Dump, Error> {
        self.store.dump().await
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        self.store.load(rows).await
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        self.store.finish_load(version).await
    }
}
