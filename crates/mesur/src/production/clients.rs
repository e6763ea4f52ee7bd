//! The clients of the four services, as one caller, with the calls that a production run makes.

use mesur_catalogue::{Edition, EditionName};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_returns::Previous;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_suite::Endpoints;
use mesur_wire::{PreviousValuesName, previous_values_to_wire};
use tonic::Status;

use super::Reports;
use crate::connection::request_id;

/// A client of each service, as one caller. Every mutation has a request id of its own.
#[derive(Clone)]
pub(crate) struct Clients {
    submission: SubmissionServiceClient<Connection>,
    validation: ValidationServiceClient<Connection>,
    aggregation: AggregationServiceClient<Connection>,
    publication: PublicationServiceClient<Connection>,
}

impl Clients {
    /// Clients of a running suite; they connect at the first call.
    pub(crate) fn new(endpoints: &Endpoints, bearer: &Bearer) -> anyhow::Result<Self> {
        let connect = |endpoint: &str| connect_lazy(endpoint, bearer.clone());
        Ok(Self {
            submission: SubmissionServiceClient::new(connect(&endpoints.submission)?)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
            validation: ValidationServiceClient::new(connect(&endpoints.validation)?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            aggregation: AggregationServiceClient::new(connect(&endpoints.aggregation)?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            publication: PublicationServiceClient::new(connect(&endpoints.publication)?),
        })
    }

    pub(super) async fn record_previous(
        &self,
        edition: &Edition,
        previous: &Previous,
    ) -> Result<(), Status> {
        let name = PreviousValuesName {
            authority: previous.authority.clone(),
            edition: EditionName {
                collection: edition.name().collection.clone(),
                period: previous.period.clone(),
            },
        };
        let values = submission::PreviousValues {
            name: name.to_string(),
            values: previous_values_to_wire(previous).collect(),
        };
        let request = submission::RecordPreviousValuesRequest {
            previous_values: Some(values),
            request_id: request_id(),
        };
        let mut client = self.submission.clone();
        client.record_previous_values(request).await?;
        Ok(())
    }

    pub(super) async fn submit(
        &self,
        data_return: submission::DataReturn,
    ) -> Result<submission::DataReturn, Status> {
        let request = submission::SubmitReturnRequest {
            data_return: Some(data_return),
            request_id: request_id(),
            ..submission::SubmitReturnRequest::default()
        };
        let response = self.submission.clone().submit_return(request).await?;
        let data_return = response.into_inner().data_return;
        data_return.ok_or_else(|| Status::internal("the response has no return"))
    }

    pub(super) async fn sign_off(&self, name: String, etag: String) -> Result<(), Status> {
        let request = submission::SignOffReturnRequest {
            name,
            etag,
            request_id: request_id(),
        };
        self.submission.clone().sign_off_return(request).await?;
        Ok(())
    }

    pub(super) async fn watch_reports(&self) -> Result<Reports, Status> {
        let request = validation::WatchReportsRequest { cursor: Vec::new() };
        let reports = self.validation.clone().watch_reports(request).await?;
        Ok(reports.into_inner())
    }

    /// Every finding of a report.
    pub(super) async fn findings(
        &self,
        report: String,
        language_code: &str,
    ) -> Result<Vec<Finding>, Status> {
        let request = validation::StreamFindingsRequest {
            parent: report,
            filter: None,
            language_code: language_code.to_owned(),
        };
        let stream = self.validation.clone().stream_findings(request).await?;
        let mut stream = stream.into_inner();
        let mut findings = Vec::new();
        while let Some(finding) = stream.message().await? {
            findings.push(finding);
        }
        Ok(findings)
    }

    pub(super) async fn explain(
        &self,
        report: String,
        finding_id: &str,
        explanation: &str,
    ) -> Result<(), Status> {
        let request = validation::ExplainFindingRequest {
            name: report,
            finding_id: finding_id.to_owned(),
            explanation: explanation.to_owned(),
            request_id: request_id(),
            language_code: String::new(),
        };
        self.validation.clone().explain_finding(request).await?;
        Ok(())
    }

    pub(super) async fn create_snapshot(
        &self,
        edition: String,
        returns: Vec<String>,
    ) -> Result<aggregation::Snapshot, Status> {
        let request = aggregation::CreateSnapshotRequest {
            edition,
            returns,
            request_id: request_id(),
        };
        let snapshot = self.aggregation.clone().create_snapshot(request).await?;
        Ok(snapshot.into_inner())
    }

    pub(super) async fn compile_release(
        &self,
        snapshot: String,
    ) -> Result<publication::Release, Status> {
        let request = publication::CompileReleaseRequest {
            snapshot,
            request_id: request_id(),
            update_note: None,
        };
        let release = self.publication.clone().compile_release(request).await?;
        Ok(release.into_inner())
    }

    pub(super) async fn submit_release(
        &self,
        release: publication::Release,
    ) -> Result<publication::Release, Status> {
        let request = publication::SubmitReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
        };
        let release = self.publication.clone().submit_release(request).await?;
        Ok(release.into_inner())
    }

    pub(super) async fn approve_release(
        &self,
        release: publication::Release,
    ) -> Result<publication::Release, Status> {
        let request = publication::ApproveReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
        };
        let release = self.publication.clone().approve_release(request).await?;
        Ok(release.into_inner())
    }

    /// Publishes at once: a rehearsal waits for no working day.
    pub(super) async fn publish_release(
        &self,
        release: publication::Release,
    ) -> Result<publication::Release, Status> {
        let request = publication::PublishReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
            reason: "a production run on this machine, with nobody to wait for".to_owned(),
        };
        let release = self.publication.clone().publish_release(request).await?;
        Ok(release.into_inner())
    }

    /// A file of a published release.
    pub(crate) async fn download(&self, release: &str, file_name: &str) -> Result<Vec<u8>, Status> {
        let request = publication::DownloadFileRequest {
            name: release.to_owned(),
            file_name: file_name.to_owned(),
        };
        let pieces = self.publication.clone().download_file(request).await?;
        let mut pieces = pieces.into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.message().await? {
            bytes.extend(piece.content);
        }
        Ok(bytes)
    }
}
