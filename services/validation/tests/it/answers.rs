//! Explaining warnings.

use std::sync::Arc;

use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::finding::Severity;
use mesur_proto::validation::v1::{AnswerFindingRequest, Report};
use mesur_store::{MemoryStore, Store};
use tonic::{Code, Status};

use crate::held::HeldStore;
use crate::support::{Sample, Service, reason};
use crate::upstream::Upstream;

const REQUEST_ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

struct Answering {
    service: Service,
    report: Report,
}

impl Answering {
    async fn answer(
        &self,
        number: i32,
        explanation: &str,
        request_id: &str,
    ) -> Result<Finding, Status> {
        let request = AnswerFindingRequest {
            name: self.report.name.clone(),
            number,
            explanation: explanation.to_owned(),
            request_id: request_id.to_owned(),
        };
        let response = self.service.client.clone().answer_finding(request).await?;
        Ok(response.into_inner())
    }

    async fn refused(&self, number: i32, explanation: &str, request_id: &str) -> (Code, String) {
        let refused = self.answer(number, explanation, request_id).await;
        let refused = refused.unwrap_err();
        (refused.code(), reason(&refused))
    }

    async fn now(&self) -> Report {
        self.service.report(&self.report.name, "").await
    }

    fn first(&self, severity: Severity) -> i32 {
        let mut findings = self.report.findings.iter();
        let found = findings.find(|one| one.severity() == severity);
        found.expect("a finding").number
    }
}

async fn answering(store: &Arc<dyn Store>, upstream: &Upstream) -> Answering {
    let sample = Sample::of("W06000012", "2022-23")
        .with_error()
        .with_warning();
    upstream.submit(&sample.revision(1), sample.message()).await;
    let service = Service::start(store, &upstream.endpoint).await;
    let name = service.reports().await.next().await;
    let report = service.report(&name, "").await;
    Answering { service, report }
}

#[tokio::test]
async fn an_answer_closes_a_warning_and_may_be_replaced() {
    let upstream = Upstream::start().await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let answering = answering(&store, &upstream).await;
    let before = &answering.report;
    let number = answering.first(Severity::Warning);
    let first = answering.answer(number, " A typist's joke. ", REQUEST_ID);
    let first = first.await.unwrap();
    assert_eq!(first.explanation, "A typist's joke.");
    let once = answering.now().await;
    let place = usize::try_from(number).unwrap() - 1;
    assert_eq!(once.findings[place], first);
    assert_eq!(once.open_count, before.open_count - 1);
    assert_eq!(once.warning_count, before.warning_count);
    assert_ne!(once.etag, before.etag);

    let second = answering.answer(number, "Kept as it was sent.", "").await;
    let twice = answering.now().await;
    assert_eq!(twice.findings[place], second.unwrap());
    assert_eq!(twice.open_count, once.open_count);
    assert_ne!(twice.etag, once.etag);

    // The first request again gets the first response and changes nothing.
    let again = answering.answer(number, " A typist's joke. ", REQUEST_ID);
    assert_eq!(again.await.unwrap(), first);
    assert_eq!(answering.now().await, twice);
    let reused = answering.refused(number, "Another.", REQUEST_ID).await;
    assert_eq!(
        reused,
        (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned())
    );
    answering.service.stop().await;
}

#[tokio::test]
async fn of_two_answers_at_once_neither_is_lost_wherever_one_overtakes_the_other() {
    let (held, upstream) = (Arc::new(HeldStore::default()), Upstream::start().await);
    let store: Arc<dyn Store> = Arc::<HeldStore>::clone(&held);
    let answering = answering(&store, &upstream).await;
    let warnings = answering.report.findings.iter();
    let warnings = warnings.filter(|one| one.severity() == Severity::Warning);
    let numbers: Vec<i32> = warnings.map(|one| one.number).collect();
    let open = answering.report.open_count - 2;
    // An answer reads the guard, the report and its length, and commits.
    for calls in 0..4 {
        held.hold_after(calls);
        let text = format!("Overtaken at {calls}.");
        let overtaking = async {
            held.held().await;
            let answered = answering.answer(numbers[1], &text, "").await;
            held.release();
            answered
        };
        let (first, second) = tokio::join!(answering.answer(numbers[0], &text, ""), overtaking);
        let report = answering.now().await;
        for answered in [first.unwrap(), second.unwrap()] {
            assert_eq!(answered.explanation, text);
            assert!(report.findings.contains(&answered), "{answered:?}");
        }
        assert_eq!(report.open_count, open);
    }
    answering.service.stop().await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_taken_is_refused_and_changes_nothing() {
    let upstream = Upstream::start().await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let answering = answering(&store, &upstream).await;
    let (warning, error) = (
        answering.first(Severity::Warning),
        answering.first(Severity::Error),
    );
    let long = "a".repeat(1_001);
    for (number, explanation, code, expected) in [
        (
            error,
            "It is so.",
            Code::FailedPrecondition,
            "NOT_A_WARNING",
        ),
        (0, "It is so.", Code::NotFound, "FINDING_NOT_FOUND"),
        (10_000, "It is so.", Code::NotFound, "FINDING_NOT_FOUND"),
        (warning, " \n", Code::InvalidArgument, "INVALID_EXPLANATION"),
        (warning, &long, Code::InvalidArgument, "INVALID_EXPLANATION"),
    ] {
        let refused = answering.refused(number, explanation, "").await;
        assert_eq!(refused, (code, expected.to_owned()), "{number}");
    }
    assert_eq!(answering.now().await, answering.report);
    let elsewhere = Answering {
        report: Report {
            name: answering.report.name.replace("revisions/1", "revisions/2"),
            ..answering.report.clone()
        },
        service: answering.service,
    };
    let refused = elsewhere.refused(warning, "It is so.", "").await;
    assert_eq!(refused, (Code::NotFound, "REPORT_NOT_FOUND".to_owned()));
    elsewhere.service.stop().await;
}
