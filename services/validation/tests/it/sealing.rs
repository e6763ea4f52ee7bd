//! Sealing the conversation for a sign-off: beside those who speak at the same moment, and how a
//! seal ends.

use std::sync::Arc;
use std::time::Duration;

use mesur_access::Role;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_store::Store;
use tonic::{Code, Status};

use crate::held::HeldStore;
use crate::samples::{RETURN, Sample, WARNING};
use crate::support::{
    Client, Events, Service, answer_to, explanation, memory, override_of, question, refusal,
    resolution, review, round,
};
use crate::upstream::Upstream;

/// How long a seal holds.
const SEAL: Duration = Duration::from_secs(30);
/// The calls of the store that a query makes, with its commit.
const QUERY_CALLS: usize = 3;
/// The calls of the store that a seal makes, with its commit.
const SEAL_CALLS: usize = 5;
/// Pairs that nobody holds up.
const PAIRS: usize = 50;

/// A return with nothing open, and those who speak of it.
struct Scene {
    upstream: Upstream,
    service: Service,
    events: Events,
    sample: Sample,
    digest: String,
}

impl Scene {
    async fn start(store: &Arc<dyn Store>) -> Self {
        let (upstream, sample) = (Upstream::start().await, Sample::usual().with_warning());
        upstream.submit(&sample.revision(1), sample.message()).await;
        let service = Service::start(store, &upstream.endpoint).await;
        let mut events = service.events().await;
        let name = sample.report(1);
        events.until_reported(&name).await;
        for finding in service.findings(&name, "").await {
            match finding.severity() {
                Severity::Warning => {
                    let explain = explanation(&name, &finding.id, "It is so.");
                    service.officer().explain_finding(explain).await.unwrap();
                }
                Severity::Error => {
                    let pass = override_of(&name, &finding.id);
                    let mut client = service.client.clone();
                    client.override_finding(pass).await.unwrap();
                }
                _ => {}
            }
        }
        service.client.clone().open_round(round()).await.unwrap();
        let digest = service.report(&name).await.return_digest;
        Self {
            upstream,
            service,
            events,
            sample,
            digest,
        }
    }

    fn statistician(&self) -> Client {
        self.service.client.clone()
    }

    async fn seal_of(&self, revision: u32, digest: &str) -> Result<pb::Report, Status> {
        let request = pb::SealReportRequest {
            name: self.sample.report(revision),
            return_digest: digest.to_owned(),
        };
        let mut submission = self.service.caller("submission", &Role::Service);
        Ok(submission.seal_report(request).await?.into_inner())
    }

    async fn seal(&self) -> Result<pb::Report, Status> {
        self.seal_of(1, &self.digest).await
    }

    async fn ask(&self) -> Result<pb::Query, Status> {
        let raised = self.statistician().raise_query(question(RETURN)).await;
        Ok(raised?.into_inner())
    }

    /// Asserts that one of two at once has won and the other knows; has the next two meet the same.
    async fn settle(
        &self,
        sealed: Result<pb::Report, Status>,
        asked: Result<pb::Query, Status>,
    ) -> bool {
        let open = sealed.unwrap().open_query_count;
        match asked {
            Ok(query) => {
                assert_eq!(open, 1, "a query came first, and the seal knows");
                let withdraw = resolution(&query.name, Resolution::Withdraw);
                self.statistician().resolve_query(withdraw).await.unwrap();
                false
            }
            Err(refused) => {
                assert_eq!(open, 0, "a seal came first, and the query knows");
                assert_eq!(refusal::<()>(Err(refused)), signed_off());
                self.service.clock.step(SEAL);
                true
            }
        }
    }
}

fn signed_off() -> (Code, String) {
    (Code::FailedPrecondition, "ALREADY_SIGNED_OFF".to_owned())
}

