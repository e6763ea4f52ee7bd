//! The four services on stores in memory, started and stopped one by one, and what people ask of them.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::{AuthorityCode, Catalogue, EditionName};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::finding::Severity;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_publication::{Signer, SystemTimer, Timetable};
use mesur_returns::check_file;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_rpc::tls::{ClientTls, ServerTls};
use mesur_store::{MemoryStore, Store};
use mesur_tests::ports::free_address;
use mesur_wire::observations_to_wire;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

pub(crate) const EDITION: &str = "collections/pif/editions/2022-23";
pub(crate) const AUTHORITIES: [&str; 2] = ["W06000003", "W06000010"];
pub(crate) const WAIT: Duration = Duration::from_mins(1);
pub(crate) const A_DAY: Duration = Duration::from_hours(24);

/// A service that can be started, stopped and started again on its address and store.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) running: Option<(CancellationToken, JoinHandle<Drained>)>,
    /// What it shows of itself, by TLS.
    shown: Option<Shown>,
}

/// What a service shows to those who call it, and to those that it calls.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) server: ServerTls,
    pub(crate) client: ClientTls,
}

impl Service {
    /// Chooses an address and leaves it: nobody listens there yet.
    pub(crate) fn away() -> Self {
        Self {
            address: free_address().expect("a port"),
            store: Arc::new(MemoryStore::new()),
            running: None,
            shown: None,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        match self.shown {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    fn secured(&self, listener: Listener) -> Listener {
        match &self.shown {
            Some(shown) => listener.with_tls(shown.server.clone()),
            None => listener,
        }
    }

    /// A listener for its pages, and where that is.
    async fn pages(&self) -> (Listener, SocketAddr) {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = listener.local_addr();
        (self.secured(listener), address)
    }

    pub(crate) async fn start<F, E>(
        &mut self,
        run: impl FnOnce(Arc<dyn Store>, Listener, CancellationToken) -> F,
    ) where
        F: Future<Output = Result<Drained, E>> + Send + 'static,
        E: std::fmt::Debug + Send + 'static,
    {
        let listener = Listener::bind(self.address)
            .await
            .expect("the port is free again");
        let listener = self.secured(listener);
        let stop = CancellationToken::new();
        let running = run(Arc::clone(&self.store), listener, stop.clone());
        let task = tokio::spawn(async { running.await.expect("the service runs") });
        self.running = Some((stop, task));
    }

    pub(crate) async fn stop(&mut self) {
        let (stop, task) = self.running.take().expect("the service runs");
        stop.cancel();
        task.await.expect("the service stops");
    }
}

/// Asks until the answer is there; each time the service is asked is a round trip.
pub(crate) async fn until<T, F>(mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, Status>>,
{
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
            }
        }
    };
    timeout(WAIT, asking).await.expect("the service catches up")
}

pub(crate) fn sample(catalogue: &Catalogue, authority: &str) -> submission::DataReturn {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mesur/samples/2022-23");
    let bytes = std::fs::read(samples.join(format!("{authority}.csv"))).expect("a sample");
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let edition = catalogue.get(&name).expect("bundled");
    let checked = check_file(&bytes, edition, catalogue, None);
    let data_return = checked.data_return().expect("a whole return");
    submission::DataReturn {
        name: format!("authorities/{authority}/returns/pif-2022-23"),
        observations: observations_to_wire(edition, data_return.cells()),
        ..submission::DataReturn::default()
    }
}

/// The four services, none of them running at first, and who issues the tokens that they take.
pub(crate) struct World {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) issuer: Arc<Issuer>,
    /// Replicas sign alike, or they would make different files.
    signer: Arc<Signer>,
    pub(crate) submission: Service,
    pub(crate) validation: Service,
    pub(crate) aggregation: Service,
    pub(crate) publication: Service,
    /// Where the pages of publication are, and then those of validation.
    pub(crate) pages: Vec<SocketAddr>,
    /// Whom people trust, and the names of services, by TLS.
    secure: Option<(ClientTls, Vec<String>)>,
}

impl World {
    /// A world by TLS, in which services are known by certificates of these names, and have no tokens.
    pub(crate) fn secure(people: ClientTls, mut shown: impl FnMut(&str) -> Shown) -> Self {
        let mut world = Self::new();
        let name = |service: &str| format!("{service}.mesur");
        let names = ["submission", "validation", "aggregation", "publication"].map(name);
        world.secure = Some((people, names.into()));
        world.submission.shown = Some(shown("submission.mesur"));
        world.validation.shown = Some(shown("validation.mesur"));
        world.aggregation.shown = Some(shown("aggregation.mesur"));
        world.publication.shown = Some(shown("publication.mesur"));
        world
    }

