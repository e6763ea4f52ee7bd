//! A store in front of another: it lets calls through, changes commits, holds calls up or refuses them.

use async_trait::async_trait;

use crate::{
    Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, Position, Store,
    Version, Watch,
};

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`Store::get`].
    Get,
    /// [`Store::scan`].
    Scan,
    /// [`Store::commit`].
    Commit,
    /// [`Store::read_log`].
    ReadLog,
    /// [`Store::watch`].
    Watch,
    /// [`Store::lease`].
    Lease,
    /// [`Store::dump`].
    Dump,
    /// [`Store::load`] and [`Store::finish_load`].
    Load,
}

/// What stands in front of a store. It is a [`Store`] itself, and answers what that store answers.
#[async_trait]
pub trait Front: Send + Sync + 'static {
    /// The store behind it.
    fn behind(&self) -> &dyn Store;

    /// Lets a call through, now or later, or refuses it.
    async fn pass(&self, call: Call) -> Result<(), Error> {
        let _ = call;
        Ok(())
    }

    /// What is committed in place of a commit.
    fn instead(&self, commit: Commit) -> Commit {
        commit
    }
}

#[async_trait]
impl<F: Front> Store for F {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.pass(Call::Get).await?;
        self.behind().get(key).await
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        self.pass(Call::Scan).await?;
        self.behind().scan(range, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        self.pass(Call::Commit).await?;
        self.behind().commit(self.instead(commit)).await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.pass(Call::ReadLog).await?;
        self.behind().read_log(log, after, limit).await
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        self.pass(Call::Watch).await?;
        self.behind().watch(log, after).await
    }

    fn may_be_away(&self) -> bool {
        self.behind().may_be_away()
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        self.pass(Call::Lease).await?;
        self.behind().lease(name).await
    }

    async fn dump(&self) -> Result<Dump, Error> {
        self.pass(Call::Dump).await?;
        self.behind().dump().await
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        self.pass(Call::Load).await?;
        self.behind().load(rows).await
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        self.pass(Call::Load).await?;
        self.behind().finish_load(version).await
    }
}
