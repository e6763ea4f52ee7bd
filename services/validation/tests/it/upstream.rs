//! A submission service in memory, which is away when a test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::{
    self, SubmissionService, SubmissionServiceServer,
};
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_rpc::clock::{self, Clock as _};
use mesur_rpc::events;
use mesur_rpc::server::{Contract, Limits, Listener, serve};
use mesur_store::{Commit, Log, MemoryStore, Store};
use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::support;

/// What the service asks, and what it gets.
pub(crate) struct Upstream {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

struct Shared {
    log: Arc<dyn Store>,
    content: Mutex<Content>,
    /// The names of the revisions that were asked for, in order.
    asked: watch::Sender<Vec<String>>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Content {
    returns: BTreeMap<String, pb::DataReturn>,
    previous: Option<pb::PreviousValues>,
    /// How many calls of each method are refused from now on.
    watches_refused: u32,
    gets_refused: u32,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            log: Arc::new(MemoryStore::new()),
            content: Mutex::default(),
            asked: watch::Sender::default(),
            stop: stop.clone(),
        });
        let listener = Listener::loopback(0).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr());
        let routes = Routes::new(SubmissionServiceServer::new(Fake(Arc::clone(&shared))));
        let serving = serve(
            "submission",
            listener,
            routes,
            Contract {
                service_names: vec![submission_service_server::SERVICE_NAME],
                ..Contract::default()
            },
            support::authenticator(),
            Limits::default(),
            stop.clone(),
        );
        tokio::spawn(serving);
        Self {
            endpoint,
            shared,
            _stop: stop.drop_guard(),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        change(&mut self.shared.content.lock().unwrap())
    }

    /// Refuses the next calls.
    pub(crate) fn refuse(&self, watches: u32, gets: u32) {
        self.change(|content| {
            content.watches_refused = watches;
            content.gets_refused = gets;
        });
    }

    /// Holds values of an earlier period, for every return.
    pub(crate) fn hold_previous(&self, values: pb::PreviousValues) {
        self.change(|content| content.previous = Some(values));
    }

    /// Gives this return under the name of a revision, without telling of it.
    pub(crate) fn hold(&self, revision: &str, data_return: pb::DataReturn) {
        let revision = revision.to_owned();
        self.change(|content| content.returns.insert(revision, data_return));
    }

    /// Takes a revision in and tells of it.
    pub(crate) async fn submit(&self, revision: &str, data_return: pb::DataReturn) {
        let event = pb::WatchReturnsResponse {
            digest: data_return.digest.clone(),
            late: data_return.late,
            ..event(Event::Submitted, revision)
        };
        self.hold(revision, data_return);
        self.tell(event).await;
    }

    /// Tells that a revision was signed off.
    pub(crate) async fn sign_off(&self, revision: &str) {
        self.tell(event(Event::SignedOff, revision)).await;
    }

    /// Tells that the sign-off of a revision was taken back.
    pub(crate) async fn reopen(&self, revision: &str) {
        self.tell(event(Event::Reopened, revision)).await;
    }

    /// Tells that a supplier may send for an authority, or no longer.
    pub(crate) async fn delegate(&self, name: &str, supplier: &str, holds: bool) {
        let told = if holds {
            Event::Delegated
        } else {
            Event::DelegationRevoked
        };
        let event = pb::WatchReturnsResponse {
            supplier: supplier.to_owned(),
            edition: crate::samples::EDITION.to_owned(),
            ..event(told, name)
        };
        self.tell(event).await;
    }

    async fn tell(&self, event: pb::WatchReturnsResponse) {
        let commit = Commit::new().append(&log(), event.encode_to_vec());
        self.shared.log.commit(commit).await.unwrap();
    }

    /// The revisions that were asked for, in order, once there are `enough`.
    pub(crate) async fn asked_until(&self, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut asked = self.shared.asked.subscribe();
        let asked = asked.wait_for(|asked| enough(asked)).await.unwrap();
        asked.clone()
    }
}

fn event(event: Event, name: &str) -> pb::WatchReturnsResponse {
    pb::WatchReturnsResponse {
        event: event.into(),
        name: name.to_owned(),
        time: Some(clock::to_proto(support::clock().now())),
        ..pb::WatchReturnsResponse::default()
    }
}

fn log() -> Log {
    Log::new("returns")
}

struct Fake(Arc<Shared>);

impl Fake {
    fn refused(&self, calls: impl FnOnce(&mut Content) -> &mut u32) -> Result<(), Status> {
        let mut content = self.0.content.lock().unwrap();
        let left = calls(&mut content);
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err(Status::unavailable("away"))
    }
}

/// A stream of these messages, all of which are there.
fn all_of<M>(messages: impl Iterator<Item = M>) -> events::Events<M> {
    let messages: Vec<_> = messages.map(Ok).collect();
    let (sender, receiver) = mpsc::channel(messages.len());
    for message in messages {
        sender.try_send(message).unwrap();
    }
    ReceiverStream::new(receiver)
}

fn not_used<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("validation does not call this"))
}

#[tonic::async_trait]
impl SubmissionService for Fake {
    type ReadReturnStream = events::Events<pb::ReadReturnResponse>;

