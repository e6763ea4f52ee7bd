//! What cannot be said is refused with its reason, and changes nothing.

use mesur_proto::types::v1::finding::Standing;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use tonic::Code;

use crate::samples::{ERROR, RETURN, Sample, WARNING};
use crate::support::{
    answer_to, explanation, override_of, question, refusal, reported, resolution, review, round,
};

fn state(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn missing(reason: &str) -> (Code, String) {
    (Code::NotFound, reason.to_owned())
}

fn invalid(reason: &str) -> (Code, String) {
    (Code::InvalidArgument, reason.to_owned())
}

#[tokio::test]
async fn what_cannot_be_said_about_a_finding_is_refused_and_changes_nothing() {
    let sample = Sample::usual().with_error().with_warning();
    let (_upstream, service, _events) = reported(&sample).await;
    let (mut officer, mut statistician) = (service.officer(), service.client.clone());
    let (name, beyond) = (sample.report(1), sample.report(2));
    let before = service.report(&name).await;
    let long = "a".repeat(1_001);
    for (name, finding, text, expected) in [
        (&name, ERROR, "It is so.", state("NOT_A_WARNING")),
        (
            &name,
            "AD/012-none:AD/012",
            "It is so.",
            missing("FINDING_NOT_FOUND"),
        ),
        (&beyond, WARNING, "It is so.", missing("REPORT_NOT_FOUND")),
        (&name, WARNING, " \n", invalid("INVALID_TEXT")),
        (&name, WARNING, long.as_str(), invalid("INVALID_TEXT")),
        (&name, WARNING, "a\u{7}b", invalid("INVALID_TEXT")),
        (
            &RETURN.to_owned(),
            WARNING,
            "It is so.",
            invalid("INVALID_NAME"),
        ),
    ] {
        let refused = officer
            .explain_finding(explanation(name, finding, text))
            .await;
        assert_eq!(refusal(refused), expected, "{name} {finding} {text}");
    }
    for accepted in [true, false] {
        let early = statistician.review_explanation(review(&name, WARNING, accepted));
        assert_eq!(refusal(early.await), state("NOT_EXPLAINED"));
    }
    let of_error = statistician.review_explanation(review(&name, ERROR, true));
    assert_eq!(refusal(of_error.await), state("NOT_A_WARNING"));
    let of_warning = statistician.override_finding(override_of(&name, WARNING));
    assert_eq!(refusal(of_warning.await), state("NOT_AN_ERROR"));
    assert_eq!(service.report(&name).await, before);
    assert!(service.remarks(RETURN).await.is_empty());
}

#[tokio::test]
async fn a_round_is_due_on_a_day() {
    let sample = Sample::usual();
    let (_upstream, service, _events) = reported(&sample).await;
    let mut statistician = service.client.clone();
    for (due_date, expected) in [
        ("", "INVALID_FIELD"),
        ("2023-02-30", "INVALID_FIELD"),
        ("20230630", "INVALID_FIELD"),
    ] {
        let request = pb::OpenRoundRequest {
            due_date: due_date.to_owned(),
            ..round()
        };
        assert_eq!(
            refusal(statistician.open_round(request).await),
            invalid(expected)
        );
    }
}

#[tokio::test]
async fn what_cannot_be_asked_or_answered_is_refused() {
    let sample = Sample::usual();
    let (_upstream, service, _events) = reported(&sample).await;
    let (mut officer, mut statistician) = (service.officer(), service.client.clone());
    statistician.open_round(round()).await.unwrap();
    let with_cells = |cells: Vec<String>| pb::RaiseQueryRequest {
        cells,
        ..question(RETURN)
    };
    let unsent = RETURN.replace("W06000012", "W06000003");
    for (request, expected) in [
        (question(&unsent), missing("REPORT_NOT_FOUND")),
        (
            with_cells(vec!["AD/999".to_owned()]),
            invalid("UNKNOWN_CELL"),
        ),
        (
            with_cells(vec!["AD/012[".to_owned()]),
            invalid("UNKNOWN_CELL"),
        ),
        // As many as there may be are looked at.
        (
            with_cells(vec!["AD/999".to_owned(); 100]),
            invalid("UNKNOWN_CELL"),
        ),
        (
            with_cells(vec!["AD/012".to_owned(); 101]),
            invalid("INVALID_FIELD"),
        ),
        (
            pb::RaiseQueryRequest {
                text: String::new(),
                ..question(RETURN)
            },
            invalid("INVALID_TEXT"),
        ),
    ] {
        assert_eq!(refusal(statistician.raise_query(request).await), expected);
    }
    let query = statistician
        .raise_query(question(RETURN))
        .await
        .unwrap()
        .into_inner()
        .name;
    let none = query.replace("queries/1", "queries/2");
    assert_eq!(
        refusal(officer.answer_query(answer_to(&none)).await),
        missing("QUERY_NOT_FOUND")
    );
    for (how, expected) in [
        (Resolution::Unspecified, invalid("INVALID_FIELD")),
        (Resolution::Accept, state("NOT_ANSWERED")),
        (Resolution::Reject, state("NOT_ANSWERED")),
    ] {
        let refused = statistician.resolve_query(resolution(&query, how)).await;
        assert_eq!(refusal(refused), expected);
    }
    let withdraw = resolution(&query, Resolution::Withdraw);
    statistician.resolve_query(withdraw.clone()).await.unwrap();
    assert_eq!(
        refusal(statistician.resolve_query(withdraw).await),
        state("QUERY_CLOSED")
    );
}

#[tokio::test]
async fn so_much_is_said_of_a_finding_or_a_query_and_then_only_what_settles_it() {
    let sample = Sample::usual().with_warning();
    let (_upstream, service, _events) = reported(&sample).await;
    let (mut officer, mut statistician) = (service.officer(), service.client.clone());
    let name = sample.report(1);
    let explain = explanation(&name, WARNING, "It is so.");
    for _ in 0..200 {
        officer.explain_finding(explain.clone()).await.unwrap();
    }
    let too_many = invalid("TOO_MANY_REMARKS");
    let more = officer.explain_finding(explain.clone()).await;
    assert_eq!(refusal(more), too_many);
    let rejected = statistician.review_explanation(review(&name, WARNING, false));
    assert_eq!(refusal(rejected.await), too_many);
    let accept = review(&name, WARNING, true);
    let accepted = statistician.review_explanation(accept.clone()).await;
    assert_eq!(
        accepted.unwrap().into_inner().standing(),
        Standing::Accepted
    );
    assert_eq!(
        refusal(statistician.review_explanation(accept).await),
        too_many
    );
    assert_eq!(refusal(officer.explain_finding(explain).await), too_many);
    assert_eq!(service.remarks(RETURN).await.len(), 201);

    statistician.open_round(round()).await.unwrap();
    let raised = statistician.raise_query(question(RETURN)).await.unwrap();
    let query = raised.into_inner().name;
    for _ in 1..200 {
        officer.answer_query(answer_to(&query)).await.unwrap();
    }
    assert_eq!(
        refusal(officer.answer_query(answer_to(&query)).await),
        too_many
    );
    let reject = resolution(&query, Resolution::Reject);
    assert_eq!(refusal(statistician.resolve_query(reject).await), too_many);
    let accept = resolution(&query, Resolution::Accept);
    let closed = statistician.resolve_query(accept).await.unwrap();
    assert_eq!(closed.into_inner().remarks.len(), 201);
}

#[tokio::test]
async fn nothing_more_is_asked_or_explained_once_a_return_is_signed_off() {
    let sample = Sample::usual().with_warning();
    let (upstream, service, mut events) = reported(&sample).await;
    let (mut officer, mut statistician) = (service.officer(), service.client.clone());
    statistician.open_round(round()).await.unwrap();
    upstream.sign_off(&sample.revision(1)).await;
    // Another's report tells that the sign-off was taken in.
    let other = Sample::of("W06000003", "2022-23");
    upstream.submit(&other.revision(1), other.message()).await;
    events.until_reported(&other.report(1)).await;
    let explain = explanation(&sample.report(1), WARNING, "Late.");
    let refused = officer.explain_finding(explain.clone()).await;
    assert_eq!(refusal(refused), state("ALREADY_SIGNED_OFF"));
    let refused = statistician.raise_query(question(RETURN)).await;
    assert_eq!(refusal(refused), state("ALREADY_SIGNED_OFF"));

    upstream.reopen(&sample.revision(1)).await;
    upstream.submit(&other.revision(2), other.message()).await;
    events.until_reported(&other.report(2)).await;
    officer.explain_finding(explain).await.unwrap();
    statistician.raise_query(question(RETURN)).await.unwrap();
}
