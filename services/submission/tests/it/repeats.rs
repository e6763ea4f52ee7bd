//! Send twice, happen once.

use std::sync::Arc;

use mesur_proto::submission::v1 as pb;
use tonic::Code;

use crate::support::{
    CONWY, NOBODY, SENDER, Service, amended, fields, id, memory, refused, sample, sign_off,
};
use crate::validation::Validation;

const PERIOD: &str = "2022-23";
const AT_ONCE: usize = 32;

async fn missing(service: &Service, name: &str, revision: usize) {
    let missing = service.get(&format!("{name}/revisions/{revision}")).await;
    refused(missing, Code::NotFound, "RETURN_NOT_FOUND");
}

#[tokio::test]
async fn a_repeat_gets_the_first_response_also_after_the_return_went_on() {
    let validation = Validation::start().await;
    let service = Service::start(&memory(), &validation.address).await;
    let sent = sample(CONWY, PERIOD);
    let first = service.submit_as(sent.clone(), &id(1)).await.expect("sent");
    service.clock.step(std::time::Duration::from_mins(1));
    let second = amended(&sent);
    let second = service.submit_as(second, &id(2)).await.expect("sent");
    validation.report(&second, 0, 0);
    let signed = service.sign_off(&second, &id(3)).await.expect("signed off");
    let again = service.submit_as(sent.clone(), &id(1)).await;
    assert_eq!(again.expect("a repeat"), first);
    // The other spelling of an id is the same id.
    let upper = id(2).to_uppercase();
    let again = service.submit_as(amended(&sent), &upper).await;
    assert_eq!(again.expect("a repeat"), second);
    validation.set_away(true);
    let again = service.sign_off(&second, &id(3)).await;
    assert_eq!(again.expect("a repeat"), signed);
    missing(&service, &sent.name, 3).await;
    service.stop().await;
}

#[tokio::test]
async fn an_id_that_was_used_for_something_else_is_refused() {
    let service = Service::alone().await;
    let sent = sample(CONWY, PERIOD);
    let first = service.submit_as(sent.clone(), &id(1)).await.expect("sent");
    let (code, reason) = (Code::InvalidArgument, "REQUEST_ID_REUSED");
    let mut referenced = sent.clone();
    referenced.observations[0].reference = "row 1".to_owned();
    let other_reference = service.submit_as(referenced, &id(1)).await;
    refused(other_reference, code, reason);
    let other = service.submit_as(amended(&sent), &id(1)).await;
    assert_eq!(fields(&refused(other, code, reason)), ["request_id"]);
    let signing = service.caller(SENDER, &["approver/W06000003"]);
    refused(sign_off(&signing, &first, &id(1)).await, code, reason);
    // What another has used does not count.
    let signing = service.sign_off(&first, &id(1)).await;
    refused(signing, Code::Unavailable, "VALIDATION_AWAY");
    let values = pb::PreviousValues {
        name: format!("authorities/{CONWY}/previousValues/pif-2018-19"),
        ..pb::PreviousValues::default()
    };
    refused(service.record(&values, &id(1)).await, code, reason);
    missing(&service, &sent.name, 2).await;
    for text in [
        "1",
        "6ba7b8109dad41d180b400c04fd430c8",
        &id(0).replace(|c| c != '-', "0"),
    ] {
        let refusal = service.submit_as(sent.clone(), text).await;
        let details = refused(refusal, code, "REQUEST_ID_INVALID");
        assert_eq!(fields(&details), ["request_id"]);
    }
    missing(&service, &sent.name, 2).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_sent_many_times_at_once_makes_one_revision() {
    let service = Arc::new(Service::start(&memory(), NOBODY).await);
    let sent = sample(CONWY, PERIOD);
    let calls = (0..AT_ONCE).map(|_| {
        let (service, sent) = (Arc::clone(&service), sent.clone());
        tokio::spawn(async move { service.submit_as(sent, &id(1)).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut responses = Vec::new();
    for call in calls {
        responses.push(call.await.expect("no panic").expect("sent"));
    }
    assert!(responses.iter().all(|response| *response == responses[0]));
    missing(&service, &sent.name, 2).await;
    Arc::into_inner(service).expect("the last").stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_amendments_at_once_that_saw_the_same_revision_one_is_taken_in() {
    let service = Arc::new(Service::start(&memory(), NOBODY).await);
    let sent = sample(CONWY, PERIOD);
    let first = service.submit(sent.clone()).await.expect("sent");
    let calls = (0..AT_ONCE).map(|number| {
        let (service, mut sent) = (Arc::clone(&service), sent.clone());
        sent.etag.clone_from(&first.etag);
        sent.observations[0].comment = format!("by {number}");
        tokio::spawn(async move { service.submit(sent).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut taken = Vec::new();
    for call in calls {
        match call.await.expect("no panic") {
            Ok(revision) => taken.push(revision),
            refusal => drop(refused(refusal, Code::Aborted, "STALE_ETAG")),
        }
    }
    assert_eq!(taken.len(), 1);
    let latest = service.get(&sent.name).await.expect("the latest");
    assert_eq!((latest.revision, &latest.digest), (2, &taken[0].digest));
    missing(&service, &sent.name, 3).await;
    Arc::into_inner(service).expect("the last").stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_id_signs_off_once_however_often_it_is_sent_at_once() {
    let validation = Validation::start().await;
    let service = Arc::new(Service::start(&memory(), &validation.address).await);
    for (number, authority) in (1..).zip(["W06000001", "W06000002", CONWY, "W06000004"]) {
        let sent = service.submit(sample(authority, PERIOD)).await;
        let sent = sent.expect("sent");
        validation.report(&sent, 0, 0);
        let calls = (0..AT_ONCE).map(|_| {
            let (service, sent) = (Arc::clone(&service), sent.clone());
            let id = id(number);
            // The etag is stale for each but the first: it gets the first's answer all the same.
            tokio::spawn(async move { service.sign_off(&sent, &id).await })
        });
        let calls: Vec<_> = calls.collect();
        let mut responses = Vec::new();
        for call in calls {
            responses.push(call.await.expect("no panic").expect("signed off"));
        }
        assert!(responses.iter().all(|response| *response == responses[0]));
        assert_eq!(responses[0].history.len(), 2);
    }
    Arc::into_inner(service).expect("the last").stop().await;
}