    pub(crate) fn new() -> Self {
        Self {
            catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
            issuer: Arc::new(Issuer::generate()),
            signer: Arc::new(Signer::generate().expect("random numbers")),
            submission: Service::away(),
            validation: Service::away(),
            aggregation: Service::away(),
            publication: Service::away(),
            pages: Vec::new(),
            secure: None,
        }
    }

    /// Another replica of each service: the same stores, other addresses.
    pub(crate) fn replica(&self) -> Self {
        let replica = |service: &Service| Service {
            store: Arc::clone(&service.store),
            shown: service.shown.clone(),
            ..Service::away()
        };
        Self {
            catalogue: Arc::clone(&self.catalogue),
            issuer: Arc::clone(&self.issuer),
            signer: Arc::clone(&self.signer),
            submission: replica(&self.submission),
            validation: replica(&self.validation),
            aggregation: replica(&self.aggregation),
            publication: replica(&self.publication),
            pages: Vec::new(),
            secure: self.secure.clone(),
        }
    }

    /// Starts all services.
    pub(crate) async fn start(&mut self) {
        self.start_submission().await;
        self.start_validation().await;
        self.start_aggregation().await;
        self.start_publication().await;
    }

    /// Stops all services.
    pub(crate) async fn stop(&mut self) {
        self.publication.stop().await;
        self.aggregation.stop().await;
        self.validation.stop().await;
        self.submission.stop().await;
    }

    pub(crate) fn bearer(&self, role: Role) -> Bearer {
        let identity = role.to_string();
        let token = self
            .issuer
            .token(&identity, &[role], A_DAY, Timestamp::now());
        let bearer = Bearer::new(&token).expect("a token");
        match &self.secure {
            Some((trusted, _)) => bearer.with_tls(trusted.clone()),
            None => bearer,
        }
    }

    /// What a service shows to others.
    fn shown_by(&self, service: &Service) -> Bearer {
        match &service.shown {
            Some(shown) => Bearer::none().with_tls(shown.client.clone()),
            None => self.bearer(Role::Service),
        }
    }

    pub(crate) fn authenticator(&self) -> Authenticator {
        let authenticator = Authenticator::trusting(&self.issuer, Arc::new(SystemClock));
        let names = self.secure.iter().flat_map(|(_, names)| names.clone());
        authenticator.with_peers(names)
    }

    /// A connection of somebody with a role to a service, which need not be there.
    pub(crate) fn connection(&self, service: &Service, role: Role) -> Connection {
        connect_lazy(&service.endpoint(), self.bearer(role)).expect("an endpoint")
    }

    pub(crate) fn returns(&self, role: Role) -> SubmissionServiceClient<Connection> {
        SubmissionServiceClient::new(self.connection(&self.submission, role))
    }

