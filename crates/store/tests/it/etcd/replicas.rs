//! Several stores with one prefix, as replicas of a service have.

use std::sync::Arc;

use mesur_store::{
    COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Error, Expect, KEY_BYTES_MAX, KeyRange, Log, Store,
    VALUE_BYTES_MAX, Version, with_retry,
};
use tokio::task::JoinSet;

use super::cluster::{name, shared};
use crate::chain;
use crate::conformance::Shared;

const TASKS: usize = 8;
const COMMITS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_of_two_replicas_have_one_order_without_gaps_and_followers_of_both_see_it() {
    let name = name();
    let replicas = [shared().open(&name).await, shared().open(&name).await];
    let log = Log::new("events");
    let mut followers = JoinSet::new();
    let mut writers = JoinSet::new();
    for replica in &replicas {
        let (store, log) = (Arc::clone(replica), log.clone());
        let follow = log.clone();
        let follower = Arc::clone(&store);
        followers.spawn(async move {
            let mut watch = follower.watch(follow, None).await.unwrap();
            let mut seen = Vec::new();
            while seen.len() < 2 * TASKS * COMMITS {
                seen.push(watch.next().await.unwrap());
            }
            seen
        });
        for _ in 0..TASKS {
            let (store, log) = (Arc::clone(&store), log.clone());
            writers.spawn(async move {
                let mut versions = Vec::new();
                for _ in 0..COMMITS {
                    let commit = Commit::new().append(&log, "event");
                    versions.push(store.commit(commit).await.unwrap());
                }
                assert!(versions.is_sorted_by(|a, b| a < b));
                versions
            });
        }
    }
    let mut versions = writers.join_all().await.concat();
    versions.sort_unstable();
    let all: Vec<_> = (1..).map(Version::new).take(versions.len()).collect();
    assert_eq!(versions, all);
    let read = replicas[0].read_log(&log, None, usize::MAX).await.unwrap();
    assert_eq!(read.len(), all.len());
    for seen in followers.join_all().await {
        assert_eq!(seen, read);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_two_replicas_are_one_chain() {
    let name = name();
    let replicas = [shared().open(&name).await, shared().open(&name).await];
    let written = chain::write_at_once(&replicas.clone().map(|store| store as Shared)).await;
    // One that has just been opened finds the last link too.
    let third = shared().open(&name).await;
    third.commit(Commit::new().chain("third")).await.unwrap();
    replicas[0]
        .commit(Commit::new().chain("first"))
        .await
        .unwrap();
    let (entries, head) = chain::read(&*replicas[1]).await;
    assert_eq!(entries.len(), written + 2);
    head.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_of_two_replicas_lose_no_increment() {
    let name = name();
    let replicas = [shared().open(&name).await, shared().open(&name).await];
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let store = Arc::clone(&replicas[task % 2]);
        tasks.spawn(async move {
            let mut counted = 0;
            for _ in 0..15 {
                let done = with_retry(|| async {
                    let entry = store.get(b"count").await?;
                    let (expect, count) = entry.map_or((Expect::Absent, 0), |entry| {
                        let count = u64::from_be_bytes(entry.value.try_into().unwrap());
                        (Expect::At(entry.version), count)
                    });
                    let next = (count + 1).to_be_bytes();
                    let commit = Commit::new().expect("count", expect).put("count", next);
                    store.commit(commit).await
                });
                match done.await {
                    Ok(_) => counted += 1,
                    Err(Error::Conflict { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            counted
        });
    }
    let counted: u64 = tasks.join_all().await.into_iter().sum();
    let count = replicas[1].get(b"count").await.unwrap().unwrap().value;
    assert_eq!(u64::from_be_bytes(count.try_into().unwrap()), counted);
    assert!(counted > 0);
}

/// What a replica knows from its own commits may be out of date; it is never taken for true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_knows_an_older_state_neither_overwrites_nor_refuses_wrongly() {
    let name = name();
    let (one, other) = (shared().open(&name).await, shared().open(&name).await);
    let put = |value: &'static str| Commit::new().put("a", value);
    let first = one.commit(put("1")).await.unwrap();
    let second = other.commit(put("2")).await.unwrap();
    let stale = one.commit(put("3").expect("a", Expect::At(first))).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    let stale = one.commit(put("3").expect("a", Expect::Absent)).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    // The other one deletes what the first one knows of, and makes what it does not.
    let third = other
        .commit(Commit::new().delete("a").put("b", "b"))
        .await
        .unwrap();
    assert!(second < third);
    let relying = put("4")
        .expect("a", Expect::Absent)
        .expect("b", Expect::At(third));
    let fourth = one.commit(relying).await.unwrap();
    let found = other.get(b"a").await.unwrap().unwrap();
    assert_eq!((found.version, found.value), (fourth, b"4".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_commits_fit_a_transaction() {
    let prefix = name().repeat(200)[..190].to_owned();
    let store = shared().open(&prefix).await;
    let key = |n: usize| {
        let mut key = vec![b'k'; KEY_BYTES_MAX];
        key[..8].copy_from_slice(&n.to_be_bytes());
        key
    };
    // As many rows as there may be, each relied on and written, with the longest keys.
    let rows = COMMIT_KEYS_MAX / 2;
    let room = COMMIT_BYTES_MAX - 2 * rows * KEY_BYTES_MAX;
    let value = vec![7; (room / rows).min(VALUE_BYTES_MAX)];
    let commit = (0..rows).fold(Commit::new(), |commit, n| {
        commit
            .expect(key(n), Expect::Absent)
            .put(key(n), value.clone())
    });
    let first = store.commit(commit).await.unwrap();
    let relied = (0..COMMIT_KEYS_MAX - 1).fold(Commit::new().put("a", "a"), |commit, n| {
        let expect = if n < rows {
            Expect::At(first)
        } else {
            Expect::Absent
        };
        commit.expect(key(n), expect)
    });
    store.commit(relied).await.unwrap();
    // As many bytes as there may be, in the longest values, and many such commits at once.
    let mut tasks = JoinSet::new();
    for task in 0..4_u8 {
        let store = Arc::clone(&store);
        let values = COMMIT_BYTES_MAX / (VALUE_BYTES_MAX + 2);
        tasks.spawn(async move {
            let commit = (0..values).fold(Commit::new(), |commit, n| {
                commit.put(
                    [b'v', task, u8::try_from(n).unwrap()],
                    vec![task; VALUE_BYTES_MAX],
                )
            });
            store.commit(commit).await.unwrap()
        });
    }
    tasks.join_all().await;
    let found = store.scan(KeyRange::prefix("v"), 999).await.unwrap();
    assert_eq!(found.len(), 4 * (COMMIT_BYTES_MAX / (VALUE_BYTES_MAX + 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_loaded_half_is_refused_and_a_loaded_one_goes_on_where_the_dump_ended() {
    let (from, to) = (shared().open(&name()).await, name());
    let log = Log::new("events");
    for n in 0..100_u8 {
        let commit = Commit::new().put([n], vec![n; 20_000]).append(&log, [n]);
        from.commit(commit).await.unwrap();
    }
    let loading = shared().open(&to).await;
    let mut dump = from.dump().await.unwrap();
    // What is committed meanwhile is not in it.
    from.commit(Commit::new().put([0], "later")).await.unwrap();
    let version = dump.version();
    loading.load(dump.next().await.unwrap()).await.unwrap();
    let refused = mesur_store::EtcdStore::open(shared().settings(&to)).await;
    assert!(matches!(refused, Err(Error::Unusable { .. })));
    loop {
        let rows = dump.next().await.unwrap();
        if rows.is_empty() {
            break;
        }
        loading.load(rows).await.unwrap();
    }
    loading.finish_load(version).await.unwrap();
    let again = loading.finish_load(version).await;
    assert!(matches!(again, Err(Error::NotEmpty)), "{again:?}");
    let next = loading.commit(Commit::new().put([0], "later")).await;
    assert_eq!(next.unwrap().get(), version.get() + 1);
    let loaded = shared().open(&to).await;
    let everything = |store: Arc<mesur_store::EtcdStore>| {
        let log = log.clone();
        async move {
            let keys = store.scan(KeyRange::all(), usize::MAX).await.unwrap();
            (keys, store.read_log(&log, None, usize::MAX).await.unwrap())
        }
    };
    assert_eq!(everything(loaded).await, everything(from).await);
}