#[tokio::test]
async fn of_a_seal_and_a_query_at_once_one_wins_wherever_one_overtakes_the_other() {
    let held = Arc::new(HeldStore::default());
    let store: Arc<dyn Store> = Arc::<HeldStore>::clone(&held);
    let scene = Scene::start(&store).await;
    let mut sealed_first = 0;
    for calls in 0..SEAL_CALLS {
        held.hold_after(calls);
        let overtaking = async {
            held.held().await;
            let asked = scene.ask().await;
            held.release();
            asked
        };
        let (sealed, asked) = tokio::join!(scene.seal(), overtaking);
        sealed_first += usize::from(scene.settle(sealed, asked).await);
    }
    assert_eq!(sealed_first, 0, "the seal was held up before its commit");
    for calls in 0..QUERY_CALLS {
        held.hold_after(calls);
        let overtaking = async {
            held.held().await;
            let sealed = scene.seal().await;
            held.release();
            sealed
        };
        let (asked, sealed) = tokio::join!(scene.ask(), overtaking);
        sealed_first += usize::from(scene.settle(sealed, asked).await);
    }
    assert_eq!(sealed_first, QUERY_CALLS, "the query was held up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_seals_and_queries_at_once_one_of_each_two_wins() {
    let scene = Scene::start(&memory()).await;
    for pair in 0..PAIRS {
        let (sealed, asked) = if pair % 2 == 0 {
            tokio::join!(scene.seal(), scene.ask())
        } else {
            let (asked, sealed) = tokio::join!(scene.ask(), scene.seal());
            (sealed, asked)
        };
        scene.settle(sealed, asked).await;
    }
}

#[tokio::test]
async fn a_seal_lets_nothing_be_opened_until_it_ends_by_itself() {
    let scene = Scene::start(&memory()).await;
    let name = scene.sample.report(1);
    let (mut officer, mut statistician) = (scene.service.officer(), scene.statistician());
    let query = scene.ask().await.unwrap().name;
    officer.answer_query(answer_to(&query)).await.unwrap();
    let before = scene.service.report(&name).await;
    let sealed = scene.seal().await.unwrap();
    assert_eq!(sealed, before, "sealing changes nothing of it");
    scene.service.clock.step(Duration::from_millis(29_999));

    let said = scene.service.remarks(RETURN).await;
    assert_eq!(refusal(scene.ask().await), signed_off());
    let explain = officer.explain_finding(explanation(&name, WARNING, "Late."));
    assert_eq!(refusal(explain.await), signed_off());
    let reject = statistician.review_explanation(review(&name, WARNING, false));
    assert_eq!(refusal(reject.await), signed_off());
    let pass = statistician.override_finding(override_of(&name, WARNING));
    assert_eq!(refusal(pass.await), signed_off());
    let reject = resolution(&query, Resolution::Reject);
    let rejected = statistician.resolve_query(reject.clone()).await;
    assert_eq!(refusal(rejected), signed_off());
    assert_eq!(scene.service.remarks(RETURN).await, said);
    // What opens nothing is said, and breaks no seal.
    officer.answer_query(answer_to(&query)).await.unwrap();
    assert_eq!(refusal(scene.ask().await), signed_off());

    scene.service.clock.step(Duration::from_millis(1));
    let rejected = statistician.review_explanation(review(&name, WARNING, false));
    let standing = rejected.await.unwrap().get_ref().standing();
    assert_eq!(standing, Standing::Rejected);
    statistician.resolve_query(reject).await.unwrap();
    // With something open nothing is sealed.
    let report = scene.seal().await.unwrap();
    let open = (report.open_warning_count, report.open_query_count);
    assert_eq!(open, (1, 1));
    scene.ask().await.unwrap();
}

#[tokio::test]
async fn a_seal_ends_with_a_new_revision_and_with_a_sign_off_that_is_taken_back() {
    let mut scene = Scene::start(&memory()).await;
    // Another's report tells that what came before it was taken in.
    let other = Sample::of("W06000003", "2022-23");
    let name = scene.sample.revision(1);
    scene.seal().await.unwrap();
    scene.upstream.sign_off(&name).await;
    scene.upstream.reopen(&name).await;
    told(&mut scene, &other, 1).await;
    scene.ask().await.unwrap();

    // Signed off, it takes no seal: the end of the sign-off would be missed.
    scene.upstream.sign_off(&name).await;
    told(&mut scene, &other, 2).await;
    assert_eq!(refusal(scene.seal().await), signed_off());
    let query = format!("{RETURN}/queries/1");
    let mut statistician = scene.statistician();
    let answer = answer_to(&query);
    scene.service.officer().answer_query(answer).await.unwrap();
    let reject = resolution(&query, Resolution::Reject);
    let rejected = statistician.resolve_query(reject).await;
    assert_eq!(refusal(rejected), signed_off());
    let accept = resolution(&query, Resolution::Accept);
    statistician.resolve_query(accept).await.unwrap();
    scene.upstream.reopen(&name).await;
    told(&mut scene, &other, 3).await;

    // Of another content nothing is sealed.
    scene.seal_of(1, "sha256:0").await.unwrap();
    let query = scene.ask().await.unwrap().name;
    let withdraw = resolution(&query, Resolution::Withdraw);
    statistician.resolve_query(withdraw).await.unwrap();
    scene.seal().await.unwrap();
    assert_eq!(refusal(scene.ask().await), signed_off());
    let next = scene.sample.clone();
    scene
        .upstream
        .submit(&next.revision(2), next.message())
        .await;
    let events = &mut scene.events;
    events.until_reported(&next.report(2)).await;
    let superseded = (Code::FailedPrecondition, "REPORT_SUPERSEDED".to_owned());
    assert_eq!(refusal(scene.seal().await), superseded);
    scene.ask().await.unwrap();
}

async fn told(scene: &mut Scene, other: &Sample, revision: u32) {
    let name = other.revision(revision);
    scene.upstream.submit(&name, other.message()).await;
    scene.events.until_reported(&other.report(revision)).await;
}
