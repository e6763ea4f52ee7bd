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
use tonic::{Code, Status};

const EDITION: &str = "collections/pif/editions/2022-23";
const AUTHORITIES: [&str; 2] = ["W06000003", "W06000010"];
const WAIT: Duration = Duration::from_secs(60);

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
        Self { address: listener.local_addr(), store: Arc::new(MemoryStore::new()), running: None }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn start<F, E>(
        &mut self,
        run: impl FnOnce(Arc<dyn Store>, Listener, CancellationToken) -> F,
    ) where
        F: Future<Output = Result<Drained, E>> + Send + 'static,
        E: std::fmt::Debug + Send + 'static,
    {
        let listener = Listener::bind(self.address).await.expect("the port is free again");
        let stop = CancellationToken::new();
        let running = run(Arc::clone(&self.store), listener, stop.clone());
        let task = tokio::spawn(async { running.await.expect("the service runs") });
        self.running = Some((stop, task));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_works_alone_and_catches_up_with_those_that_were_away() {
    let catalogue = Arc::new(Catalogue::bundled().expect("bundled"));
    let mut submission_service = Service::away().await;
    let mut validation_service = Service::away().await;
    let mut aggregation_service = Service::away().await;
    let mut publication_service = Service::away().await;
    let (submission_at, validation_at) =
        (submission_service.endpoint(), validation_service.endpoint());
    let run_submission = |store, listener, stop| {
        let config = mesur_submission::Config {
            catalogue: Arc::clone(&catalogue),
            store,
            clock: Arc::new(SystemClock),
            validation: validation_at.clone(),
            limits: Limits::default(),
        };
        mesur_submission::run(config, listener, stop)
    };

    // Returns are taken in although nobody else is there; signing off needs validation.
    submission_service.start(&run_submission).await;
    let channel = connect_lazy(&submission_at).expect("an endpoint");
    let mut returns = SubmissionServiceClient::new(channel);
    let mut sent = Vec::new();
    for authority in AUTHORITIES {
        let request = submission::SubmitReturnRequest {
            data_return: Some(sample(&catalogue, authority)),
            ..submission::SubmitReturnRequest::default()
        };
        let response = returns.submit_return(request).await.expect("taken in").into_inner();
        sent.push(response.data_return.expect("a return"));
    }
    let sign_off = |data_return: &submission::DataReturn| submission::SignOffReturnRequest {
        name: data_return.name.clone(),
        etag: data_return.etag.clone(),
        request_id: String::new(),
    };
    let refused = returns.sign_off_return(sign_off(&sent[0])).await.expect_err("no validation");
    assert_eq!(refused.code(), Code::Unavailable);

    // Validation comes and catches up; then it goes on while submission is away.
    let config = mesur_validation::Config {
        catalogue: Arc::clone(&catalogue),
        store: Arc::clone(&validation_service.store),
        clock: Arc::new(SystemClock),
        submission: submission_at.clone(),
        limits: Limits::default(),
    };
    validation_service
        .start(|_, listener, stop| mesur_validation::run(config, listener, stop))
        .await;
    let channel = connect_lazy(&validation_at).expect("an endpoint");
    let mut reports =
        ValidationServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let watch = validation::WatchReportsRequest { cursor: Vec::new() };
    let mut made = reports.watch_reports(watch).await.expect("a stream").into_inner();
    for _ in AUTHORITIES {
        let event = timeout(WAIT, made.message()).await.expect("in time").expect("an event");
        assert!(event.is_some());
    }
    submission_service.stop().await;
    for data_return in &sent {
        let name = format!("{}/revisions/1/report", data_return.name);
        let request =
            validation::GetReportRequest { name: name.clone(), language_code: String::new() };
        let report = reports.get_report(request).await.expect("a report").into_inner();
        assert_eq!(report.return_digest, data_return.digest);
        for finding in report.findings.iter().filter(|f| f.severity() == Severity::Warning) {
            let answer = validation::AnswerFindingRequest {
                name: name.clone(),
                number: finding.number,
                explanation: "checked with the authority".to_owned(),
                request_id: String::new(),
            };
            reports.answer_finding(answer).await.expect("an answer");
        }
    }

    // Submission comes back with everything; aggregation comes late and catches up.
    submission_service.start(&run_submission).await;
    for data_return in &sent {
        returns.sign_off_return(sign_off(data_return)).await.expect("signed off");
    }
    let config = mesur_aggregation::Config {
        catalogue: Arc::clone(&catalogue),
        store: Arc::clone(&aggregation_service.store),
        clock: Arc::new(SystemClock),
        submission: submission_at.clone(),
        limits: Limits::default(),
    };
    let aggregation_at = aggregation_service.endpoint();
    aggregation_service
        .start(|_, listener, stop| mesur_aggregation::run(config, listener, stop))
        .await;
    let channel = connect_lazy(&aggregation_at).expect("an endpoint");
    let totals = AggregationServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let names: Vec<String> =
        sent.iter().map(|data_return| format!("{}/revisions/1", data_return.name)).collect();
    let snapshot = until(|| {
        let mut totals = totals.clone();
        let request = aggregation::CreateSnapshotRequest {
            edition: EDITION.to_owned(),
            returns: names.clone(),
            request_id: String::new(),
        };
        async move { totals.create_snapshot(request).await }
    });
    let snapshot = snapshot.await.into_inner();
    let frozen = snapshot.totals.expect("totals");
    assert_eq!((frozen.returns.len(), frozen.missing_authorities.len()), (2, 20));

    // Publication has the snapshot in its own store, so it compiles while aggregation is away.
    let config = mesur_publication::Config {
        catalogue: Arc::clone(&catalogue),
        store: Arc::clone(&publication_service.store),
        clock: Arc::new(SystemClock),
        aggregation: aggregation_at,
        limits: Limits::default(),
    };
    let web = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let publication_at = publication_service.endpoint();
    publication_service
        .start(|_, listener, stop| mesur_publication::run(config, listener, web, stop))
        .await;
    let channel = connect_lazy(&publication_at).expect("an endpoint");
    let releases = PublicationServiceClient::new(channel);
    let compile = || {
        let mut releases = releases.clone();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: String::new(),
        };
        async move { releases.compile_release(request).await }
    };
    until(compile).await;
    aggregation_service.stop().await;
    let compiled = compile().await.expect("compiled alone").into_inner();
    assert_eq!(compiled.snapshot_digest, snapshot.digest);

    publication_service.stop().await;
    validation_service.stop().await;
    submission_service.stop().await;
}
