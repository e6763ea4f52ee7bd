//! The back end for more than one machine: etcd, fenced in this module.
//!
//! Any number of stores, in as many processes, share the rows under one prefix of a cluster. What
//! one of them answers is held by a majority of the cluster's disks; what one has committed every
//! other sees at its next read.
//!
//! # Rows
//!
//! The rows and their keys are those of the other back ends, after the prefix; a value is the
//! version of the commit that wrote it, eight bytes, and what was written. Beside them stand the
//! head, which is the version of the last commit, and what the table in `facts.rs` lists.
//!
//! # One order of commits
//!
//! Versions are our own, one after another, so that logs, cursors and dumps mean the same in every
//! back end. Each store has one task that commits: it takes queued commits together, checks them
//! against what they rely on, and hands them to etcd as one transaction that compares the head and
//! moves it. Since every commit moves the head, nothing else has to be compared: whoever lost the
//! race is told so with what the head and the rows are now, checks again, and tries again. The last
//! link of the chain is a row that moves with the head, so that it holds across all who commit.
//!
//! # Answers that got lost
//!
//! A request may have happened although its answer never came. Every transaction writes, beside the
//! head, the number of the transaction into a row of its author, and is sent again *the same*: the
//! head lets it happen once at most, and the author's row tells whether it did. What is still
//! unknown when patience ends is answered [`Error::Unavailable`].
//!
//! # Limits
//!
//! A transaction takes no more than etcd's default limits, 128 operations and 1.5 MiB, and they are
//! what the limits of a commit come from.
//!
//! # What it deliberately does not do
//!
//! No cache of values: every read asks the cluster, so that after a commit every store reads it. No
//! compaction and no defragmentation of etcd: that is the operator's.

mod cluster;
mod committer;
mod facts;
mod holding;
mod reader;
mod seen;
mod transfer;
mod watching;

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::told;
use crate::watch::Progress;
use crate::{
    COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Dump, DumpRow, Entry, Error, KEY_BYTES_MAX, Key,
    KeyRange, Lease, Log, LogEntry, Position, Store, Version, Watch, commit, layout, queue,
};
use cluster::Cluster;
use committer::{Committer, Request};
use reader::Reader;
use transfer::Transfer;

/// The most operations of one transaction, by etcd's default.
const TXN_OPERATIONS_MAX: usize = 128;
/// The most bytes of one request, by etcd's default.
const REQUEST_BYTES_MAX: usize = 1536 * 1024;
/// The longest prefix.
const PREFIX_BYTES_MAX: usize = 200;
/// The head, the chain's last link, the author's row, and a lease.
const OPERATIONS_BESIDE: usize = 4;
/// What a row takes in a request beside its value: its key as compared, as read and as written.
const ROW_REQUEST_BYTES: usize = 3 * (PREFIX_BYTES_MAX + layout::ROW_KEY_BYTES_MAX + 32);
const _: () = assert!(COMMIT_KEYS_MAX + OPERATIONS_BESIDE <= TXN_OPERATIONS_MAX);
const _: () = assert!(COMMIT_BYTES_MAX + COMMIT_KEYS_MAX * ROW_REQUEST_BYTES <= REQUEST_BYTES_MAX);

/// What an operator chooses about a store in etcd.
#[derive(Clone)]
pub struct EtcdSettings {
    /// The members of the cluster, such as `http://10.0.0.1:2379`.
    pub endpoints: Vec<String>,
    /// What all keys of the store begin with, such as `mesur/submission`. No other may begin with it
    /// and a slash.
    pub prefix: String,
    /// How long a lease outlives a holder that has gone away or is paused; whole seconds, and no less
    /// than the cluster's own least, two seconds by default.
    pub lease_ttl: Duration,
    /// How long a request is tried before it is answered [`Error::Unavailable`].
    pub patience: Duration,
    /// As whom the cluster is used, and the file with the password.
    pub user: Option<(String, PathBuf)>,
    /// How the members of the cluster are known, where they are spoken to by TLS.
    pub tls: Option<EtcdTls>,
}

