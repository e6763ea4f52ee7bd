//! Signing off, which needs validation.

use mesur_proto::submission::v1::data_return::State;
use mesur_rpc::clock;
use tonic::Code;

use crate::support::{CONWY, NOBODY, NOW, Service, amended, fields, memory, refused, sample};
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
    for (errors, open) in [(1, 0), (0, 2)] {
        validation.report(&first, errors, open);
        let details = refused(service.sign_off(&first, "").await, state, "FINDINGS_OPEN");
        let metadata = &details.error_info().expect("a reason").metadata;
        let told = [&metadata["error_count"], &metadata["open_count"]];
        assert_eq!(told, [&errors.to_string(), &open.to_string()]);
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
    service.clock.step(std::time::Duration::from_mins(5));
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

    // It is at its end: neither signed again nor amended.
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
