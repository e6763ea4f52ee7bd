//! The reports of the validation service: sealed at sign-off, and followed for queries.

use async_trait::async_trait;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_proto::validation::v1::{SealReportRequest, WatchReportsRequest, WatchReportsResponse};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{EventStream, Source};
use mesur_wire::{ReportName, RevisionName};
use tonic::{Code, Status};

use crate::error::Error;
use crate::returns::{Clearance, Reports};

/// The reports of the validation service.
#[derive(Clone)]
pub(crate) struct ValidationReports(pub(crate) Connection);

impl ValidationReports {
    fn client(&self) -> ValidationServiceClient<Connection> {
        ValidationServiceClient::new(self.0.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

#[async_trait]
impl Reports for ValidationReports {
    async fn clearance(&self, name: &RevisionName, digest: &str) -> Result<Clearance, Error> {
        let name = ReportName(name.clone()).to_string();
        let request = SealReportRequest {
            name,
            return_digest: digest.to_owned(),
        };
        match self.client().seal_report(request).await {
            Ok(response) => {
                let report = response.into_inner();
                // A store that was restored may give the same number to another content.
                if report.return_digest != digest {
                    return Ok(Clearance::NotYetValidated);
                }
                Ok(Clearance::Report {
                    errors: report.open_error_count,
                    warnings: report.open_warning_count,
                    queries: report.open_query_count,
                })
            }
            // It has not seen the revision, or not that the sign-off was taken back.
            Err(status) if matches!(status.code(), Code::NotFound | Code::FailedPrecondition) => {
                Ok(Clearance::NotYetValidated)
            }
            Err(status) => Err(Error::ValidationAway(Box::new(status))),
        }
    }
}

#[async_trait]
impl Source for ValidationReports {
    type Event = WatchReportsResponse;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<WatchReportsResponse>, Status> {
        let request = WatchReportsRequest { cursor: after };
        let response = self.client().watch_reports(request).await?;
        Ok(Box::pin(response.into_inner()))
    }

    fn traceparent(event: &Self::Event) -> Option<&str> {
        Some(&event.traceparent)
    }
}
