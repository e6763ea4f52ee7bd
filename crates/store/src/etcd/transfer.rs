//! Dumping and loading a store.
//!
//! A dump reads at one revision of etcd. A load writes rows before there is a head, and a mark that
//! is taken away with the head's coming: while it is there, the store cannot be opened.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use etcd_client::{Txn, TxnOp};

use super::cluster::Cluster;
use super::facts::{self, CHAIN_ROW, LOADED_ROW, LOADING_ROW};
use super::reader::{self, VERSION_BYTES};
use crate::chain::{self, Link};
use crate::dump::{self, Source};
use crate::layout::{self, LAST_ROW};
use crate::{COMMIT_BYTES_MAX, Dump, DumpRow, Error, Version};

/// The store as it is now.
pub(super) async fn dump(cluster: &Cluster) -> Result<Dump, Error> {
    let (doing, head) = ("beginning a dump", cluster.key(LAST_ROW));
    let read = cluster.read(doing, cluster.deadline(), &head, None).await?;
    let version = facts::head(cluster, &read)?;
    let revision = read.header().map(etcd_client::ResponseHeader::revision);
    let source = AtRevision {
        cluster: cluster.clone(),
        revision: revision.unwrap_or_default(),
    };
    Ok(Dump::new(version, Box::new(source)))
}

/// The rows as they were at a revision of etcd. It holds nothing up; a compaction ends it.
struct AtRevision {
    cluster: Cluster,
    revision: i64,
}

#[async_trait]
impl Source for AtRevision {
    async fn rows(&mut self, after: Option<&[u8]>, limit: usize) -> Result<Vec<DumpRow>, Error> {
        let (start, end) = layout::dumped_behind(after);
        let revision = Some(self.revision);
        let rows = reader::range(&self.cluster, &start, &end, limit, revision).await?;
        let rows = rows.into_iter().map(|(key, entry)| DumpRow {
            key,
            version: entry.version,
            value: entry.value,
        });
        Ok(rows.collect())
    }
}

/// The loading side of a store.
pub(super) struct Transfer {
    cluster: Cluster,
    writer: u64,
    /// How often a load was to be finished.
    finishes: AtomicU64,
    /// The last link of the chain that was loaded.
    link: Mutex<Option<Link>>,
}

impl Transfer {
    pub(super) fn new(cluster: Cluster, writer: u64) -> Self {
        Self {
            cluster,
            writer,
            finishes: AtomicU64::new(0),
            link: Mutex::new(None),
        }
    }

    /// Puts rows into a store without a commit.
    pub(super) async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        dump::check(&rows)?;
        let mark = || TxnOp::put(self.cluster.key(LOADING_ROW), [], None);
        let (mut writes, mut bytes) = (vec![mark()], 0);
        for row in rows {
            let size = row.key.len() + VERSION_BYTES + row.value.len();
            if bytes + size > COMMIT_BYTES_MAX {
                self.put(std::mem::replace(&mut writes, vec![mark()]))
                    .await?;
                bytes = 0;
            }
            bytes += size;
            if layout::is_chain_row(&row.key)
                && let Some((link, _)) = chain::opened(&row.value)
            {
                *self.link() = Some(link);
            }
            let value = [&row.version.get().to_be_bytes(), &*row.value].concat();
            writes.push(TxnOp::put(self.cluster.key(&row.key), value, None));
        }
        self.put(writes).await
    }

    fn link(&self) -> MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn put(&self, writes: Vec<TxnOp>) -> Result<(), Error> {
        let empty = facts::head_is(&self.cluster, Version::ZERO);
        let txn = Txn::new().when([empty]).and_then(writes);
        let deadline = self.cluster.deadline();
        let answer = self.cluster.txn("loading a dump", deadline, &txn).await?;
        if answer.succeeded() {
            Ok(())
        } else {
            Err(Error::NotEmpty)
        }
    }

    /// Ends a load: the head comes, and the mark goes.
    pub(super) async fn finish(&self, version: Version) -> Result<(), Error> {
        let call = self.finishes.fetch_add(1, Ordering::Relaxed);
        let this = [self.writer.to_be_bytes(), call.to_be_bytes()].concat();
        let loaded = self.cluster.key(LOADED_ROW);
        let mut writes = vec![
            TxnOp::put(loaded.clone(), this.clone(), None),
            TxnOp::delete(self.cluster.key(LOADING_ROW), None),
        ];
        if version > Version::ZERO {
            let head = self.cluster.key(LAST_ROW);
            writes.push(TxnOp::put(head, version.get().to_be_bytes(), None));
        }
        if let Some(link) = *self.link() {
            let chain = self.cluster.key(CHAIN_ROW);
            writes.push(TxnOp::put(chain, link.to_bytes(), None));
        }
        let txn = Txn::new()
            .when([facts::head_is(&self.cluster, Version::ZERO)])
            .and_then(writes)
            .or_else([TxnOp::get(loaded, None)]);
        let (doing, deadline) = ("ending the load of a dump", self.cluster.deadline());
        let answer = self.cluster.txn(doing, deadline, &txn).await?;
        let found = facts::reads(&answer);
        let by = found.first().and_then(|read| read.kvs().first());
        // It may be that it had happened, and the answer was lost.
        if answer.succeeded() || by.is_some_and(|by| by.value() == this) {
            Ok(())
        } else {
            Err(Error::NotEmpty)
        }
    }
}
