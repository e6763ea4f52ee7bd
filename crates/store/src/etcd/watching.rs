//! Waking followers when any store of the prefix has committed.
//!
//! What was committed is in the log's rows, so nothing has to be caught up with here: a watch begins
//! now, and once it stands everybody is woken to read what came before. Neither a compaction nor a
//! lost connection can make it miss anything.

use std::time::Duration;

use tokio::sync::watch::Sender;
use tokio::time::{sleep, timeout};

use super::cluster::Cluster;
use crate::layout::LAST_ROW;
use crate::watch::Progress;

/// How long to wait before a watch that broke is begun again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long it may take to begin one.
const BEGIN: Duration = Duration::from_secs(2);

/// Watches the head for as long as it runs.
pub(super) async fn watch(cluster: Cluster, progress: Sender<Progress>) {
    loop {
        let turn = cluster.turn();
        // A member that does not answer requests says nothing by a watch either, and does not end it.
        tokio::select! {
            () = cluster.passed_on(turn) => tracing::debug!("a watch is left with its member"),
            ended = watch_once(&cluster, turn, &progress) => match ended {
                Ok(()) => tracing::debug!("etcd ended a watch"),
                Err(error) => tracing::debug!(%error, "a watch of etcd broke"),
            },
        }
        cluster.pass_on(turn);
        sleep(PAUSE).await;
    }
}

async fn watch_once(
    cluster: &Cluster,
    turn: usize,
    progress: &Sender<Progress>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let beginning = async {
        let mut client = cluster.client(turn).await?.watch_client();
        client.watch(cluster.key(LAST_ROW), None).await
    };
    let mut changes = timeout(BEGIN, beginning).await??;
    // The first message says that the watch stands.
    while let Some(change) = changes.message().await? {
        if change.canceled() {
            return Ok(());
        }
        progress.send_replace(Progress::Durable);
    }
    Ok(())
}