/// Files with certificates and keys, in PEM. They are read anew for every connection that is made, so
/// what is replaced counts once the old is refused.
#[derive(Debug, Clone)]
pub struct EtcdTls {
    /// Who vouches for the members of the cluster.
    pub authority: PathBuf,
    /// The certificate that the store shows, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl EtcdSettings {
    /// The defaults, with the given members of the cluster and prefix.
    pub fn new(endpoints: Vec<String>, prefix: impl Into<String>) -> Self {
        Self {
            endpoints,
            prefix: prefix.into(),
            lease_ttl: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            user: None,
            tls: None,
        }
    }
}

/// A durable store in an etcd cluster, shared by all that are opened with the same prefix.
///
/// What is queued when it is dropped is finished and answered, as long as its runtime lives.
pub struct EtcdStore {
    cluster: Cluster,
    reader: Arc<Reader>,
    transfer: Transfer,
    lease_ttl: Duration,
    progress: watch::Receiver<Progress>,
    queue: mpsc::Sender<Request>,
    _watching: AbortOnDropHandle<()>,
}

impl EtcdStore {
    /// Opens the store, or makes an empty one. Belongs to the runtime that it is opened in.
    pub async fn open(settings: EtcdSettings) -> Result<Self, Error> {
        commit::within(
            "bytes of the prefix",
            settings.prefix.len() + 1,
            PREFIX_BYTES_MAX,
        )?;
        told::begin();
        let cluster = Cluster::new(&settings)?;
        let (writer, head) = facts::enter(&cluster).await?;
        let (sender, progress) = watch::channel(Progress::Durable);
        let (queue, queued) = queue::commits();
        let committer = Committer::new(cluster.clone(), writer, head, sender.clone());
        // Not aborted when the store is dropped: it ends when the queue is empty.
        tokio::spawn(committer.run(queued));
        let watching = tokio::spawn(watching::watch(cluster.clone(), sender));
        Ok(Self {
            reader: Arc::new(Reader::new(cluster.clone())),
            transfer: Transfer::new(cluster.clone(), writer),
            cluster,
            lease_ttl: settings.lease_ttl,
            progress,
            queue,
            _watching: AbortOnDropHandle::new(watching),
        })
    }
}

#[async_trait]
impl Store for EtcdStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Entry>, Error> {
        self.reader.get(key).await
    }

    async fn scan(&self, range: KeyRange, limit: usize) -> Result<Vec<(Key, Entry)>, Error> {
        let (start, end) = layout::scanned(&range);
        let rows = self.reader.rows(&start, &end, limit).await?;
        Ok(layout::keys_of(rows))
    }

    async fn commit(&self, commit: Commit) -> Result<Version, Error> {
        commit.check_limits()?;
        let (reply, answer) = oneshot::channel();
        // Either fails only when the committer's runtime is gone.
        let request = Request::new(commit, reply);
        told::commit(async {
            self.queue.send(request).await.map_err(|_| Error::Closed)?;
            answer.await.map_err(|_| Error::Closed)?
        })
        .await
    }

    async fn read_log(
        &self,
        log: &Log,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<LogEntry>, Error> {
        self.reader.log(log, after, limit).await
    }

    async fn watch(&self, log: Log, after: Option<Position>) -> Result<Watch, Error> {
        let reader: Weak<Reader> = Arc::downgrade(&self.reader);
        Ok(Watch::new(reader, log, after, self.progress.clone()))
    }

    fn may_be_away(&self) -> bool {
        true
    }

    async fn lease(&self, name: &str) -> Result<Lease, Error> {
        commit::within("bytes of a lease's name", name.len(), KEY_BYTES_MAX)?;
        holding::lease(&self.cluster, name, self.lease_ttl).await
    }

    async fn dump(&self) -> Result<Dump, Error> {
        transfer::dump(&self.cluster).await
    }

    async fn load(&self, rows: Vec<DumpRow>) -> Result<(), Error> {
        self.transfer.load(rows).await
    }

    async fn finish_load(&self, version: Version) -> Result<(), Error> {
        self.transfer.finish(version).await
    }
}
