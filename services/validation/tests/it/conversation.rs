//! The conversation held by two people, over restarts of the service.

use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::finding::Standing;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::query::State;
use mesur_proto::validation::v1::remark::Kind;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_proto::validation::v1::watch_reports_response::Event;

use crate::samples::{EDITION, ERROR, RETURN, Sample, WARNING};
use crate::support::{
    Events, Service, answer_to, explanation, memory, override_of, question, reason, resolution,
    review, round,
};
use crate::upstream::Upstream;

const REQUEST_ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

fn said(finding: &Finding) -> (Standing, &str) {
    (finding.standing(), finding.explanation.as_str())
}

#[tokio::test]
async fn two_people_hold_a_conversation_about_findings_over_a_restart() {
    let sample = Sample::usual().with_error().with_warning();
    let (upstream, store) = (Upstream::start().await, memory());
    upstream.submit(&sample.revision(1), sample.message()).await;
    let service = Service::start(&store, &upstream.endpoint).await;
    let name = sample.report(1);
    service.events().await.until_reported(&name).await;
    let before = service.report(&name).await;

    let mut officer = service.officer();
    let explain = |text| explanation(&name, WARNING, text);
    let explained = officer.explain_finding(explain(" A typist's joke. ")).await;
    let explained = explained.unwrap().into_inner();
    assert_eq!(said(&explained), (Standing::Explained, "A typist's joke."));
    let once = service.report(&name).await;
    assert_eq!(once.open_warning_count, before.open_warning_count - 1);
    assert_eq!(once.warning_count, before.warning_count);
    assert_ne!(once.etag, before.etag);
    let mut statistician = service.client.clone();
    let rejected = statistician.review_explanation(review(&name, WARNING, false));
    assert_eq!(
        said(rejected.await.unwrap().get_ref()),
        (Standing::Rejected, "")
    );
    let open = service.report(&name).await.open_warning_count;
    assert_eq!(open, before.open_warning_count);
    drop((officer, statistician));
    service.stop().await;

    let service = Service::start(&store, &upstream.endpoint).await;
    assert_eq!(
        service.finding(&name, WARNING).await.standing(),
        Standing::Rejected
    );
    let mut officer = service.officer();
    let again = officer
        .explain_finding(explain("Kept as it was sent."))
        .await;
    let again = again.unwrap().into_inner();
    assert_eq!(said(&again), (Standing::Explained, "Kept as it was sent."));
    let mut statistician = service.client.clone();
    let accepted = statistician.review_explanation(review(&name, WARNING, true));
    let accepted = accepted.await.unwrap().into_inner();
    assert_eq!(
        said(&accepted),
        (Standing::Accepted, "Kept as it was sent.")
    );
    let passed = statistician.override_finding(override_of(&name, ERROR));
    assert_eq!(
        passed.await.unwrap().get_ref().standing(),
        Standing::Overridden
    );
    assert_eq!(service.finding(&name, WARNING).await, accepted);

    let last = service.report(&name).await;
    assert_eq!(last.open_error_count, before.open_error_count - 1);
    assert_eq!(last.open_warning_count, before.open_warning_count - 1);
    assert_eq!(
        (last.error_count, last.warning_count),
        (before.error_count, before.warning_count)
    );
    let open: i32 = last.rules.iter().map(|rule| rule.open_count).sum();
    assert_eq!(open, last.open_error_count + last.open_warning_count);
    let told = [
        (Kind::Explanation, "a.officer", "A typist's joke."),
        (Kind::Rejection, "s.jones", "Seen."),
        (Kind::Explanation, "a.officer", "Kept as it was sent."),
        (Kind::Acceptance, "s.jones", "Seen."),
        (Kind::Override, "s.jones", "Counted by another definition."),
    ];
    assert_told(&service.remarks(RETURN).await, &told);
    drop((officer, statistician));
    service.stop().await;
}

/// All of it stands, and was said about the first revision.
fn assert_told(remarks: &[pb::Remark], told: &[(Kind, &str, &str)]) {
    let found = remarks.iter();
    let found = found.map(|one| (one.kind(), one.identity.as_str(), one.text.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), told);
    assert!(remarks.iter().all(|one| one.revision == 1 && !one.lapsed));
}

