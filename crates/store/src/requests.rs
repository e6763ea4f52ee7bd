//! Send twice, happen once.
//!
//! The response to a mutation is stored under its request id in the same commit as the mutation.
//! A repeat finds it; of two at once, one conflicts, reads again, and finds it too. The key
//! `prefix` has the caller's identity in it where ids of different callers must not meet.
//!
//! # How long
//!
//! An entry is kept for at least [`LIFETIME_DAYS`] days, then [`sweep`] takes it out: a repeat that
//! comes later is a new request. Days are counted by marks, at least a day apart, that [`day`] leaves
//! behind; an entry goes when so many days lie between marks that all came after it. So a clock that
//! jumps ahead takes one mark with it and no entry, and a service that was away keeps its entries
//! longer.

use prost::Message;

use crate::{Commit, Error, Expect, IsConflict, Key, KeyBuilder, KeyRange, Store, Version, record};

const FORMAT: u8 = 1;

/// For how many days a repeat gets the answer of the first.
pub const LIFETIME_DAYS: usize = 400;
/// Seconds between two marks at the least.
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Entries that are looked at, and taken out, at a time.
const SWEEP_ROWS: usize = 32;

#[derive(Clone, PartialEq, Message)]
struct Remembered {
    #[prost(bytes = "vec", tag = "1")]
    content_digest: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    response: Vec<u8>,
}

/// The marks. The newest is the commit that wrote the row.
#[derive(Clone, PartialEq, Message)]
struct Days {
    /// When the newest was made, in seconds since 1970.
    #[prost(int64, tag = "1")]
    time_seconds: i64,
    /// The commits of the marks before it, oldest first; [`LIFETIME_DAYS`] at most.
    #[prost(uint64, repeated, tag = "2")]
    earlier: Vec<u64>,
}

/// The response that the request with this id got, if it came before.
///
/// Fails with [`Error::RequestReused`] when it came with other content.
pub async fn earlier_response(
    store: &dyn Store,
    prefix: &[u8],
    request_id: &str,
    content_digest: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let key = request_key(prefix, request_id);
    let Some(entry) = store.get(&key).await? else {
        return Ok(None);
    };
    let remembered: Remembered = record::open(FORMAT, &key, &entry.value)?;
    if remembered.content_digest != content_digest {
        return Err(Error::RequestReused);
    }
    Ok(Some(remembered.response))
}

/// Adds to `commit` that the request with this id got this response; the commit conflicts if the
/// id has been used.
pub fn remember(
    commit: Commit,
    prefix: &[u8],
    request_id: &str,
    content_digest: &[u8],
    response: &[u8],
) -> Commit {
    let key = request_key(prefix, request_id);
    let remembered = Remembered {
        content_digest: content_digest.to_vec(),
        response: response.to_vec(),
    };
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &remembered))
}

fn request_key(prefix: &[u8], request_id: &str) -> Key {
    KeyBuilder::from_prefix(prefix).text(request_id).build()
}

