//! The transport: parse the request, call one use case, map the answer back.

mod catalogue;
mod convert;

use std::sync::Arc;

use mesur_catalogue::{Edition, EditionName};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::SubmissionService;
use mesur_returns::{Assembly, Previous, assemble};
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::{events, to_status};
use mesur_store::{KeyRange, Position};
use mesur_wire::{
    EditionResource, PREVIOUS_VALUES_MAX, PreviousValuesName, ReturnName, RevisionName, Wordings,
    count_violation, finding_to_wire, observations_to_wire, previous_values_from_wire,
    rows_from_wire,
};
use mesur_wording::Wording;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

pub(crate) use catalogue::CatalogueApi;

use crate::error::Error;
use crate::returns::Returns;
use crate::store;
use convert::{event_message, parent_authority, return_message};

/// How many returns a page of a list has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};

/// How many heads are read at a time: the filters of a list may pass over many of them.
const SCAN: usize = 1_000;

/// The gRPC face of the returns.
pub(crate) struct Api {
    pub(crate) returns: Arc<Returns>,
    pub(crate) wordings: Arc<Wordings>,
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

#[tonic::async_trait]
impl SubmissionService for Api {
    async fn submit_return(
        &self,
        request: Request<pb::SubmitReturnRequest>,
    ) -> Answer<pb::SubmitReturnResponse> {
        self.submit(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn get_return(&self, request: Request<pb::GetReturnRequest>) -> Answer<pb::DataReturn> {
        self.get(&request.into_inner().name)
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn list_returns(
        &self,
        request: Request<pb::ListReturnsRequest>,
    ) -> Answer<pb::ListReturnsResponse> {
        self.list(&request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn sign_off_return(
        &self,
        request: Request<pb::SignOffReturnRequest>,
    ) -> Answer<pb::DataReturn> {
        self.sign_off(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    type WatchReturnsStream = events::Events<pb::WatchReturnsResponse>;

    async fn watch_returns(
        &self,
        request: Request<pb::WatchReturnsRequest>,
    ) -> Answer<Self::WatchReturnsStream> {
        let cursor = events::cursor(&request.into_inner().cursor)
            .map_err(|violation| status(Error::InvalidField(violation)))?;
        self.watch(cursor).await.map(Response::new).map_err(status)
    }

    async fn record_previous_values(
        &self,
        request: Request<pb::RecordPreviousValuesRequest>,
    ) -> Answer<pb::PreviousValues> {
        self.record_previous(request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn get_previous_values(
        &self,
        request: Request<pb::GetPreviousValuesRequest>,
    ) -> Answer<pb::PreviousValues> {
        self.previous(&request.into_inner().name)
            .await
            .map(Response::new)
            .map_err(status)
    }
}

impl Api {
    async fn submit(
        &self,
        mut message: pb::SubmitReturnRequest,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let wording = self
            .wordings
            .of(&message.language_code)
            .map_err(|error| convert::invalid("language_code", &error.to_string()))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("SubmitReturn", &id, &message).map_err(Error::InvalidField)?;
        let data_return = message.data_return.unwrap_or_default();
        let name = ReturnName::parse(&data_return.name).map_err(Error::name("data_return.name"))?;
        let edition = self
            .returns
            .edition(&name.edition, &data_return.edition_digest)?;
        if edition.authority(&name.authority).is_none() {
            return Err(convert::not_an_authority(
                "data_return.name",
                &name.authority,
                edition,
            ));
        }
        let field = "data_return.observations";
        if let Some(violation) = count_violation(field, edition, &data_return.observations) {
            return Err(Error::InvalidField(violation));
        }
        let rows = rows_from_wire(data_return.observations);
        let assembly = assemble(edition, &self.returns.catalogue, &name.authority, rows);
        if message.validate_only {
            let etag = &data_return.etag;
            return self.validate(&name, edition, assembly, etag, wording).await;
        }
        let content = assembly
            .into_return(edition, &name.authority)
            .map_err(|findings| Error::InvalidReturn { findings })?;
        let revision = self
            .returns
            .submit(&content, &data_return.etag, &mutation)
            .await?;
        Ok(pb::SubmitReturnResponse {
            data_return: Some(return_message(&revision)),
            findings: Vec::new(),
        })
    }

    /// Every finding, and the return as it would be taken in; one that is not whole would not be.
    async fn validate(
        &self,
        name: &ReturnName,
        edition: &Edition,
        assembly: Assembly,
        etag: &str,
        wording: &Wording,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let previous = self.returns.previous(name).await?;
        let findings = assembly.check(edition, previous.as_ref());
        let data_return = match assembly.into_return(edition, &name.authority) {
            Ok(content) => return_message(&self.returns.rehearse(name, &content, etag).await?),
            Err(_) => pb::DataReturn {
                name: name.to_string(),
                edition: EditionResource(name.edition.clone()).to_string(),
                edition_digest: edition.digest().to_owned(),
                ..pb::DataReturn::default()
            },
        };
        let findings = findings
            .iter()
            .map(|finding| finding_to_wire(finding, wording));
        Ok(pb::SubmitReturnResponse {
            data_return: Some(data_return),
            findings: findings.collect(),
        })
    }

    async fn get(&self, name: &str) -> Result<pb::DataReturn, Error> {
        let revision = if name.contains("/revisions/") {
            let name = RevisionName::parse(name).map_err(Error::name("name"))?;
            self.returns.revision(&name).await?
        } else {
            let name = ReturnName::parse(name).map_err(Error::name("name"))?;
            self.returns.latest(&name).await?
        };
        let (edition, data_return) = self.returns.content(&revision).await?;
        Ok(pb::DataReturn {
            observations: observations_to_wire(edition, &data_return),
            ..return_message(&revision)
        })
    }

    async fn list(
        &self,
        message: &pb::ListReturnsRequest,
    ) -> Result<pb::ListReturnsResponse, Error> {
        let authority = parent_authority(&message.parent)?;
        let edition = match message.edition.as_str() {
            "" => None,
            text => Some(
                EditionResource::parse(text)
                    .map_err(Error::name("edition"))?
                    .0,
            ),
        };
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let arguments = [message.parent.as_bytes(), message.edition.as_bytes()];
        let after = self
            .tokens
            .read(&arguments, &message.page_token)
            .map_err(Error::InvalidField)?;
        let collection = edition
            .as_ref()
            .map(|edition: &EditionName| &edition.collection);
        let mut range = KeyRange::prefix(store::heads_prefix(authority.as_ref(), collection));
        if let Some(after) = after {
            range = range.after(&after);
        }
        // One more than the page says whether there is a next one.
        let mut found = Vec::new();
        while found.len() <= size {
            let rows = self.returns.store.scan(range.clone(), SCAN).await?;
            let Some((last, _)) = rows.last() else { break };
            range = range.after(last);
            for (key, entry) in rows {
                let revision = store::revision_of(&key, &entry.value)?;
                let of = &revision.name.data_return.edition;
                if edition.as_ref().is_none_or(|edition| edition == of) {
                    found.push((key, return_message(&revision)));
                }
            }
        }
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last() {
            Some((key, _)) if more => self.tokens.issue(&arguments, key),
            _ => String::new(),
        };
        Ok(pb::ListReturnsResponse {
            data_returns: found.into_iter().map(|(_, message)| message).collect(),
            next_page_token,
        })
    }

    async fn sign_off(
        &self,
        mut message: pb::SignOffReturnRequest,
    ) -> Result<pb::DataReturn, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        if message.etag.is_empty() {
            return Err(convert::required("etag"));
        }
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("SignOffReturn", &id, &message).map_err(Error::InvalidField)?;
        let revision = self
            .returns
            .sign_off(&name, &message.etag, &mutation)
            .await?;
        Ok(return_message(&revision))
    }

    async fn watch(
        &self,
        after: Option<Position>,
    ) -> Result<events::Events<pb::WatchReturnsResponse>, Error> {
        let (log, stop) = (store::returns_log(), self.stop.clone());
        let message = |entry| event_message(&entry).map_err(status);
        Ok(events::stream(&self.returns.store, log, after, stop, message).await?)
    }

    async fn record_previous(
        &self,
        mut message: pb::RecordPreviousValuesRequest,
    ) -> Result<pb::PreviousValues, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read("RecordPreviousValues", &id, &message).map_err(Error::InvalidField)?;
        let values = message.previous_values.unwrap_or_default();
        let field = "previous_values.name";
        let name = PreviousValuesName::parse(&values.name).map_err(Error::name(field))?;
        if values.values.len() > PREVIOUS_VALUES_MAX {
            let most = format!("has at most {PREVIOUS_VALUES_MAX} values");
            return Err(convert::invalid("previous_values.values", &most));
        }
        let cells = previous_values_from_wire(&values.values).map_err(|error| {
            let field = format!("previous_values.values[{}]", error.place);
            convert::invalid(&field, &error.problem)
        })?;
        let previous = Previous {
            authority: name.authority.clone(),
            period: name.edition.period.clone(),
            values: cells,
        };
        self.returns
            .record_previous(&previous, &name.edition, &mutation)
            .await?;
        Ok(values)
    }

    async fn previous(&self, name: &str) -> Result<pb::PreviousValues, Error> {
        let name = ReturnName::parse(name).map_err(Error::name("name"))?;
        let previous = self.returns.previous(&name).await?;
        let previous = previous.ok_or_else(|| Error::NoPreviousValues {
            name: name.to_string(),
        })?;
        Ok(convert::previous_message(
            &name.edition.collection,
            &previous,
        ))
    }
}
