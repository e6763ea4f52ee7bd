//! What is frozen: read in pieces, added up again, compared, and kept as long as it is named.

use std::sync::Arc;

use mesur_catalogue::ContentHash;
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::compare_snapshots_response::Difference;
use mesur_proto::aggregation::v1::read_snapshot_response::Part;
use mesur_store::{Commit, Key, KeyRange, Store};
use prost::Message as _;
use tonic::Code;

use crate::support::{Service, all, edition, memory, refusal, samples, with_one_more};
use crate::upstream::Upstream;

const PERIOD: &str = "2022-23";

/// The kind of the keys of contents.
const CONTENT: u8 = 11;

/// Everything that is held of contents.
async fn contents(store: &Arc<dyn Store>) -> Vec<Key> {
    let rows = store.scan(KeyRange::prefix([CONTENT]), 100_000).await;
    rows.expect("rows")
        .into_iter()
        .map(|(key, _)| key)
        .collect()
}

/// Where the manifests of contents stand: their keys are the shortest, for all codes have one length.
async fn manifests(store: &Arc<dyn Store>) -> Vec<Key> {
    let mut keys = contents(store).await;
    let shortest = keys.iter().map(Vec::len).min().unwrap_or(0);
    keys.retain(|key| key.len() == shortest);
    keys
}

async fn verify(service: &Service, name: &str) -> pb::VerifySnapshotResponse {
    let request = pb::VerifySnapshotRequest {
        name: name.to_owned(),
    };
    let answer = service.client.clone().verify_snapshot(request).await;
    answer.expect("an answer").into_inner()
}

fn digest(bytes: &[u8]) -> String {
    let mut hash = ContentHash::default();
    hash.update(bytes);
    hash.finish()
}

#[tokio::test]
async fn a_snapshot_in_pieces_is_the_whole_and_has_the_digest_that_it_says() {
    let (service, _upstream) = Service::with(PERIOD, &samples(PERIOD)).await;
    let whole = service.create(PERIOD, &[]).await.expect("a snapshot");
    let name = whole.name.clone();
    let stream = service
        .client
        .clone()
        .read_snapshot(pb::ReadSnapshotRequest { name })
        .await;
    let mut parts = all(stream)
        .await
        .into_iter()
        .map(|message| message.part.expect("a part"));
    let Some(Part::Snapshot(mut read)) = parts.next() else {
        panic!("the snapshot comes first")
    };
    let mut totals = read.totals.take().expect("totals");
    assert!(totals.authorities.is_empty());
    let mut untimed = totals.clone();
    for input in &mut untimed.returns {
        input.sign_off_time = None;
    }
    let mut lines = digest(&untimed.encode_to_vec()) + "\n";
    for part in parts {
        let Part::Authority(values) = part else {
            panic!("its totals fit one message")
        };
        lines += &(digest(&values.encode_to_vec()) + "\n");
        totals.authorities.push(values);
    }
    read.totals = Some(totals);
    assert_eq!(read, whole);
    assert_eq!(read.content_digest, digest(lines.as_bytes()));
    assert_eq!(read.creator, "a statistician");
    let inputs = read.totals.expect("totals").returns;
    assert!(inputs.iter().all(|input| input.sign_off_time.is_some()));
    service.stop().await;
}

