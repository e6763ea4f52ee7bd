//! Serving a log of the store as a `Watch…` stream.
//!
//! A stream begins after the cursor that the caller gives, of whatever age, and has no end of its own: it
//! ends when the caller goes, when the service stops, or when the store fails, which is told as
//! `UNAVAILABLE`, so that a follower comes back.

use std::sync::Arc;

use mesur_store::{Log, LogEntry, Position, Store, Watch, compact};
use mesur_telemetry::table;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataValue;
use tonic::{Code, Response, Status};

use crate::page::Tokens;
use crate::status::Violation;

/// The header of a stream without some old events: every one that was left out has a later one of the
/// same subject behind it.
pub const LEFT_OUT: &str = "mesur-events-left-out";

/// Events that wait for a slow caller, at most.
const QUEUE_EVENTS: usize = 64;

/// A stream of what `message` makes of the entries of a log.
pub type Events<T> = ReceiverStream<Result<T, Status>>;

/// The cursors of one log: signed, so that only the log that gave a cursor takes it back.
#[derive(Clone)]
pub struct Cursors {
    tokens: Tokens,
    log: Log,
    name: &'static str,
}

impl Cursors {
    /// Cursors of the log `name`, signed with the key of the service's page tokens.
    pub fn new(tokens: Tokens, name: &'static str) -> Self {
        let log = Log::new(name);
        Self { tokens, log, name }
    }

    /// The cursor of an event.
    pub fn issue(&self, position: Position) -> Vec<u8> {
        let token = self.tokens.issue(&self.arguments(), &position.to_bytes());
        token.into_bytes()
    }

    /// Reads the cursor of a request: empty means from the first event. One that is not of an
    /// event that the log has, or had before it was [made smaller](compact), is a violation; it may be
    /// of another stream, or from a time after that to which the store was restored.
    pub async fn read(
        &self,
        store: &dyn Store,
        cursor: &[u8],
    ) -> Result<Result<Option<Position>, Violation>, mesur_store::Error> {
        if cursor.is_empty() {
            return Ok(Ok(None));
        }
        let token = str::from_utf8(cursor).unwrap_or_default();
        let read = self.tokens.read(&self.arguments(), token).ok().flatten();
        if let Some(position) = read.and_then(|bytes| Position::from_bytes(&bytes))
            && self.is_entry(store, position).await?
        {
            return Ok(Ok(Some(position)));
        }
        Ok(Err(Violation {
            field: "cursor".to_owned(),
            reason: "CURSOR_INVALID",
            description: "must be empty or the cursor of an event of this stream".to_owned(),
        }))
    }

    fn arguments(&self) -> [&[u8]; 2] {
        [b"cursor", self.name.as_bytes()]
    }

    async fn is_entry(
        &self,
        store: &dyn Store,
        position: Position,
    ) -> Result<bool, mesur_store::Error> {
        let Some(before) = before(position) else {
            return Ok(false);
        };
        let next = store.read_log(&self.log, Some(before), 1).await?;
        let is_there = next.first().is_some_and(|entry| entry.position == position);
        Ok(is_there || Some(position) <= compact::left_out(store, self.name).await?)
    }

    /// The answer to a request for the stream behind `after`. Its header [`LEFT_OUT`] is there when
    /// events behind that were left out, for which later ones stand.
    pub async fn response<S>(
        &self,
        store: &dyn Store,
        after: Option<Position>,
        stream: S,
    ) -> Result<Response<S>, mesur_store::Error> {
        let left_out = compact::left_out(store, self.name).await?;
        let mut response = Response::new(stream);
        if left_out > after {
            let headers = response.metadata_mut();
            headers.insert(LEFT_OUT, MetadataValue::from_static("true"));
        }
        Ok(response)
    }
}

/// Whether a follower that has this cursor finds its place in the log `name` of a store, whose page
/// tokens are signed with the key at `page_key`.
pub async fn has_event(
    store: &dyn Store,
    page_key: &[u8],
    name: &'static str,
    cursor: &[u8],
) -> Result<bool, mesur_store::Error> {
    if cursor.is_empty() {
        return Ok(true);
    }
    let Some(tokens) = Tokens::stored(store, page_key).await? else {
        return Ok(false);
    };
    let read = Cursors::new(tokens, name).read(store, cursor).await?;
    Ok(read.is_ok())
}

/// The position just before another.
fn before(position: Position) -> Option<Position> {
    let mut wide = [0; 16];
    *wide.last_chunk_mut::<10>()? = position.to_bytes();
    let before = u128::from_be_bytes(wide).checked_sub(1)?;
    Position::from_bytes(before.to_be_bytes().last_chunk::<10>()?)
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
    let mut waiting = Waiting::default();
    loop {
        waiting.set(watch.ready());
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
        waiting.set(watch.ready().saturating_add(1));
        let last = item.is_err();
        if sender.send(item).await.is_err() || last {
            return;
        }
    }
}

/// How many events one follower has no room for yet, among those of all followers.
#[derive(Default)]
struct Waiting(usize);

impl Waiting {
    fn set(&mut self, events: usize) {
        if events != self.0 {
            table::WATCH_WAITING.move_count([], self.0, events);
            self.0 = events;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use mesur_store::{Commit, MemoryStore};
    use tokio_stream::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn so_many_events_wait_for_a_slow_caller_and_the_log_is_read_no_further() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let log = Log::new("events");
        for number in 0..4 * QUEUE_EVENTS {
            let commit = Commit::new().append(&log, number.to_be_bytes());
            store.commit(commit).await.unwrap();
        }
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let message = move |entry: LogEntry| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(entry.value)
        };
        let stop = CancellationToken::new();
        let events = stream(&store, log, None, stop, message).await.unwrap();
        // Nothing but this runs on the one thread of the test: who can go on does.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        // The next one is ready, and has no place.
        assert_eq!(made.load(Ordering::SeqCst), QUEUE_EVENTS + 1);
        let all = events.take(4 * QUEUE_EVENTS).collect::<Vec<_>>().await;
        assert!(all.iter().all(Result::is_ok) && all.len() == 4 * QUEUE_EVENTS);
    }
}
