//! Leases among replicas.

use std::sync::Arc;
use std::sync::mpsc;

use mesur_store::{Commit, Error, EtcdStore, Store};

use super::cluster::{name, shared};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_held_once_and_handed_over_when_it_is_dropped() {
    let name = name();
    let (one, other) = (shared().open(&name).await, shared().open(&name).await);
    let held = one.lease("duty").await.unwrap();
    let beside = other.lease("duties").await.unwrap();
    assert_eq!((held.name(), beside.name()), ("duty", "duties"));
    let mut waiting = Box::pin(other.lease("duty"));
    let committed = async {
        let commit = Commit::new().put("by", "one").under(&held);
        one.commit(commit).await.unwrap();
    };
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("two hold it"),
        () = committed => {}
    }
    let late = Commit::new().put("by", "one, late").under(&held);
    drop(held);
    let next = waiting.await.unwrap();
    let refused = one.commit(late).await;
    assert!(
        matches!(refused, Err(Error::LeaseLost { .. })),
        "{refused:?}"
    );
    let commit = Commit::new().put("by", "other").under(&next);
    other.commit(commit).await.unwrap();
    assert_eq!(one.get(b"by").await.unwrap().unwrap().value, b"other");
}

/// A replica that is paused for longer than its lease lives does not write when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_was_paused_for_longer_than_its_lease_writes_nothing_under_it() {
    let name = name();
    let other = shared().open(&name).await;
    let settings = shared().settings(&name);
    let (held, is_held) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel();
    // A runtime of one thread; what blocks it pauses everything of the replica.
    let replica = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = Arc::new(EtcdStore::open(settings).await.unwrap());
            let lease = store.lease("duty").await.unwrap();
            let commit = Commit::new().put("by", "the paused one").under(&lease);
            store.commit(commit.clone()).await.unwrap();
            held.send(()).unwrap();
            goes_on.recv().unwrap();
            // At once, before it can have noticed.
            let refused = store.commit(commit).await;
            assert!(
                matches!(refused, Err(Error::LeaseLost { .. })),
                "{refused:?}"
            );
            lease.lost().await;
        });
    });
    tokio::task::block_in_place(|| is_held.recv()).unwrap();
    let lease = other.lease("duty").await.unwrap();
    let commit = Commit::new().put("by", "the other").under(&lease);
    other.commit(commit).await.unwrap();
    go_on.send(()).unwrap();
    tokio::task::block_in_place(|| replica.join()).unwrap();
    assert_eq!(other.get(b"by").await.unwrap().unwrap().value, b"the other");
}
