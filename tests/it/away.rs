//! Each service goes on while another is away, and catches up afterwards.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesur_catalogue::{Catalogue, EditionName};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::finding::Severity;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_returns::check_file;
use mesur_rpc::channel::{MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use mesur_wire::observations_to_wire;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Status};

const EDITION: &str = "collections/pif/editions/2022-23";
const AUTHORITIES: [&str; 2] = ["W06000003", "W06000010"];
const WAIT: Duration = Duration::from_mins(1);

/// A service that can be started, stopped and started again on its address and store.
struct Service {
    address: SocketAddr,
    store: Arc<dyn Store>,
    running: Option<(CancellationToken, JoinHandle<Drained>)>,
}

impl Service {
    /// Chooses an address and leaves it: nobody listens there yet.
    async fn away() -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        Self {
            address: listener.local_addr(),
            store: Arc::new(MemoryStore::new()),
            running: None,
        }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it; the channel connects to it.
    async fn start<F, E>(
        &mut self,
        run: impl FnOnce(Arc<dyn Store>, Listener, CancellationToken) -> F,
    ) -> Channel
    where
        F: Future<Output = Result<Drained, E>> + Send + 'static,
        E: std::fmt::Debug + Send + 'static,
    {
        let listener = Listener::bind(self.address)
            .await
            .expect("the port is free again");
        let stop = CancellationToken::new();
        let running = run(Arc::clone(&self.store), listener, stop.clone());
        let task = tokio::spawn(async { running.await.expect("the service runs") });
        self.running = Some((stop, task));
        connect_lazy(&self.endpoint()).expect("an endpoint")
    }

    async fn stop(&mut self) {
        let (stop, task) = self.running.take().expect("the service runs");
        stop.cancel();
        task.await.expect("the service stops");
    }
}

/// Asks until the answer is there; each time the service is asked is a round trip.
async fn until<T, F>(mut ask: impl FnMut() -> F) -> T
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

fn sample(catalogue: &Catalogue, authority: &str) -> submission::DataReturn {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mesur/samples/2022-23");
    let bytes = std::fs::read(samples.join(format!("{authority}.csv"))).expect("a sample");
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let edition = catalogue.get(&name).expect("bundled");
    let checked = check_file(&bytes, edition, catalogue, None);
    let data_return = checked.data_return().expect("a whole return");
    submission::DataReturn {
        name: format!("authorities/{authority}/returns/pif-2022-23"),
        observations: observations_to_wire(edition, data_return),
        ..submission::DataReturn::default()
    }
}

/// The four services, none of them running at first.
struct World {
    catalogue: Arc<Catalogue>,
    submission: Service,
    validation: Service,
    aggregation: Service,
    publication: Service,
}

impl World {
    async fn new() -> Self {
        Self {
            catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
            submission: Service::away().await,
            validation: Service::away().await,
            aggregation: Service::away().await,
            publication: Service::away().await,
        }
    }

    async fn start_submission(&mut self) -> SubmissionServiceClient<Channel> {
        let (catalogue, validation) = (Arc::clone(&self.catalogue), self.validation.endpoint());
        let run = |store, listener, stop| {
            let (clock, limits) = (Arc::new(SystemClock), Limits::default());
            let config = mesur_submission::Config {
                catalogue,
                store,
                clock,
                validation,
                limits,
            };
            mesur_submission::run(config, listener, stop)
        };
        SubmissionServiceClient::new(self.submission.start(run).await)
    }

