//! Signing off, which needs validation.

use std::time::Duration;

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_rpc::clock;
use tonic::Code;

use crate::support::{
    CONWY, NOBODY, NOW, SENDER, SIGNER, Service, amended, denied, fields, id, memory, refused,
    sample, send, sign_off,
};
use crate::validation::Validation;

const PERIOD: &str = "2022-23";

#[tokio::test]
async fn a_return_is_signed_off_once_validation_has_nothing_open_against_it() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("sent");
    let state = Code::FailedPrecondition;
    let details = refused(
        service.sign_off(&first, "").await,
        state,
        "NOT_YET_VALIDATED",
    );
    let subjects = &details
        .precondition_failure()
        .expect("a subject")
        .violations;
    assert_eq!(subjects[0].subject, format!("{}/revisions/1", sent.name));
    for open in [[1, 0, 0], [0, 2, 0], [0, 0, 3]] {
        validation.report_open(&first, open);
        let details = refused(service.sign_off(&first, "").await, state, "FINDINGS_OPEN");
        let metadata = &details.error_info().expect("a reason").metadata;
        let counts = ["open_error_count", "open_warning_count", "open_query_count"];
        assert_eq!(
            counts.map(|count| metadata[count].clone()),
            open.map(|n| n.to_string())
        );
    }
    validation.report(&first, 0, 0);
    validation.set_away(true);
    let details = refused(
        service.sign_off(&first, "").await,
        Code::Unavailable,
        "VALIDATION_AWAY",
    );
    assert!(details.retry_info().is_some());
    assert_eq!(
        service.get(&sent.name).await.expect("kept").etag,
        first.etag
    );

    validation.set_away(false);
    service.clock.step(Duration::from_mins(5));
    let signed = service.sign_off(&first, "").await.expect("signed off");
    assert_eq!((signed.state(), signed.revision), (State::SignedOff, 1));
    let at = |text: &str| Some(clock::to_proto(text.parse().expect("a time")));
    assert_eq!(signed.create_time, at(NOW));
    assert_eq!(signed.sign_off_time, at("2023-06-01T09:05:00Z"));
    assert_ne!(signed.etag, first.etag);
    for name in [sent.name.clone(), format!("{}/revisions/1", sent.name)] {
        let kept = service.get(&name).await.expect("kept");
        assert_eq!(kept.observations, sent.observations);
        assert_eq!((kept.state(), &kept.etag), (State::SignedOff, &signed.etag));
    }

    // It is neither signed again nor amended.
    let reason = "ALREADY_SIGNED_OFF";
    refused(service.sign_off(&signed, "").await, state, reason);
    let mut next = amended(&sent);
    refused(service.submit(next.clone()).await, state, reason);
    refused(service.validate(next.clone(), "").await, state, reason);
    next.etag.clone_from(&signed.etag);
    refused(service.submit(next).await, state, reason);
    refused(
        service.sign_off(&first, "").await,
        Code::Aborted,
        "STALE_ETAG",
    );
    service.stop().await;
}

#[tokio::test]
async fn only_the_revision_that_was_seen_and_validated_is_signed_off() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("sent");
    validation.report(&first, 0, 0);
    let second = service.submit(amended(&sent)).await.expect("sent");
    refused(
        service.sign_off(&first, "").await,
        Code::Aborted,
        "STALE_ETAG",
    );
    let state = Code::FailedPrecondition;
    refused(
        service.sign_off(&second, "").await,
        state,
        "NOT_YET_VALIDATED",
    );
    // A report on another content that had the same number does not clear this one.
    let mut other = second.clone();
    other.digest.clone_from(&first.digest);
    validation.report(&other, 0, 0);
    refused(
        service.sign_off(&second, "").await,
        state,
        "NOT_YET_VALIDATED",
    );
    validation.report(&second, 0, 0);
    assert_eq!(
        service
            .sign_off(&second, "")
            .await
            .expect("signed off")
            .revision,
        2
    );

    let mut blind = second;
    blind.etag.clear();
    let refusal = service.sign_off(&blind, "").await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
    assert_eq!(fields(&details), ["etag"]);
    blind.etag = "0123".to_owned();
    blind.name = blind.name.replace(PERIOD, "2020-21");
    refused(
        service.sign_off(&blind, "").await,
        Code::NotFound,
        "RETURN_NOT_FOUND",
    );
    service.stop().await;
}

#[tokio::test]
async fn a_sign_off_rests_on_a_seal_that_was_asked_for_less_than_ten_seconds_ago() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let first = service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    validation.report(&first, 0, 0);
    let (late, timely) = (Duration::from_secs(10), Duration::from_millis(9_999));
    validation.take(&service.clock, vec![late; 3]);
    let refusal = service.sign_off(&first, "").await;
    refused(refusal, Code::Unavailable, "VALIDATION_AWAY");
    assert_eq!(validation.sealed(), vec![first.digest.clone(); 3]);
    let kept = service.get(&first.name).await.expect("kept");
    assert_eq!(kept.etag, first.etag);

    // What is opened while a late seal has ended is seen with the next one.
    validation.report(&first, 0, 1);
    validation.take(&service.clock, vec![late, timely]);
    let refusal = service.sign_off(&first, "").await;
    refused(refusal, Code::FailedPrecondition, "FINDINGS_OPEN");
    assert_eq!(validation.sealed().len(), 1);
    validation.report(&first, 0, 0);
    validation.take(&service.clock, vec![late, timely]);
    let signed = service.sign_off(&first, "").await.expect("signed off");
    assert_eq!(validation.sealed(), vec![first.digest.clone(); 2]);

    // Validation still takes it for signed off.
    let reopened = service.reopen(&signed, "a slip", "").await;
    let reopened = reopened.expect("reopened");
    validation.set_behind(true);
    let refusal = service.sign_off(&reopened, "").await;
    refused(refusal, Code::FailedPrecondition, "NOT_YET_VALIDATED");
    validation.set_behind(false);
    service.sign_off(&reopened, "").await.expect("signed off");
    service.stop().await;
}

