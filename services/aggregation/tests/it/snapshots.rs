//! Snapshots: the same bytes for the same inputs, never changed, streamed in order.

use std::time::Duration;

use mesur_proto::aggregation::v1 as pb;
use prost::Message as _;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::support::{Service, edition, memory, refusal, samples};
use crate::upstream::Upstream;

const PERIOD: &str = "2022-23";

async fn get(service: &Service, name: &str) -> Result<pb::Snapshot, tonic::Status> {
    let name = name.to_owned();
    let response = service
        .client
        .clone()
        .get_snapshot(pb::GetSnapshotRequest { name })
        .await;
    response.map(tonic::Response::into_inner)
}

async fn watch(service: &Service, cursor: Vec<u8>) -> tonic::Streaming<pb::WatchSnapshotsResponse> {
    let request = pb::WatchSnapshotsRequest { cursor };
    let response = service.client.clone().watch_snapshots(request).await;
    response.expect("a stream").into_inner()
}

async fn list(service: &Service, page_token: String) -> pb::ListSnapshotsResponse {
    let request = pb::ListSnapshotsRequest {
        page_size: 1,
        page_token,
    };
    let response = service.client.clone().list_snapshots(request).await;
    response.expect("a page").into_inner()
}

#[tokio::test]
async fn the_same_returns_are_the_same_snapshot_to_the_byte_in_whatever_order_they_came() {
    let forwards = samples(PERIOD);
    let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
    let (one, _one) = Service::with(PERIOD, &forwards).await;
    let (two, _two) = Service::with(PERIOD, &backwards).await;
    let left = one.create(PERIOD, &[]).await.expect("a snapshot");
    let right = two.create(PERIOD, &[]).await.expect("a snapshot");
    assert_eq!(left.encode_to_vec(), right.encode_to_vec());
    let digest = left.digest.strip_prefix("sha256:").expect("a digest");
    assert_eq!(left.name, format!("snapshots/{}", &digest[..16]));
    // Signed off at another time, on another machine, they are the same inputs and the same content.
    let upstream = Upstream::start().await;
    upstream.clock().step(Duration::from_hours(30));
    for data_return in &forwards {
        upstream.sign_off(edition(PERIOD), data_return, 1);
    }
    let three = Service::start(&memory(), &upstream).await;
    upstream.until_caught_up().await;
    let later = three.create(PERIOD, &[]).await.expect("a snapshot");
    assert_eq!(
        (&later.name, &later.digest, &later.content_digest),
        (&left.name, &left.digest, &left.content_digest)
    );
    let times = |snapshot: &pb::Snapshot| {
        let returns = snapshot.totals.as_ref().expect("totals").returns.clone();
        returns.into_iter().map(|input| input.sign_off_time)
    };
    assert!(
        times(&later)
            .zip(times(&left))
            .all(|(one, other)| one != other)
    );
    for service in [one, two, three] {
        service.stop().await;
    }
}

#[tokio::test]
async fn snapshots_are_made_once_never_change_and_are_streamed_as_they_are_made() {
    let returns = samples(PERIOD);
    let (service, upstream) = Service::with(PERIOD, &returns[..2]).await;
    let mut live = watch(&service, Vec::new()).await;
    let first = service.create(PERIOD, &[]).await.expect("a snapshot");
    assert_eq!(service.create(PERIOD, &[]).await.expect("the same"), first);
    let event = live.next().await.expect("an event").expect("no failure");
    assert_eq!(event.name, first.name);

    // A second revision takes the place of the first one: live, and not in what is frozen.
    let name = upstream.sign_off(edition(PERIOD), &returns[0], 2);
    upstream.until_caught_up().await;
    let second = service.create(PERIOD, &[&name]).await.expect("a snapshot");
    let inputs = &second.totals.as_ref().expect("totals").returns;
    assert_eq!((inputs.len(), &inputs[0].name), (2, &name));
    assert_ne!(second.name, first.name);
    assert_eq!(get(&service, &first.name).await.expect("the first"), first);
    for mut stream in [live, watch(&service, event.cursor).await] {
        let event = stream.next().await.expect("an event").expect("no failure");
        assert_eq!(event.name, second.name);
    }

    let page = list(&service, String::new()).await;
    let rest = list(&service, page.next_page_token).await;
    assert_eq!(rest.next_page_token, "");
    let listed = [&page.snapshots[0], &rest.snapshots[0]];
    let mut names = [first.name, second.name];
    names.sort();
    assert_eq!(listed.map(|snapshot| &snapshot.name), names.each_ref());
    assert!(listed.iter().all(|snapshot| snapshot.totals.is_none()));
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason_and_everything_that_is_wrong() {
    let (service, _upstream) = Service::with(PERIOD, &samples(PERIOD)[..1]).await;
    let held = "authorities/W06000001/returns/pif-2022-23/revisions/1";
    let replaced = "authorities/W06000001/returns/pif-2022-23/revisions/2";
    let absent = "authorities/W06000002/returns/pif-2022-23/revisions/1";
    let status = service
        .create(PERIOD, &[held, replaced, absent])
        .await
        .expect_err("refused");
    let (reason, details) = refusal(&status);
    assert_eq!(
        (status.code(), reason.as_str()),
        (Code::FailedPrecondition, "RETURNS_NOT_RECEIVED")
    );
    let missing = &details
        .precondition_failure()
        .expect("violations")
        .violations;
    let subjects: Vec<_> = missing
        .iter()
        .map(|violation| violation.subject.as_str())
        .collect();
    assert_eq!(subjects, [replaced, absent]);

    let request = pb::CreateSnapshotRequest {
        edition: format!("collections/pif/editions/{PERIOD}"),
        returns: vec!["returns/1".to_owned(), held.replace("2022-23", "2020-21")],
        request_id: "1".to_owned(),
    };
    let status = service
        .client
        .clone()
        .create_snapshot(request)
        .await
        .expect_err("refused");
    let (_, details) = refusal(&status);
    assert_eq!(status.code(), Code::InvalidArgument);
    let fields = &details.bad_request().expect("violations").field_violations;
    let fields: Vec<_> = fields
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["returns[0]", "returns[1]", "request_id"]);

    let status = service.create("2021-22", &[]).await.expect_err("refused");
    assert_eq!(refusal(&status).0, "EDITION_NOT_FOUND");
    let status = get(&service, "snapshots/0123456789abcdef")
        .await
        .expect_err("refused");
    assert_eq!(refusal(&status).0, "SNAPSHOT_NOT_FOUND");
    let name = service
        .create(PERIOD, &[held])
        .await
        .expect("a snapshot")
        .name;
    for figure in ["", "adults-iaa-contacts"] {
        let request = pb::RankAuthoritiesRequest {
            name: name.clone(),
            figure: figure.to_owned(),
        };
        let status = service
            .client
            .clone()
            .rank_authorities(request)
            .await
            .expect_err("refused");
        assert_eq!(
            (status.code(), refusal(&status).0.as_str()),
            (Code::NotFound, "FIGURE_NOT_FOUND")
        );
    }
    service.stop().await;
}
