//! Compiling, publishing and listing releases.

use std::sync::Arc;
use std::time::Duration;

use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::release::State;
use mesur_rpc::clock;
use tonic::Code;

use crate::support::{NOW, REASON, RELEASE, Service, edition, fields, id, refused};
use crate::totals::snapshot;

const PERIOD: &str = "2022-23";
const AT_ONCE: usize = 32;

fn at(text: &str) -> prost_types::Timestamp {
    clock::to_proto(text.parse().expect("a time"))
}

/// A release as it stands in a list: without what is long of it.
fn listed(release: &pb::Release) -> pb::Release {
    pb::Release {
        files: Vec::new(),
        language_gaps: Vec::new(),
        omitted_statements: Vec::new(),
        ..release.clone()
    }
}

#[tokio::test]
async fn a_release_is_compiled_as_often_as_needed_published_once_and_never_changes() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10), (PERIOD, 11)]).await;
    let edition = edition(PERIOD);
    let [first, second] = [10, 11].map(|value| snapshot(edition, value));
    let compiled = service.compile(&first, "").await.expect("compiled");
    assert_eq!(
        (compiled.name.as_str(), compiled.state()),
        (RELEASE, State::Compiled)
    );
    assert_eq!(compiled.edition, "collections/pif/editions/2022-23");
    assert_eq!(compiled.edition_digest, edition.digest());
    assert_eq!(
        (&compiled.snapshot, &compiled.snapshot_digest),
        (&first.name, &first.digest)
    );
    assert_eq!(
        Some(&compiled.reference),
        edition.release().reference.as_ref()
    );
    assert_eq!(
        (compiled.compile_time, compiled.publish_time),
        (Some(at(NOW)), None)
    );
    // What is reviewed is rendered, and nobody else has it.
    assert!(!compiled.files.is_empty());
    assert_eq!(service.get(RELEASE).await.expect("it"), compiled);

    service.clock.step(Duration::from_mins(30));
    let again = service.compile(&second, "").await.expect("compiled again");
    assert_eq!(
        (&again.snapshot, again.compile_time),
        (&second.name, Some(at("2023-09-05T09:00:00Z")))
    );
    assert_ne!(again.etag, compiled.etag);
    assert_eq!(service.get(RELEASE).await.expect("it"), again);
    refused(
        service.publish(&compiled, "").await,
        Code::Aborted,
        "STALE_ETAG",
    );

    service.clock.step(Duration::from_mins(30));
    let published = service.publish(&again, "").await.expect("published");
    assert_eq!(published.state(), State::Published);
    assert_eq!(published.exception_reason, REASON);
    assert_eq!(published.publish_time, Some(at("2023-09-05T09:30:00Z")));
    assert_eq!(published.compile_time, again.compile_time);
    assert!(!published.files.is_empty());
    assert_ne!(published.etag, again.etag);
    let (state, reason) = (Code::FailedPrecondition, "WRONG_STATE");
    refused(service.publish(&again, "").await, state, reason);
    refused(service.publish(&published, "").await, state, reason);
    refused(
        service.compile(&first, "").await,
        Code::InvalidArgument,
        "UPDATE_NOTE_REQUIRED",
    );
    assert_eq!(service.get(RELEASE).await.expect("it"), published);
    service.stop().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_response_and_an_id_is_used_for_one_thing() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10), (PERIOD, 11)]).await;
    let [first, second] = [10, 11].map(|value| snapshot(edition(PERIOD), value));
    let compiled = service.compile(&first, &id(1)).await.expect("compiled");
    service.clock.step(Duration::from_mins(30));
    let again = service
        .compile(&second, &id(2))
        .await
        .expect("compiled again");
    let repeat = service.compile(&first, &id(1)).await;
    assert_eq!(repeat.expect("a repeat"), compiled);
    assert_eq!(service.get(RELEASE).await.expect("it"), again);
    let submitted = service.submit(&again).await.expect("submitted");
    let approved = service.approve(&submitted).await.expect("approved");
    let published = service.publish(&approved, &id(3)).await.expect("published");
    service.clock.step(Duration::from_mins(30));
    let repeat = service.publish(&approved, &id(3)).await;
    assert_eq!(repeat.expect("a repeat"), published);
    let repeat = service.compile(&second, &id(2).to_uppercase()).await;
    assert_eq!(repeat.expect("a repeat"), again);

    let (code, reason) = (Code::InvalidArgument, "REQUEST_ID_REUSED");
    let other = service.compile(&second, &id(1)).await;
    assert_eq!(fields(&refused(other, code, reason)), ["request_id"]);
    refused(service.publish(&submitted, &id(3)).await, code, reason);
    refused(service.publish(&approved, &id(2)).await, code, reason);
    for text in ["1", "00000000-0000-0000-0000-000000000000"] {
        let details = refused(
            service.compile(&first, text).await,
            code,
            "REQUEST_ID_INVALID",
        );
        assert_eq!(fields(&details), ["request_id"]);
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_publish_at_once_one_does_and_its_repeats_are_told_the_same() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10)]).await;
    let approved = service.approved(&snapshot(edition(PERIOD), 10)).await;
    let service = Arc::new(service);
    let calls = (0..AT_ONCE).map(|number| {
        let (service, approved) = (Arc::clone(&service), approved.clone());
        let id = id(u32::from(number % 2 == 0) + 1);
        tokio::spawn(async move { service.publish(&approved, &id).await })
    });
    let calls: Vec<_> = calls.collect();
    let (mut told, mut refusals) = (Vec::new(), 0);
    for call in calls {
        match call.await.expect("no panic") {
            Ok(release) => told.push(release),
            refusal => {
                refused(refusal, Code::FailedPrecondition, "WRONG_STATE");
                refusals += 1;
            }
        }
    }
    assert_eq!((told.len(), refusals), (AT_ONCE / 2, AT_ONCE / 2));
    let published = service.get(RELEASE).await.expect("it");
    assert!(told.iter().all(|release| *release == published));
    Arc::into_inner(service).expect("the last").stop().await;
}

