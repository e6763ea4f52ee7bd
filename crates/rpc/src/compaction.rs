//! Making a service's store smaller, day by day.

use std::sync::Arc;
use std::time::Duration;

use mesur_store::compact::Old;
use mesur_store::{Error, Store, requests};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::chain::Chain;
use crate::clock::Clock;

/// How often it is asked whether a day has gone by.
const INTERVAL: Duration = Duration::from_hours(1);

/// Calls `compact` once a day, by the marks at `days`, until `stop` is cancelled: old is what came
/// [`requests::LIFETIME_DAYS`] ago. It answers how many rows it made smaller
/// or took out. What fails is tried again the next day.
pub async fn compact_daily<F>(
    store: Arc<dyn Store>,
    days: Vec<u8>,
    clock: Arc<dyn Clock>,
    compact: impl Fn(Arc<dyn Store>, Old) -> F,
    stop: CancellationToken,
) where
    F: Future<Output = Result<u64, Error>>,
{
    loop {
        let compacted = async {
            let now = clock.now().as_second();
            match requests::day(&*store, &days, now).await? {
                Some(before) => {
                    let old = Old {
                        requests: before,
                        entries: before,
                    };
                    compact(Arc::clone(&store), old).await
                }
                None => Ok(0),
            }
        };
        match compacted.await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "the store was made smaller"),
            Err(error) => tracing::warn!(error = %Chain(&error), "making the store smaller"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(INTERVAL) => {}
        }
    }
}
