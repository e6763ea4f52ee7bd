//! A submission and a validation service that hold what a test gives them, and see who follows.
//!
//! A stream with events ends behind them, as servers end streams when they restart; the follower
//! then comes back with the cursor that it stored, which proves what it has committed. A stream
//! without events stays open until there is one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::Edition;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::{
    SubmissionService, SubmissionServiceServer,
};
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_server::{
    ValidationService, ValidationServiceServer,
};
use mesur_returns::DataReturn;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::{self, Clock as _, SteppedClock};
use mesur_rpc::server::{self, Contract, Limits, Listener};
use mesur_wire::{EditionResource, ReturnName, RevisionName, observations_to_wire};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// How long a follower may take before its test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// When a test begins.
pub(crate) const NOW: &str = "2023-09-05T08:30:00Z";
/// How long the tokens of a test are good.
const A_DAY: Duration = Duration::from_hours(24);

/// A service of which a test needs some methods.
macro_rules! serve_some {
    (
        impl $service:ident for $fake:ident { $($used:tt)* }
        unused { $($method:ident($request:ty) -> $answer:ty,)+ }
    ) => {
        #[tonic::async_trait]
        impl $service for $fake {
            $($used)*
            $(async fn $method(&self, _: Request<$request>) -> Result<Response<$answer>, Status> {
                Err(Status::unimplemented("not of this test"))
            })+
        }
    };
}

/// The number of events before a cursor.
fn place(cursor: Vec<u8>) -> usize {
    let cursor: Option<[u8; 8]> = cursor.try_into().ok();
    usize::try_from(cursor.map_or(0, u64::from_be_bytes)).expect("a cursor")
}

#[derive(Default)]
struct State {
    events: Vec<pb::WatchReturnsResponse>,
    marks: Vec<validation::WatchReportsResponse>,
    returns: BTreeMap<String, pb::DataReturn>,
    is_away: bool,
    /// Raised to end the streams that are open.
    generation: u32,
}

impl State {
    fn happen(&mut self, event: Event, name: &str, digest: String) {
        let number = u64::try_from(self.events.len() + 1).expect("few events");
        self.events.push(pb::WatchReturnsResponse {
            cursor: number.to_be_bytes().to_vec(),
            event: event.into(),
            name: name.to_owned(),
            digest,
            ..pb::WatchReturnsResponse::default()
        });
    }
}

/// What the follower has been seen doing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The cursor of each stream that it opened, as the number of events before it.
    pub(crate) cursors: Vec<usize>,
    /// How often it was refused a stream.
    pub(crate) refused: usize,
    /// What it fetched.
    pub(crate) fetched: Vec<String>,
    /// The cursor of the last stream of marks, as the number of marks before it.
    pub(crate) marks_cursor: usize,
}

/// The services of a test that aggregation follows.
#[derive(Clone)]
pub(crate) struct Upstream {
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u32>,
    seen: watch::Sender<Seen>,
    address: String,
    issuer: Arc<Issuer>,
    clock: Arc<SteppedClock>,
}

impl Upstream {
    /// Serves without any return.
    pub(crate) async fn start() -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let upstream = Self {
            state: Arc::default(),
            generation: watch::Sender::default(),
            seen: watch::Sender::default(),
            address: format!("http://{}", listener.local_addr()),
            issuer: Arc::new(Issuer::generate()),
            clock: Arc::new(SteppedClock::new(NOW.parse().expect("a time"))),
        };
        let routes = Routes::new(SubmissionServiceServer::new(upstream.clone()))
            .add_service(ValidationServiceServer::new(upstream.clone()));
        let serving = server::serve(
            "upstream",
            listener,
            routes,
            Contract::default(),
            upstream.authenticator(),
            Limits::default(),
            CancellationToken::new(),
        );
        tokio::spawn(serving);
        upstream
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn clock(&self) -> Arc<SteppedClock> {
        Arc::clone(&self.clock)
    }

    /// Lets in whoever has a token of the test's issuer.
    pub(crate) fn authenticator(&self) -> Authenticator {
        Authenticator::trusting(&self.issuer, self.clock())
    }

    /// A token of somebody with a role.
    pub(crate) fn bearer(&self, identity: &str, role: Role) -> Bearer {
        let token = self
            .issuer
            .token(identity, &[role], A_DAY, self.clock.now());
        Bearer::new(&token).expect("a token")
    }

    /// Takes the sign-off of a revision back.
    pub(crate) fn reopen(&self, name: &str) {
        self.change(|state| state.happen(Event::Reopened, name, String::new()));
    }

    /// Marks an authority's value of a metric.
    pub(crate) fn mark(&self, edition: &Edition, authority: &str, metric: &str, robust: bool) {
        let mark = validation::RobustnessMark {
            authority: authority.to_owned(),
            metric: metric.to_owned(),
            robust,
            reason: "A new system".to_owned(),
            identity: "a statistician".to_owned(),
            time: None,
        };
        self.change(|state| {
            let number = u64::try_from(state.marks.len() + 1).expect("few marks");
            state.marks.push(validation::WatchReportsResponse {
                cursor: number.to_be_bytes().to_vec(),
                event: validation::watch_reports_response::Event::Marked.into(),
                name: EditionResource(edition.name().clone()).to_string(),
                mark: Some(mark),
                ..validation::WatchReportsResponse::default()
            });
        });
    }

