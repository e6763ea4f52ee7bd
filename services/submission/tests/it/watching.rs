//! The stream of what happened, from a point on.

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::watch_returns_response::Event;
use tokio::time::timeout;
use tonic::{Code, Streaming};

use crate::support::{CONWY, NOBODY, PATIENCE, Service, amended, fields, memory, refused, sample};
use crate::validation::Validation;

async fn watch(service: &Service, cursor: &[u8]) -> Streaming<pb::WatchReturnsResponse> {
    let cursor = cursor.to_vec();
    let request = pb::WatchReturnsRequest { cursor };
    let response = service.client.clone().watch_returns(request).await;
    response.expect("a stream").into_inner()
}

async fn next(stream: &mut Streaming<pb::WatchReturnsResponse>) -> pb::WatchReturnsResponse {
    let next = timeout(PATIENCE, stream.message()).await.expect("in time");
    next.expect("no failure").expect("an event")
}

fn told(event: &pb::WatchReturnsResponse) -> (Event, &str, &str) {
    (event.event(), &event.name, &event.digest)
}

#[tokio::test]
async fn events_come_in_order_from_the_start_from_a_cursor_and_as_they_happen() {
    let (validation, store) = (Validation::start().await, memory());
    let service = Service::start(&store, &validation.address).await;
    let sent = sample(CONWY, "2022-23");
    let mut live = watch(&service, &[]).await;
    let first = service
        .submit_as(sent.clone(), &crate::support::id(1))
        .await
        .expect("sent");
    let name = |revision: i32| format!("{}/revisions/{revision}", sent.name);
    let one = next(&mut live).await;
    assert_eq!(
        told(&one),
        (Event::Submitted, name(1).as_str(), first.digest.as_str())
    );
    // Neither a repeat nor a refusal nor a check is an event.
    service
        .submit_as(sent.clone(), &crate::support::id(1))
        .await
        .expect("a repeat");
    service.validate(sent.clone(), "").await.expect("checked");
    service
        .sign_off(&first, "")
        .await
        .expect_err("not validated");
    let second = service.submit(amended(&sent)).await.expect("sent");
    validation.report(&second, 0, 0);
    service.sign_off(&second, "").await.expect("signed off");
    let (two, three) = (next(&mut live).await, next(&mut live).await);
    assert_eq!(
        told(&two),
        (Event::Submitted, name(2).as_str(), second.digest.as_str())
    );
    assert_eq!(
        told(&three),
        (Event::SignedOff, name(2).as_str(), second.digest.as_str())
    );
    service.stop().await;

    // The log and its cursors outlive the service.
    let service = Service::start(&store, NOBODY).await;
    let mut again = watch(&service, &[]).await;
    for event in [&one, &two, &three] {
        assert_eq!(next(&mut again).await, *event);
    }
    let mut rest = watch(&service, &two.cursor).await;
    assert_eq!(next(&mut rest).await, three);
    let mut behind = watch(&service, &three.cursor).await;
    service
        .submit(sample(CONWY, "2020-21"))
        .await
        .expect("sent");
    let last = next(&mut behind).await;
    assert_eq!(
        last.name,
        format!("authorities/{CONWY}/returns/pif-2020-21/revisions/1")
    );

    // Streams that nobody ends do not hold the stop, and end without an error.
    next(&mut again).await;
    service.stop().await;
    let end = timeout(PATIENCE, again.message()).await.expect("in time");
    assert_eq!(end.expect("no failure"), None);
}

#[tokio::test]
async fn a_cursor_that_is_none_is_refused() {
    let service = Service::alone().await;
    for cursor in [&[0][..], &[1; 7], &[1; 9], &[0; 4096]] {
        let request = pb::WatchReturnsRequest {
            cursor: cursor.to_vec(),
        };
        let refusal = service.client.clone().watch_returns(request).await;
        let details = refused(refusal.map(drop), Code::InvalidArgument, "CURSOR_INVALID");
        assert_eq!(fields(&details), ["cursor"]);
    }
    service.stop().await;
}