/// Leaves a mark at `days` when a day has gone by since the last one, and answers before which commit
/// something is [`LIFETIME_DAYS`] old: the first, while nothing is. `None` when no day has gone by, or
/// another has made the mark. `now` is in seconds since 1970.
pub async fn day(store: &dyn Store, days: &[u8], now: i64) -> Result<Option<Version>, Error> {
    match mark(store, days, now).await {
        Ok(Some(marks)) => Ok(Some(marks.days_ago(LIFETIME_DAYS))),
        Ok(None) => Ok(None),
        Err(error) if error.is_conflict() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Before which commit something is `number` days old, by the marks at `days`: the first, while
/// nothing is, and none where the number is zero.
pub async fn days_ago(store: &dyn Store, days: &[u8], number: usize) -> Result<Version, Error> {
    let marks = match store.get(days).await? {
        Some(entry) => Marks::of(record::open(FORMAT, days, &entry.value)?, entry.version),
        None => Marks(Vec::new()),
    };
    Ok(marks.days_ago(number))
}

/// The commits of the marks, oldest first.
struct Marks(Vec<u64>);

impl Marks {
    fn of(days: Days, newest: Version) -> Self {
        let mut marks = days.earlier;
        marks.push(newest.get());
        Self(marks)
    }

    fn days_ago(&self, number: usize) -> Version {
        if number == 0 {
            return Version::new(u64::MAX);
        }
        let place = self.0.len().checked_sub(number.saturating_add(1));
        let mark = place.and_then(|place| self.0.get(place));
        mark.map_or(Version::ZERO, |mark| Version::new(*mark))
    }
}

/// Leaves a mark if one is due.
async fn mark(store: &dyn Store, key: &[u8], now: i64) -> Result<Option<Marks>, Error> {
    let found = store.get(key).await?;
    let (mut days, expect) = match &found {
        Some(entry) => {
            let mut days: Days = record::open(FORMAT, key, &entry.value)?;
            let since = now.saturating_sub(days.time_seconds);
            if (0..DAY_SECONDS).contains(&since) {
                return Ok(None);
            }
            // A clock that was put back counts from there on, and no day has gone by.
            if since >= DAY_SECONDS {
                days.earlier.push(entry.version.get());
            }
            (days, Expect::At(entry.version))
        }
        None => (Days::default(), Expect::Absent),
    };
    days.time_seconds = now;
    let over = days.earlier.len().saturating_sub(LIFETIME_DAYS);
    days.earlier.drain(..over);
    let commit = Commit::new().expect(key, expect);
    let commit = commit.put(key, record::seal(FORMAT, &days));
    let version = store.commit(commit).await?;
    Ok(Some(Marks::of(days, version)))
}

/// Takes out the entries under `prefix` that came before the commit `before`; answers how many.
///
/// Several may do so at once, and nothing is taken out that was written anew.
pub async fn sweep(store: &dyn Store, prefix: &[u8], before: Version) -> Result<u64, Error> {
    let mut range = KeyRange::prefix(prefix);
    let mut taken = 0;
    if before == Version::ZERO {
        return Ok(taken);
    }
    loop {
        let rows = store.scan(range.clone(), SWEEP_ROWS).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(taken);
        };
        range = range.after(last);
        let past = rows.iter().filter(|(_, entry)| entry.version < before);
        let mut count = 0;
        let commit = past.fold(Commit::new(), |commit, (key, entry)| {
            count += 1;
            let expect = Expect::At(entry.version);
            commit.expect(key.clone(), expect).delete(key.clone())
        });
        if count > 0 {
            match store.commit(commit).await {
                // Another takes them out.
                Err(error) if error.is_conflict() => {}
                done => {
                    done?;
                    taken += count;
                }
            }
        }
    }
}

/// Whether an entry of this module can be read.
pub(crate) fn check_entry(key: &[u8], value: &[u8]) -> Result<(), Error> {
    record::open::<Remembered>(FORMAT, key, value).map(drop)
}

/// Whether the marks can be read.
pub(crate) fn check_days(key: &[u8], value: &[u8]) -> Result<(), Error> {
    record::open::<Days>(FORMAT, key, value).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    const PREFIX: &[u8] = &[4];
    const DAYS: &[u8] = &[5];

    async fn send(store: &MemoryStore, id: &str, answer: &[u8]) -> Vec<u8> {
        if let Some(earlier) = earlier_response(store, PREFIX, id, b"content")
            .await
            .unwrap()
        {
            return earlier;
        }
        let commit = remember(Commit::new(), PREFIX, id, b"content", answer);
        store.commit(commit).await.unwrap();
        answer.to_vec()
    }

    async fn sweep_at(store: &MemoryStore, now: i64) -> u64 {
        match day(store, DAYS, now).await.unwrap() {
            Some(before) => sweep(store, PREFIX, before).await.unwrap(),
            None => 0,
        }
    }

    async fn pass_days(store: &MemoryStore, days: std::ops::Range<usize>) -> u64 {
        let mut taken = 0;
        for day in days {
            let now = i64::try_from(day).unwrap() * DAY_SECONDS;
            taken += sweep_at(store, now).await;
            // A service asks more often than a day goes by.
            taken += sweep_at(store, now + 3600).await;
        }
        taken
    }

    #[tokio::test]
    async fn a_repeat_gets_the_first_answer_for_its_lifetime_and_is_a_new_request_after_it() {
        let store = MemoryStore::new();
        pass_days(&store, 0..10).await;
        send(&store, "a", b"first").await;
        // The day after it is the first mark behind it; as many whole days follow.
        let last = 10 + LIFETIME_DAYS;
        assert_eq!(pass_days(&store, 10..last).await, 0);
        assert_eq!(send(&store, "a", b"second").await, b"first");
        send(&store, "b", b"first").await;
        assert_eq!(pass_days(&store, last..last + 1).await, 1);
        assert_eq!(send(&store, "a", b"second").await, b"second");
        assert_eq!(send(&store, "b", b"second").await, b"first");
    }

    #[tokio::test]
    async fn more_entries_than_are_swept_at_a_time_all_go_and_the_marks_do_not_grow() {
        let store = MemoryStore::new();
        for n in 0..3 * SWEEP_ROWS {
            send(&store, &n.to_string(), b"answer").await;
        }
        let taken = pass_days(&store, 0..2 * LIFETIME_DAYS).await;
        assert_eq!(taken, 3 * SWEEP_ROWS as u64);
        let marks = store.get(DAYS).await.unwrap().unwrap().value.len();
        assert!(marks < 4 * LIFETIME_DAYS, "{marks} bytes");
    }

    #[tokio::test]
    async fn a_clock_that_jumps_takes_no_entry_with_it() {
        let store = MemoryStore::new();
        pass_days(&store, 0..10).await;
        send(&store, "a", b"first").await;
        for day in [40_000, 11, 80_000, 12, 13] {
            let now = day * DAY_SECONDS;
            assert_eq!(sweep_at(&store, now).await, 0);
        }
        assert_eq!(send(&store, "a", b"second").await, b"first");
        // Days count again after the clock was put right.
        assert_eq!(pass_days(&store, 14..14 + LIFETIME_DAYS).await, 1);
    }

    #[test]
    fn entries_and_marks_are_read_as_the_first_release_wrote_them() {
        let entry = b"\x01\x0a\x01c\x12\x01r\xf2\xcb\xc0\x8a";
        let days = b"\x01\x08\x80\xa3\x05\x12\x02\x03\x09\xd8\xa3\xbc\xbc";
        let entry: Remembered = record::open(FORMAT, b"k", entry).unwrap();
        assert_eq!(
            (&*entry.content_digest, &*entry.response),
            (&b"c"[..], &b"r"[..])
        );
        let days: Days = record::open(FORMAT, b"k", days).unwrap();
        assert_eq!((days.time_seconds, days.earlier), (86_400, vec![3, 9]));
    }
}