    /// Waits until every mark has had its effect.
    pub(crate) async fn until_marked(&self) {
        let count = self.state.lock().expect("a state").marks.len();
        self.until(|seen| seen.marks_cursor == count).await;
    }

    /// Takes a return in and signs it off; answers the name of the revision.
    pub(crate) fn sign_off(
        &self,
        edition: &Edition,
        data_return: &DataReturn,
        revision: u32,
    ) -> String {
        let name = RevisionName {
            data_return: ReturnName {
                authority: data_return.authority.clone(),
                edition: edition.name().clone(),
            },
            revision,
        };
        let message = pb::DataReturn {
            name: name.data_return.to_string(),
            edition: EditionResource(edition.name().clone()).to_string(),
            edition_digest: edition.digest().to_owned(),
            observations: observations_to_wire(edition, data_return.cells()),
            sign_off_time: Some(clock::to_proto(self.clock.now())),
            ..pb::DataReturn::default()
        };
        let name = name.to_string();
        self.change(|state| {
            state.returns.insert(name.clone(), message);
            for event in [Event::Submitted, Event::SignedOff] {
                state.happen(event, &name, data_return.digest());
            }
        });
        name
    }

    /// Holds another content under the name of a revision.
    pub(crate) fn replace(&self, name: &str, edition: &Edition, data_return: &DataReturn) {
        self.change(|state| {
            let held = state.returns.get_mut(name).expect("a revision");
            held.observations = observations_to_wire(edition, data_return.cells());
        });
    }

    /// Refuses streams, and ends those that are open, or takes them again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.change(|state| state.is_away = is_away);
    }

    /// Waits until the follower has been seen doing something.
    pub(crate) async fn until(&self, done: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.subscribe();
        let waiting = timeout(PATIENCE, seen.wait_for(done)).await;
        waiting.expect("in time").expect("a sender").clone()
    }

    /// Waits until every event has had its effect.
    pub(crate) async fn until_caught_up(&self) -> Seen {
        let count = self.state.lock().expect("a state").events.len();
        self.until(|seen| seen.cursors.last() == Some(&count)).await
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().expect("a state");
        change(&mut state);
        state.generation += 1;
        self.generation.send_replace(state.generation);
    }
}

serve_some! {
    impl SubmissionService for Upstream {
        type WatchReturnsStream = ReceiverStream<Result<pb::WatchReturnsResponse, Status>>;

        async fn watch_returns(
            &self,
            request: Request<pb::WatchReturnsRequest>,
        ) -> Result<Response<Self::WatchReturnsStream>, Status> {
            let after = place(request.into_inner().cursor);
            let (events, mut generation) = {
                let state = self.state.lock().expect("a state");
                if state.is_away {
                    self.seen.send_modify(|seen| seen.refused += 1);
                    return Err(Status::unavailable("away"));
                }
                let mut generation = self.generation.subscribe();
                generation.mark_unchanged();
                (state.events[after..].to_vec(), generation)
            };
            let (sender, receiver) = mpsc::channel(events.len() + 1);
            let is_idle = events.is_empty();
            for event in events {
                sender.try_send(Ok(event)).expect("room for all");
            }
            tokio::spawn(async move {
                if is_idle {
                    tokio::select! {
                        _ = generation.changed() => {}
                        () = sender.closed() => {}
                    }
                }
            });
            self.seen.send_modify(|seen| seen.cursors.push(after));
            Ok(Response::new(ReceiverStream::new(receiver)))
        }

        type ReadPreviousValuesStream =
            ReceiverStream<Result<pb::ReadPreviousValuesResponse, Status>>;

        async fn read_previous_values(
            &self,
            _: Request<pb::ReadPreviousValuesRequest>,
        ) -> Result<Response<Self::ReadPreviousValuesStream>, Status> {
            Err(Status::unimplemented("not of this test"))
        }

        type ReadReturnStream = ReceiverStream<Result<pb::ReadReturnResponse, Status>>;

        async fn read_return(
            &self,
            request: Request<pb::ReadReturnRequest>,
        ) -> Result<Response<Self::ReadReturnStream>, Status> {
            let name = request.into_inner().name;
            let found = self
                .state
                .lock()
                .expect("a state")
                .returns
                .get(&name)
                .cloned();
            self.seen.send_modify(|seen| seen.fetched.push(name));
            let mut found = found.ok_or_else(|| Status::not_found("no such revision"))?;
            let observations = std::mem::take(&mut found.observations);
            let first = pb::ReadReturnResponse {
                data_return: Some(found),
                observations: Vec::new(),
            };
            let batches = observations.chunks(100).map(|batch| pb::ReadReturnResponse {
                data_return: None,
                observations: batch.to_vec(),
            });
            let messages: Vec<_> = std::iter::once(first).chain(batches).map(Ok).collect();
            let (sender, receiver) = mpsc::channel(messages.len());
            for message in messages {
                sender.try_send(message).expect("room for all");
            }
            Ok(Response::new(ReceiverStream::new(receiver)))
        }
    }
    unused {
        get_return(pb::GetReturnRequest) -> pb::DataReturn,
        submit_return(pb::SubmitReturnRequest) -> pb::SubmitReturnResponse,
        upload_return(tonic::Streaming<pb::UploadReturnRequest>) -> pb::SubmitReturnResponse,
        update_observations(pb::UpdateObservationsRequest) -> pb::SubmitReturnResponse,
        submit_draft(pb::SubmitDraftRequest) -> pb::SubmitReturnResponse,
        list_returns(pb::ListReturnsRequest) -> pb::ListReturnsResponse,
        list_revisions(pb::ListRevisionsRequest) -> pb::ListRevisionsResponse,
        compare_revisions(pb::CompareRevisionsRequest) -> pb::CompareRevisionsResponse,
        sign_off_return(pb::SignOffReturnRequest) -> pb::DataReturn,
        reopen_return(pb::ReopenReturnRequest) -> pb::DataReturn,
        record_previous_values(pb::RecordPreviousValuesRequest) -> pb::PreviousValues,
        get_previous_values(pb::GetPreviousValuesRequest) -> pb::PreviousValues,
        get_schedule(pb::GetScheduleRequest) -> pb::Schedule,
        update_schedule(pb::UpdateScheduleRequest) -> pb::Schedule,
        grant_extension(pb::GrantExtensionRequest) -> pb::Schedule,
        create_delegation(pb::CreateDelegationRequest) -> pb::Delegation,
        revoke_delegation(pb::RevokeDelegationRequest) -> pb::Delegation,
        list_delegations(pb::ListDelegationsRequest) -> pb::ListDelegationsResponse,
    }
}

