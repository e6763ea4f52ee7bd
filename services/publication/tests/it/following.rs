//! Taking snapshots in, whatever happens to aggregation and to the service.

use std::sync::Arc;

use mesur_rpc::server::Limits;
use mesur_store::{Settings, SledStore, Store};
use tonic::Code;

use crate::http;
use crate::support::{RELEASE, Service, edition, memory, refused};
use crate::totals::snapshot;
use crate::upstream::Upstream;

const PERIOD: &str = "2022-23";

#[tokio::test]
async fn what_was_made_while_either_side_was_away_is_caught_up_with_once() {
    let [first, second, third] = [10, 11, 12].map(|value| snapshot(edition(PERIOD), value));
    let (store, upstream) = (memory(), Upstream::start().await);
    upstream.set_away(true);
    upstream.make(&first);
    let service = Service::start(&store, &upstream).await;
    upstream.until(|seen| seen.refused >= 2).await;
    let refusal = service.compile(&first, "").await;
    refused(refusal, Code::FailedPrecondition, "SNAPSHOT_NOT_RECEIVED");
    upstream.set_away(false);
    upstream.until_caught_up().await;
    service.compile(&first, "").await.expect("compiled");
    service.stop().await;

    upstream.make(&second);
    upstream.make(&third);
    let service = Service::start(&store, &upstream).await;
    let seen = upstream.until_caught_up().await;
    let mut cursors = seen.cursors;
    cursors.dedup();
    assert_eq!(cursors, [0, 1, 3]);
    assert_eq!(
        seen.fetched,
        [&first, &second, &third].map(|one| one.name.clone())
    );
    for snapshot in [&first, &second, &third] {
        let compiled = service.compile(snapshot, "").await.expect("compiled");
        assert_eq!(compiled.snapshot_digest, snapshot.digest);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_makes_no_sense_is_not_kept_and_is_asked_for_again() {
    let upstream = Upstream::start().await;
    let good = snapshot(edition(PERIOD), 10);
    let mut broken = good.clone();
    broken.totals = None;
    upstream.make(&broken);
    let service = Service::start(&memory(), &upstream).await;
    upstream.until(|seen| seen.fetched.len() >= 2).await;
    let refusal = service.compile(&good, "").await;
    refused(refusal, Code::FailedPrecondition, "SNAPSHOT_NOT_RECEIVED");
    // Neither is another one that is given under its name.
    let other = snapshot(edition(PERIOD), 11);
    upstream.replace(&good.name, &other);
    let asked = upstream.until(|_| true).await.fetched.len();
    upstream.until(|seen| seen.fetched.len() >= asked + 2).await;
    for snapshot in [&good, &other] {
        let refusal = service.compile(snapshot, "").await;
        refused(refusal, Code::FailedPrecondition, "SNAPSHOT_NOT_RECEIVED");
    }
    // Nor one whose content is not what it says.
    let mut changed = good.clone();
    changed.content_digest = format!("sha256:{}", "0".repeat(64));
    upstream.hold(&changed);
    let asked = upstream.until(|_| true).await.fetched.len();
    upstream.until(|seen| seen.fetched.len() >= asked + 2).await;
    let refusal = service.compile(&good, "").await;
    refused(refusal, Code::FailedPrecondition, "SNAPSHOT_NOT_RECEIVED");
    upstream.hold(&good);
    upstream.until_caught_up().await;
    service.compile(&good, "").await.expect("compiled");
    service.stop().await;
}

#[tokio::test]
async fn a_snapshot_that_is_too_large_is_refused_by_name_and_holds_nothing_up() {
    let upstream = Upstream::start().await;
    let mut large = snapshot(edition(PERIOD), 10);
    let cells = &mut large.totals.as_mut().expect("totals").cells;
    cells.truncate(65);
    for cell in cells {
        cell.metric = "x".repeat(1024 * 1024);
    }
    let behind = snapshot(edition(PERIOD), 11);
    upstream.make(&large);
    upstream.make(&behind);
    let service = Service::start(&memory(), &upstream).await;
    upstream.until_caught_up().await;
    let refusal = service.compile(&large, "").await;
    let details = refused(refusal, Code::FailedPrecondition, "SNAPSHOT_NOT_KEPT");
    let info = details.error_info().expect("a reason");
    assert_eq!(info.metadata["bytes_max"], (64 * 1024 * 1024).to_string());
    service.compile(&behind, "").await.expect("compiled");
    service.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_everything_and_needs_no_aggregation() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || -> Arc<dyn Store> {
        Arc::new(SledStore::open(folder.path(), Settings::default()).expect("a store"))
    };
    let upstream = Upstream::start().await;
    let [first, second] =
        [(PERIOD, 10), ("2020-21", 11)].map(|(period, value)| snapshot(edition(period), value));
    upstream.make(&first);
    upstream.make(&second);
    let store = open();
    let service = Service::start(&store, &upstream).await;
    upstream.until_caught_up().await;
    let approved = service.approved(&first).await;
    let id = crate::support::id(1);
    let published = service.publish(&approved, &id).await.expect("published");
    let page = http::get(service.web, "/releases/pif-2022-23/release.en.html").await;
    service.stop().await;
    drop(store);

    let store = open();
    let nobody = "http://127.0.0.1:1";
    let service = Service::start_with(&store, nobody, Limits::default()).await;
    assert_eq!(service.get(RELEASE).await.expect("it"), published);
    assert_eq!(
        service.publish(&approved, &id).await.expect("a repeat"),
        published
    );
    let again = http::get(service.web, "/releases/pif-2022-23/release.en.html").await;
    assert_eq!((again.status, &again), (200, &page));
    // The other snapshot arrived before, so its release goes out without aggregation.
    let compiled = service.compile(&second, "").await.expect("compiled");
    service.publish(&compiled, "").await.expect("published");
    service.stop().await;
}
