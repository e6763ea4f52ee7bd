//! What is told: queries wait, queries are settled, each once; and from where on.

use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_proto::validation::v1::watch_reports_response::Event;

use crate::samples::{RETURN, Sample};
use crate::support::{answer_to, question, refusal, reported, resolution, round};

const QUERIES: usize = 12;

/// Queries that are open after a step are told of once, whoever was first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_queries_raised_and_answered_at_once_one_event_is_told_each_way() {
    let sample = Sample::usual();
    let (_upstream, service, mut events) = reported(&sample).await;
    service.client.clone().open_round(round()).await.unwrap();
    let raising = (0..QUERIES).map(|_| {
        let mut client = service.client.clone();
        tokio::spawn(async move { client.raise_query(question(RETURN)).await })
    });
    let mut names = Vec::new();
    for raised in raising.collect::<Vec<_>>() {
        names.push(raised.await.unwrap().unwrap().into_inner().name);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), QUERIES, "no two have one number");
    let answering = names.iter().enumerate().map(|(place, name)| {
        let (mut officer, mut statistician) = (service.officer(), service.client.clone());
        let name = name.clone();
        tokio::spawn(async move {
            // Some are withdrawn instead: they do not wait for the authority either.
            if place % 3 == 0 {
                let withdraw = resolution(&name, Resolution::Withdraw);
                statistician.resolve_query(withdraw).await
            } else {
                officer.answer_query(answer_to(&name)).await
            }
        })
    });
    for answered in answering.collect::<Vec<_>>() {
        answered.await.unwrap().unwrap();
    }
    let mut told = Vec::new();
    for _ in 0..2 * QUERIES + 2 {
        told.push(events.next().await);
    }
    let of_return: Vec<Event> = told
        .iter()
        .filter(|(event, _)| *event != Event::Remarked)
        .map(|(event, name)| {
            assert_eq!(name, RETURN);
            *event
        })
        .collect();
    assert_eq!(of_return, [Event::Queried, Event::Settled]);
    assert_eq!(told.last().map(|(event, _)| *event), Some(Event::Settled));
}

#[tokio::test]
async fn a_query_that_waits_is_told_of_again_with_every_new_revision_and_reopening() {
    let sample = Sample::usual();
    let (upstream, service, mut events) = reported(&sample).await;
    let mut statistician = service.client.clone();
    statistician.open_round(round()).await.unwrap();
    let query = statistician
        .raise_query(question(RETURN))
        .await
        .unwrap()
        .into_inner();
    upstream.submit(&sample.revision(2), sample.message()).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(events.next().await.0);
    }
    assert_eq!(
        told,
        [
            Event::Remarked,
            Event::Queried,
            Event::Reported,
            Event::Queried
        ]
    );
    upstream.sign_off(&sample.revision(2)).await;
    upstream.reopen(&sample.revision(2)).await;
    assert_eq!(events.next().await, (Event::Queried, RETURN.to_owned()));
    service
        .officer()
        .answer_query(answer_to(&query.name))
        .await
        .unwrap();
    assert_eq!(events.next().await, (Event::Remarked, sample.report(2)));
    assert_eq!(events.next().await, (Event::Settled, RETURN.to_owned()));
    upstream.submit(&sample.revision(3), sample.message()).await;
    assert_eq!(events.next().await, (Event::Reported, sample.report(3)));
}

#[tokio::test]
async fn a_stream_goes_on_behind_any_event_and_refuses_a_cursor_that_is_none_of_its_own() {
    let sample = Sample::usual();
    let (upstream, service, _events) = reported(&sample).await;
    upstream.submit(&sample.revision(2), sample.message()).await;
    let mut events = service.events().await;
    let (first, second) = (events.message().await, events.message().await);
    let watch = |cursor: &[u8]| {
        let (mut client, cursor) = (service.client.clone(), cursor.to_vec());
        async move {
            client
                .watch_reports(pb::WatchReportsRequest { cursor })
                .await
        }
    };
    let mut resumed = watch(&first.cursor).await.unwrap().into_inner();
    assert_eq!(resumed.message().await.unwrap(), Some(second.clone()));
    let mut beyond = second.cursor;
    beyond[7] += 9;
    for cursor in [&beyond[..], &[0; 10], b"x"] {
        assert_eq!(refusal(watch(cursor).await.map(|_| ())).1, "CURSOR_INVALID");
    }
}
