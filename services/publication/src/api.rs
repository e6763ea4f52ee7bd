//! The transport: parse the request, call one use case, map the answer back.

mod convert;
mod dataset;
mod disclosure;
mod early;
mod encoded;
mod feedback;
mod fields;
mod life;
mod provenance;
mod reading;
mod texts;

use std::sync::Arc;

use mesur_access::{Denied, Grant};
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_server::PublicationService;
use mesur_rpc::access::grant;
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::to_status;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::releases::Releases;
use crate::texts::Texts;
use encoded::Encoded as _;
pub(crate) use encoded::PublicationServer;
use reading::Pieces;

/// How many releases a page of a list has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};
/// The bytes of a file in one message.
const PIECE_BYTES: usize = 64 * 1024;

/// The gRPC face of the releases.
pub(crate) struct Api {
    pub(crate) releases: Arc<Releases>,
    pub(crate) texts: Texts,
    pub(crate) tokens: Tokens,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn status(error: Error) -> Status {
    to_status("publication", &error)
}

fn denied(denied: Denied) -> Status {
    status(denied.into())
}

/// The answer of a use case as a response.
fn answer<T>(answer: Result<T, Error>) -> Result<Response<T>, Status> {
    answer.map(Response::new).map_err(status)
}

/// Who calls.
fn caller<T>(request: &Request<T>) -> Result<Grant, Status> {
    grant(request).map_err(denied)
}

#[tonic::async_trait]
impl PublicationService for Api {
    async fn compile_release(
        &self,
        request: Request<pb::CompileReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.compile(&by, request.into_inner()).await)
    }

    async fn submit_release(
        &self,
        request: Request<pb::SubmitReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.submit(&by, request.into_inner()).await)
    }

    async fn reject_release(
        &self,
        request: Request<pb::RejectReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.reject(&by, request.into_inner()).await)
    }

    async fn approve_release(
        &self,
        request: Request<pb::ApproveReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.approve(&by, request.into_inner()).await)
    }

    async fn schedule_release(
        &self,
        request: Request<pb::ScheduleReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.schedule(&by, request.into_inner()).await)
    }

    async fn publish_release(
        &self,
        request: Request<pb::PublishReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.publish(&by, request.into_inner()).await)
    }

    async fn get_release(
        &self,
        request: Request<pb::GetReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = caller(&request)?;
        answer(self.get(&by, &request.into_inner().name).await)
    }

    async fn list_releases(
        &self,
        request: Request<pb::ListReleasesRequest>,
    ) -> Result<Response<pb::ListReleasesResponse>, Status> {
        let by = caller(&request)?;
        answer(self.list(&by, &request.into_inner()).await)
    }

    async fn list_release_revisions(
        &self,
        request: Request<pb::ListReleaseRevisionsRequest>,
    ) -> Result<Response<pb::ListReleaseRevisionsResponse>, Status> {
        let by = caller(&request)?;
        answer(self.list_revisions(&by, &request.into_inner()).await)
    }

    async fn list_release_events(
        &self,
        request: Request<pb::ListReleaseEventsRequest>,
    ) -> Result<Response<pb::ListReleaseEventsResponse>, Status> {
        let by = caller(&request)?;
        answer(self.list_events(&by, &request.into_inner()).await)
    }

    type DownloadFileStream = Pieces<pb::DownloadFileResponse>;

    async fn download_file(
        &self,
        request: Request<pb::DownloadFileRequest>,
    ) -> Result<Response<Self::DownloadFileStream>, Status> {
        let by = caller(&request)?;
        answer(self.download(&by, &request.into_inner()).await)
    }

    type PreviewFileStream = Pieces<pb::PreviewFileResponse>;

    async fn preview_file(
        &self,
        request: Request<pb::PreviewFileRequest>,
    ) -> Result<Response<Self::PreviewFileStream>, Status> {
        let by = caller(&request)?;
        answer(self.preview(&by, &request.into_inner()).await)
    }

    async fn grant_early_access(
        &self,
        request: Request<pb::GrantEarlyAccessRequest>,
    ) -> Result<Response<pb::EarlyAccess>, Status> {
        let by = caller(&request)?;
        answer(self.grant_access(&by, request.into_inner()).await)
    }

    async fn revoke_early_access(
        &self,
        request: Request<pb::RevokeEarlyAccessRequest>,
    ) -> Result<Response<pb::EarlyAccess>, Status> {
        let by = caller(&request)?;
        answer(self.revoke_access(&by, request.into_inner()).await)
    }

    async fn list_early_access(
        &self,
        request: Request<pb::ListEarlyAccessRequest>,
    ) -> Result<Response<pb::ListEarlyAccessResponse>, Status> {
        let by = caller(&request)?;
        answer(self.list_access(&by, &request.into_inner()).await)
    }

    async fn audit_disclosure(
        &self,
        request: Request<pb::AuditDisclosureRequest>,
    ) -> Result<Response<pb::AuditDisclosureResponse>, Status> {
        let by = caller(&request)?;
        answer(self.disclosure(&by, &request.into_inner()).await)
    }

    async fn query_dataset(
        &self,
        request: Request<pb::QueryDatasetRequest>,
    ) -> Result<Response<pb::QueryDatasetResponse>, Status> {
        self.query(&request)?.decoded().map(Response::new)
    }

    type StreamDatasetStream = BoxStream<pb::StreamDatasetResponse>;

    async fn stream_dataset(
        &self,
        request: Request<pb::StreamDatasetRequest>,
    ) -> Result<Response<Self::StreamDatasetStream>, Status> {
        let pieces = self.pieces(&request)?;
        let pieces = tokio_stream::iter(pieces.map(|piece| piece.decoded()));
        Ok(Response::new(Box::pin(pieces)))
    }

    async fn get_provenance(
        &self,
        request: Request<pb::GetProvenanceRequest>,
    ) -> Result<Response<pb::Provenance>, Status> {
        let by = caller(&request)?;
        answer(self.provenance(&by, request.into_inner()).await)
    }

    type ExportTextsStream = Pieces<pb::ExportTextsResponse>;

    async fn export_texts(
        &self,
        request: Request<pb::ExportTextsRequest>,
    ) -> Result<Response<Self::ExportTextsStream>, Status> {
        caller(&request)?;
        answer(self.export(request.get_ref()).await)
    }

    async fn import_texts(
        &self,
        request: Request<pb::ImportTextsRequest>,
    ) -> Result<Response<pb::ImportTextsResponse>, Status> {
        let by = caller(&request)?;
        answer(self.import(&by, request.into_inner()).await)
    }

    async fn list_feedback(
        &self,
        request: Request<pb::ListFeedbackRequest>,
    ) -> Result<Response<pb::ListFeedbackResponse>, Status> {
        answer(self.feedback(request.get_ref()).await)
    }
}
