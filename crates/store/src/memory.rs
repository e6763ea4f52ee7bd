//! The store of tests: the same semantics, nothing on disk.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::layout::{self, Draft, Row, Rows};
use crate::watch::Progress;
use crate::{Commit, Entry, Error, Key, KeyRange, Log, LogEntry, Position, Store, Version, Watch};

/// A store that forgets everything when it is dropped.
pub struct MemoryStore {
    shared: Arc<Shared>,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
}

struct State {
    rows: BTreeMap<Vec<u8>, Entry>,
    last: Version,
}

impl Default for State {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            last: Version::ZERO,
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
        for (key, value) in draft.rows(version) {
            match value {
                Some(value) => state.rows.insert(key, Entry { version, value }),
                None => state.rows.remove(&key),
            };
        }
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
}