#[tokio::test]
async fn what_cannot_be_compiled_or_published_is_refused_with_a_reason() {
    let (service, upstream) = Service::with(&[]).await;
    let good = snapshot(edition(PERIOD), 10);
    let state = Code::FailedPrecondition;
    refused(
        service.compile(&good, "").await,
        state,
        "SNAPSHOT_NOT_RECEIVED",
    );
    let mut other = snapshot(edition(PERIOD), 11);
    let mut unknown = snapshot(edition(PERIOD), 12);
    let mut unfit = snapshot(edition(PERIOD), 13);
    other.totals.as_mut().expect("totals").edition_digest = "sha256:0".to_owned();
    "collections/pif/editions/2021-22"
        .clone_into(&mut unknown.totals.as_mut().expect("totals").edition);
    unfit.totals.as_mut().expect("totals").cells.pop();
    for snapshot in [&other, &unknown, &unfit] {
        upstream.make(snapshot);
    }
    upstream.until_caught_up().await;
    let details = refused(service.compile(&other, "").await, state, "EDITION_MISMATCH");
    let metadata = &details.error_info().expect("a reason").metadata;
    assert_eq!(metadata["service_digest"], edition(PERIOD).digest());
    assert_eq!(metadata["snapshot_digest"], "sha256:0");
    refused(
        service.compile(&unknown, "").await,
        Code::NotFound,
        "EDITION_NOT_FOUND",
    );
    let status = service.compile(&unfit, "").await.expect_err("refused");
    assert_eq!(status.code(), state);
    refused(
        service.get(RELEASE).await,
        Code::NotFound,
        "RELEASE_NOT_FOUND",
    );

    let mut seen = pb::Release {
        name: RELEASE.to_owned(),
        etag: "0123".to_owned(),
        ..pb::Release::default()
    };
    refused(
        service.publish(&seen, "").await,
        Code::NotFound,
        "RELEASE_NOT_FOUND",
    );
    seen.etag.clear();
    let details = refused(
        service.publish(&seen, "").await,
        Code::InvalidArgument,
        "INVALID_FIELD",
    );
    assert_eq!(fields(&details), ["etag"]);
    service.stop().await;
}

