//! A store for what is done under a lease.

use std::sync::Arc;

use async_trait::async_trait;

use crate::lease::Claim;
use crate::{
    Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, Position, Store,
    Version, Watch,
};

/// A store whose every commit is made under one lease, so that whoever was given it writes nothing
/// after the lease is lost. Reads are those of the store.
pub struct Leased {
    store: Arc<dyn Store>,
    claim: Claim,
}

impl Leased {
    /// The store, for what is done while the lease is held. It does not hold the lease itself.
    pub fn new(store: Arc<dyn Store>, lease: &Lease) -> Self {
        let claim = lease.claim().clone();
        Self { store, claim }
    }
}

#[async_trait]
impl Store for Leased {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.store.get(key).await
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        self.store.scan(range, limit).await
    }

    /// [`Error::LeaseLost`] once the lease is lost; nothing is written then.
    async fn commit(&self, mut commit: Commit) -> Result<Version, Error> {
        commit.claim = Some(self.claim.clone());
        self.store.commit(commit).await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.store.read_log(log, after, limit).await
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        self.store.watch(log, after).await
    }

    fn may_be_away(&self) -> bool {
        self.store.may_be_away()
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