#[tokio::test]
async fn nobody_signs_what_they_sent() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let both = ["submitter/W06000003", "approver/W06000003"];
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(|name| service.caller(name, &both));
    let same = |result| refused(result, Code::PermissionDenied, "SAME_PERSON");
    let sent = sample(CONWY, PERIOD);
    let draft = send(&ann, sent.clone(), "", true).await.expect("kept");
    let draft = draft.data_return.expect("a return");
    let request = pb::SubmitDraftRequest {
        name: draft.name.clone(),
        etag: draft.etag,
        request_id: String::new(),
    };
    let handed_in = bob.clone().submit_draft(request).await.expect("handed in");
    let first = handed_in.into_inner().data_return.expect("a return");
    validation.report(&first, 0, 0);
    // Who drafted it and who handed it in, also once another has sent a further revision.
    same(sign_off(&ann, &first, "").await);
    same(sign_off(&bob, &first, "").await);
    let second = send(&cat, amended(&sent), "", false).await.expect("sent");
    let second = second.data_return.expect("a return");
    validation.report(&second, 0, 0);
    for client in [&ann, &bob, &cat] {
        same(sign_off(client, &second, "").await);
    }
    // Whoever may not sign at all learns nothing of it.
    denied(sign_off(&service.client, &second, "").await);
    denied(sign_off(&service.statistician, &second, "").await);
    let gwynedd = service.caller("dan", &["approver/W06000002"]);
    denied(sign_off(&gwynedd, &second, "").await);
    let signed = service.sign_off(&second, "").await.expect("signed off");

    // A sign-off settles who answered for what came before it.
    let reopened = service
        .reopen(&signed, "a slip", "")
        .await
        .expect("reopened");
    same(sign_off(&cat, &reopened, "").await);
    let mut third = sent;
    third.etag = reopened.etag;
    let third = send(&bob, third, "", false).await.expect("sent");
    let third = third.data_return.expect("a return");
    validation.report(&third, 0, 0);
    same(sign_off(&bob, &third, "").await);
    sign_off(&ann, &third, "").await.expect("signed off");
    service.stop().await;
}

#[tokio::test]
async fn a_sign_off_is_taken_back_with_a_reason_and_stands_in_the_history() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let first = service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    validation.report(&first, 0, 0);
    let signed = service.sign_off(&first, "").await.expect("signed off");
    for reason in ["", " ", &"x".repeat(1_001)] {
        let refusal = service.reopen(&signed, reason, "").await;
        let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(fields(&details), ["reason"]);
    }
    let blind = pb::DataReturn {
        etag: String::new(),
        ..signed.clone()
    };
    let refusal = service.reopen(&blind, "", "nonsense").await;
    let details = refused(refusal, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(fields(&details), ["etag", "reason", "request_id"]);
    let longest = "x".repeat(1_000);
    let stale = service.reopen(&first, &longest, "").await;
    refused(stale, Code::Aborted, "STALE_ETAG");
    service.clock.step(Duration::from_mins(5));
    let reopened = service.reopen(&signed, "a slip in AD/002", &id(1)).await;
    let reopened = reopened.expect("reopened");
    assert_eq!(
        (reopened.state(), reopened.sign_off_time),
        (State::Reopened, None)
    );
    // It is signed again as it is, and a repeat of the reopening does not undo that.
    let again = service.sign_off(&reopened, "").await.expect("signed off");
    let repeat = service.reopen(&signed, "a slip in AD/002", &id(1)).await;
    assert_eq!(repeat.expect("a repeat"), reopened);
    let kept = service.get(&first.name).await.expect("kept");
    assert_eq!(
        (kept.state(), &kept.history),
        (State::SignedOff, &again.history)
    );
    let told: Vec<_> = kept
        .history
        .iter()
        .map(|step| (step.state(), step.identity.as_str(), step.reason.as_str()))
        .collect();
    let expected = [
        (State::Submitted, SENDER, ""),
        (State::SignedOff, SIGNER, ""),
        (State::Reopened, SIGNER, "a slip in AD/002"),
        (State::SignedOff, SIGNER, ""),
    ];
    assert_eq!(told, expected);
    service.stop().await;
}

#[tokio::test]
async fn a_revision_is_reopened_so_often_and_then_only_signed_off() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let first = service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    validation.report(&first, 0, 0);
    let mut signed = service.sign_off(&first, "").await.expect("signed off");
    // One that sent it, and then two at a time.
    while signed.history.len() < 500 {
        let reopened = service.reopen(&signed, "a slip", "").await;
        let reopened = reopened.expect("reopened");
        signed = service.sign_off(&reopened, "").await.expect("signed off");
    }
    assert_eq!(signed.history.len(), 500);
    let more = service.reopen(&signed, "a slip", "").await;
    refused(more, Code::InvalidArgument, "TOO_MANY_MOVES");
    let kept = service.get(&first.name).await.expect("kept");
    assert_eq!((kept.etag, kept.history), (signed.etag, signed.history));
    service.stop().await;
}

#[tokio::test]
async fn returns_are_taken_in_although_validation_was_never_there() {
    let service = Service::start(&memory(), NOBODY).await;
    let taken = service.submit(sample(CONWY, PERIOD)).await.expect("sent");
    refused(
        service.sign_off(&taken, "").await,
        Code::Unavailable,
        "VALIDATION_AWAY",
    );
    service.stop().await;
}
