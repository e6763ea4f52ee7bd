//! The transport: parse the request, call one use case, map the answer back.

mod convert;

use std::sync::Arc;

use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::validation_service_server::ValidationService;
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::{events, to_status};
use mesur_store::Position;
use mesur_wire::{
    AuthorityName, EditionResource, ReportName, Wordings, count_violation, finding_to_wire,
    rows_from_wire,
};
use mesur_wording::Wording;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::domain::Explanation;
use crate::error::Error;
use crate::reports::Reports;
use crate::store;
use convert::{event_message, finding_message, invalid, report_message};

/// The gRPC face of the reports.
pub(crate) struct Api {
    pub(crate) reports: Arc<Reports>,
    pub(crate) wordings: Wordings,
    pub(crate) stop: CancellationToken,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn status(error: Error) -> Status {
    to_status("validation", &error)
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ValidationService for Api {
    async fn validate_return(
        &self,
        request: Request<pb::ValidateReturnRequest>,
    ) -> Answer<pb::ValidateReturnResponse> {
        self.validate(request.into_inner())
            .map(Response::new)
            .map_err(status)
    }

    async fn get_report(&self, request: Request<pb::GetReportRequest>) -> Answer<pb::Report> {
        self.get(&request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn answer_finding(&self, request: Request<pb::AnswerFindingRequest>) -> Answer<Finding> {
        self.answer(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    type WatchReportsStream = events::Events<pb::WatchReportsResponse>;

    async fn watch_reports(
        &self,
        request: Request<pb::WatchReportsRequest>,
    ) -> Answer<Self::WatchReportsStream> {
        let cursor = events::cursor(&request.into_inner().cursor)
            .map_err(|violation| status(Error::InvalidField(violation)))?;
        self.watch(cursor).await.map(Response::new).map_err(status)
    }
}

impl Api {
    fn wording(&self, language_code: &str) -> Result<&Wording, Error> {
        self.wordings
            .of(language_code)
            .map_err(|error| invalid("language_code", &error.to_string()))
    }

    fn validate(
        &self,
        message: pb::ValidateReturnRequest,
    ) -> Result<pb::ValidateReturnResponse, Error> {
        let wording = self.wording(&message.language_code)?;
        let authority = AuthorityName::parse(&message.parent).map_err(Error::name("parent"))?;
        let name = EditionResource::parse(&message.edition).map_err(Error::name("edition"))?;
        let edition = self.reports.edition(&name.0, &message.edition_digest)?;
        let authority = authority.0;
        if edition.authority(&authority).is_none() {
            let problem = format!("{authority} is not an authority of {}", edition.name());
            return Err(invalid("parent", &problem));
        }
        if let Some(violation) = count_violation("observations", edition, &message.observations) {
            return Err(Error::InvalidField(violation));
        }
        let previous = convert::previous(&authority, &message)?;
        let rows = rows_from_wire(message.observations);
        let examined = self
            .reports
            .examine(edition, &authority, rows, previous.as_ref())?;
        let findings = examined.findings.iter();
        let findings = findings.map(|finding| finding_to_wire(finding, wording));
        Ok(pb::ValidateReturnResponse {
            findings: findings.collect(),
        })
    }

    async fn get(&self, message: &pb::GetReportRequest) -> Result<pb::Report, Error> {
        let wording = self.wording(&message.language_code)?;
        let name = ReportName::parse(&message.name).map_err(Error::name("name"))?;
        let report = self.reports.get(&name).await?;
        Ok(report_message(&report, wording))
    }

    async fn answer(&self, mut message: pb::AnswerFindingRequest) -> Result<Finding, Error> {
        let name = ReportName::parse(&message.name).map_err(Error::name("name"))?;
        let explanation =
            Explanation::parse(&message.explanation).ok_or(Error::InvalidExplanation)?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("AnswerFinding", &id, &message).map_err(Error::InvalidField)?;
        let answered = self
            .reports
            .answer(&name, message.number, &explanation, &mutation)
            .await?;
        Ok(finding_message(
            message.number,
            &answered,
            self.wording("")?,
        ))
    }

    async fn watch(
        &self,
        after: Option<Position>,
    ) -> Result<events::Events<pb::WatchReportsResponse>, Error> {
        let (log, stop) = (store::reports_log(), self.stop.clone());
        let message = |entry| event_message(&entry).map_err(status);
        Ok(events::stream(&self.reports.store, log, after, stop, message).await?)
    }
}
