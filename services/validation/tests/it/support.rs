//! The service running, and those who call it.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::{AuthorityCode, Catalogue};
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::collection_progress::AuthorityProgress;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::{Clock, SteppedClock};
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use mesur_validation::{Config, RunError, run};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::samples::{CATALOGUE, Sample};
use crate::upstream::Upstream;

pub(crate) type Client = ValidationServiceClient<Connection>;

/// When every report of these tests is made.
pub(crate) const NOW: &str = "2023-06-01T09:00:00Z";

/// The longest that a test waits before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long tokens are good.
const LIFETIME: Duration = Duration::from_hours(24);

static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::generate);

/// A clock that stands where the tests begin.
pub(crate) fn clock() -> Arc<SteppedClock> {
    Arc::new(SteppedClock::new(NOW.parse().unwrap()))
}

pub(crate) fn authenticator() -> Authenticator {
    Authenticator::trusting(&ISSUER, clock())
}

pub(crate) fn token(identity: &str, role: &Role) -> String {
    ISSUER.token(
        identity,
        std::slice::from_ref(role),
        LIFETIME,
        clock().now(),
    )
}

pub(crate) fn bearer(identity: &str, role: &Role) -> Bearer {
    Bearer::new(&token(identity, role)).unwrap()
}

/// The role of somebody who sends for an authority.
pub(crate) fn submitter(authority: &str) -> Role {
    Role::Submitter(AuthorityCode::parse(authority).unwrap())
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// The service on a port of its own.
pub(crate) struct Service {
    endpoint: String,
    /// Where its pages are.
    pub(crate) web: SocketAddr,
    /// A statistician.
    pub(crate) client: Client,
    pub(crate) clock: Arc<SteppedClock>,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, submission: &str) -> Self {
        Self::start_with(store, submission, Arc::clone(&CATALOGUE)).await
    }

    pub(crate) async fn start_with(
        store: &Arc<dyn Store>,
        submission: &str,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        let listener = Listener::loopback(0).await.unwrap();
        let web = Listener::loopback(0).await.unwrap();
        let (endpoint, at) = (
            format!("http://{}", listener.local_addr()),
            web.local_addr(),
        );
        let (clock, stop) = (clock(), CancellationToken::new());
        let told: Arc<dyn Clock> = Arc::<SteppedClock>::clone(&clock);
        let config = Config {
            catalogue,
            store: Arc::clone(store),
            clock: told,
            submission: submission.to_owned(),
            authenticator: authenticator(),
            bearer: bearer("validation", &Role::Service),
            limits: Limits::default(),
            web: Some(web),
        };
        Self {
            client: client(&endpoint, "s.jones", &Role::Statistician),
            web: at,
            clock,
            running: tokio::spawn(run(config, listener, stop.clone())),
            endpoint,
            stop,
        }
    }

    /// Somebody with a role.
    pub(crate) fn caller(&self, identity: &str, role: &Role) -> Client {
        client(&self.endpoint, identity, role)
    }

    /// Somebody who sends for the authority of most tests.
    pub(crate) fn officer(&self) -> Client {
        self.caller("a.officer", &submitter("W06000012"))
    }

    pub(crate) async fn stop(self) {
        drop(self.client);
        self.stop.cancel();
        let drained = self.running.await.unwrap().unwrap();
        assert_eq!(drained, Drained { connections_cut: 0 });
    }

    /// What happens, from the first on.
    pub(crate) async fn events(&self) -> Events {
        events_of(&self.client).await
    }

    pub(crate) async fn report(&self, name: &str) -> pb::Report {
        self.try_report(name).await.unwrap()
    }

    pub(crate) async fn try_report(&self, name: &str) -> Result<pb::Report, Status> {
        let name = name.to_owned();
        let mut client = self.client.clone();
        let response = client.get_report(pb::GetReportRequest { name }).await?;
        Ok(response.into_inner())
    }

    /// Every finding of a report.
    pub(crate) async fn findings(&self, name: &str, language_code: &str) -> Vec<Finding> {
        let request = pb::StreamFindingsRequest {
            parent: name.to_owned(),
            filter: None,
            language_code: language_code.to_owned(),
        };
        let mut client = self.client.clone();
        let stream = client.stream_findings(request).await.unwrap().into_inner();
        stream.map(Result::unwrap).collect().await
    }

    /// A finding of a report.
    pub(crate) async fn finding(&self, name: &str, id: &str) -> Finding {
        let findings = self.findings(name, "").await;
        findings
            .into_iter()
            .find(|finding| finding.id == id)
            .unwrap()
    }

    pub(crate) async fn remarks(&self, parent: &str) -> Vec<pb::Remark> {
        let request = pb::ListRemarksRequest {
            parent: parent.to_owned(),
            page_size: 1_000,
            page_token: String::new(),
        };
        let listed = self.client.clone().list_remarks(request).await.unwrap();
        listed.into_inner().remarks
    }

    /// How far the return of most tests has come.
    pub(crate) async fn collection_of_usual(&self) -> AuthorityProgress {
        let authorities = self.collection().await.authorities.into_iter();
        let mut found = authorities.filter(|one| one.authority == "W06000012");
        found.next().unwrap()
    }

    pub(crate) async fn collection(&self) -> pb::CollectionProgress {
        let request = pb::GetCollectionProgressRequest {
            name: "collections/pif/editions/2022-23/progress".to_owned(),
        };
        let progress = self.client.clone().get_collection_progress(request).await;
        progress.unwrap().into_inner()
    }
}

