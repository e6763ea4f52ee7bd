//! An aggregation service that holds what a test gives it, and sees who follows.
//!
//! A stream with events ends behind them, as servers end streams when they restart; the follower
//! then comes back with the cursor that it stored, which proves what it has committed. A stream
//! without events stays open until there is one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mesur_access::dev::Issuer;
use mesur_catalogue::ContentHash;
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::aggregation_service_server::{
    AggregationService, AggregationServiceServer,
};
use mesur_proto::aggregation::v1::read_snapshot_response::Part;
use mesur_proto::aggregation::v1::watch_snapshots_response::Event;
use mesur_rpc::access::Authenticator;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::{self, Contract, Limits, Listener};
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::support::PATIENCE;

#[derive(Default)]
struct State {
    names: Vec<String>,
    snapshots: BTreeMap<String, pb::Snapshot>,
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

/// The aggregation service of a test.
#[derive(Clone)]
pub(crate) struct Upstream {
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u32>,
    seen: watch::Sender<Seen>,
    pub(crate) address: String,
}

impl Upstream {
    /// Serves without any snapshot.
    pub(crate) async fn start() -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let upstream = Self {
            state: Arc::default(),
            generation: watch::Sender::default(),
            seen: watch::Sender::default(),
            address: format!("http://{}", listener.local_addr()),
        };
        let service = AggregationServiceServer::new(upstream.clone());
        let routes = Routes::new(service.max_encoding_message_size(MESSAGE_BYTES_MAX));
        let serving = server::serve(
            "upstream",
            listener,
            routes,
            Contract::default(),
            Authenticator::trusting(&Issuer::generate(), Arc::new(SystemClock)),
            Limits::default(),
            CancellationToken::new(),
        );
        tokio::spawn(serving);
        upstream
    }

    /// Holds a snapshot in place of what is held under its name, without telling of it.
    pub(crate) fn hold(&self, snapshot: &pb::Snapshot) {
        self.replace(&snapshot.name, snapshot);
    }

    /// Gives this snapshot when that of another name is asked for.
    pub(crate) fn replace(&self, name: &str, snapshot: &pb::Snapshot) {
        self.change(|state| {
            state.snapshots.insert(name.to_owned(), snapshot.clone());
        });
    }

    /// Makes a snapshot and tells of it.
    pub(crate) fn make(&self, snapshot: &pb::Snapshot) {
        self.hold(snapshot);
        self.change(|state| state.names.push(snapshot.name.clone()));
    }

    /// Tells that the snapshots of an edition rest on what no longer holds.
    pub(crate) fn overtake(&self, edition: &str) {
        self.change(|state| state.names.push(edition.to_owned()));
    }

    /// Tells of a snapshot once more, which stands again.
    pub(crate) fn let_stand(&self, snapshot: &pb::Snapshot) {
        self.change(|state| state.names.push(snapshot.name.clone()));
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
        let count = self.state.lock().expect("a state").names.len();
        self.until(|seen| seen.cursors.last() == Some(&count)).await
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().expect("a state");
        change(&mut state);
        state.generation += 1;
        self.generation.send_replace(state.generation);
    }
}

/// A snapshot in pieces that are as small as they can be.
fn parts(mut snapshot: pb::Snapshot) -> Vec<Part> {
    let Some(mut totals) = snapshot.totals.take() else {
        return vec![Part::Snapshot(snapshot)];
    };
    let digest = |bytes: &[u8]| {
        let mut hash = ContentHash::default();
        hash.update(bytes);
        hash.finish()
    };
    let authorities = std::mem::take(&mut totals.authorities);
    if snapshot.content_digest.is_empty() {
        let national = digest(&totals.encode_to_vec());
        let own = authorities.iter().map(|one| digest(&one.encode_to_vec()));
        let lines = std::iter::once(national).chain(own).map(|part| part + "\n");
        snapshot.content_digest = digest(lines.collect::<String>().as_bytes());
    }
    let cells = std::mem::take(&mut totals.cells);
    let cells = cells.into_iter().map(|cell| {
        Part::Totals(pb::Totals {
            cells: vec![cell],
            ..pb::Totals::default()
        })
    });
    let values = authorities.into_iter().flat_map(|one| {
        let authority = one.authority;
        one.values.into_iter().map(move |value| {
            Part::Authority(pb::AuthorityValues {
                authority: authority.clone(),
                values: vec![value],
            })
        })
    });
    snapshot.totals = Some(totals);
    std::iter::once(Part::Snapshot(snapshot))
        .chain(cells)
        .chain(values)
        .collect()
}

