//! The store of tests: the same semantics, nothing on disk.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::chain::{self, Link};
use crate::dump::{self, Source};
use crate::layout::{self, Draft, Row, Rows};
use crate::lease::Locks;
use crate::watch::Progress;
use crate::{
    Commit, Dump, DumpRow, Entry, Error, Key, KeyRange, Lease, Log, LogEntry, Position, Store,
    Version, Watch,
};

/// A store that forgets everything when it is dropped.
pub struct MemoryStore {
    shared: Arc<Shared>,
    progress: watch::Sender<Progress>,
    locks: Locks,
}

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
}

struct State {
    rows: BTreeMap<Vec<u8>, Entry>,
    last: Version,
    /// The last link of the chain.
    head: Link,
}

impl Default for State {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            last: Version::ZERO,
            head: Link::START,
        }
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        let (progress, _) = watch::channel(Progress::Durable);
        Self {
            shared: Arc::default(),
            progress,
            locks: Locks::default(),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Rows for Shared {
    fn row(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Ok(state.rows.get(key).cloned())
    }

    fn rows(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Row>, Error> {
        if start >= end {
            return Ok(Vec::new());
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let found = state.rows.range(start.to_vec()..end.to_vec()).take(limit);
        Ok(found.map(|(key, row)| (key.clone(), row.clone())).collect())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        layout::get(&*self.shared, key)
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        layout::scan(&*self.shared, &range, limit)
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        commit.check_limits()?;
        let mut state = self
            .shared
            .state
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let draft = Draft::new(commit, |value| value);
        draft.verify(|key| Ok(state.rows.get(key).map(|entry| entry.version)))?;
        let version = state.last.next();
        state.last = version;
        let mut head = state.head;
        for (key, value) in draft.rows(version, &mut head, |value| value) {
            match value {
                Some(value) => state.rows.insert(key, Entry { version, value }),
                None => state.rows.remove(&key),
            };
        }
        state.head = head;
        self.progress.send_replace(Progress::Durable);
        Ok(version)
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        layout::read_log(&*self.shared, log, after, limit)
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        let rows: Weak<Shared> = Arc::downgrade(&self.shared);
        Ok(Watch::new(rows, log, after, self.progress.subscribe()))
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        Ok(self.locks.lease(name).await)
    }

    async fn dump(&self) -> Result<Dump, Error> {
        let state = self.shared.state.read();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let copy = Copied(state.rows.clone());
        Ok(Dump::new(state.last, Box::new(copy)))
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        dump::check(&rows)?;
        let state = self.shared.state.write();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.last > Version::ZERO {
            return Err(Error::NotEmpty);
        }
        for DumpRow {
            key,
            version,
            value,
        } in rows
        {
            if layout::is_chain_row(&key) {
                state.head = chain::opened(&value).map_or(state.head, |(link, _)| link);
            }
            state.rows.insert(key, Entry { version, value });
        }
        Ok(())
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        let state = self.shared.state.write();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.last > Version::ZERO {
            return Err(Error::NotEmpty);
        }
        state.last = version;
        Ok(())
    }
}

/// The rows as they were.
struct Copied(BTreeMap<Vec<u8>, Entry>);

#[async_trait]
impl Source for Copied {
    async fn rows(&mut self, after: Option<&[u8]>, limit: usize) -> Result<Vec<DumpRow>, Error> {
        let (start, end) = layout::dumped_behind(after);
        let rows = self.0.range(start..end).take(limit);
        let rows = rows.map(|(key, entry)| DumpRow {
            key: key.clone(),
            version: entry.version,
            value: entry.value.clone(),
        });
        Ok(rows.collect())
    }
}
