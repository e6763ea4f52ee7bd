//! Asking validation whether a revision may be signed off.

use async_trait::async_trait;
use mesur_proto::validation::v1::GetReportRequest;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use mesur_wire::{ReportName, RevisionName};
use tonic::Code;
use tonic::transport::Channel;

use crate::error::Error;
use crate::returns::{Clearance, Reports};

/// The reports of the validation service.
pub(crate) struct ValidationReports(pub(crate) Channel);

#[async_trait]
impl Reports for ValidationReports {
    async fn clearance(&self, name: &RevisionName, digest: &str) -> Result<Clearance, Error> {
        let mut client = ValidationServiceClient::new(self.0.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let name = ReportName(name.clone()).to_string();
        let request = GetReportRequest {
            name,
            language_code: String::new(),
        };
        match client.get_report(request).await {
            Ok(response) => {
                let report = response.into_inner();
                // A store that was restored may give the same number to another content.
                if report.return_digest != digest {
                    return Ok(Clearance::NotYetValidated);
                }
                Ok(Clearance::Report {
                    errors: report.error_count,
                    open: report.open_count,
                })
            }
            Err(status) if status.code() == Code::NotFound => Ok(Clearance::NotYetValidated),
            Err(status) => Err(Error::ValidationAway(Box::new(status))),
        }
    }
}
