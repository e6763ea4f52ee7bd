//! Serving a log of the store as a `Watch…` stream.
//!
//! A stream begins after the cursor that the caller gives and has no end of its own: it ends when
//! the caller goes, when the service stops, or when the store fails, which is told as
//! `UNAVAILABLE`, so that a follower comes back.

use std::sync::Arc;

use mesur_store::{Log, LogEntry, Position, Store, Watch};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::status::Violation;

/// Events that wait for a slow caller, at most.
const QUEUE_EVENTS: usize = 64;

/// A stream of what `message` makes of the entries of a log.
pub type Events<T> = ReceiverStream<Result<T, Status>>;

/// Reads the cursor of a request: empty means from the first event.
pub fn cursor(bytes: &[u8]) -> Result<Option<Position>, Violation> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Position::from_bytes(bytes)
        .map(Some)
        .ok_or_else(|| Violation {
            field: "cursor".to_owned(),
            reason: "CURSOR_INVALID",
            description: "must be empty or the cursor of an event of this stream".to_owned(),
        })
}

/// Streams the entries of `log` after a position until `stop` is cancelled.
pub async fn stream<T: Send + 'static>(
    store: &Arc<dyn Store>,
    log: Log,
    after: Option<Position>,
    stop: CancellationToken,
    message: impl Fn(LogEntry) -> Result<T, Status> + Send + 'static,
) -> Result<Events<T>, mesur_store::Error> {
    let watch = store.watch(log, after).await?;
    let (sender, receiver) = mpsc::channel(QUEUE_EVENTS);
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = forward(watch, &sender, message) => {}
        }
    });
    Ok(ReceiverStream::new(receiver))
}

async fn forward<T>(
    mut watch: Watch,
    sender: &mpsc::Sender<Result<T, Status>>,
    message: impl Fn(LogEntry) -> Result<T, Status>,
) {
    loop {
        let next = tokio::select! {
            () = sender.closed() => return,
            next = watch.next() => next,
        };
        let item = match next {
            Ok(entry) => message(entry),
            Err(error) => {
                tracing::warn!(error = %crate::chain::Chain(&error), "a watch ended");
                Err(Status::new(
                    Code::Unavailable,
                    "the log cannot be followed now",
                ))
            }
        };
        let last = item.is_err();
        if sender.send(item).await.is_err() || last {
            return;
        }
    }
}
