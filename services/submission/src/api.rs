//! The transport: parse the request, call one use case, map the answer back.
//!
//! Every method takes its grant first, and asks it about the authority that the request names
//! before anything is looked up: a refusal never tells whether something exists.

mod catalogue;
mod convert;
mod delegations;
mod fields;
mod previous;
mod reading;
mod schedules;
mod sending;
mod signing;
mod streaming;
mod unary;
mod uploads;
mod watch;

use std::sync::Arc;

use mesur_access::Grant;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::SubmissionService;
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::{access, to_status};
use mesur_wire::{Openings, Submitted, Wordings};
use prost::Message as _;
use prost::bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

pub(crate) use catalogue::CatalogueApi;
pub(crate) use unary::ApiServer;
pub(crate) use uploads::Room;

use crate::delegations::Delegations;
use crate::error::Error;
use crate::returns::Returns;
use crate::schedules::Schedules;
use crate::sight::Sight;

/// How many items a page of a list has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};

/// The gRPC face of the returns, schedules and delegations.
pub(crate) struct Api {
    pub(crate) returns: Arc<Returns>,
    pub(crate) schedules: Schedules,
    pub(crate) delegations: Delegations,
    pub(crate) room: Room,
    pub(crate) wordings: Arc<Wordings>,
    pub(crate) openings: Openings,
    pub(crate) tokens: Tokens,
    pub(crate) stop: CancellationToken,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn status(error: Error) -> Status {
    to_status("submission", &error)
}

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

/// What the caller may do, and what is asked.
fn open<T>(request: Request<T>) -> Result<(Grant, T), Status> {
    let grant = access::grant(&request).map_err(|denied| status(denied.into()))?;
    Ok((grant, request.into_inner()))
}

impl Api {
    /// `SubmitReturn`, with its message as it came.
    async fn submit_bytes(&self, request: Request<Bytes>) -> Answer<pb::SubmitReturnResponse> {
        let (grant, bytes) = open(request)?;
        let message = Submitted::read(&bytes);
        // As tonic answers bytes that are no message.
        let message = message.map_err(|error| Status::internal(error.to_string()))?;
        answer(self.submit(grant, message).await)
    }

    async fn sight(&self, grant: Grant) -> Result<Sight, Error> {
        Sight::load(&*self.returns.store, grant).await
    }
}

#[tonic::async_trait]
impl SubmissionService for Api {
    async fn submit_return(
        &self,
        request: Request<pb::SubmitReturnRequest>,
    ) -> Answer<pb::SubmitReturnResponse> {
        // `ApiServer` has the bytes; whoever else calls has the message.
        self.submit_bytes(request.map(|message| message.encode_to_vec().into()))
            .await
    }

    async fn update_observations(
        &self,
        request: Request<pb::UpdateObservationsRequest>,
    ) -> Answer<pb::SubmitReturnResponse> {
        let (grant, request) = open(request)?;
        answer(self.update(grant, request).await)
    }

    async fn submit_draft(
        &self,
        request: Request<pb::SubmitDraftRequest>,
    ) -> Answer<pb::SubmitReturnResponse> {
        let (grant, request) = open(request)?;
        answer(self.hand_in(grant, request).await)
    }

    async fn get_return(&self, request: Request<pb::GetReturnRequest>) -> Answer<pb::DataReturn> {
        let (grant, request) = open(request)?;
        answer(self.get(grant, request).await)
    }

    type ReadReturnStream = streaming::Observations;

    async fn read_return(
        &self,
        request: Request<pb::ReadReturnRequest>,
    ) -> Answer<Self::ReadReturnStream> {
        let (grant, request) = open(request)?;
        answer(self.read(grant, &request.name).await)
    }

    async fn list_returns(
        &self,
        request: Request<pb::ListReturnsRequest>,
    ) -> Answer<pb::ListReturnsResponse> {
        let (grant, request) = open(request)?;
        answer(self.list(grant, request).await)
    }