#[tokio::test]
async fn a_snapshot_is_added_up_again_and_what_was_changed_since_is_told() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (store, upstream) = (memory(), Upstream::start().await);
    let name = upstream.sign_off(edition, &returns[0], 1);
    upstream.sign_off(edition, &returns[1], 1);
    let service = Service::start(&store, &upstream).await;
    upstream.until_caught_up().await;
    let snapshot = service.create(PERIOD, &[]).await.expect("a snapshot");
    // A revision after it takes nothing away from it.
    upstream.sign_off(edition, &with_one_more(edition, &returns[0]), 2);
    let fetched = upstream.until_caught_up().await.fetched;
    let verified = verify(&service, &snapshot.name).await;
    assert_eq!(verified.problems, [""; 0]);
    assert_eq!(
        (
            verified.verified,
            verified.return_count,
            &verified.digest,
            &verified.content_digest
        ),
        (true, 2, &snapshot.digest, &snapshot.content_digest)
    );
    // What it rests on is held, so nothing was asked for.
    assert_eq!(upstream.until(|_| true).await.fetched, fetched);

    // What is no longer held is fetched by its revision.
    let keys = manifests(&store).await;
    let gone = contents(&store).await;
    let gone = gone
        .iter()
        .fold(Commit::new(), |commit, key| commit.delete(key.clone()));
    store.commit(gone).await.expect("a commit");
    let verified = verify(&service, &snapshot.name).await;
    assert!(verified.verified, "{:?}", verified.problems);
    let asked = upstream.until(|_| true).await.fetched;
    let asked = asked.get(fetched.len()..).expect("more");
    assert!(asked.contains(&name), "{asked:?}");

    // One that is another at submission by now is told.
    upstream.replace(&name, edition, &with_one_more(edition, &returns[0]));
    let verified = verify(&service, &snapshot.name).await;
    let [problem] = verified.problems.as_slice() else {
        panic!("one problem: {:?}", verified.problems)
    };
    assert!(
        problem.starts_with(&format!("{name} has sha256:")),
        "{problem}"
    );
    assert_eq!((verified.verified, verified.return_count), (false, 1));

    // So is a damaged content, although the right one can be had.
    upstream.replace(&name, edition, &returns[0]);
    let damage = |commit: Commit, key: &Key| commit.put(key.clone(), b"damaged".to_vec());
    let damaged = keys.iter().fold(Commit::new(), damage);
    store.commit(damaged).await.expect("a commit");
    let verified = verify(&service, &snapshot.name).await;
    assert_eq!((verified.verified, verified.return_count), (false, 2));
    assert_eq!(verified.content_digest, snapshot.content_digest);
    let told = verified
        .problems
        .iter()
        .filter(|problem| problem.contains("is damaged where it is held"));
    assert_eq!(told.count(), 2, "{:?}", verified.problems);
    service.stop().await;
}

async fn mark_provisional(service: &Service, metric: &str) {
    let decision = pb::Decision {
        metric: metric.to_owned(),
        reason: "Two systems.".to_owned(),
        subject: Some(pb::decision::Subject::Marks(pb::decision::Marks {
            marks: vec![pb::Mark::Provisional.into()],
        })),
        ..pb::Decision::default()
    };
    let request = pb::CreateDecisionRequest {
        parent: format!("collections/pif/editions/{PERIOD}"),
        decision: Some(decision),
        ..pb::CreateDecisionRequest::default()
    };
    let decided = service.client.clone().create_decision(request).await;
    decided.expect("a decision");
}

async fn compare(service: &Service, [from, to]: [&pb::Snapshot; 2]) -> Vec<Difference> {
    let (from, to) = (from.name.clone(), to.name.clone());
    let request = pb::CompareSnapshotsRequest { from, to };
    let differences = all(service.client.clone().compare_snapshots(request).await).await;
    let differences = differences.into_iter();
    differences
        .map(|one| one.difference.expect("a difference"))
        .collect()
}

#[tokio::test]
async fn what_differs_between_two_snapshots_is_told_with_the_revisions_and_statements() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (service, upstream) = Service::with(PERIOD, &returns).await;
    let first = service.create(PERIOD, &[]).await.expect("a snapshot");
    let changed = with_one_more(edition, &returns[3]);
    let later = upstream.sign_off(edition, &changed, 2);
    upstream.until_caught_up().await;
    mark_provisional(&service, "AD/004").await;
    let second = service.create(PERIOD, &[]).await.expect("a snapshot");

    assert!(compare(&service, [&first, &first]).await.is_empty());
    let differences = compare(&service, [&first, &second]).await;
    let [
        Difference::Decision(decided),
        Difference::Cell(nation),
        Difference::Cell(own),
        figures @ ..,
    ] = differences.as_slice()
    else {
        panic!("{differences:?}")
    };
    assert!(decided.in_later && decided.decision.as_ref().is_some_and(|one| one.in_force));
    let earlier = later.replace("revisions/2", "revisions/1");
    let cell = edition.cells()[0].reference.clone();
    for (told, area) in [(nation, "W92000004"), (own, returns[3].authority.as_str())] {
        assert_eq!(
            (told.area.as_str(), told.metric.as_str()),
            (area, cell.metric.as_str())
        );
        assert_eq!(told.category, cell.category_str());
        assert_eq!(told.after, told.before.map(|before| before + 1));
        assert_eq!(told.revisions_before, std::slice::from_ref(&earlier));
        assert_eq!(told.revisions_after, std::slice::from_ref(&later));
    }
    // The first cell is what the first statement of the release counts.
    let Some(Difference::Figure(figure)) = figures.first() else {
        panic!("a figure")
    };
    let [before, after] = [&figure.before, &figure.after].map(|side| side.as_ref().expect("both"));
    assert_eq!(
        (before.id.as_str(), before.value),
        ("adults-iaa-contacts", Some(122_141))
    );
    assert_eq!(after.value, Some(122_142));
    assert_eq!(
        figure.statements,
        edition.statements_of("adults-iaa-contacts")
    );
    assert!(!figure.statements.is_empty());
    service.stop().await;
}

