//! A submission service that holds what a test gives it, and sees who follows.
//!
//! A stream with events ends behind them, as servers end streams when they restart; the follower
//! then comes back with the cursor that it stored, which proves what it has committed. A stream
//! without events stays open until there is one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mesur_catalogue::Edition;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::{
    SubmissionService, SubmissionServiceServer,
};
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_returns::DataReturn;
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

#[derive(Default)]
struct State {
    events: Vec<pb::WatchReturnsResponse>,
    returns: BTreeMap<String, pb::DataReturn>,
    is_away: bool,
    /// Raised to end the streams that are open.
    generation: u32,
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
}

/// The submission service of a test.
#[derive(Clone)]
pub(crate) struct Upstream {
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u32>,
    seen: watch::Sender<Seen>,
    address: String,
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
        };
        let routes = Routes::new(SubmissionServiceServer::new(upstream.clone()));
        let serving = server::serve(
            "upstream",
            listener,
            routes,
            Contract::default(),
            Limits::default(),
            CancellationToken::new(),
        );
        tokio::spawn(serving);
        upstream
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
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
            observations: observations_to_wire(edition, data_return),
            ..pb::DataReturn::default()
        };
        let name = name.to_string();
        self.change(|state| {
            state.returns.insert(name.clone(), message);
            for event in [Event::Submitted, Event::SignedOff] {
                let number = u64::try_from(state.events.len() + 1).expect("few events");
                state.events.push(pb::WatchReturnsResponse {
                    cursor: number.to_be_bytes().to_vec(),
                    event: event.into(),
                    name: name.clone(),
                    digest: data_return.digest(),
                });
            }
        });
        name
    }

    /// Holds another content under the name of a revision.
    pub(crate) fn replace(&self, name: &str, edition: &Edition, data_return: &DataReturn) {
        self.change(|state| {
            let held = state.returns.get_mut(name).expect("a revision");
            held.observations = observations_to_wire(edition, data_return);
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

#[tonic::async_trait]
impl SubmissionService for Upstream {
    type WatchReturnsStream = ReceiverStream<Result<pb::WatchReturnsResponse, Status>>;

    async fn watch_returns(
        &self,
        request: Request<pb::WatchReturnsRequest>,
    ) -> Result<Response<Self::WatchReturnsStream>, Status> {
        let cursor: Option<[u8; 8]> = request.into_inner().cursor.try_into().ok();
        let after = usize::try_from(cursor.map_or(0, u64::from_be_bytes)).expect("a cursor");
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

    async fn get_return(
        &self,
        request: Request<pb::GetReturnRequest>,
    ) -> Result<Response<pb::DataReturn>, Status> {
        let name = request.into_inner().name;
        let found = self
            .state
            .lock()
            .expect("a state")
            .returns
            .get(&name)
            .cloned();
        self.seen.send_modify(|seen| seen.fetched.push(name));
        found
            .map(Response::new)
            .ok_or_else(|| Status::not_found("no such revision"))
    }

    async fn submit_return(
        &self,
        _: Request<pb::SubmitReturnRequest>,
    ) -> Result<Response<pb::SubmitReturnResponse>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn list_returns(
        &self,
        _: Request<pb::ListReturnsRequest>,
    ) -> Result<Response<pb::ListReturnsResponse>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn sign_off_return(
        &self,
        _: Request<pb::SignOffReturnRequest>,
    ) -> Result<Response<pb::DataReturn>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn record_previous_values(
        &self,
        _: Request<pb::RecordPreviousValuesRequest>,
    ) -> Result<Response<pb::PreviousValues>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn get_previous_values(
        &self,
        _: Request<pb::GetPreviousValuesRequest>,
    ) -> Result<Response<pb::PreviousValues>, Status> {
        Err(Status::unimplemented("not of this test"))
    }
}
