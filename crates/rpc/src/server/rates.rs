//! How fast one caller may call: a bucket of tokens for each.
//!
//! Callers are told apart by a keyed hash, which chooses one of a fixed number of buckets. So the
//! memory is the same for one caller and for a million, nothing is ever cleared, and nobody outside
//! can choose whose bucket to empty. Two callers share a bucket with a chance of one in
//! [`BUCKETS_MAX`]; while one of them is far above the rate, the other is refused with it.
//!
//! The time is an argument. What is refused costs a caller nothing but the wait.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets of one kind of caller: 65,536, which take 512 KiB.
pub const BUCKETS_MAX: usize = 64 * 1024;

const NANOSECONDS: u64 = 1_000_000_000;

/// How fast one caller may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls each second in the long run.
    pub per_second: u32,
    /// Calls at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// Nanoseconds until one more call is free.
    fn interval(self) -> u64 {
        NANOSECONDS / u64::from(self.per_second.max(1))
    }

    /// Nanoseconds that a caller may be ahead of the rate.
    fn lead(self) -> u64 {
        let ahead = u64::from(self.burst.max(1)).saturating_sub(1);
        self.interval().saturating_mul(ahead)
    }
}

/// A bucket for each caller, of one rate.
pub(super) struct Buckets {
    rate: Rate,
    hashes: RandomState,
    /// When a bucket is full again, in nanoseconds since the start.
    full_at: Box<[AtomicU64]>,
}

impl Buckets {
    /// Full buckets.
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            hashes: RandomState::new(),
            full_at: (0..BUCKETS_MAX).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Takes a token of the caller's; otherwise says how long the next one takes. `now` is the time
    /// since any start, the same for all calls.
    pub(super) fn take(&self, caller: &impl Hash, now: Duration) -> Result<(), Duration> {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let lead = self.rate.lead();
        let taken =
            self.bucket(caller)
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                    let from = full_at.max(now);
                    (from - now <= lead).then(|| from.saturating_add(self.rate.interval()))
                });
        match taken {
            Ok(_) => Ok(()),
            Err(full_at) => {
                let wait = full_at.saturating_sub(now).saturating_sub(lead);
                Err(Duration::from_nanos(wait))
            }
        }
    }

    fn bucket(&self, caller: &impl Hash) -> &AtomicU64 {
        static NONE: AtomicU64 = AtomicU64::new(0);
        let count = u64::try_from(self.full_at.len()).unwrap_or(1).max(1);
        let place = self.hashes.hash_one(caller) % count;
        let place = usize::try_from(place).unwrap_or(0);
        // There is always one: the place is below their number.
        self.full_at.get(place).unwrap_or(&NONE)
    }
}

/// What one caller has: an IPv4 address, or the /64 that an IPv6 address is in.
pub(super) fn network(address: IpAddr) -> [u16; 4] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            [a, b, c, d]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 3,
    };

    fn taken(buckets: &Buckets, caller: &str, at: Duration) -> usize {
        (0..100)
            .take_while(|_| buckets.take(&caller, at).is_ok())
            .count()
    }

    #[test]
    fn a_burst_is_let_through_and_one_more_told_how_long_to_wait() {
        let buckets = Buckets::new(RATE);
        let start = Duration::from_secs(7);
        assert_eq!(taken(&buckets, "one", start), 3);
        let wait = buckets.take(&"one", start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        let early = start + Duration::from_nanos(99_999_999);
        assert_eq!(taken(&buckets, "one", early), 0);
        assert_eq!(taken(&buckets, "one", start + wait), 1);
        // A rest of any length saves up one burst.
        assert_eq!(taken(&buckets, "one", Duration::from_hours(1)), 3);
    }

    #[test]
    fn in_the_long_run_the_rate_is_the_rate() {
        let buckets = Buckets::new(RATE);
        let calls: usize = (0..60_000)
            .map(|millisecond| taken(&buckets, "one", Duration::from_millis(millisecond)))
            .sum();
        assert_eq!(calls, 3 + 599);
    }

    #[test]
    fn one_caller_takes_nothing_from_others_and_a_flood_of_callers_no_memory() {
        let buckets = Buckets::new(RATE);
        let now = Duration::from_secs(1);
        assert_eq!(taken(&buckets, "one", now), 3);
        // That all of ten share the one emptied bucket cannot happen by chance.
        let others = (0..10).map(|other| taken(&buckets, &other.to_string(), now));
        assert!(others.sum::<usize>() >= 27);
        for stranger in 0..1_000_000_u32 {
            let _ = buckets.take(&stranger, now);
        }
        assert_eq!(buckets.full_at.len(), BUCKETS_MAX);
        assert_eq!(taken(&buckets, "one", now + Duration::from_hours(24)), 3);
    }

    #[test]
    fn addresses_that_one_subscriber_has_are_one_caller() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