#[tokio::test]
async fn a_content_is_held_as_long_as_a_return_or_a_snapshot_names_it() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (store, upstream) = (memory(), Upstream::start().await);
    let service = Service::start(&store, &upstream).await;
    let changed = with_one_more(edition, &returns[0]);
    upstream.sign_off(edition, &returns[0], 1);
    upstream.sign_off(edition, &changed, 2);
    upstream.until_caught_up().await;
    // Nobody had frozen the first.
    assert_eq!(manifests(&store).await.len(), 1);
    let snapshot = service.create(PERIOD, &[]).await.expect("a snapshot");
    upstream.sign_off(edition, &returns[0], 3);
    upstream.until_caught_up().await;
    assert_eq!(manifests(&store).await.len(), 2);
    // What was frozen comes again, and goes again, and is still what the snapshot names.
    upstream.sign_off(edition, &changed, 4);
    upstream.until_caught_up().await;
    assert_eq!(manifests(&store).await.len(), 1);
    let name = upstream.sign_off(edition, &returns[1], 1);
    upstream.reopen(&name);
    upstream.reopen(&name.replace("W06000002", "W06000001"));
    upstream.until_caught_up().await;
    assert_eq!(manifests(&store).await.len(), 1);
    assert!(verify(&service, &snapshot.name).await.verified);
    service.stop().await;
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_it_was_whatever_came_in_between() {
    const ID: &str = "6ba7b810-9dad-41d1-80b4-000000000001";
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (service, upstream) = Service::with(PERIOD, &returns[..2]).await;
    let first = service
        .create_once(PERIOD, &[], ID)
        .await
        .expect("a snapshot");
    upstream.sign_off(edition, &with_one_more(edition, &returns[0]), 2);
    upstream.until_caught_up().await;
    assert_eq!(
        service
            .create_once(PERIOD, &[], ID)
            .await
            .expect("the same"),
        first
    );
    assert_ne!(service.create(PERIOD, &[]).await.expect("another"), first);
    let status = service
        .create_once("2020-21", &[], ID)
        .await
        .expect_err("refused");
    assert_eq!(
        (status.code(), refusal(&status).0.as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    service.stop().await;
}

#[tokio::test]
async fn live_totals_are_those_of_a_restart_and_of_a_snapshot_after_whatever_happened() {
    let (edition, returns) = (edition(PERIOD), samples(PERIOD));
    let (store, upstream) = (memory(), Upstream::start().await);
    let service = Service::start(&store, &upstream).await;
    for data_return in &returns {
        upstream.sign_off(edition, data_return, 1);
    }
    upstream.mark(edition, returns[2].authority.as_str(), "AD/005", false);
    upstream.mark(edition, returns[4].authority.as_str(), "CH/012", false);
    upstream.until_caught_up().await;
    upstream.until_marked().await;
    upstream.sign_off(edition, &with_one_more(edition, &returns[5]), 2);
    for number in [2, 7] {
        let authority = &returns[number].authority;
        upstream.reopen(&format!(
            "authorities/{authority}/returns/pif-{PERIOD}/revisions/1"
        ));
    }
    upstream.mark(edition, returns[4].authority.as_str(), "CH/012", true);
    // The edition before comes in while this one tells its changes from it.
    let before = crate::support::edition("2020-21");
    let earlier = samples("2020-21");
    for data_return in &earlier {
        upstream.sign_off(before, data_return, 1);
    }
    upstream.sign_off(before, &with_one_more(before, &earlier[0]), 2);
    upstream.until_caught_up().await;
    upstream.until_marked().await;
    let live = service.totals(PERIOD).await;
    assert_eq!((live.returns.len(), live.previous_returns.len()), (20, 22));
    let snapshot = service.create(PERIOD, &[]).await.expect("a snapshot");
    assert_eq!(snapshot.totals.as_ref(), Some(&live));
    assert!(verify(&service, &snapshot.name).await.verified);
    service.stop().await;
    let service = Service::start(&store, &upstream).await;
    assert_eq!(service.totals(PERIOD).await, live);
    service.stop().await;
}