    async fn read_return(
        &self,
        request: Request<pb::ReadReturnRequest>,
    ) -> Result<Response<Self::ReadReturnStream>, Status> {
        let name = request.into_inner().name;
        self.0.asked.send_modify(|asked| asked.push(name.clone()));
        self.refused(|content| &mut content.gets_refused)?;
        let content = self.0.content.lock().unwrap();
        let found = content.returns.get(&name).cloned();
        let mut found = found.ok_or_else(|| Status::not_found(name))?;
        let observations = std::mem::take(&mut found.observations);
        let first = pb::ReadReturnResponse {
            data_return: Some(found),
            observations: Vec::new(),
        };
        let batches = observations
            .chunks(100)
            .map(|batch| pb::ReadReturnResponse {
                data_return: None,
                observations: batch.to_vec(),
            });
        Ok(Response::new(all_of(std::iter::once(first).chain(batches))))
    }

    async fn get_return(
        &self,
        _: Request<pb::GetReturnRequest>,
    ) -> Result<Response<pb::DataReturn>, Status> {
        not_used()
    }

    async fn get_previous_values(
        &self,
        _: Request<pb::GetPreviousValuesRequest>,
    ) -> Result<Response<pb::PreviousValues>, Status> {
        not_used()
    }

    type ReadPreviousValuesStream = events::Events<pb::ReadPreviousValuesResponse>;

    async fn read_previous_values(
        &self,
        request: Request<pb::ReadPreviousValuesRequest>,
    ) -> Result<Response<Self::ReadPreviousValuesStream>, Status> {
        let content = self.0.content.lock().unwrap();
        let found = content.previous.clone();
        let mut found = found.ok_or_else(|| Status::not_found(request.into_inner().name))?;
        let values = std::mem::take(&mut found.values);
        let first = pb::ReadPreviousValuesResponse {
            previous_values: Some(found),
            values: Vec::new(),
        };
        let batches = values
            .chunks(100)
            .map(|batch| pb::ReadPreviousValuesResponse {
                previous_values: None,
                values: batch.to_vec(),
            });
        Ok(Response::new(all_of(std::iter::once(first).chain(batches))))
    }

    type WatchReturnsStream = events::Events<pb::WatchReturnsResponse>;

    async fn watch_returns(
        &self,
        request: Request<pb::WatchReturnsRequest>,
    ) -> Result<Response<Self::WatchReturnsStream>, Status> {
        self.refused(|content| &mut content.watches_refused)?;
        let after = mesur_store::Position::from_bytes(&request.into_inner().cursor);
        let stop = self.0.stop.clone();
        let stream = events::stream(&self.0.log, log(), after, stop, |entry| {
            let event = pb::WatchReturnsResponse::decode(entry.value.as_slice()).unwrap();
            Ok(pb::WatchReturnsResponse {
                cursor: entry.position.to_bytes().to_vec(),
                ..event
            })
        });
        Ok(Response::new(stream.await.unwrap()))
    }

    async fn upload_return(
        &self,
        _: Request<Streaming<pb::UploadReturnRequest>>,
    ) -> Result<Response<pb::SubmitReturnResponse>, Status> {
        not_used()
    }

    async fn submit_return(
        &self,
        _: Request<pb::SubmitReturnRequest>,
    ) -> Result<Response<pb::SubmitReturnResponse>, Status> {
        not_used()
    }

    async fn update_observations(
        &self,
        _: Request<pb::UpdateObservationsRequest>,
    ) -> Result<Response<pb::SubmitReturnResponse>, Status> {
        not_used()
    }

    async fn submit_draft(
        &self,
        _: Request<pb::SubmitDraftRequest>,
    ) -> Result<Response<pb::SubmitReturnResponse>, Status> {
        not_used()
    }

    async fn list_returns(
        &self,
        _: Request<pb::ListReturnsRequest>,
    ) -> Result<Response<pb::ListReturnsResponse>, Status> {
        not_used()
    }

    async fn list_revisions(
        &self,
        _: Request<pb::ListRevisionsRequest>,
    ) -> Result<Response<pb::ListRevisionsResponse>, Status> {
        not_used()
    }

    async fn compare_revisions(
        &self,
        _: Request<pb::CompareRevisionsRequest>,
    ) -> Result<Response<pb::CompareRevisionsResponse>, Status> {
        not_used()
    }

    async fn sign_off_return(
        &self,
        _: Request<pb::SignOffReturnRequest>,
    ) -> Result<Response<pb::DataReturn>, Status> {
        not_used()
    }

    async fn reopen_return(
        &self,
        _: Request<pb::ReopenReturnRequest>,
    ) -> Result<Response<pb::DataReturn>, Status> {
        not_used()
    }

    async fn record_previous_values(
        &self,
        _: Request<pb::RecordPreviousValuesRequest>,
    ) -> Result<Response<pb::PreviousValues>, Status> {
        not_used()
    }

    async fn get_schedule(
        &self,
        _: Request<pb::GetScheduleRequest>,
    ) -> Result<Response<pb::Schedule>, Status> {
        not_used()
    }

    async fn update_schedule(
        &self,
        _: Request<pb::UpdateScheduleRequest>,
    ) -> Result<Response<pb::Schedule>, Status> {
        not_used()
    }

    async fn grant_extension(
        &self,
        _: Request<pb::GrantExtensionRequest>,
    ) -> Result<Response<pb::Schedule>, Status> {
        not_used()
    }

    async fn create_delegation(
        &self,
        _: Request<pb::CreateDelegationRequest>,
    ) -> Result<Response<pb::Delegation>, Status> {
        not_used()
    }

    async fn revoke_delegation(
        &self,
        _: Request<pb::RevokeDelegationRequest>,
    ) -> Result<Response<pb::Delegation>, Status> {
        not_used()
    }

    async fn list_delegations(
        &self,
        _: Request<pb::ListDelegationsRequest>,
    ) -> Result<Response<pb::ListDelegationsResponse>, Status> {
        not_used()
    }
}