type Findings = ReceiverStream<Result<mesur_proto::types::v1::Finding, Status>>;

serve_some! {
    impl ValidationService for Upstream {
        type StreamFindingsStream = Findings;

        async fn stream_findings(
            &self,
            _: Request<validation::StreamFindingsRequest>,
        ) -> Result<Response<Findings>, Status> {
            Err(Status::unimplemented("not of this test"))
        }

        type WatchReportsStream = ReceiverStream<Result<validation::WatchReportsResponse, Status>>;

        async fn watch_reports(
            &self,
            request: Request<validation::WatchReportsRequest>,
        ) -> Result<Response<Self::WatchReportsStream>, Status> {
            let after = place(request.into_inner().cursor);
            let (marks, mut generation) = {
                let state = self.state.lock().expect("a state");
                let mut generation = self.generation.subscribe();
                generation.mark_unchanged();
                (state.marks[after..].to_vec(), generation)
            };
            let (sender, receiver) = mpsc::channel(marks.len() + 1);
            let is_idle = marks.is_empty();
            for mark in marks {
                sender.try_send(Ok(mark)).expect("room for all");
            }
            tokio::spawn(async move {
                if is_idle {
                    tokio::select! {
                        _ = generation.changed() => {}
                        () = sender.closed() => {}
                    }
                }
            });
            self.seen.send_modify(|seen| seen.marks_cursor = after);
            Ok(Response::new(ReceiverStream::new(receiver)))
        }
    }
    unused {
        validate_return(validation::ValidateReturnRequest) -> validation::ValidateReturnResponse,
        get_report(validation::GetReportRequest) -> validation::Report,
        seal_report(validation::SealReportRequest) -> validation::Report,
        list_findings(validation::ListFindingsRequest) -> validation::ListFindingsResponse,
        explain_finding(validation::ExplainFindingRequest) -> mesur_proto::types::v1::Finding,
        review_explanation(validation::ReviewExplanationRequest) -> mesur_proto::types::v1::Finding,
        override_finding(validation::OverrideFindingRequest) -> mesur_proto::types::v1::Finding,
        list_remarks(validation::ListRemarksRequest) -> validation::ListRemarksResponse,
        open_round(validation::OpenRoundRequest) -> validation::Round,
        list_rounds(validation::ListRoundsRequest) -> validation::ListRoundsResponse,
        raise_query(validation::RaiseQueryRequest) -> validation::Query,
        answer_query(validation::AnswerQueryRequest) -> validation::Query,
        resolve_query(validation::ResolveQueryRequest) -> validation::Query,
        list_queries(validation::ListQueriesRequest) -> validation::ListQueriesResponse,
        mark_robustness(validation::MarkRobustnessRequest) -> validation::RobustnessMark,
        list_robustness_marks(validation::ListRobustnessMarksRequest) -> validation::ListRobustnessMarksResponse,
        compare_authorities(validation::CompareAuthoritiesRequest) -> validation::CompareAuthoritiesResponse,
        get_collection_progress(validation::GetCollectionProgressRequest) -> validation::CollectionProgress,
    }
}
