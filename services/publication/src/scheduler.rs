//! Publishing on the day, without anyone awake, and never early.
//!
//! Two clocks must say that a moment has come: the clock on the wall, which may be set, and the time
//! that has passed since the process began, which cannot, counted from what the wall said then. A wall
//! clock that jumps forward thus publishes nothing early; the release comes out when the time
//! since the start says so too, late rather than early, and the log says what to do. One that jumps
//! back holds everything until it has caught up.
//!
//! After a restart the wall clock is all there is. It is believed unless it is before the last event
//! of a release that the store has; then nothing is published until it has passed that. A machine
//! that starts with a clock of next year is not noticed: let the service start after the clock is set.

mod timer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use mesur_rpc::chain::Chain;
use mesur_rpc::clock::Clock;
use mesur_store::Store;
use mesur_telemetry::table;
use tokio_util::sync::CancellationToken;

use crate::releases::Releases;

pub use timer::{SystemTimer, Timer};

/// How far the clocks may differ before the log says so.
const TOLERANCE: Duration = Duration::from_secs(5);
/// How long the longest sleep is: a clock that was set is noticed then.
const RECHECK: Duration = Duration::from_mins(1);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A clock that nobody can make run ahead.
pub(crate) struct TrustedClock {
    wall: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is known to be past.
    last: Option<Timestamp>,
    /// What the clocks said when the wall clock was first believed.
    start: Option<(Timestamp, Duration)>,
    /// Whether it was told that they do not agree.
    is_told: bool,
}

impl TrustedClock {
    /// A clock that believes nothing yet.
    pub(crate) fn new(wall: Arc<dyn Clock>, timer: Arc<dyn Timer>) -> Self {
        Self {
            wall,
            timer,
            state: Mutex::default(),
        }
    }

    /// The clock on the wall.
    pub(crate) fn wall(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.wall)
    }

    /// Begins to count from what the wall says, unless that is before what is known to be past.
    pub(crate) fn expect_after(&self, last: Option<Timestamp>) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last = last;
        self.reached();
    }

    /// The instant that both clocks have reached; `None` while the wall clock is not believed.
    pub(crate) fn reached(&self) -> Option<Timestamp> {
        let (wall, elapsed) = (self.wall.now(), self.timer.elapsed());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_believed = state.last.is_none_or(|last| last <= wall);
        if state.start.is_none() && is_believed {
            state.start = Some((wall, elapsed));
        }
        let counted = state.start.map(|(from, since)| {
            let passed = elapsed.saturating_sub(since);
            from.saturating_add(passed).unwrap_or(Timestamp::MAX)
        });
        let differs =
            counted.is_none_or(|counted| wall.duration_since(counted).unsigned_abs() > TOLERANCE);
        if differs && !state.is_told {
            let (last, counted) = (state.last, counted);
            tracing::error!(%wall, ?counted, ?last, "the clock was set: nothing is published before both times have come; start the service again if the clock is right");
        }
        state.is_told = differs;
        table::CLOCK_DISTRUSTED.set_whether([], differs);
        counted.map(|counted| counted.min(wall))
    }
}

/// Publishes every release on its day, until `stop` is cancelled.
/// One replica does so at a time: what it commits goes by way of `store`.
pub(crate) async fn run(
    releases: Arc<Releases>,
    store: Arc<dyn Store>,
    timer: Arc<dyn Timer>,
    stop: CancellationToken,
) {
    loop {
        let wait = publish_due(&releases, &*store).await;
        let until = timer.elapsed().saturating_add(wait);
        tokio::select! {
            () = stop.cancelled() => {
                // Another replica tells of them from here.
                table::RELEASES_SCHEDULED.set_count([], 0);
                table::RELEASES_OVERDUE.set_count([], 0);
                return;
            }
            () = releases.rescheduled.notified() => {}
            () = timer.sleep_until(until) => {}
        }
    }
}

/// Publishes what is due; answers how long nothing will be, as far as is known.
async fn publish_due(releases: &Releases, store: &dyn Store) -> Duration {
    let mut wait = RECHECK;
    let (mut waiting, mut overdue) = (0, 0);
    for upcoming in releases.shelf().upcoming() {
        let until = match releases.reached() {
            Some(reached) if reached >= upcoming.moment => {
                let published = releases.publish_due(&upcoming.name, store).await;
                match published {
                    Ok(()) => continue,
                    Err(error) => {
                        let (error, name) = (Chain(&error), &upcoming.name);
                        tracing::error!(%error, %name, "a release cannot be published");
                        overdue += 1;
                        AFTER_FAILURE
                    }
                }
            }
            Some(reached) => upcoming.moment.duration_since(reached).unsigned_abs(),
            None => RECHECK,
        };
        waiting += 1;
        wait = wait.min(until);
    }
    table::RELEASES_SCHEDULED.set_count([], waiting);
    table::RELEASES_OVERDUE.set_count([], overdue);
    wait
}
