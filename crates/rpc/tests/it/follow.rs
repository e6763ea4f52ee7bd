//! Following a source that breaks, into a store that fails.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mesur_rpc::follow::{Backoff, BoxError, EventStream, Follower, Following, Source, follow};
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::{self as stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::logs::Logs;

const NUMBERS: Following = Following {
    service: "ledger",
    upstream: "numbers",
};

/// What happens to one attempt to open the stream.
enum Opening {
    /// The service is away.
    Refused,
    /// So many events, then an error.
    Breaks(usize),
    /// So many events, then an orderly end.
    Ends(usize),
}

/// Sends the numbers 0..40; a number's cursor is the count of numbers up to it. After the script
/// the stream stays open.
struct Numbers {
    script: Mutex<VecDeque<Opening>>,
    opened: Arc<Mutex<Vec<Instant>>>,
}

impl Numbers {
    const COUNT: u32 = 40;

    fn new(script: impl IntoIterator<Item = Opening>) -> Self {
        let script = Mutex::new(script.into_iter().collect());
        Self {
            script,
            opened: Arc::default(),
        }
    }
}

#[async_trait]
impl Source for Numbers {
    type Event = u32;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<u32>, Status> {
        self.opened.lock().unwrap().push(Instant::now());
        let after = after.try_into().map_or(0, u32::from_be_bytes);
        let rest = stream::iter((after..Self::COUNT).map(Ok));
        match self.script.lock().unwrap().pop_front() {
            Some(Opening::Refused) => Err(Status::unavailable("away")),
            Some(Opening::Breaks(events)) => {
                let broken = stream::once(Err(Status::unavailable("connection reset")));
                Ok(Box::pin(rest.take(events).chain(broken)))
            }
            Some(Opening::Ends(events)) => Ok(Box::pin(rest.take(events))),
            None => Ok(Box::pin(rest.chain(stream::pending()))),
        }
    }
}

/// When the store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Failing {
    Cursor = 1,
    BeforeCommit = 2,
    AfterCommit = 4,
}

/// Stores the numbers it is given, and fails now and then, before or after the commit.
#[derive(Clone)]
struct Ledger {
    numbers: Arc<Mutex<Vec<u32>>>,
    calls: Arc<Mutex<u32>>,
    failed: Arc<Mutex<BTreeSet<Failing>>>,
    complete: CancellationToken,
    is_flaky: bool,
}

impl Ledger {
    fn new(is_flaky: bool) -> Self {
        Self {
            numbers: Arc::default(),
            calls: Arc::default(),
            failed: Arc::default(),
            complete: CancellationToken::new(),
            is_flaky,
        }
    }

    /// Every fifth call fails in the given way.
    fn may_fail(&self, failing: Failing) -> Result<(), BoxError> {
        if !self.is_flaky || *self.calls.lock().unwrap() % 5 != failing as u32 {
            return Ok(());
        }
        self.failed.lock().unwrap().insert(failing);
        Err("disk full".into())
    }
}

#[async_trait]
impl Follower<u32> for Ledger {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        *self.calls.lock().unwrap() += 1;
        self.may_fail(Failing::Cursor)?;
        let count = u32::try_from(self.numbers.lock().unwrap().len()).unwrap();
        Ok(if count == 0 {
            Vec::new()
        } else {
            count.to_be_bytes().to_vec()
        })
    }

    async fn apply(&self, event: u32) -> Result<(), BoxError> {
        *self.calls.lock().unwrap() += 1;
        self.may_fail(Failing::BeforeCommit)?;
        // A commit takes time, in which a stop may come.
        sleep(Duration::from_millis(1)).await;
        self.numbers.lock().unwrap().push(event);
        if event + 1 == Numbers::COUNT {
            self.complete.cancel();
        }
        self.may_fail(Failing::AfterCommit)
    }
}

/// Follows until every number is applied. A follower that never gets there fails its test.
async fn follow_to_the_end(source: Numbers, ledger: &Ledger) {
    let stop = ledger.complete.clone();
    let following = follow(NUMBERS, source, ledger.clone(), stop, Backoff::default());
    timeout(Duration::from_hours(24), following).await.unwrap();
    assert_eq!(*ledger.numbers.lock().unwrap(), all());
}

fn all() -> Vec<u32> {
    (0..Numbers::COUNT).collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_is_applied_once_and_in_order_whatever_breaks() {
    use Opening::{Breaks, Ends, Refused};
    let source = Numbers::new([
        Refused,
        Breaks(0),
        Breaks(3),
        Refused,
        Ends(2),
        Ends(0),
        Breaks(7),
    ]);
    let ledger = Ledger::new(true);
    follow_to_the_end(source, &ledger).await;
    assert_eq!(
        ledger.failed.lock().unwrap().len(),
        3,
        "every way of failing was met"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_once_as_it_begins_and_once_as_it_ends() {
    let (logs, _guard) = Logs::catch();
    let mut script = vec![Opening::Breaks(5)];
    script.extend(std::iter::repeat_with(|| Opening::Refused).take(50));
    let source = Numbers::new(script);
    let opened = Arc::clone(&source.opened);
    let ledger = Ledger::new(false);
    follow_to_the_end(source, &ledger).await;
    assert_eq!((logs.at("WARN").len(), logs.at("INFO").len()), (1, 1));
    let opened = opened.lock().unwrap();
    let waits: Vec<_> = opened.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 51);
    assert!(waits[0] < waits[1] && waits[1] < waits[2], "{waits:?}");
    assert!(
        waits
            .iter()
            .all(|wait| *wait < Backoff::default().max + Duration::from_millis(50)),
        "{waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_and_opens_again_is_no_outage() {
    let (logs, _guard) = Logs::catch();
    let source = Numbers::new([Opening::Ends(5), Opening::Breaks(5), Opening::Ends(1)]);
    let ledger = Ledger::new(false);
    follow_to_the_end(source, &ledger).await;
    assert!(logs.at("WARN").is_empty() && logs.at("INFO").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_that_holds_ends_the_outage() {
    let (logs, _guard) = Logs::catch();
    let ledger = Ledger::new(false);
    ledger.numbers.lock().unwrap().extend(all());
    let source = Numbers::new([Opening::Refused, Opening::Breaks(0)]);
    let stop = CancellationToken::new();
    let following = follow(NUMBERS, source, ledger, stop, Backoff::default());
    timeout(Duration::from_mins(1), following)
        .await
        .unwrap_err();
    assert_eq!((logs.at("WARN").len(), logs.at("INFO").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_a_commit_lets_it_finish_and_takes_no_more() {
    let ledger = Ledger::new(false);
    let stop = CancellationToken::new();
    let source = Numbers::new([]);
    let following = follow(
        NUMBERS,
        source,
        ledger.clone(),
        stop.clone(),
        Backoff::default(),
    );
    let stopping = async {
        // Half-way through the fourth commit.
        sleep(Duration::from_micros(3_500)).await;
        stop.cancel();
    };
    tokio::join!(following, stopping);
    let count = ledger.numbers.lock().unwrap().len();
    assert!((1..6).contains(&count), "{count}");
    assert_eq!(
        *ledger.calls.lock().unwrap() as usize,
        count + 1,
        "one cursor, then each commit"
    );
}