fn client(endpoint: &str, identity: &str, role: &Role) -> Client {
    let connection = connect_lazy(endpoint, bearer(identity, role)).unwrap();
    ValidationServiceClient::new(connection).max_decoding_message_size(MESSAGE_BYTES_MAX)
}

/// What a caller is told, from the first on.
pub(crate) async fn events_of(client: &Client) -> Events {
    let request = pb::WatchReportsRequest::default();
    let stream = client.clone().watch_reports(request).await.unwrap();
    Events(stream.into_inner())
}

/// What happens, as it is told.
pub(crate) struct Events(Streaming<pb::WatchReportsResponse>);

impl Events {
    pub(crate) async fn next(&mut self) -> (Event, String) {
        let told = self.message().await;
        (told.event(), told.name)
    }

    pub(crate) async fn message(&mut self) -> pb::WatchReportsResponse {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("an event in time").unwrap().unwrap()
    }

    /// What is told up to the report of this name, and with it.
    pub(crate) async fn until_reported(&mut self, name: &str) -> Vec<(Event, String)> {
        let mut told = Vec::new();
        loop {
            told.push(self.next().await);
            let last = told.last().map(|(event, name)| (*event, name.as_str()));
            if last == Some((Event::Reported, name)) {
                return told;
            }
        }
    }
}

/// The service with revision 1 of a return reported on.
pub(crate) async fn reported(sample: &Sample) -> (Upstream, Service, Events) {
    let upstream = Upstream::start().await;
    upstream.submit(&sample.revision(1), sample.message()).await;
    let service = Service::start(&memory(), &upstream.endpoint).await;
    let mut events = service.events().await;
    events.until_reported(&sample.report(1)).await;
    (upstream, service, events)
}

/// The stable reason of a refusal.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("a reason").reason
}

/// The code and the stable reason of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, Status>) -> (Code, String) {
    let status = result.expect_err("refused");
    (status.code(), reason(&status))
}

pub(crate) fn explanation(name: &str, finding: &str, text: &str) -> pb::ExplainFindingRequest {
    pb::ExplainFindingRequest {
        name: name.to_owned(),
        finding_id: finding.to_owned(),
        explanation: text.to_owned(),
        ..pb::ExplainFindingRequest::default()
    }
}

pub(crate) fn review(name: &str, finding: &str, accepted: bool) -> pb::ReviewExplanationRequest {
    pb::ReviewExplanationRequest {
        name: name.to_owned(),
        finding_id: finding.to_owned(),
        accepted,
        reason: "Seen.".to_owned(),
        ..pb::ReviewExplanationRequest::default()
    }
}

pub(crate) fn override_of(name: &str, finding: &str) -> pb::OverrideFindingRequest {
    pb::OverrideFindingRequest {
        name: name.to_owned(),
        finding_id: finding.to_owned(),
        reason: "Counted by another definition.".to_owned(),
        ..pb::OverrideFindingRequest::default()
    }
}

pub(crate) fn round() -> pb::OpenRoundRequest {
    pb::OpenRoundRequest {
        parent: crate::samples::EDITION.to_owned(),
        due_date: "2023-06-30".to_owned(),
        request_id: String::new(),
    }
}

pub(crate) fn question(parent: &str) -> pb::RaiseQueryRequest {
    pb::RaiseQueryRequest {
        parent: parent.to_owned(),
        cells: vec!["AD/012".to_owned(), "AD/005[b]".to_owned()],
        text: "Why so many?".to_owned(),
        request_id: String::new(),
    }
}

pub(crate) fn answer_to(name: &str) -> pb::AnswerQueryRequest {
    pb::AnswerQueryRequest {
        name: name.to_owned(),
        text: "A new team.".to_owned(),
        request_id: String::new(),
    }
}

pub(crate) fn resolution(
    name: &str,
    resolution: pb::resolve_query_request::Resolution,
) -> pb::ResolveQueryRequest {
    pb::ResolveQueryRequest {
        name: name.to_owned(),
        resolution: resolution.into(),
        reason: "Read.".to_owned(),
        request_id: String::new(),
    }
}
