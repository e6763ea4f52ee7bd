//! Reading rows: each read asks the cluster, and is all from one state.

use async_trait::async_trait;
use etcd_client::GetOptions;

use super::cluster::{Cluster, PAGE_ROWS, is_compacted};
use crate::layout::{self, Row};
use crate::watch::ReadLog;
use crate::{Entry, Error, Log, LogEntry, Position, Version};

const DOING: &str = "reading the store";
/// Bytes of a version in front of a value.
pub(super) const VERSION_BYTES: usize = 8;

/// What a row in etcd holds.
pub(super) fn entry(row: &[u8], held: &[u8]) -> Result<Entry, Error> {
    let (version, value) = held
        .split_first_chunk::<VERSION_BYTES>()
        .ok_or_else(|| Error::corrupt(layout::service_key(row), "it is no row"))?;
    Ok(Entry {
        version: Version::new(u64::from_be_bytes(*version)),
        value: value.to_vec(),
    })
}

/// The reading side of a store.
pub(super) struct Reader {
    cluster: Cluster,
}

impl Reader {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    /// The value at `key`.
    pub(super) async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        let row = layout::key_row(key);
        let key = self.cluster.key(&row);
        let deadline = self.cluster.deadline();
        let read = self.cluster.read(DOING, deadline, &key, None).await?;
        let found = read.kvs().first();
        found.map(|found| entry(&row, found.value())).transpose()
    }

    /// The first `limit` rows from `start` up to, and without, `end`.
    pub(super) async fn rows(
        &self,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        if start >= end || limit == 0 {
            return Ok(Vec::new());
        }
        loop {
            match range(&self.cluster, start, end, limit, None).await {
                // What was being read is compacted away; what is there now is read then.
                Err(error) if is_compacted(&error) => {}
                read => return read,
            }
        }
    }

    /// The first `limit` entries of `log` behind `after`, in order.
    pub(super) async fn log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        let (start, end) = layout::logged(log, after);
        layout::log_entries(self.rows(&start, &end, limit).await?)
    }
}

#[async_trait]
impl ReadLog for Reader {
    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.log(log, after, limit).await
    }
}

/// The first `limit` rows of a range, a page at a time, all as they were at one revision of etcd:
/// the given one, or that of the first page.
pub(super) async fn range(
    cluster: &Cluster,
    start: &[u8],
    end: &[u8],
    limit: usize,
    mut revision: Option<i64>,
) -> Result<Vec<Row>, Error> {
    let end = cluster.key(end);
    let mut start = cluster.key(start);
    let mut rows = Vec::new();
    while rows.len() < limit {
        let page = PAGE_ROWS.min(limit - rows.len());
        let mut options = GetOptions::new()
            .with_range(end.clone())
            .with_limit(i64::try_from(page).unwrap_or(i64::MAX));
        if let Some(revision) = revision {
            options = options.with_revision(revision);
        }
        let deadline = cluster.deadline();
        let read = cluster.read(DOING, deadline, &start, Some(options)).await?;
        for found in read.kvs() {
            let row = cluster.row(found.key());
            rows.push((row.to_vec(), entry(row, found.value())?));
        }
        let Some(last) = read.kvs().last().filter(|_| read.more()) else {
            break;
        };
        start = [last.key(), &[0]].concat();
        revision = revision.or_else(|| read.header().map(etcd_client::ResponseHeader::revision));
    }
    Ok(rows)
}