    async fn list_revisions(
        &self,
        request: Request<pb::ListRevisionsRequest>,
    ) -> Answer<pb::ListRevisionsResponse> {
        let (grant, request) = open(request)?;
        answer(self.revisions(grant, request).await)
    }

    async fn compare_revisions(
        &self,
        request: Request<pb::CompareRevisionsRequest>,
    ) -> Answer<pb::CompareRevisionsResponse> {
        let (grant, request) = open(request)?;
        answer(self.compare(grant, request).await)
    }

    async fn sign_off_return(
        &self,
        request: Request<pb::SignOffReturnRequest>,
    ) -> Answer<pb::DataReturn> {
        let (grant, request) = open(request)?;
        answer(self.sign_off(grant, request).await)
    }

    async fn reopen_return(
        &self,
        request: Request<pb::ReopenReturnRequest>,
    ) -> Answer<pb::DataReturn> {
        let (grant, request) = open(request)?;
        answer(self.reopen(grant, request).await)
    }

    async fn record_previous_values(
        &self,
        request: Request<pb::RecordPreviousValuesRequest>,
    ) -> Answer<pb::PreviousValues> {
        let (grant, request) = open(request)?;
        answer(self.record_previous(grant, request).await)
    }

    async fn get_previous_values(
        &self,
        request: Request<pb::GetPreviousValuesRequest>,
    ) -> Answer<pb::PreviousValues> {
        let (grant, request) = open(request)?;
        answer(self.previous(grant, request).await)
    }

    type ReadPreviousValuesStream = previous::Values;

    async fn read_previous_values(
        &self,
        request: Request<pb::ReadPreviousValuesRequest>,
    ) -> Answer<Self::ReadPreviousValuesStream> {
        let (grant, request) = open(request)?;
        answer(self.read_previous(grant, &request.name).await)
    }

    async fn get_schedule(&self, request: Request<pb::GetScheduleRequest>) -> Answer<pb::Schedule> {
        let (grant, request) = open(request)?;
        answer(self.schedule(grant, request).await)
    }

    async fn update_schedule(
        &self,
        request: Request<pb::UpdateScheduleRequest>,
    ) -> Answer<pb::Schedule> {
        let (grant, request) = open(request)?;
        answer(self.update_schedule(grant, request).await)
    }

    async fn grant_extension(
        &self,
        request: Request<pb::GrantExtensionRequest>,
    ) -> Answer<pb::Schedule> {
        let (grant, request) = open(request)?;
        answer(self.extend(grant, request).await)
    }

    async fn create_delegation(
        &self,
        request: Request<pb::CreateDelegationRequest>,
    ) -> Answer<pb::Delegation> {
        let (grant, request) = open(request)?;
        answer(self.delegate(grant, request).await)
    }

    async fn revoke_delegation(
        &self,
        request: Request<pb::RevokeDelegationRequest>,
    ) -> Answer<pb::Delegation> {
        let (grant, request) = open(request)?;
        answer(self.revoke(grant, request).await)
    }

    async fn list_delegations(
        &self,
        request: Request<pb::ListDelegationsRequest>,
    ) -> Answer<pb::ListDelegationsResponse> {
        let (grant, request) = open(request)?;
        answer(self.list_delegations(grant, request).await)
    }

    async fn upload_return(
        &self,
        request: Request<Streaming<pb::UploadReturnRequest>>,
    ) -> Answer<pb::SubmitReturnResponse> {
        let (grant, stream) = open(request)?;
        self.upload(grant, stream).await.map(Response::new)
    }

    type WatchReturnsStream = watch::Events;

    async fn watch_returns(
        &self,
        request: Request<pb::WatchReturnsRequest>,
    ) -> Answer<Self::WatchReturnsStream> {
        let (grant, request) = open(request)?;
        self.watch(grant, &request.cursor).await.map_err(status)
    }
}
