//! A store that is made smaller: nothing that anybody reads changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_rpc::etag::etag;
use mesur_store::compact::Old;
use mesur_store::{Store, Version};
use mesur_submission::{check_store, compact_store};

use crate::support::{
    CONWY, Client, GWYNEDD, NOBODY, Service, get, id, memory, next, observation, sample, watch,
};
use crate::validation::Validation;

const PERIOD: &str = "2022-23";
const NOTHING_IS_OLD: Old = Old {
    requests: Version::ZERO,
    entries: Version::ZERO,
};
/// Everything but what is remembered of requests.
const EVERYTHING_IS_OLD: Old = Old {
    requests: Version::ZERO,
    entries: Version::new(u64::MAX),
};

/// Revisions of a return as they are sent: the fifth is quite another one, from which it goes on.
fn sent() -> Vec<pb::DataReturn> {
    let mut now = sample(CONWY, PERIOD);
    let mut all = vec![now.clone()];
    for revision in 2..=9 {
        if revision == 5 {
            now.observations = sample(GWYNEDD, PERIOD).observations;
            for observation in now.observations.iter_mut().step_by(3) {
                let place = [&*observation.metric, &*observation.category];
                observation.comment = etag(place.map(str::as_bytes));
            }
        }
        let one = observation(&mut now, "AD/002", "");
        one.value = one.value.map(|value| value + revision);
        one.comment = "counted twice".repeat(usize::try_from(revision).expect("few"));
        all.push(now.clone());
    }
    all
}

/// Every revision of a return with all that is told of it.
async fn revisions(client: &Client, name: &str, latest: usize) -> Vec<pb::DataReturn> {
    let mut all = Vec::new();
    for revision in 1..=latest {
        let name = format!("{name}/revisions/{revision}");
        all.push(get(client, &name).await.expect("a revision"));
    }
    all
}

/// Bytes of the rows of revisions, in a store that is sound.
async fn bytes(store: &dyn Store) -> u64 {
    let report = check_store(store).await.expect("looked through");
    assert_eq!(report.problems, []);
    let revisions = report.counts.get("revision");
    revisions.expect("revisions").bytes
}

async fn compact(store: &dyn Store, old: Old) -> u64 {
    compact_store(store, old).await.expect("made smaller")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_revisions_are_read_as_they_were_sent_by_whoever_reads_meanwhile() {
    let store = memory();
    let service = Service::start(&store, NOBODY).await;
    let sent = sent();
    let (name, latest) = (sent[0].name.clone(), sent.len());
    // Whatever was packed before goes on from there.
    let (some, others) = sent.split_at(3);
    for data_return in some {
        service.submit(data_return.clone()).await.expect("sent");
    }
    assert_eq!(compact(&*store, NOTHING_IS_OLD).await, 1);
    for data_return in others {
        service.submit(data_return.clone()).await.expect("sent");
    }
    let before = revisions(&service.client, &name, latest).await;
    for (read, sent) in before.iter().zip(&sent) {
        assert_eq!(read.observations, sent.observations);
    }
    let whole = bytes(&*store).await;

    let ended = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (client, name, ended) = (service.client.clone(), name.clone(), Arc::clone(&ended));
        let before = before.clone();
        async move {
            while !ended.load(Ordering::Relaxed) {
                assert_eq!(revisions(&client, &name, latest).await, before);
            }
        }
    });
    // The first stays whole, the fifth that those behind it are packed against, and the latest.
    assert_eq!(compact(&*store, NOTHING_IS_OLD).await, 5);
    ended.store(true, Ordering::Relaxed);
    reader.await.expect("every revision as it was");
    assert_eq!(revisions(&service.client, &name, latest).await, before);
    assert!(bytes(&*store).await * 3 < whole * 2);
    assert_eq!(compact(&*store, NOTHING_IS_OLD).await, 0);

    // What is sent next takes the place of the latest, which is packed then.
    let again = sample(CONWY, PERIOD);
    service.submit(again.clone()).await.expect("sent");
    assert_eq!(compact(&*store, NOTHING_IS_OLD).await, 1);
    let mut after = revisions(&service.client, &name, latest + 1).await;
    let last = after.pop().expect("the latest");
    assert_eq!(after, before);
    assert_eq!(last.observations, again.observations);
    service.stop().await;
}

#[tokio::test]
async fn whoever_was_away_is_brought_to_the_latest_and_told_that_events_were_left_out() {
    let (validation, store) = (Validation::start().await, memory());
    let service = Service::start(&store, &validation.address).await;
    let submitted = service.submit_as(sample(CONWY, PERIOD), &id(1)).await;
    let mut seen = submitted.clone().expect("sent");
    validation.report(&seen, 0, 0);
    for _ in 0..3 {
        seen = service.sign_off(&seen, "").await.expect("signed off");
        seen = service.reopen(&seen, "a slip", "").await.expect("reopened");
    }
    service.sign_off(&seen, "").await.expect("signed off");
    let mut stream = watch(&service.client, &[]).await.expect("a stream");
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(next(&mut stream).await);
    }
    assert_eq!(compact(&*store, NOTHING_IS_OLD).await, 0);
    assert_eq!(compact(&*store, EVERYTHING_IS_OLD).await, 6);

    let (first, last) = (&all[0], &all[7]);
    assert_eq!(last.event(), Event::SignedOff);
    for (place, event) in all.iter().enumerate() {
        // The cursors of events that were left out are as good as others.
        let request = pb::WatchReturnsRequest {
            cursor: event.cursor.clone(),
        };
        let response = service.client.clone().watch_returns(request).await;
        let response = response.expect("a stream");
        let header = response.metadata().get(mesur_rpc::events::LEFT_OUT);
        assert_eq!(header.is_some(), place < 6, "{place}");
        if place < 7 {
            assert_eq!(next(&mut response.into_inner()).await, *last, "{place}");
        }
    }
    let mut from_the_start = watch(&service.client, &[]).await.expect("a stream");
    assert_eq!(next(&mut from_the_start).await, *first);
    assert_eq!(next(&mut from_the_start).await, *last);
    // Who followed all the time goes on behind the latest, and repeats are answered as before.
    let repeat = service.submit_as(sample(CONWY, PERIOD), &id(1)).await;
    assert_eq!(repeat.expect("a repeat"), submitted.expect("sent"));
    service.submit(sample(GWYNEDD, PERIOD)).await.expect("sent");
    assert_eq!(next(&mut stream).await.event(), Event::Submitted);
    let report = check_store(&*store).await.expect("looked through");
    assert_eq!(report.problems, []);
    service.stop().await;
}
