//! Time as an argument.
//!
//! The system time is read in [`SystemClock`] and nowhere else, so that a test can put a service on
//! any day of a collection year. A clock tells what time it is; it measures no durations and wakes
//! nobody: timeouts use tokio's timers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is moved, for tests.
#[derive(Debug)]
pub struct SteppedClock {
    now: Mutex<Timestamp>,
}

impl SteppedClock {
    /// Makes a clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self {
            now: Mutex::new(start),
        }
    }

    /// Puts the clock to `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock forward; it stops at the largest timestamp there is.
    pub fn step(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a protobuf timestamp is not an instant.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `nanos` is negative or a whole second and more.
    #[error("{nanos} nanoseconds is not a fraction of a second")]
    Nanoseconds {
        /// The number found.
        nanos: i32,
    },
    /// `seconds` is outside the years this calendar can tell.
    #[error("{seconds} seconds since 1970 is outside the calendar")]
    Seconds {
        /// The number found.
        seconds: i64,
        /// The limit that was passed.
        #[source]
        source: jiff::Error,
    },
}

/// The instant as a protobuf timestamp.
pub fn to_proto(instant: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (instant.as_second(), instant.subsec_nanosecond());
    // jiff gives both parts the sign of the instant; protobuf counts the fraction forward always.
    if nanos < 0 {
        seconds = seconds.saturating_sub(1);
        nanos = nanos.saturating_add(1_000_000_000);
    }
    prost_types::Timestamp { seconds, nanos }
}

/// The instant a protobuf timestamp tells.
pub fn from_proto(timestamp: &prost_types::Timestamp) -> Result<Timestamp, Error> {
    let prost_types::Timestamp { seconds, nanos } = *timestamp;
    if !(0..1_000_000_000).contains(&nanos) {
        return Err(Error::Nanoseconds { nanos });
    }
    Timestamp::new(seconds, nanos).map_err(|source| Error::Seconds { seconds, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_and_after_1970_survive_the_wire() {
        for text in [
            "1969-12-31T23:59:58.75Z",
            "1970-01-01T00:00:00Z",
            "2023-09-05T08:30:00.000000001Z",
        ] {
            let instant: Timestamp = text.parse().unwrap();
            let proto = to_proto(instant);
            assert!(proto.nanos >= 0, "{proto:?}");
            assert_eq!(from_proto(&proto).unwrap(), instant);
        }
    }

    #[test]
    fn impossible_timestamps_are_refused() {
        let at = |seconds, nanos| from_proto(&prost_types::Timestamp { seconds, nanos });
        assert!(matches!(at(0, -1), Err(Error::Nanoseconds { .. })));
        assert!(matches!(
            at(0, 1_000_000_000),
            Err(Error::Nanoseconds { .. })
        ));
        assert!(matches!(at(i64::MAX, 0), Err(Error::Seconds { .. })));
    }

    #[test]
    fn a_stepped_clock_moves_only_when_told() {
        let clock = SteppedClock::new(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.step(Duration::from_mins(1));
        assert_eq!(clock.now().as_second(), 60);
        clock.step(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