fn cursor_of(number: usize) -> Vec<u8> {
    u64::try_from(number)
        .expect("few events")
        .to_be_bytes()
        .to_vec()
}

#[tonic::async_trait]
impl AggregationService for Upstream {
    type WatchSnapshotsStream = ReceiverStream<Result<pb::WatchSnapshotsResponse, Status>>;

    async fn watch_snapshots(
        &self,
        request: Request<pb::WatchSnapshotsRequest>,
    ) -> Result<Response<Self::WatchSnapshotsStream>, Status> {
        let cursor: Option<[u8; 8]> = request.into_inner().cursor.try_into().ok();
        let after = usize::try_from(cursor.map_or(0, u64::from_be_bytes)).expect("a cursor");
        let (names, mut generation) = {
            let state = self.state.lock().expect("a state");
            if state.is_away {
                self.seen.send_modify(|seen| seen.refused += 1);
                return Err(Status::unavailable("away"));
            }
            let mut generation = self.generation.subscribe();
            generation.mark_unchanged();
            (state.names[after..].to_vec(), generation)
        };
        let (sender, receiver) = mpsc::channel(names.len() + 1);
        let is_idle = names.is_empty();
        for (place, name) in names.into_iter().enumerate() {
            let cursor = cursor_of(after + place + 1);
            let event = if name.starts_with("snapshots/") {
                Event::Made
            } else {
                Event::Overtaken
            };
            let event = pb::WatchSnapshotsResponse {
                cursor,
                name,
                event: event.into(),
                ..pb::WatchSnapshotsResponse::default()
            };
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

    async fn get_snapshot(
        &self,
        _: Request<pb::GetSnapshotRequest>,
    ) -> Result<Response<pb::Snapshot>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    type ReadSnapshotStream = ReceiverStream<Result<pb::ReadSnapshotResponse, Status>>;

    async fn read_snapshot(
        &self,
        request: Request<pb::ReadSnapshotRequest>,
    ) -> Result<Response<Self::ReadSnapshotStream>, Status> {
        let name = request.into_inner().name;
        let found = self
            .state
            .lock()
            .expect("a state")
            .snapshots
            .get(&name)
            .cloned();
        self.seen.send_modify(|seen| seen.fetched.push(name));
        let found = found.ok_or_else(|| Status::not_found("no such snapshot"))?;
        let parts = parts(found);
        let (sender, receiver) = mpsc::channel(parts.len());
        for part in parts {
            let message = pb::ReadSnapshotResponse { part: Some(part) };
            sender.try_send(Ok(message)).expect("room for all");
        }
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn get_totals(
        &self,
        _: Request<pb::GetTotalsRequest>,
    ) -> Result<Response<pb::Totals>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn create_snapshot(
        &self,
        _: Request<pb::CreateSnapshotRequest>,
    ) -> Result<Response<pb::Snapshot>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn list_snapshots(
        &self,
        _: Request<pb::ListSnapshotsRequest>,
    ) -> Result<Response<pb::ListSnapshotsResponse>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn rank_authorities(
        &self,
        _: Request<pb::RankAuthoritiesRequest>,
    ) -> Result<Response<pb::RankAuthoritiesResponse>, Status> {
        Err(Status::unimplemented("not of this test"))
    }

    async fn verify_snapshot(
        &self,
        _: Request<pb::VerifySnapshotRequest>,
    ) -> Result<Response<pb::VerifySnapshotResponse>, Status> {
        Err(Status::unimplemented("VerifySnapshot"))
    }

    type CompareSnapshotsStream = BoxStream<pb::CompareSnapshotsResponse>;

    async fn compare_snapshots(
        &self,
        _: Request<pb::CompareSnapshotsRequest>,
    ) -> Result<Response<Self::CompareSnapshotsStream>, Status> {
        Err(Status::unimplemented("CompareSnapshots"))
    }

    async fn create_decision(
        &self,
        _: Request<pb::CreateDecisionRequest>,
    ) -> Result<Response<pb::Decision>, Status> {
        Err(Status::unimplemented("CreateDecision"))
    }

    async fn list_decisions(
        &self,
        _: Request<pb::ListDecisionsRequest>,
    ) -> Result<Response<pb::ListDecisionsResponse>, Status> {
        Err(Status::unimplemented("ListDecisions"))
    }
}
