//! Duties: what one replica of a service does in the background, and no other at the same time.
//!
//! A duty is done under a lease of the service's store. Its work gets a store that writes nothing once
//! the lease is lost, so a replica that was paused for too long does no harm when it wakes; another has
//! taken the duty over by then. With an embedded store there is one replica, and it gets every lease.

use std::sync::Arc;
use std::time::Duration;

use mesur_store::{Leased, Store};
use mesur_telemetry::table;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::chain::Chain;

/// How long it waits after a lease could not be asked for, or a work that ended by itself.
const AGAIN: Duration = Duration::from_secs(1);

/// Does `work` whenever this replica has the duty of this name, until `stop` is cancelled.
///
/// The work is given the store to write to and what tells it to end; it is to end soon after that.
pub async fn duty<W, F>(name: &'static str, store: Arc<dyn Store>, stop: CancellationToken, work: W)
where
    W: Fn(Arc<dyn Store>, CancellationToken) -> F,
    F: Future<Output = ()>,
{
    while let Some(lease) = stop.run_until_cancelled(store.lease(name)).await {
        match lease {
            Ok(lease) => {
                debug!(duty = name, "this replica has it");
                let _held = table::DUTIES_HELD.of([name]).held();
                let held = stop.child_token();
                let leased = Leased::new(Arc::clone(&store), &lease);
                let mut work = std::pin::pin!(work(Arc::new(leased), held.clone()));
                let is_lost = tokio::select! {
                    () = &mut work => false,
                    () = lease.lost() => true,
                };
                if is_lost {
                    held.cancel();
                    work.await;
                    info!(duty = name, "this replica has lost it to another");
                    continue;
                }
            }
            Err(error) => warn!(duty = name, error = %Chain(&error), "asking for a duty"),
        }
        if stop.run_until_cancelled(sleep(AGAIN)).await.is_none() {
            return;
        }
    }
}
