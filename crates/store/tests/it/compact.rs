//! Logs that are made smaller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use mesur_store::{Call, Commit, Error, Front, Log, LogEntry, Position, Store, Version, compact};

use crate::chain;
use crate::conformance::Shared;

const NAME: &str = "events";
const ENTRIES: usize = 300;
const SUBJECTS: usize = 7;

/// A store that is gone after so many commits.
struct Ending {
    inner: Shared,
    commits_left: AtomicUsize,
}

#[async_trait]
impl Front for Ending {
    fn behind(&self) -> &dyn Store {
        &*self.inner
    }

    async fn pass(&self, call: Call) -> Result<(), Error> {
        if call == Call::Commit {
            if self.commits_left.load(Ordering::Relaxed) == 0 {
                return Err(Error::Closed);
            }
            self.commits_left.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Entries are `subject number`; those of the first have none.
fn subject(entry: &[u8]) -> Option<String> {
    let (subject, _) = str::from_utf8(entry).unwrap().split_once(' ').unwrap();
    (subject != "0").then(|| subject.to_owned())
}

async fn read(store: &Shared, after: Option<Position>) -> Vec<LogEntry> {
    let log = Log::new(NAME);
    store.read_log(&log, after, 2 * ENTRIES).await.unwrap()
}

/// What each subject has come to for whoever reads on.
fn latest(seen: &mut BTreeMap<String, Vec<u8>>, entries: &[LogEntry]) {
    for entry in entries {
        if let Some(subject) = subject(&entry.value) {
            seen.insert(subject, entry.value.clone());
        }
    }
}

/// All who read on come to the same as before, in order, with all that is young or has no subject.
async fn tells_as_much(store: &Shared, all: &[LogEntry], before: Version) {
    let left_out = compact::left_out(&**store, NAME).await.unwrap();
    let mut full = BTreeMap::new();
    latest(&mut full, all);
    for read_to in (0..=all.len()).step_by(7) {
        let (known, unread) = all.split_at(read_to);
        let after = known.last().map(|entry| entry.position);
        let rest = read(store, after).await;
        assert!(rest.is_sorted_by_key(|entry| entry.position));
        assert!(rest.iter().all(|entry| unread.contains(entry)));
        let mut seen = BTreeMap::new();
        latest(&mut seen, known);
        latest(&mut seen, &rest);
        assert_eq!(seen, full, "behind {read_to}");
        for entry in unread {
            let is_young = entry.position.version() >= before;
            let must_stay = is_young || subject(&entry.value).is_none();
            let is_there = rest.contains(entry);
            assert!(is_there || !must_stay, "{entry:?}");
            assert!(is_there || Some(entry.position) <= left_out, "{entry:?}");
        }
    }
}

pub(crate) async fn a_log_made_smaller_brings_everybody_to_the_same_end_from_any_place(
    store: Shared,
) {
    let log = Log::new(NAME);
    let mut before = Version::ZERO;
    for number in 0..ENTRIES {
        // In no regular order.
        let subject = number * number / 3 % SUBJECTS;
        let entry = format!("{subject} {number}");
        let commit = Commit::new().append(&log, entry).chain("said");
        let version = store.commit(commit).await.unwrap();
        if number == ENTRIES / 2 {
            before = version;
        }
    }
    let all = read(&store, None).await;
    let chained = chain::read(&*store).await;
    let mut follower = store.watch(log, None).await.unwrap();
    let first = follower.next().await.unwrap();
    let young = compact::log(&*store, NAME, subject, Version::ZERO).await;
    assert_eq!(young.unwrap(), 0);
    // It ends after every commit that it makes, and the next goes on.
    let mut count = 0;
    for commits_left in 0.. {
        let ending = Ending {
            inner: Arc::clone(&store),
            commits_left: AtomicUsize::new(commits_left % 2),
        };
        let done = compact::log(&ending, NAME, subject, before).await;
        tells_as_much(&store, &all, before).await;
        let left = all.len() - read(&store, None).await.len();
        assert!(left >= count);
        count = left;
        match done {
            Ok(0) if commits_left > 0 => break,
            Ok(_) | Err(Error::Closed) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let rest = read(&store, None).await;
    let old = rest
        .iter()
        .filter(|entry| entry.position.version() < before);
    let with_subject = old.filter(|entry| subject(&entry.value).is_some()).count();
    assert_eq!(with_subject, 0, "every subject came again");
    assert_eq!(chain::read(&*store).await, chained);
    // Who followed meanwhile is told the rest too.
    let mut seen = vec![first];
    while seen.last() != rest.last() {
        seen.push(follower.next().await.unwrap());
    }
    assert!(rest.iter().skip(1).all(|entry| seen.contains(entry)));
}
