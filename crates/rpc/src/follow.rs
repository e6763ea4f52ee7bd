//! Following the events of another service, for ever.
//!
//! Each event has its effect exactly once and in order, after any crash on either side, because the
//! follower stores its cursor in the same commit as what it did with the event, and each stream is
//! opened after the cursor as it is stored. Whatever goes wrong, the stream is given up and opened
//! again from there: an event whose commit failed comes again, one whose commit only seemed to fail
//! does not. An event that cannot be applied holds up those behind it; none is ever skipped.
//!
//! There is no limit of attempts: the other service may be away for a week-end.

use std::error::Error as StdError;
use std::pin::{Pin, pin};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::{debug, info, warn};

use crate::chain::Chain;

/// Whatever error a follower's store has.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The events a source sends.
pub type EventStream<E> = Pin<Box<dyn Stream<Item = Result<E, Status>> + Send>>;

/// Where events come from: a `Watch…` method of another service.
#[async_trait]
pub trait Source: Send + Sync {
    /// What comes.
    type Event: Send;

    /// Opens the stream of the events after the cursor; an empty cursor means from the start.
    async fn open(&self, after: Vec<u8>) -> Result<EventStream<Self::Event>, Status>;
}

/// Where events go.
#[async_trait]
pub trait Follower<E>: Send + Sync {
    /// The stored cursor; empty when no event was ever applied.
    async fn cursor(&self) -> Result<Vec<u8>, BoxError>;

    /// Applies the event and stores its cursor, in one commit. Runs to its end also when stopping.
    async fn apply(&self, event: E) -> Result<(), BoxError>;
}

/// How long to wait after a failure: `first`, doubled each time, up to `max`.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Wait after the first failure.
    pub first: Duration,
    /// Wait after many. A stream that held this long, or brought an event, counts as recovered.
    pub max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            max: Duration::from_secs(10),
        }
    }
}

impl Backoff {
    fn delay(self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.max)
    }
}

/// Why a stream was given up.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("reading the stored cursor")]
    Cursor(#[source] BoxError),
    #[error("opening the stream")]
    Open(#[source] Status),
    #[error("the stream broke")]
    Broken(#[source] Status),
    #[error("the stream ended")]
    Ended,
    #[error("applying an event")]
    Apply(#[source] BoxError),
}

/// Applies every event of `source` to `follower` until `stop` is cancelled.
///
/// An outage is logged once as it begins and once as it ends, under `name`. A stream that ends and
/// opens again at once is none: servers end long streams when they restart or balance their load.
pub async fn follow<S, F>(
    name: &'static str,
    source: S,
    follower: F,
    stop: CancellationToken,
    backoff: Backoff,
) where
    S: Source,
    F: Follower<S::Event>,
{
    let mut outage = Outage {
        name,
        failures: 0,
        announced: false,
    };
    while let Err(error) = session(&source, &follower, &stop, backoff, &mut outage).await {
        outage.failed(&error);
        let waiting = stop.run_until_cancelled(sleep(backoff.delay(outage.failures)));
        if waiting.await.is_none() {
            break;
        }
    }
}

/// One stream from its opening to its end; `Ok` when stopped.
async fn session<S, F>(
    source: &S,
    follower: &F,
    stop: &CancellationToken,
    backoff: Backoff,
    outage: &mut Outage,
) -> Result<(), Error>
where
    S: Source,
    F: Follower<S::Event>,
{
    let Some(cursor) = stop.run_until_cancelled(follower.cursor()).await else {
        return Ok(());
    };
    let cursor = cursor.map_err(Error::Cursor)?;
    let Some(opened) = stop.run_until_cancelled(source.open(cursor)).await else {
        return Ok(());
    };
    let mut events = opened.map_err(Error::Open)?;
    let mut settling = pin!(sleep(backoff.max));
    let mut settled = false;
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            next = events.next() => next,
            () = &mut settling, if !settled => {
                settled = true;
                outage.recovered();
                continue;
            }
        };
        let event = next.ok_or(Error::Ended)?.map_err(Error::Broken)?;
        // Not inside the select: a commit that has begun is waited for.
        follower.apply(event).await.map_err(Error::Apply)?;
        outage.recovered();
    }
}

/// What the log was told so far.
struct Outage {
    name: &'static str,
    failures: u32,
    announced: bool,
}

impl Outage {
    fn failed(&mut self, error: &Error) {
        let Self {
            name,
            failures,
            announced,
        } = *self;
        let expected = failures == 0 && matches!(error, Error::Ended | Error::Broken(_));
        if announced || expected {
            debug!(follower = name, failures, error = %Chain(error), "opening the stream again");
        } else {
            warn!(follower = name, error = %Chain(error), "cannot follow, trying on");
            self.announced = true;
        }
        self.failures = failures.saturating_add(1);
    }

    fn recovered(&mut self) {
        if self.announced {
            info!(
                follower = self.name,
                failures = self.failures,
                "following again"
            );
        }
        self.failures = 0;
        self.announced = false;
    }
}