#[tokio::test]
async fn a_query_in_a_round_is_answered_rejected_answered_and_accepted_over_a_restart() {
    let sample = Sample::usual();
    let (upstream, store) = (Upstream::start().await, memory());
    upstream.submit(&sample.revision(1), sample.message()).await;
    let service = Service::start(&store, &upstream.endpoint).await;
    let mut events = service.events().await;
    events.until_reported(&sample.report(1)).await;
    let mut statistician = service.client.clone();
    let refused = statistician
        .raise_query(question(RETURN))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "NO_OPEN_ROUND");
    let opened = statistician.open_round(round()).await.unwrap().into_inner();
    assert_eq!(opened.name, format!("{EDITION}/rounds/1"));
    assert_eq!(
        (opened.due_date.as_str(), opened.identity.as_str()),
        ("2023-06-30", "s.jones")
    );
    let query = statistician
        .raise_query(question(RETURN))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(query.name, format!("{RETURN}/queries/1"));
    assert_eq!((query.state(), &query.round), (State::Open, &opened.name));
    assert_eq!(query.cells, ["AD/012", "AD/005[b]"]);
    let answer = answer_to(&query.name);
    let answered = service
        .officer()
        .answer_query(answer.clone())
        .await
        .unwrap();
    assert_eq!(answered.get_ref().state(), State::Answered);
    assert_ne!(answered.get_ref().etag, query.etag);
    drop((statistician, events));
    service.stop().await;

    let service = Service::start(&store, &upstream.endpoint).await;
    let mut statistician = service.client.clone();
    let reject = resolution(&query.name, Resolution::Reject);
    let rejected = statistician.resolve_query(reject).await.unwrap();
    assert_eq!(rejected.get_ref().state(), State::Open);
    service
        .officer()
        .answer_query(answer.clone())
        .await
        .unwrap();
    let accept = resolution(&query.name, Resolution::Accept);
    let accepted = statistician
        .resolve_query(accept)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(accepted.state(), State::Accepted);
    let kinds: Vec<Kind> = accepted.remarks.iter().map(pb::Remark::kind).collect();
    let expected = [
        Kind::Query,
        Kind::Answer,
        Kind::AnswerRejected,
        Kind::Answer,
        Kind::AnswerAccepted,
    ];
    assert_eq!(kinds, expected);
    assert!(accepted.remarks.iter().all(|one| one.subject == query.name));
    assert_eq!(service.remarks(RETURN).await, accepted.remarks);
    let closed = service.officer().answer_query(answer).await.unwrap_err();
    assert_eq!(reason(&closed), "QUERY_CLOSED");

    assert_asked_twice(service.events().await).await;
    drop(statistician);
    service.stop().await;
}

/// A query was told of and settled, and again.
async fn assert_asked_twice(mut told: Events) {
    let mut events = Vec::new();
    for _ in 0..10 {
        events.push(told.next().await.0);
    }
    let expected = [
        Event::Reported,
        Event::Remarked,
        Event::Queried,
        Event::Remarked,
        Event::Settled,
        Event::Remarked,
        Event::Queried,
        Event::Remarked,
        Event::Settled,
        Event::Remarked,
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn what_is_explained_twice_under_one_id_is_said_once_and_answered_as_the_first_time() {
    let sample = Sample::usual().with_warning();
    let (_upstream, service, _events) = crate::support::reported(&sample).await;
    let name = sample.report(1);
    let mut officer = service.officer();
    let request = pb::ExplainFindingRequest {
        request_id: REQUEST_ID.to_owned(),
        ..explanation(&name, WARNING, "A typist's joke.")
    };
    let first = officer
        .explain_finding(request.clone())
        .await
        .unwrap()
        .into_inner();
    let mut statistician = service.client.clone();
    statistician
        .review_explanation(review(&name, WARNING, false))
        .await
        .unwrap();
    let again = officer
        .explain_finding(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first, "as it stood then");
    let other = pb::ExplainFindingRequest {
        explanation: "Another.".to_owned(),
        ..request
    };
    let refused = officer.explain_finding(other).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    assert_eq!(service.remarks(RETURN).await.len(), 2);
}

#[tokio::test]
async fn what_is_asked_twice_under_one_id_is_asked_once_and_ids_of_two_people_never_meet() {
    let (_upstream, service, _events) = crate::support::reported(&Sample::usual()).await;
    let (mut officer, mut statistician) = (service.officer(), service.client.clone());
    let opening = pb::OpenRoundRequest {
        request_id: REQUEST_ID.to_owned(),
        ..round()
    };
    let opened = statistician
        .open_round(opening.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        statistician.open_round(opening).await.unwrap().into_inner(),
        opened
    );
    let id = REQUEST_ID.replace('6', "7");
    let mut asking = pb::RaiseQueryRequest {
        request_id: id.clone(),
        ..question(RETURN)
    };
    let cells = asking.cells.clone();
    asking.cells.extend(cells.clone());
    let raised = statistician
        .raise_query(asking.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        raised.cells, cells,
        "a cell that is named twice counts once"
    );
    let answering = pb::AnswerQueryRequest {
        request_id: id,
        ..answer_to(&raised.name)
    };
    let answered = officer
        .answer_query(answering.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        officer.answer_query(answering).await.unwrap().into_inner(),
        answered
    );
    assert_eq!(
        statistician.raise_query(asking).await.unwrap().into_inner(),
        raised
    );
    assert_eq!(service.remarks(RETURN).await.len(), 2);
}
