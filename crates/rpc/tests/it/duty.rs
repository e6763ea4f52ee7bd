//! One replica at a time has a duty.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mesur_rpc::duty::duty;
use mesur_store::{Commit, Error, MemoryStore, Store};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a replica is doing.
#[derive(Debug, PartialEq, Eq)]
enum Doing {
    Begun(u8),
    Ended(u8),
}

#[tokio::test]
async fn one_replica_has_a_duty_and_the_next_takes_it_over_and_the_first_writes_no_more() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (told, mut doing) = mpsc::unbounded_channel();
    let at_once = Arc::new(AtomicUsize::new(0));
    let start = |replica: u8| {
        let stop = CancellationToken::new();
        let (told, at_once) = (told.clone(), Arc::clone(&at_once));
        let work = move |store: Arc<dyn Store>, stop: CancellationToken| {
            let (told, at_once) = (told.clone(), Arc::clone(&at_once));
            async move {
                assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0);
                let done = store.commit(Commit::new().put([replica], "done")).await;
                done.expect("it has the duty");
                told.send((Doing::Begun(replica), Arc::clone(&store)))
                    .expect("the test listens");
                stop.cancelled().await;
                assert_eq!(at_once.fetch_sub(1, Ordering::SeqCst), 1);
                told.send((Doing::Ended(replica), store))
                    .expect("the test listens");
            }
        };
        let task = tokio::spawn(duty("a duty", Arc::clone(&store), stop.clone(), work));
        (stop, task)
    };
    let (first, first_task) = start(1);
    let (begun, first_store) = doing.recv().await.expect("the first");
    assert_eq!(begun, Doing::Begun(1));
    let (second, second_task) = start(2);
    first.cancel();
    first_task.await.expect("no panic");
    assert_eq!(doing.recv().await.expect("the end").0, Doing::Ended(1));
    assert_eq!(doing.recv().await.expect("the second").0, Doing::Begun(2));
    // What the first replica still had in hand when it lost the duty.
    let late = first_store.commit(Commit::new().put("late", "")).await;
    assert!(matches!(late, Err(Error::LeaseLost { .. })), "{late:?}");
    assert_eq!(store.get(b"late").await.expect("a store"), None);
    second.cancel();
    second_task.await.expect("no panic");
    assert_eq!(doing.recv().await.expect("the end").0, Doing::Ended(2));
}
