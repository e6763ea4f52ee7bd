//! A validation service with the reports that a test gives it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mesur_proto::submission::v1::DataReturn;
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::validation_service_server::{
    ValidationService, ValidationServiceServer,
};
use mesur_rpc::server::{self, Contract, Limits, Listener};
use tokio_stream::Empty;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// The validation service of a test.
pub(crate) struct Validation {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    _stop: DropGuard,
}

#[derive(Default)]
struct State {
    reports: BTreeMap<String, pb::Report>,
    is_away: bool,
}

impl Validation {
    /// Serves without any report.
    pub(crate) async fn start() -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let (state, stop) = (Arc::<Mutex<State>>::default(), CancellationToken::new());
        let fake = Fake(Arc::clone(&state));
        let serving = server::serve(
            "validation",
            listener,
            Routes::new(ValidationServiceServer::new(fake)),
            Contract::default(),
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

    /// Has a report on this revision, with so many errors and warnings without an explanation.
    pub(crate) fn report(&self, revision: &DataReturn, error_count: i32, open_count: i32) {
        let name = format!("{}/revisions/{}/report", revision.name, revision.revision);
        let report = pb::Report {
            name: name.clone(),
            return_digest: revision.digest.clone(),
            error_count,
            open_count,
            ..pb::Report::default()
        };
        let mut state = self.state.lock().expect("a state");
        state.reports.insert(name, report);
    }

    /// Refuses every call, or takes them again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.state.lock().expect("a state").is_away = is_away;
    }
}

struct Fake(Arc<Mutex<State>>);

#[tonic::async_trait]
impl ValidationService for Fake {
    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::Report>, Status> {
        let state = self.0.lock().expect("a state");
        if state.is_away {
            return Err(Status::unavailable("away"));
        }
        let found = state.reports.get(&request.into_inner().name).cloned();
        found
            .map(Response::new)
            .ok_or_else(|| Status::not_found("no report"))
    }

    async fn validate_return(
        &self,
        _: Request<pb::ValidateReturnRequest>,
    ) -> Result<Response<pb::ValidateReturnResponse>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn answer_finding(
        &self,
        _: Request<pb::AnswerFindingRequest>,
    ) -> Result<Response<Finding>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    type WatchReportsStream = Empty<Result<pb::WatchReportsResponse, Status>>;

    async fn watch_reports(
        &self,
        _: Request<pb::WatchReportsRequest>,
    ) -> Result<Response<Self::WatchReportsStream>, Status> {
        Err(Status::unimplemented("not of this test"))
    }
}