    pub(crate) fn reports(&self, role: Role) -> ValidationServiceClient<Connection> {
        let connection = self.connection(&self.validation, role);
        ValidationServiceClient::new(connection).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn totals(&self) -> AggregationServiceClient<Connection> {
        let connection = self.connection(&self.aggregation, Role::Statistician);
        AggregationServiceClient::new(connection).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn releases(&self) -> PublicationServiceClient<Connection> {
        self.releases_of(Role::Statistician)
    }

    pub(crate) fn releases_of(&self, role: Role) -> PublicationServiceClient<Connection> {
        PublicationServiceClient::new(self.connection(&self.publication, role))
    }

    pub(crate) async fn start_submission(&mut self) {
        let (catalogue, validation) = (Arc::clone(&self.catalogue), self.validation.endpoint());
        let (authenticator, bearer) = (self.authenticator(), self.shown_by(&self.submission));
        let run = |store, listener, stop| {
            let config = mesur_submission::Config {
                catalogue,
                store,
                clock: Arc::new(SystemClock),
                validation,
                authenticator,
                bearer,
                limits: Limits::default(),
            };
            mesur_submission::run(config, listener, stop)
        };
        self.submission.start(run).await;
    }

    pub(crate) async fn start_validation(&mut self) {
        let (catalogue, submission) = (Arc::clone(&self.catalogue), self.submission.endpoint());
        let (authenticator, bearer) = (self.authenticator(), self.shown_by(&self.validation));
        let (web, at) = self.validation.pages().await;
        self.pages.push(at);
        let run = |store, listener, stop| {
            let config = mesur_validation::Config {
                catalogue,
                store,
                clock: Arc::new(SystemClock),
                submission,
                authenticator,
                bearer,
                limits: Limits::default(),
                web: Some(web),
            };
            mesur_validation::run(config, listener, stop)
        };
        self.validation.start(run).await;
    }

    pub(crate) async fn start_aggregation(&mut self) {
        let (catalogue, submission) = (Arc::clone(&self.catalogue), self.submission.endpoint());
        let validation = self.validation.endpoint();
        let (authenticator, bearer) = (self.authenticator(), self.shown_by(&self.aggregation));
        let run = |store, listener, stop| {
            let config = mesur_aggregation::Config {
                catalogue,
                store,
                clock: Arc::new(SystemClock),
                submission,
                validation,
                authenticator,
                bearer,
                limits: Limits::default(),
            };
            mesur_aggregation::run(config, listener, stop)
        };
        self.aggregation.start(run).await;
    }

    pub(crate) async fn start_publication(&mut self) {
        let (catalogue, aggregation) = (Arc::clone(&self.catalogue), self.aggregation.endpoint());
        let (authenticator, bearer) = (self.authenticator(), self.shown_by(&self.publication));
        let signer = Arc::clone(&self.signer);
        let (web, at) = self.publication.pages().await;
        self.pages.insert(0, at);
        let run = |store, listener, stop| {
            let config = mesur_publication::Config {
                catalogue,
                store,
                clock: Arc::new(SystemClock),
                timer: Arc::new(SystemTimer::start()),
                timetable: Timetable::bundled().expect("a timetable"),
                aggregation,
                authenticator,
                bearer,
                signer,
                limits: Limits::default(),
            };
            mesur_publication::run(config, listener, web, stop)
        };
        self.publication.start(run).await;
    }
}

pub(crate) fn code(authority: &str) -> AuthorityCode {
    AuthorityCode::parse(authority).expect("a code")
}

/// Submits the sample returns.
pub(crate) async fn submit(world: &World) -> Vec<submission::DataReturn> {
    let mut sent = Vec::new();
    for authority in AUTHORITIES {
        let mut returns = world.returns(Role::Submitter(code(authority)));
        let request = submission::SubmitReturnRequest {
            data_return: Some(sample(&world.catalogue, authority)),
            ..submission::SubmitReturnRequest::default()
        };
        let response = returns
            .submit_return(request)
            .await
            .expect("taken in")
            .into_inner();
        sent.push(response.data_return.expect("a return"));
    }
    sent
}

/// Signs a sample return off, for its authority.
pub(crate) async fn sign_off(
    world: &World,
    authority: &str,
    data_return: &submission::DataReturn,
) -> Result<(), Status> {
    let request = submission::SignOffReturnRequest {
        name: data_return.name.clone(),
        etag: data_return.etag.clone(),
        request_id: String::new(),
    };
    let mut returns = world.returns(Role::Approver(code(authority)));
    returns.sign_off_return(request).await.map(|_| ())
}

/// Waits for a report on every sample return.
pub(crate) async fn wait_for_reports(world: &World) {
    let mut reports = world.reports(Role::Statistician);
    let watch = validation::WatchReportsRequest { cursor: Vec::new() };
    let mut made = reports
        .watch_reports(watch)
        .await
        .expect("a stream")
        .into_inner();
    for _ in AUTHORITIES {
        let event = timeout(WAIT, made.message())
            .await
            .expect("in time")
            .expect("an event");
        assert!(event.is_some());
    }
}

/// Explains every warning on a return, for its authority.
pub(crate) async fn explain_warnings(
    world: &World,
    authority: &str,
    data_return: &submission::DataReturn,
) {
    let mut reports = world.reports(Role::Submitter(code(authority)));
    let name = format!("{}/revisions/1/report", data_return.name);
    let request = validation::GetReportRequest { name: name.clone() };
    let report = reports
        .get_report(request)
        .await
        .expect("a report")
        .into_inner();
    assert_eq!(report.return_digest, data_return.digest);
    let request = validation::ListFindingsRequest {
        parent: name.clone(),
        page_size: 1_000,
        ..validation::ListFindingsRequest::default()
    };
    let listed = reports.list_findings(request).await.expect("findings");
    let findings = listed.into_inner().findings;
    for finding in findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Warning)
    {
        let explanation = validation::ExplainFindingRequest {
            name: name.clone(),
            finding_id: finding.id.clone(),
            explanation: "checked with the authority".to_owned(),
            ..validation::ExplainFindingRequest::default()
        };
        reports
            .explain_finding(explanation)
            .await
            .expect("explained");
    }
}

/// Freezes the totals once the sample returns have arrived.
pub(crate) async fn freeze(
    world: &World,
    sent: &[submission::DataReturn],
) -> aggregation::Snapshot {
    let names = sent
        .iter()
        .map(|data_return| format!("{}/revisions/1", data_return.name));
    let names: Vec<String> = names.collect();
    let totals = world.totals();
    let snapshot = until(|| {
        let mut totals = totals.clone();
        let request = aggregation::CreateSnapshotRequest {
            edition: EDITION.to_owned(),
            returns: names.clone(),
            request_id: String::new(),
        };
        async move { totals.create_snapshot(request).await }
    });
    snapshot.await.into_inner()
}
