//! The semantics of a store with many callers at once.

use std::sync::Arc;

use mesur_store::{Commit, Error, Expect, KeyRange, Log, LogEntry, Store, with_retry};
use tokio::task::JoinSet;

use crate::conformance::Shared;

const TASKS: usize = 64;
const COMMITS_PER_TASK: usize = 8;

async fn follow(store: Shared, log: Log) -> Vec<LogEntry> {
    let mut watch = store.watch(log, None).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < TASKS * COMMITS_PER_TASK * 2 {
        seen.push(watch.next().await.unwrap());
    }
    seen
}

pub(crate) async fn followers_miss_and_repeat_nothing_while_sixty_four_tasks_commit(store: Shared) {
    let log = Log::new("events");
    let mut followers = JoinSet::new();
    for _ in 0..8 {
        followers.spawn(follow(Arc::clone(&store), log.clone()));
    }
    let mut writers = JoinSet::new();
    for task in 0..TASKS {
        let (store, log) = (Arc::clone(&store), log.clone());
        writers.spawn(async move {
            for n in 0..COMMITS_PER_TASK {
                let commit = Commit::new().append(&log, format!("{task} {n} x"));
                store
                    .commit(commit.append(&log, format!("{task} {n} y")))
                    .await
                    .unwrap();
            }
        });
    }
    writers.join_all().await;
    let all = store.read_log(&log, None, usize::MAX).await.unwrap();
    assert_eq!(all.len(), TASKS * COMMITS_PER_TASK * 2);
    for seen in followers.join_all().await {
        assert_eq!(seen, all);
    }
}

async fn count(store: &dyn Store) -> Option<(Expect, u64)> {
    let entry = store.get(b"count").await.unwrap()?;
    let count = u64::from_be_bytes(entry.value.try_into().unwrap());
    Some((Expect::At(entry.version), count))
}

pub(crate) async fn concurrent_counters_lose_no_increment(store: Shared) {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut counted = 0;
            for _ in 0..20 {
                let done = with_retry(|| async {
                    let (expect, count) = count(&*store).await.unwrap_or((Expect::Absent, 0));
                    let next = (count + 1).to_be_bytes();
                    store
                        .commit(Commit::new().expect("count", expect).put("count", next))
                        .await
                });
                match done.await {
                    Ok(_) => counted += 1,
                    Err(Error::Conflict { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            counted
        });
    }
    let counted: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(count(&*store).await.unwrap().1, counted);
    assert!(counted > 0);
}

pub(crate) async fn two_hundred_and_fifty_six_tasks_commit_long_values_at_once(store: Shared) {
    let mut tasks = JoinSet::new();
    for task in 0..=255u8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for n in 0..4u8 {
                let commit = Commit::new().put([task, n], vec![task; 20_000]);
                store
                    .commit(commit.expect([task, n], Expect::Absent))
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    for task in 0..=255u8 {
        let rows = store.scan(KeyRange::prefix([task]), 9).await.unwrap();
        assert_eq!(rows.len(), 4);
        assert!(
            rows.iter()
                .all(|(_, entry)| entry.value == vec![task; 20_000])
        );
    }
}

pub(crate) async fn a_reader_never_sees_half_a_commit(store: Shared) {
    const KEYS: u8 = 40;
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for n in 0..60u8 {
            // Every other commit deletes half of the keys, so a scan meets rows coming and going.
            let commit = (0..KEYS).fold(Commit::new(), |commit, key| match n % 2 {
                1 if key % 2 == 1 => commit.delete([key]),
                _ => commit.put([key], [n]),
            });
            writer.commit(commit).await.unwrap();
        }
    });
    let mut states = 0;
    let mut last = None;
    while !writing.is_finished() {
        let rows = store.scan(KeyRange::all(), 99).await.unwrap();
        if let Some((_, first)) = rows.first() {
            let half = first.value[0] % 2 == 1;
            assert_eq!(rows.len(), usize::from(if half { KEYS / 2 } else { KEYS }));
            assert!(rows.iter().all(|(_, entry)| entry == first));
            assert!(last <= Some(first.version), "time runs backwards");
            states += usize::from(last != Some(first.version));
            last = Some(first.version);
        }
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    assert!(states <= 60);
}
