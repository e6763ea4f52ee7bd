//! The transport: ask the grant, parse the request, call one use case, map the answer back.

mod convert;
mod editions;
mod queries;
mod remarks;
mod reports;
mod watch;

use std::pin::Pin;
use std::sync::Arc;

use mesur_access::Grant;
use mesur_proto::types::v1::Finding;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::validation_service_server::ValidationService;
use mesur_rpc::page::SizeLimits;
use mesur_rpc::stream::Messages;
use mesur_rpc::{access, to_status};
use mesur_wire::Wordings;
use mesur_wording::Wording;
use prost::Message;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::domain::Text;
use crate::error::Error;
use crate::reports::Validation;

/// Items on a page.
const PAGES: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};

/// The gRPC face of the service.
pub(crate) struct Api {
    pub(crate) validation: Arc<Validation>,
    pub(crate) wordings: Arc<Wordings>,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn status(error: Error) -> Status {
    to_status("validation", &error)
}

/// What the caller may do, and the request.
fn open<T>(request: Request<T>) -> Result<(Grant, T), Status> {
    let grant = access::grant(&request).map_err(|denied| status(denied.into()))?;
    Ok((grant, request.into_inner()))
}

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

type Answer<T> = Result<Response<T>, Status>;

/// A stream that a method answers with.
type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ValidationService for Api {
    async fn validate_return(
        &self,
        request: Request<pb::ValidateReturnRequest>,
    ) -> Answer<pb::ValidateReturnResponse> {
        let (grant, message) = open(request)?;
        answer(self.validate(&grant, &message))
    }

    async fn get_report(&self, request: Request<pb::GetReportRequest>) -> Answer<pb::Report> {
        let (grant, message) = open(request)?;
        answer(self.report(&grant, &message).await)
    }

    async fn seal_report(&self, request: Request<pb::SealReportRequest>) -> Answer<pb::Report> {
        let (grant, message) = open(request)?;
        answer(self.seal(&grant, &message).await)
    }

    async fn list_findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Answer<pb::ListFindingsResponse> {
        let (grant, message) = open(request)?;
        answer(self.findings(&grant, message).await)
    }

    type StreamFindingsStream = Messages<Finding>;

    async fn stream_findings(
        &self,
        request: Request<pb::StreamFindingsRequest>,
    ) -> Answer<Self::StreamFindingsStream> {
        let (grant, message) = open(request)?;
        answer(self.findings_stream(&grant, message).await)
    }

    async fn explain_finding(
        &self,
        request: Request<pb::ExplainFindingRequest>,
    ) -> Answer<Finding> {
        let (grant, message) = open(request)?;
        answer(self.explain(&grant, message).await)
    }

    async fn review_explanation(
        &self,
        request: Request<pb::ReviewExplanationRequest>,
    ) -> Answer<Finding> {
        let (grant, message) = open(request)?;
        answer(self.review(&grant, message).await)
    }

    async fn override_finding(
        &self,
        request: Request<pb::OverrideFindingRequest>,
    ) -> Answer<Finding> {
        let (grant, message) = open(request)?;
        answer(self.let_pass(&grant, message).await)
    }

    async fn list_remarks(
        &self,
        request: Request<pb::ListRemarksRequest>,
    ) -> Answer<pb::ListRemarksResponse> {
        let (grant, message) = open(request)?;
        answer(self.remarks(&grant, message).await)
    }

    async fn open_round(&self, request: Request<pb::OpenRoundRequest>) -> Answer<pb::Round> {
        let (grant, message) = open(request)?;
        answer(self.new_round(&grant, message).await)
    }

    async fn list_rounds(
        &self,
        request: Request<pb::ListRoundsRequest>,
    ) -> Answer<pb::ListRoundsResponse> {
        let (_, message) = open(request)?;
        answer(self.rounds(message).await)
    }

    async fn raise_query(&self, request: Request<pb::RaiseQueryRequest>) -> Answer<pb::Query> {
        let (grant, message) = open(request)?;
        answer(self.raise(&grant, message).await)
    }

    async fn answer_query(&self, request: Request<pb::AnswerQueryRequest>) -> Answer<pb::Query> {
        let (grant, message) = open(request)?;
        answer(self.answer(&grant, message).await)
    }

    async fn resolve_query(&self, request: Request<pb::ResolveQueryRequest>) -> Answer<pb::Query> {
        let (grant, message) = open(request)?;
        answer(self.resolve(&grant, message).await)
    }

    async fn list_queries(
        &self,
        request: Request<pb::ListQueriesRequest>,
    ) -> Answer<pb::ListQueriesResponse> {
        let (grant, message) = open(request)?;
        answer(self.queries(&grant, message).await)
    }

    async fn mark_robustness(
        &self,
        request: Request<pb::MarkRobustnessRequest>,
    ) -> Answer<pb::RobustnessMark> {
        let (grant, message) = open(request)?;
        answer(self.mark(&grant, message).await)
    }

    async fn list_robustness_marks(
        &self,
        request: Request<pb::ListRobustnessMarksRequest>,
    ) -> Answer<pb::ListRobustnessMarksResponse> {
        let (grant, message) = open(request)?;
        answer(self.marks(&grant, message).await)
    }

    async fn compare_authorities(
        &self,
        request: Request<pb::CompareAuthoritiesRequest>,
    ) -> Answer<pb::CompareAuthoritiesResponse> {
        let (grant, message) = open(request)?;
        answer(self.compare(&grant, &message).await)
    }

    async fn get_collection_progress(
        &self,
        request: Request<pb::GetCollectionProgressRequest>,
    ) -> Answer<pb::CollectionProgress> {
        let (grant, message) = open(request)?;
        answer(self.progress(&grant, &message).await)
    }

    type WatchReportsStream = Streamed<pb::WatchReportsResponse>;

    async fn watch_reports(
        &self,
        request: Request<pb::WatchReportsRequest>,
    ) -> Answer<Self::WatchReportsStream> {
        let (grant, message) = open(request)?;
        self.watch(grant, &message).await.map_err(status)
    }
}

impl Api {
    fn wording(&self, language_code: &str) -> Result<&Wording, Error> {
        self.wordings
            .of(language_code)
            .map_err(|error| Error::field("language_code", error.to_string()))
    }

    /// The key behind which a page begins.
    fn page_start(
        &self,
        method: &str,
        arguments: &impl Message,
        token: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let arguments = arguments.encode_to_vec();
        let read = self
            .validation
            .tokens
            .read(&[method.as_bytes(), &arguments], token);
        Ok(read?)
    }

    /// The token of the page behind a key; empty without one.
    fn page_token(&self, method: &str, arguments: &impl Message, key: Option<&[u8]>) -> String {
        let arguments = arguments.encode_to_vec();
        let issue = |key| {
            self.validation
                .tokens
                .issue(&[method.as_bytes(), &arguments], key)
        };
        key.map(issue).unwrap_or_default()
    }
}

/// The number that a page token holds; 0 for the first page.
fn number_of(key: Option<Vec<u8>>) -> u64 {
    let key = key.and_then(|key| key.try_into().ok());
    key.map_or(0, u64::from_be_bytes)
}

/// Somebody's words.
fn text(field: &str, words: &str) -> Result<Text, Error> {
    Text::parse(words).ok_or_else(|| Error::text(field))
}