#[tokio::test]
async fn names_that_are_none_are_refused_in_every_method() {
    let (service, _upstream) = Service::with(&[]).await;
    let long = "x".repeat(1 << 20);
    for name in [
        "",
        "/",
        "releases/..",
        "releases/../x",
        "releases/pif",
        "pif-2022-23",
        "a\0",
        &long,
    ] {
        let (code, reason) = (Code::InvalidArgument, "INVALID_NAME");
        assert_eq!(
            fields(&refused(service.get(name).await, code, reason)),
            ["name"]
        );
        refused(service.download(name, "data.csv").await, code, reason);
        let seen = pb::Release {
            name: name.to_owned(),
            etag: "0123".to_owned(),
            ..pb::Release::default()
        };
        refused(service.publish(&seen, "").await, code, reason);
        let mut snapshot = snapshot(edition(PERIOD), 10);
        snapshot.name = name.replace("releases", "snapshots");
        let details = refused(service.compile(&snapshot, "").await, code, reason);
        assert_eq!(fields(&details), ["snapshot"]);
    }
    service.stop().await;
}

#[tokio::test]
async fn releases_are_listed_by_page_in_the_order_of_their_names() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10), ("2020-21", 11)]).await;
    let later = service
        .compile(&snapshot(edition(PERIOD), 10), "")
        .await
        .expect("compiled");
    let later = service.publish(&later, "").await.expect("published");
    let earlier = snapshot(edition("2020-21"), 11);
    let earlier = service.compile(&earlier, "").await.expect("compiled");
    let list = async |page_size, page_token: &str| {
        let page_token = page_token.to_owned();
        let request = pb::ListReleasesRequest {
            page_size,
            page_token,
        };
        let response = service.statistician.clone().list_releases(request).await;
        response.map(tonic::Response::into_inner)
    };
    for size in [0, 2, i32::MAX] {
        let all = list(size, "").await.expect("a page");
        assert_eq!(all.releases, [listed(&earlier), listed(&later)]);
        assert_eq!(all.next_page_token, "");
    }
    let first = list(1, "").await.expect("a page");
    let rest = list(1, &first.next_page_token).await.expect("a page");
    assert_eq!(
        (first.releases, rest.releases),
        (vec![listed(&earlier)], vec![listed(&later)])
    );
    assert_eq!(rest.next_page_token, "");
    let token = first.next_page_token;
    let digit = if token.ends_with('0') { "1" } else { "0" };
    let changed = format!("{}{digit}", &token[..token.len() - 1]);
    for token in ["x", "00", &changed] {
        let details = refused(
            list(1, token).await,
            Code::InvalidArgument,
            "PAGE_TOKEN_INVALID",
        );
        assert_eq!(fields(&details), ["page_token"]);
    }
    let details = refused(
        list(-1, "").await,
        Code::InvalidArgument,
        "PAGE_SIZE_NEGATIVE",
    );
    assert_eq!(fields(&details), ["page_size"]);
    service.stop().await;
}

#[tokio::test]
async fn what_rests_on_a_return_that_was_reopened_is_not_compiled_approved_scheduled_or_published()
{
    let (service, upstream) = Service::with(&[(PERIOD, 10)]).await;
    let snapshot = snapshot(edition(PERIOD), 10);
    let compiled = service.compile(&snapshot, "").await.expect("compiled");
    let submitted = service.submit(&compiled).await.expect("submitted");
    let edition = "collections/pif/editions/2022-23";
    let (state, reason) = (Code::FailedPrecondition, "SNAPSHOT_OVERTAKEN");
    upstream.overtake(edition);
    upstream.until_caught_up().await;
    refused(service.approve(&submitted).await, state, reason);
    refused(service.compile(&snapshot, "").await, state, reason);
    upstream.let_stand(&snapshot);
    upstream.until_caught_up().await;
    let approved = service.approve(&submitted).await.expect("approved");
    upstream.overtake(edition);
    upstream.until_caught_up().await;
    refused(service.publish(&approved, "").await, state, reason);
    refused(
        service.schedule(&approved, "2023-10-03").await,
        state,
        reason,
    );
    upstream.let_stand(&snapshot);
    upstream.until_caught_up().await;
    service.publish(&approved, "").await.expect("published");
    service.stop().await;
}