    async fn start_validation(&mut self) -> ValidationServiceClient<Channel> {
        let (catalogue, submission) = (Arc::clone(&self.catalogue), self.submission.endpoint());
        let run = |store, listener, stop| {
            let (clock, limits) = (Arc::new(SystemClock), Limits::default());
            let config = mesur_validation::Config {
                catalogue,
                store,
                clock,
                submission,
                limits,
            };
            mesur_validation::run(config, listener, stop)
        };
        let channel = self.validation.start(run).await;
        ValidationServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    async fn start_aggregation(&mut self) -> AggregationServiceClient<Channel> {
        let (catalogue, submission) = (Arc::clone(&self.catalogue), self.submission.endpoint());
        let run = |store, listener, stop| {
            let (clock, limits) = (Arc::new(SystemClock), Limits::default());
            let config = mesur_aggregation::Config {
                catalogue,
                store,
                clock,
                submission,
                limits,
            };
            mesur_aggregation::run(config, listener, stop)
        };
        let channel = self.aggregation.start(run).await;
        AggregationServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    async fn start_publication(&mut self) -> PublicationServiceClient<Channel> {
        let (catalogue, aggregation) = (Arc::clone(&self.catalogue), self.aggregation.endpoint());
        let web = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let run = |store, listener, stop| {
            let (clock, limits) = (Arc::new(SystemClock), Limits::default());
            let config = mesur_publication::Config {
                catalogue,
                store,
                clock,
                aggregation,
                limits,
            };
            mesur_publication::run(config, listener, web, stop)
        };
        PublicationServiceClient::new(self.publication.start(run).await)
    }
}

/// Submits the sample returns.
async fn submit(
    catalogue: &Catalogue,
    returns: &mut SubmissionServiceClient<Channel>,
) -> Vec<submission::DataReturn> {
    let mut sent = Vec::new();
    for authority in AUTHORITIES {
        let request = submission::SubmitReturnRequest {
            data_return: Some(sample(catalogue, authority)),
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

fn sign_off(data_return: &submission::DataReturn) -> submission::SignOffReturnRequest {
    submission::SignOffReturnRequest {
        name: data_return.name.clone(),
        etag: data_return.etag.clone(),
        request_id: String::new(),
    }
}

/// Waits for a report on every sample return.
async fn wait_for_reports(reports: &mut ValidationServiceClient<Channel>) {
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

/// Explains every warning on a return.
async fn answer_warnings(
    reports: &mut ValidationServiceClient<Channel>,
    data_return: &submission::DataReturn,
) {
    let name = format!("{}/revisions/1/report", data_return.name);
    let request = validation::GetReportRequest {
        name: name.clone(),
        language_code: String::new(),
    };
    let report = reports
        .get_report(request)
        .await
        .expect("a report")
        .into_inner();
    assert_eq!(report.return_digest, data_return.digest);
    for finding in report
        .findings
        .iter()
        .filter(|f| f.severity() == Severity::Warning)
    {
        let answer = validation::AnswerFindingRequest {
            name: name.clone(),
            number: finding.number,
            explanation: "checked with the authority".to_owned(),
            request_id: String::new(),
        };
        reports.answer_finding(answer).await.expect("an answer");
    }
}

/// Freezes the totals once the sample returns have arrived.
async fn freeze(
    totals: &AggregationServiceClient<Channel>,
    sent: &[submission::DataReturn],
) -> aggregation::Snapshot {
    let names = sent
        .iter()
        .map(|data_return| format!("{}/revisions/1", data_return.name));
    let names: Vec<String> = names.collect();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_works_alone_and_catches_up_with_those_that_were_away() {
    let mut world = World::new().await;

    // Returns are taken in although nobody else is there; signing off needs validation.
    let mut returns = world.start_submission().await;
    let sent = submit(&world.catalogue, &mut returns).await;
    let refused = returns
        .sign_off_return(sign_off(&sent[0]))
        .await
        .expect_err("no validation");
    assert_eq!(refused.code(), Code::Unavailable);

    // Validation comes and catches up; then it goes on while submission is away.
    let mut reports = world.start_validation().await;
    wait_for_reports(&mut reports).await;
    world.submission.stop().await;
    for data_return in &sent {
        answer_warnings(&mut reports, data_return).await;
    }

    // Submission comes back with everything; aggregation comes late and catches up.
    let mut returns = world.start_submission().await;
    for data_return in &sent {
        returns
            .sign_off_return(sign_off(data_return))
            .await
            .expect("signed off");
    }
    let totals = world.start_aggregation().await;
    let snapshot = freeze(&totals, &sent).await;
    let frozen = snapshot.totals.expect("totals");
    assert_eq!(
        (frozen.returns.len(), frozen.missing_authorities.len()),
        (2, 20)
    );

    // Publication has the snapshot in its own store, so it compiles while aggregation is away.
    let releases = world.start_publication().await;
    let compile = || {
        let mut releases = releases.clone();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: String::new(),
        };
        async move { releases.compile_release(request).await }
    };
    until(compile).await;
    world.aggregation.stop().await;
    let compiled = compile().await.expect("compiled alone").into_inner();
    assert_eq!(compiled.snapshot_digest, snapshot.digest);

    world.publication.stop().await;
    world.validation.stop().await;
    world.submission.stop().await;
}
