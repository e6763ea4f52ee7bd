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
use mesur_telemetry::{table, trace};
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::{Instrument as _, debug, info, warn};

use crate::chain::Chain;
use crate::clock::{Clock as _, SystemClock};

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

    /// The trace that an event is of, if it says so.
    fn traceparent(_: &Self::Event) -> Option<&str> {
        None
    }
}

/// Where events go.
#[async_trait]
pub trait Follower<E>: Send + Sync {
    /// The stored cursor; empty when no event was ever applied.
    async fn cursor(&self) -> Result<Vec<u8>, BoxError>;

    /// Applies the event and stores its cursor, in one commit. Runs to its end also when stopping.
    async fn apply(&self, event: E) -> Result<(), BoxError>;
}

/// Who follows whom.
#[derive(Debug, Clone, Copy)]
pub struct Following {
    /// The service that follows.
    pub service: &'static str,
    /// The one that is followed.
    pub upstream: &'static str,
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
/// An outage is logged once as it begins and once as it ends, with who follows whom. A stream that ends and
/// opens again at once is none: servers end long streams when they restart or balance their load.
pub async fn follow<S, F>(
    following: Following,
    source: S,
    follower: F,
    stop: CancellationToken,
    backoff: Backoff,
) where
    S: Source,
    F: Follower<S::Event>,
{
    let mut outage = Outage {
        following,
        failures: 0,
        announced: false,
        waiting: false,
    };
    outage.told_connected(false);
    outage.settled();
    table::FOLLOWER_FAILURES.add(outage.labels(), 0);
    while let Err(error) = session(&source, &follower, &stop, backoff, &mut outage).await {
        outage.told_connected(false);
        outage.failed(&error);
        let waiting = stop.run_until_cancelled(sleep(backoff.delay(outage.failures)));
        if waiting.await.is_none() {
            break;
        }
    }
    outage.told_connected(false);
    outage.settled();
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
    outage.told_connected(true);
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
        outage.came();
        let Following { service, upstream } = outage.following;
        let span = trace::event(service, upstream, S::traceparent(&event));
        // Not inside the select: a commit that has begun is waited for.
        let applied = follower.apply(event).instrument(span).await;
        applied.map_err(Error::Apply)?;
        outage.applied();
        outage.recovered();
    }
}

/// What the log and the metrics were told so far.
struct Outage {
    following: Following,
    failures: u32,
    announced: bool,
    /// Whether an event waits for its effect.
    waiting: bool,
}

impl Outage {
    fn labels(&self) -> [&'static str; 2] {
        [self.following.service, self.following.upstream]
    }

    fn told_connected(&self, is_connected: bool) {
        table::FOLLOWER_CONNECTED.set_whether(self.labels(), is_connected);
    }

    /// An event has come; it may have come before, and not have had its effect.
    fn came(&mut self) {
        if !self.waiting {
            self.waiting = true;
            table::FOLLOWER_WAITING.set(self.labels(), now());
        }
    }

    fn applied(&mut self) {
        table::FOLLOWER_EVENTS.one(self.labels());
        table::FOLLOWER_LAST.set(self.labels(), now());
        self.settled();
    }

    /// No event waits here.
    fn settled(&mut self) {
        self.waiting = false;
        table::FOLLOWER_WAITING.set(self.labels(), 0.0);
    }

    fn failed(&mut self, error: &Error) {
        let Following { service, upstream } = self.following;
        let (failures, announced) = (self.failures, self.announced);
        table::FOLLOWER_FAILURES.one(self.labels());
        let expected = failures == 0 && matches!(error, Error::Ended | Error::Broken(_));
        if announced || expected {
            debug!(service, upstream, failures, error = %Chain(error), "opening the stream again");
        } else {
            warn!(service, upstream, error = %Chain(error), "cannot follow, trying on");
            self.announced = true;
        }
        self.failures = failures.saturating_add(1);
    }

    fn recovered(&mut self) {
        if self.announced {
            let Following { service, upstream } = self.following;
            let failures = self.failures;
            info!(service, upstream, failures, "following again");
        }
        self.failures = 0;
        self.announced = false;
    }
}

/// What the clock of the machine says, for a dashboard to tell how long ago something was.
fn now() -> f64 {
    SystemClock.now().as_duration().as_secs_f64()
}
