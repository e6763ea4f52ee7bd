//! Taking returns in, whatever happens to submission and to the service.

use mesur_proto::aggregation::v1 as pb;

use crate::support::{Service, edition, memory, samples, with_one_more};
use crate::upstream::Upstream;

const PERIOD: &str = "2022-23";

/// The codes of the authorities whose return is in the totals.
async fn received(service: &Service) -> Vec<String> {
    let totals = service.totals(PERIOD).await;
    totals
        .returns
        .into_iter()
        .map(|input| input.authority)
        .collect()
}

#[tokio::test]
async fn what_was_signed_off_while_either_side_was_away_is_caught_up_with_once() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (store, upstream) = (memory(), Upstream::start().await);
    upstream.set_away(true);
    let first = upstream.sign_off(edition, &returns[0], 1);
    let service = Service::start(&store, &upstream).await;
    upstream.until(|seen| seen.refused >= 2).await;
    assert!(received(&service).await.is_empty());
    upstream.set_away(false);
    upstream.until_caught_up().await;
    let code = |place: usize| returns[place].authority.to_string();
    assert_eq!(received(&service).await, [code(0)]);

    service.stop().await;
    let second = upstream.sign_off(edition, &returns[1], 1);
    let service = Service::start(&store, &upstream).await;
    let seen = upstream.until_caught_up().await;
    assert_eq!(received(&service).await, [code(0), code(1)]);
    // From nothing, behind the first two events, behind all four; idle streams in between.
    let mut cursors = seen.cursors;
    cursors.dedup();
    assert_eq!(cursors, [0, 2, 4]);
    assert_eq!(seen.fetched, [first, second]);
    service.stop().await;
}

#[tokio::test]
async fn a_return_that_is_not_the_one_signed_off_is_never_added_up() {
    let (edition, mut returns) = (edition(PERIOD), samples(PERIOD));
    let signed = returns[0].clone();
    returns[0] = with_one_more(edition, &signed);
    let (store, upstream) = (memory(), Upstream::start().await);
    let name = upstream.sign_off(edition, &signed, 1);
    upstream.replace(&name, edition, &returns[0]);
    upstream.sign_off(edition, &returns[1], 1);
    let service = Service::start(&store, &upstream).await;
    let seen = upstream.until(|seen| seen.fetched.len() >= 3).await;
    // It holds up what is behind it, and is tried again and again.
    assert!(seen.fetched.iter().all(|fetched| *fetched == name));
    assert!(received(&service).await.is_empty());

    upstream.replace(&name, edition, &signed);
    upstream.until_caught_up().await;
    assert_eq!(received(&service).await.len(), 2);
    service.stop().await;
}

#[tokio::test]
async fn a_return_whose_sign_off_is_taken_back_leaves_the_totals_until_it_is_signed_again() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (service, upstream) = Service::with(PERIOD, &returns[..2]).await;
    let both = service.totals(PERIOD).await;
    let code = |place: usize| returns[place].authority.to_string();
    let name = format!("authorities/{}/returns/pif-{PERIOD}/revisions/1", code(0));
    upstream.reopen(&name);
    upstream.until_caught_up().await;
    assert_eq!(received(&service).await, [code(1)]);
    upstream.sign_off(edition, &returns[0], 1);
    upstream.until_caught_up().await;
    assert_eq!(service.totals(PERIOD).await, both);
    service.stop().await;
}

/// One authority's values of a metric are hidden, which leaves every sum as it was. What is not told
/// of its authority is not told as a quartile either.
fn check_national(before: &pb::Totals, hidden: &pb::Totals, metric: &str) {
    assert_eq!(before.cells.len(), hidden.cells.len());
    for (before, hidden) in before.cells.iter().zip(&hidden.cells) {
        let count = |cell: &pb::CellTotal| cell.spread.map(|spread| spread.authority_count);
        let fewer = i32::from(before.metric == metric);
        assert_eq!(count(hidden), count(before).map(|count| count - fewer));
        let mut unspread = [before.clone(), hidden.clone()];
        for cell in &mut unspread {
            cell.spread = None;
        }
        let [before, hidden] = unspread;
        assert_eq!(before, hidden);
    }
}

#[tokio::test]
async fn a_value_that_is_not_robust_is_added_up_and_not_told_of_its_authority() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (service, upstream) = Service::with(PERIOD, &returns).await;
    let before = service.totals(PERIOD).await;
    let plain = service.create(PERIOD, &[]).await.expect("a snapshot");
    let authority = returns[0].authority.as_str();
    let shown = |totals: &pb::Totals, metric: &str| -> Vec<(Option<i64>, bool)> {
        let own = totals
            .authorities
            .iter()
            .find(|own| own.authority == authority);
        let values = &own.expect("the authority").values;
        let cells = totals.cells.iter().zip(values);
        let cells = cells.filter(|(cell, _)| cell.metric == metric);
        cells
            .map(|(_, value)| (value.value, value.not_robust))
            .collect()
    };
    let metric = "AD/005";
    let values = shown(&before, metric);
    assert!(values.iter().any(|(value, _)| value.is_some()));
    upstream.mark(edition, authority, metric, false);
    upstream.until_marked().await;
    let hidden = service.totals(PERIOD).await;
    check_national(&before, &hidden, metric);
    let expected: Vec<_> = values
        .iter()
        .map(|(value, _)| (None, value.is_some()))
        .collect();
    assert_eq!(shown(&hidden, metric), expected);
    assert_eq!(shown(&hidden, "AD/004"), shown(&before, "AD/004"));
    // Another input is another snapshot; the earlier one stays as it is.
    let marked = service.create(PERIOD, &[]).await.expect("a snapshot");
    assert_ne!(marked.name, plain.name);
    upstream.mark(edition, authority, metric, true);
    upstream.until_marked().await;
    assert_eq!(service.totals(PERIOD).await, before);
    assert_eq!(
        service.create(PERIOD, &[]).await.expect("a snapshot"),
        plain
    );
    // What was told of snapshots: made, overtaken, made, overtaken, and the first one stands again.
    let again = service.create(PERIOD, &[]).await.expect("the same");
    assert_eq!(again, plain);
    let request = pb::WatchSnapshotsRequest { cursor: Vec::new() };
    let told = service.client.clone().watch_snapshots(request).await;
    let mut told = told.expect("a stream").into_inner();
    let mut names = Vec::new();
    for _ in 0..5 {
        let event = told.message().await.expect("no failure");
        let event = event.expect("an event");
        let is_made = event.event() == pb::watch_snapshots_response::Event::Made;
        names.push(is_made.then_some(event.name));
    }
    let made = |snapshot: &pb::Snapshot| Some(snapshot.name.clone());
    let stands_again = made(&plain);
    let expected = [made(&plain), None, made(&marked), None, stands_again];
    assert_eq!(names, expected);
    service.stop().await;
}
