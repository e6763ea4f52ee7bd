//! The stream of what happened, from a point on.

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::watch_returns_response::Event;
use tokio::time::timeout;
use tonic::Code;

use crate::support::{
    CONWY, GWYNEDD, NOBODY, PATIENCE, Service, amended, fields, memory, next, refused, sample,
    watch,
};
use crate::validation::Validation;

fn told(event: &pb::WatchReturnsResponse) -> (Event, &str, &str) {
    (event.event(), &event.name, &event.digest)
}

#[tokio::test]
async fn events_come_in_order_from_the_start_from_a_cursor_and_as_they_happen() {
    let (validation, store) = (Validation::start().await, memory());
    let service = Service::start(&store, &validation.address).await;
    let sent = sample(CONWY, "2022-23");
    let mut live = watch(&service.client, &[]).await.expect("a stream");
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
    let mut again = watch(&service.client, &[]).await.expect("a stream");
    for event in [&one, &two, &three] {
        assert_eq!(next(&mut again).await, *event);
    }
    let mut rest = watch(&service.client, &two.cursor).await.expect("a stream");
    assert_eq!(next(&mut rest).await, three);
    let mut behind = watch(&service.client, &three.cursor)
        .await
        .expect("a stream");
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
        let refusal = watch(&service.client, cursor).await;
        let details = refused(refusal.map(drop), Code::InvalidArgument, "CURSOR_INVALID");
        assert_eq!(fields(&details), ["cursor"]);
    }
    service.stop().await;
}

#[tokio::test]
async fn a_cursor_from_before_the_store_was_restored_is_refused() {
    let service = Service::alone().await;
    service
        .submit(sample(CONWY, "2022-23"))
        .await
        .expect("sent");
    let last = service.submit(sample(GWYNEDD, "2022-23")).await;
    last.expect("sent");
    let mut all = watch(&service.client, &[]).await.expect("a stream");
    next(&mut all).await;
    let cursor = next(&mut all).await.cursor;
    drop(all);
    service.stop().await;

    let restored = Service::alone().await;
    restored
        .submit(sample(CONWY, "2022-23"))
        .await
        .expect("sent");
    let refusal = watch(&restored.client, &cursor).await.map(drop);
    let details = refused(refusal, Code::InvalidArgument, "CURSOR_INVALID");
    assert_eq!(fields(&details), ["cursor"]);
    restored.stop().await;
}

#[tokio::test]
async fn every_caller_watches_what_it_may_see() {
    let service = Service::alone().await;
    let conwy = service.caller("cat@conwy", &["submitter/W06000003"]);
    let mut of_conwy = watch(&conwy, &[]).await.expect("a stream");
    let mut of_all = watch(&service.statistician, &[]).await.expect("a stream");
    service.draft(sample(CONWY, "2020-21")).await.expect("kept");
    for authority in [GWYNEDD, CONWY] {
        let sent = sample(authority, "2022-23");
        service.submit(sent).await.expect("sent");
    }
    let name = |authority: &str| format!("authorities/{authority}/returns/pif-2022-23/revisions/1");
    let first = next(&mut of_all).await;
    assert_eq!(first.name, name(GWYNEDD));
    let second = next(&mut of_all).await;
    assert_eq!(second.name, name(CONWY));
    assert_eq!(next(&mut of_conwy).await, second);
    // A cursor of what the caller does not see is a place in the stream all the same.
    let mut rest = watch(&conwy, &first.cursor).await.expect("a stream");
    assert_eq!(next(&mut rest).await, second);
    drop((of_conwy, of_all, rest));
    service.stop().await;
}
