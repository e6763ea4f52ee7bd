//! Leases: a row that is tied to a lease of etcd, which the cluster deletes when the holder has not
//! been heard of for its time to live.
//!
//! Which holding it is, is the revision that created the row. Every transaction under the lease
//! compares it, so what the holder believes does not matter.

use std::time::Duration;

use etcd_client::{PutOptions, Txn, TxnOp, WatchOptions};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::cluster::Cluster;
use super::facts::{self, absent, lease_row};
use crate::lease::Claim;
use crate::{Error, Lease};

const DOING: &str = "taking a lease";
/// The lease is renewed so many times in its time to live.
const RENEWALS: u32 = 3;

/// Waits until nobody else holds `name`.
pub(super) async fn lease(cluster: &Cluster, name: &str, ttl: Duration) -> Result<Lease, Error> {
    let key = cluster.key(&lease_row(name));
    loop {
        let deadline = cluster.deadline();
        let found = cluster.read(DOING, deadline, &key, None).await?;
        if !found.kvs().is_empty() {
            let revision = found.header().map(etcd_client::ResponseHeader::revision);
            wait_until_changed(cluster, &key, revision.unwrap_or_default(), ttl).await;
            continue;
        }
        if let Some((granted, fence)) = take(cluster, &key, ttl).await? {
            let lost = CancellationToken::new();
            let claim = Claim::new(name, fence, lost.clone());
            let keeping = tokio::spawn(keep(cluster.clone(), granted.clone(), lost));
            return Ok(Lease::new(
                claim,
                Keeper {
                    cluster: cluster.clone(),
                    id: granted.id,
                    keeping,
                    runtime: Handle::current(),
                },
            ));
        }
    }
}

/// A lease of etcd.
#[derive(Clone)]
struct Granted {
    id: i64,
    ttl: Duration,
    /// Until when it lives at the least, by the clock of this process.
    until: Instant,
}

/// Makes the row with a lease of its own; none when somebody else was faster.
async fn take(
    cluster: &Cluster,
    key: &[u8],
    ttl: Duration,
) -> Result<Option<(Granted, i64)>, Error> {
    let deadline = cluster.deadline();
    let mut asked = Instant::now();
    let seconds = i64::try_from(ttl.as_secs().max(1)).unwrap_or(i64::MAX);
    let grant = cluster.attempt(DOING, deadline, |client| {
        asked = Instant::now();
        let mut client = client.lease_client();
        async move { client.grant(seconds, None).await }
    });
    let grant = grant.await?;
    let ttl = Duration::from_secs(u64::try_from(grant.ttl()).unwrap_or_default());
    let granted = Granted {
        id: grant.id(),
        ttl,
        until: asked + ttl,
    };
    let with_lease = PutOptions::new().with_lease(granted.id);
    let taking = Txn::new()
        .when([absent(key.to_vec())])
        .and_then([TxnOp::put(key, [], Some(with_lease))])
        .or_else([TxnOp::get(key, None)]);
    let answer = cluster.txn(DOING, deadline, &taking).await?;
    if answer.succeeded() {
        let revision = answer.header().map(etcd_client::ResponseHeader::revision);
        return Ok(Some((granted, revision.unwrap_or_default())));
    }
    // It may be that the transaction had happened, and the answer was lost.
    let found = facts::reads(&answer);
    let found = found.first().and_then(|read| read.kvs().first().cloned());
    if let Some(row) = found.filter(|row| row.lease() == granted.id) {
        return Ok(Some((granted, row.create_revision())));
    }
    revoke(cluster, granted.id).await;
    Ok(None)
}

/// Waits for a change of the row behind `revision`, for a while: it is looked at again in any case.
async fn wait_until_changed(cluster: &Cluster, key: &[u8], revision: i64, at_most: Duration) {
    let changed = async {
        let options = WatchOptions::new().with_start_revision(revision.saturating_add(1));
        let mut client = cluster.client(cluster.turn()).await?.watch_client();
        let mut changes = client.watch(key, Some(options)).await?;
        while let Some(change) = changes.message().await? {
            if change.canceled() || !change.events().is_empty() {
                break;
            }
        }
        Ok::<_, etcd_client::Error>(())
    };
    // What is wrong with the cluster shows when the row is read.
    if !matches!(timeout(at_most, changed).await, Ok(Ok(()))) {
        sleep(at_most / 10).await;
    }
}

/// Renews the lease until it cannot be known any more that it lives.
async fn keep(cluster: Cluster, mut granted: Granted, lost: CancellationToken) {
    let _lost_at_the_end = lost.drop_guard();
    let mut pause = granted.ttl / RENEWALS;
    loop {
        sleep(pause).await;
        let (asked, turn) = (Instant::now(), cluster.turn());
        let renewing = async {
            let mut client = cluster.client(turn).await?.lease_client();
            client.keep_alive(granted.id).await
        };
        match timeout(granted.ttl / RENEWALS, renewing).await {
            Ok(Ok(_)) => {
                granted.until = asked + granted.ttl;
                pause = granted.ttl / RENEWALS;
            }
            // That is how the client says that the lease has expired.
            Ok(Err(etcd_client::Error::LeaseKeepAliveError(_))) => return,
            Ok(Err(_)) | Err(_) => {
                cluster.pass_on(turn);
                pause = granted.ttl / (RENEWALS * 10);
            }
        }
        if Instant::now() >= granted.until {
            return;
        }
    }
}

/// Gives the lease back; if that fails, it expires by itself.
async fn revoke(cluster: &Cluster, id: i64) {
    let deadline = cluster.deadline();
    let revoking = cluster.attempt("giving a lease back", deadline, |client| {
        let mut client = client.lease_client();
        async move { client.revoke(id).await }
    });
    if let Err(error) = revoking.await {
        tracing::debug!(%error, "a lease was not given back");
    }
}

/// Renews the lease while it is held, and then gives it back.
struct Keeper {
    cluster: Cluster,
    id: i64,
    keeping: JoinHandle<()>,
    runtime: Handle,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.keeping.abort();
        let (cluster, id) = (self.cluster.clone(), self.id);
        self.runtime
            .spawn(async move { revoke(&cluster, id).await });
    }
}
