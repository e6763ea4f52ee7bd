//! The trait that all back ends fulfil.

use async_trait::async_trait;

use crate::{
    Commit, Dump, DumpRow, Error, Key, KeyRange, Lease, Log, LogEntry, Position, Version, Watch,
};

/// A value and the commit that last wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The commit that last wrote the key: what [`Expect::At`](crate::Expect::At) compares.
    pub version: Version,
    /// What it wrote.
    pub value: Vec<u8>,
}

/// Ordered keys, versioned values, atomic durable commits, ordered logs.
///
/// Used as `Arc<dyn Store>`. Every call may be dropped half-way: a dropped `commit` happens wholly
/// or not at all, and its author does not learn which.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The value at `key`.
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error>;

    /// The first `limit` entries of `range`, in key order, all from one state of the store.
    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error>;

    /// Makes the commit durable and answers its position in the order of commits; or
    /// [`Error::Conflict`] and nothing is written.
    async fn commit(&self, commit: Commit) -> Result<Version, Error>;

    /// The first `limit` entries of `log` behind `after`, in order.
    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error>;

    /// Follows `log`: its entries behind `after`, in order, then new ones as they are committed;
    /// none is left out or repeated.
    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error>;

    /// Whether the store may be away while its users go on: [`Error::Unavailable`].
    fn may_be_away(&self) -> bool {
        false
    }

    /// Waits until the caller alone holds `name`, among all who use the store.
    async fn lease(&self, name: &str) -> Result<Lease, Error>;

    /// The whole store at one moment. Commits go on meanwhile, though some back ends let them wait
    /// when a dump takes long.
    async fn dump(&self) -> Result<Dump, Error>;

    /// Puts rows of a dump into a store that has no commit yet; [`Error::NotEmpty`] otherwise.
    /// Nobody else uses the store until [`Store::finish_load`], and a store that was left half
    /// loaded is refused when it is opened.
    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error>;

    /// Ends a load: durable, and the next commit comes behind `version`, the dump's.
    async fn finish_load(&self, version: Version) -> Result<(), Error>;
}
