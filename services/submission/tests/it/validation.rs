//! A validation service with the reports and events that a test gives it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mesur_proto::submission::v1::DataReturn;
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::validation_service_server::{
    self, ValidationService, ValidationServiceServer,
};
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_rpc::access::Authenticator;
use mesur_rpc::clock::{SteppedClock, SystemClock};
use mesur_rpc::server::{self, Contract, Limits, Listener};
use tokio::sync::mpsc;
use tokio_stream::Empty;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::support::ISSUER;

/// The validation service of a test. It lets in only who may ask it.
pub(crate) struct Validation {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    _stop: DropGuard,
}

type Told = Result<pb::WatchReportsResponse, Status>;

#[derive(Default)]
struct State {
    reports: BTreeMap<String, pb::Report>,
    events: Vec<pb::WatchReportsResponse>,
    /// The cursors that it was asked to go on from.
    cursors: Vec<Vec<u8>>,
    watching: Vec<mpsc::UnboundedSender<Told>>,
    is_away: bool,
    /// Whether it takes every return for signed off.
    is_behind: bool,
    /// The digests that it was asked to seal.
    seals: Vec<String>,
    /// How long it takes to seal, and whose time that is.
    slow: Option<(Arc<SteppedClock>, std::vec::IntoIter<Duration>)>,
}

impl Validation {
    /// Serves without any report.
    pub(crate) async fn start() -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let (state, stop) = (Arc::<Mutex<State>>::default(), CancellationToken::new());
        let fake = Fake(Arc::clone(&state));
        let contract = Contract {
            service_names: vec![validation_service_server::SERVICE_NAME],
            descriptor_sets: Vec::new(),
        };
        let serving = server::serve(
            "validation",
            listener,
            Routes::new(ValidationServiceServer::new(fake)),
            contract,
            Authenticator::trusting(&ISSUER, Arc::new(SystemClock)),
            Limits::default(),
            stop.clone(),
        );
        tokio::spawn(serving);
        Self {
            address,
            state,
            _stop: stop.drop_guard(),
        }
    }

    /// Has a report on this revision, with so many open errors and warnings.
    pub(crate) fn report(&self, revision: &DataReturn, errors: i32, warnings: i32) {
        self.report_open(revision, [errors, warnings, 0]);
    }

    /// Has a report on this revision, with so many open errors, warnings and queries.
    pub(crate) fn report_open(&self, revision: &DataReturn, open: [i32; 3]) {
        let [open_error_count, open_warning_count, open_query_count] = open;
        let name = format!("{}/revisions/{}/report", revision.name, revision.revision);
        let report = pb::Report {
            name: name.clone(),
            return_digest: revision.digest.clone(),
            // What is explained or overridden does not count.
            error_count: open_error_count + 1,
            warning_count: open_warning_count + 1,
            open_error_count,
            open_warning_count,
            open_query_count,
            ..pb::Report::default()
        };
        let mut state = self.state.lock().expect("a state");
        state.reports.insert(name, report);
    }

    /// Refuses every call, or takes them again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.state.lock().expect("a state").is_away = is_away;
    }

    /// Takes every return for signed off, or no longer.
    pub(crate) fn set_behind(&self, is_behind: bool) {
        self.state.lock().expect("a state").is_behind = is_behind;
    }

    /// Takes so long for the next seals.
    pub(crate) fn take(&self, clock: &Arc<SteppedClock>, takes: Vec<Duration>) {
        let slow = (Arc::clone(clock), takes.into_iter());
        self.state.lock().expect("a state").slow = Some(slow);
    }

    /// The digests that it was asked to seal since this was asked last.
    pub(crate) fn sealed(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("a state").seals)
    }

    /// Tells of an event.
    pub(crate) fn tell(&self, event: Event, name: &str) {
        let mut state = self.state.lock().expect("a state");
        let told = pb::WatchReportsResponse {
            cursor: vec![u8::try_from(state.events.len() + 1).expect("few events")],
            event: event.into(),
            name: name.to_owned(),
            ..pb::WatchReportsResponse::default()
        };
        state.events.push(told.clone());
        state
            .watching
            .retain(|watching| watching.send(Ok(told.clone())).is_ok());
    }

    /// The cursors that it was asked to go on from.
    pub(crate) fn cursors(&self) -> Vec<Vec<u8>> {
        self.state.lock().expect("a state").cursors.clone()
    }
}

struct Fake(Arc<Mutex<State>>);

macro_rules! validation_service {
    ($($method:ident: $request:ident => $response:ty,)+) => {
        #[tonic::async_trait]
        impl ValidationService for Fake {
            async fn seal_report(
                &self,
                request: Request<pb::SealReportRequest>,
            ) -> Result<Response<pb::Report>, Status> {
                let mut state = self.0.lock().expect("a state");
                let request = request.into_inner();
                state.seals.push(request.return_digest);
                if let Some((clock, takes)) = &mut state.slow {
                    clock.step(takes.next().unwrap_or_default());
                }
                if state.is_away {
                    return Err(Status::unavailable("away"));
                }
                if state.is_behind {
                    return Err(Status::failed_precondition("signed off"));
                }
                let found = state.reports.get(&request.name).cloned();
                found
                    .map(Response::new)
                    .ok_or_else(|| Status::not_found("no report"))
            }

            type WatchReportsStream = UnboundedReceiverStream<Told>;

            async fn watch_reports(
                &self,
                request: Request<pb::WatchReportsRequest>,
            ) -> Result<Response<Self::WatchReportsStream>, Status> {
                let mut state = self.0.lock().expect("a state");
                let cursor = request.into_inner().cursor;
                let seen = cursor.first().copied().map_or(0, usize::from);
                state.cursors.push(cursor);
                let (sender, receiver) = mpsc::unbounded_channel();
                for event in state.events.iter().skip(seen) {
                    sender.send(Ok(event.clone())).expect("a receiver");
                }
                state.watching.push(sender);
                Ok(Response::new(UnboundedReceiverStream::new(receiver)))
            }

            type StreamFindingsStream = Empty<Result<Finding, Status>>;

            $(async fn $method(
                &self,
                _: Request<pb::$request>,
            ) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not of this test"))
            })+
        }
    };
}

validation_service! {
    validate_return: ValidateReturnRequest => pb::ValidateReturnResponse,
    get_report: GetReportRequest => pb::Report,
    list_findings: ListFindingsRequest => pb::ListFindingsResponse,
    stream_findings: StreamFindingsRequest => Self::StreamFindingsStream,
    explain_finding: ExplainFindingRequest => Finding,
    review_explanation: ReviewExplanationRequest => Finding,
    override_finding: OverrideFindingRequest => Finding,
    list_remarks: ListRemarksRequest => pb::ListRemarksResponse,
    open_round: OpenRoundRequest => pb::Round,
    list_rounds: ListRoundsRequest => pb::ListRoundsResponse,
    raise_query: RaiseQueryRequest => pb::Query,
    answer_query: AnswerQueryRequest => pb::Query,
    resolve_query: ResolveQueryRequest => pb::Query,
    list_queries: ListQueriesRequest => pb::ListQueriesResponse,
    mark_robustness: MarkRobustnessRequest => pb::RobustnessMark,
    list_robustness_marks: ListRobustnessMarksRequest => pb::ListRobustnessMarksResponse,
    compare_authorities: CompareAuthoritiesRequest => pb::CompareAuthoritiesResponse,
    get_collection_progress: GetCollectionProgressRequest => pb::CollectionProgress,
}
