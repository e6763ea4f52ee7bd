//! The transport: parse the request, call one use case, map the answer back.

use std::sync::Arc;

use mesur_access::{Denied, Grant};
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_server::PublicationService;
use mesur_rpc::access::grant;
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::{clock, to_status};
use mesur_wire::{EditionResource, ReleaseName, SnapshotName};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::releases::{Reader, Release, Releases};

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

type Pieces = tokio_stream::Iter<std::vec::IntoIter<Result<pb::DownloadFileResponse, Status>>>;

#[tonic::async_trait]
impl PublicationService for Api {
    async fn compile_release(
        &self,
        request: Request<pb::CompileReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = grant(&request).map_err(denied)?;
        self.compile(by.identity(), request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn publish_release(
        &self,
        request: Request<pb::PublishReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let by = grant(&request).map_err(denied)?;
        self.publish(by.identity(), request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn get_release(
        &self,
        request: Request<pb::GetReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        let reader = reader(&grant(&request).map_err(denied)?);
        self.get(reader, &request.into_inner().name)
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn list_releases(
        &self,
        request: Request<pb::ListReleasesRequest>,
    ) -> Result<Response<pb::ListReleasesResponse>, Status> {
        let reader = reader(&grant(&request).map_err(denied)?);
        self.list(reader, &request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    type DownloadFileStream = Pieces;

    async fn download_file(
        &self,
        request: Request<pb::DownloadFileRequest>,
    ) -> Result<Response<Pieces>, Status> {
        grant(&request).map_err(denied)?;
        self.download(&request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn submit_release(
        &self,
        _: Request<pb::SubmitReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        Err(Status::unimplemented("SubmitRelease"))
    }

    async fn reject_release(
        &self,
        _: Request<pb::RejectReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        Err(Status::unimplemented("RejectRelease"))
    }

    async fn approve_release(
        &self,
        _: Request<pb::ApproveReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        Err(Status::unimplemented("ApproveRelease"))
    }

    async fn schedule_release(
        &self,
        _: Request<pb::ScheduleReleaseRequest>,
    ) -> Result<Response<pb::Release>, Status> {
        Err(Status::unimplemented("ScheduleRelease"))
    }

    async fn list_release_revisions(
        &self,
        _: Request<pb::ListReleaseRevisionsRequest>,
    ) -> Result<Response<pb::ListReleaseRevisionsResponse>, Status> {
        Err(Status::unimplemented("ListReleaseRevisions"))
    }

    async fn list_release_events(
        &self,
        _: Request<pb::ListReleaseEventsRequest>,
    ) -> Result<Response<pb::ListReleaseEventsResponse>, Status> {
        Err(Status::unimplemented("ListReleaseEvents"))
    }

    type PreviewFileStream = BoxStream<pb::PreviewFileResponse>;

    async fn preview_file(
        &self,
        _: Request<pb::PreviewFileRequest>,
    ) -> Result<Response<Self::PreviewFileStream>, Status> {
        Err(Status::unimplemented("PreviewFile"))
    }

    async fn grant_early_access(
        &self,
        _: Request<pb::GrantEarlyAccessRequest>,
    ) -> Result<Response<pb::EarlyAccess>, Status> {
        Err(Status::unimplemented("GrantEarlyAccess"))
    }

    async fn revoke_early_access(
        &self,
        _: Request<pb::RevokeEarlyAccessRequest>,
    ) -> Result<Response<pb::EarlyAccess>, Status> {
        Err(Status::unimplemented("RevokeEarlyAccess"))
    }

    async fn list_early_access(
        &self,
        _: Request<pb::ListEarlyAccessRequest>,
    ) -> Result<Response<pb::ListEarlyAccessResponse>, Status> {
        Err(Status::unimplemented("ListEarlyAccess"))
    }

    async fn audit_disclosure(
        &self,
        _: Request<pb::AuditDisclosureRequest>,
    ) -> Result<Response<pb::AuditDisclosureResponse>, Status> {
        Err(Status::unimplemented("AuditDisclosure"))
    }

    async fn query_dataset(
        &self,
        _: Request<pb::QueryDatasetRequest>,
    ) -> Result<Response<pb::QueryDatasetResponse>, Status> {
        Err(Status::unimplemented("QueryDataset"))
    }

    type StreamDatasetStream = BoxStream<pb::StreamDatasetResponse>;

    async fn stream_dataset(
        &self,
        _: Request<pb::StreamDatasetRequest>,
    ) -> Result<Response<Self::StreamDatasetStream>, Status> {
        Err(Status::unimplemented("StreamDataset"))
    }

    async fn get_provenance(
        &self,
        _: Request<pb::GetProvenanceRequest>,
    ) -> Result<Response<pb::Provenance>, Status> {
        Err(Status::unimplemented("GetProvenance"))
    }

    type ExportTextsStream = BoxStream<pb::ExportTextsResponse>;

    async fn export_texts(
        &self,
        _: Request<pb::ExportTextsRequest>,
    ) -> Result<Response<Self::ExportTextsStream>, Status> {
        Err(Status::unimplemented("ExportTexts"))
    }

    async fn import_texts(
        &self,
        _: Request<pb::ImportTextsRequest>,
    ) -> Result<Response<pb::ImportTextsResponse>, Status> {
        Err(Status::unimplemented("ImportTexts"))
    }

    async fn list_feedback(
        &self,
        _: Request<pb::ListFeedbackRequest>,
    ) -> Result<Response<pb::ListFeedbackResponse>, Status> {
        Err(Status::unimplemented("ListFeedback"))
    }
}

impl Api {
    async fn compile(
        &self,
        by: &str,
        mut message: pb::CompileReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let snapshot = SnapshotName::parse(&message.snapshot).map_err(Error::name("snapshot"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("CompileRelease", &id, &message).map_err(Error::InvalidField)?;
        let release = self.releases.compile(&snapshot, by, &mutation).await?;
        Ok(release_message(&release, Reader::Staff))
    }

    async fn publish(
        &self,
        by: &str,
        mut message: pb::PublishReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        if message.etag.is_empty() {
            return Err(Error::invalid(
                "etag",
                "INVALID_FIELD",
                "must be set".to_owned(),
            ));
        }
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("PublishRelease", &id, &message).map_err(Error::InvalidField)?;
        let publishing = self.releases.publish(&name, &message.etag, by, &mutation);
        Ok(release_message(&publishing.await?, Reader::Staff))
    }

    async fn get(&self, reader: Reader, name: &str) -> Result<pb::Release, Error> {
        let name = ReleaseName::parse(name).map_err(Error::name("name"))?;
        let release = self.releases.get(&name, reader).await?;
        Ok(release_message(&release, reader))
    }

    async fn list(
        &self,
        reader: Reader,
        message: &pb::ListReleasesRequest,
    ) -> Result<pb::ListReleasesResponse, Error> {
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let after = self
            .tokens
            .read(&[], &message.page_token)
            .map_err(Error::InvalidField)?;
        // One more than the page says whether there is a next one.
        let limit = size.saturating_add(1);
        let listing = self.releases.list(after.as_deref(), limit, reader);
        let mut rows = listing.await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let next_page_token = match rows.last() {
            Some((key, _)) if more => self.tokens.issue(&[], key),
            _ => String::new(),
        };
        let releases = rows.iter();
        let releases = releases.map(|(_, release)| release_message(release, reader));
        Ok(pb::ListReleasesResponse {
            releases: releases.collect(),
            next_page_token,
        })
    }

    async fn download(&self, message: &pb::DownloadFileRequest) -> Result<Pieces, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let file = self.releases.file(&name, &message.file_name).await?;
        let content = self.releases.content(&file).await?;
        let pieces = content.chunks(PIECE_BYTES);
        let pieces = pieces.map(|piece| {
            Ok(pb::DownloadFileResponse {
                content: piece.to_vec(),
            })
        });
        Ok(tokio_stream::iter(pieces.collect::<Vec<_>>()))
    }
}

/// For whom a caller reads.
fn reader(grant: &Grant) -> Reader {
    if grant.is_by_role() {
        Reader::Staff
    } else {
        Reader::Public
    }
}

/// A release as its reader sees it: who worked on it is not for everybody.
fn release_message(release: &Release, reader: Reader) -> pb::Release {
    let named = |identity: &str| match reader {
        Reader::Public => String::new(),
        Reader::Staff => identity.to_owned(),
    };
    let publication = release.published.as_ref();
    let state = match publication {
        Some(_) => pb::release::State::Published,
        None => pb::release::State::Compiled,
    };
    let files = release.files.iter().map(|file| pb::File {
        file_name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: i64::try_from(file.size_bytes).unwrap_or(i64::MAX),
        digest: file.digest.clone(),
    });
    let gaps = release.language_gaps.iter().map(|gap| pb::LanguageGap {
        kind: gap.kind.clone(),
        item: gap.item.clone(),
    });
    pb::Release {
        name: release.name.to_string(),
        etag: release.etag(),
        state: state.into(),
        edition: EditionResource(release.name.0.clone()).to_string(),
        edition_digest: release.edition_digest.clone(),
        snapshot: release.snapshot.clone(),
        snapshot_digest: release.snapshot_digest.clone(),
        reference: release.reference.clone(),
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: release.omitted_statements.clone(),
        compile_time: Some(clock::to_proto(release.compiled)),
        publish_time: publication.map(|(time, _)| clock::to_proto(*time)),
        compiler: named(&release.compiled_by),
        publisher: publication.map_or_else(String::new, |(_, by)| named(by)),
        ..pb::Release::default()
    }
}
