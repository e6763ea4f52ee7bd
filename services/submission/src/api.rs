//! The transport: parse the request, call one use case, map the answer back.

mod catalogue;
mod convert;

use std::sync::Arc;

use mesur_catalogue::EditionName;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::SubmissionService;
use mesur_returns::{DataReturn, Finding, Previous, PreviousValue, assemble, check};
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::{events, to_status};
use mesur_store::{KeyRange, Position};
use mesur_wire::{
    EditionResource, PreviousValuesName, ReturnName, RevisionName, Wordings, finding_to_wire,
    observations_to_wire, rows_from_wire,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

pub(crate) use catalogue::CatalogueApi;

use crate::error::Error;
use crate::previous::cell_ref;
use crate::returns::{self, Returns};
use crate::store;
use convert::{content_digest, event_message, parent_authority, return_message};

/// How many returns a page of a list has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};

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
        self.sign_off(&request.into_inner())
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
        let id = convert::request_id(&message.request_id)?;
        message.request_id.clear();
        let request = returns::Request {
            id,
            digest: content_digest(&message),
        };
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
        let rows = rows_from_wire(data_return.observations);
        let assembly = assemble(edition, &self.returns.catalogue, &name.authority, rows);
        if message.validate_only {
            let previous = self.returns.previous(&name).await?;
            let mut findings = assembly.findings.clone();
            findings.extend(check(edition, &assembly.cells, previous.as_ref()));
            let findings = findings
                .iter()
                .map(|finding| finding_to_wire(finding, wording));
            return Ok(pb::SubmitReturnResponse {
                data_return: Some(pb::DataReturn {
                    name: name.to_string(),
                    edition: EditionResource(name.edition.clone()).to_string(),
                    edition_digest: edition.digest().to_owned(),
                    ..pb::DataReturn::default()
                }),
                findings: findings.collect(),
            });
        }
        let errors = assembly
            .findings
            .iter()
            .filter(|finding| finding.is_error());
        let errors: Vec<Finding> = errors.cloned().collect();
        let content: DataReturn = assembly
            .into_return(edition, &name.authority)
            .ok_or(Error::InvalidReturn { findings: errors })?;
        let revision = self
            .returns
            .submit(&content, &data_return.etag, &request)
            .await?;
        Ok(pb::SubmitReturnResponse {
            data_return: Some(return_message(&revision)),
            findings: Vec::new(),
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
        let mut range = KeyRange::prefix(store::heads_prefix(collection, authority.as_ref()));
        if let Some(after) = after {
            range = range.after(&after);
        }
        let mut response = pb::ListReturnsResponse::default();
        'pages: loop {
            let rows = self.returns.store.scan(range.clone(), size).await?;
            let last_page = rows.len() < size;
            for (key, entry) in rows {
                let revision = store::revision_of(&key, &entry.value)?;
                range = range.after(&key);
                let name = &revision.name.data_return;
                if authority
                    .as_ref()
                    .is_none_or(|code| code == &name.authority)
                    && edition
                        .as_ref()
                        .is_none_or(|edition| edition == &name.edition)
                {
                    response.data_returns.push(return_message(&revision));
                }
                if response.data_returns.len() == size {
                    response.next_page_token = self.tokens.issue(&arguments, &key);
                    break 'pages;
                }
            }
            if last_page {
                break;
            }
        }
        Ok(response)
    }

    async fn sign_off(&self, message: &pb::SignOffReturnRequest) -> Result<pb::DataReturn, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        if message.etag.is_empty() {
            return Err(convert::required("etag"));
        }
        let id = convert::request_id(&message.request_id)?;
        let content = pb::SignOffReturnRequest {
            request_id: String::new(),
            ..message.clone()
        };
        let request = returns::Request {
            id,
            digest: content_digest(&content),
        };
        let revision = self
            .returns
            .sign_off(&name, &message.etag, &request)
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
        let id = convert::request_id(&message.request_id)?;
        message.request_id.clear();
        let request = returns::Request {
            id,
            digest: content_digest(&message),
        };
        let values = message.previous_values.unwrap_or_default();
        let field = "previous_values.name";
        let name = PreviousValuesName::parse(&values.name).map_err(Error::name(field))?;
        let mut previous = Previous {
            authority: name.authority.clone(),
            period: name.edition.period.clone(),
            values: std::collections::BTreeMap::new(),
        };
        for (place, value) in values.values.iter().enumerate() {
            let field = format!("previous_values.values[{place}]");
            let cell = cell_ref(&value.metric, &value.category)
                .map_err(|error| convert::invalid(&field, &error.to_string()))?;
            let decimals = u8::try_from(value.decimals)
                .ok()
                .filter(|decimals| *decimals <= mesur_figures::DECIMALS_MAX)
                .ok_or_else(|| convert::invalid(&field, "decimals are 0 to 6"))?;
            let value = PreviousValue {
                value: value.value,
                decimals,
            };
            if previous.values.insert(cell, value).is_some() {
                return Err(convert::invalid(&field, "the same cell stands twice"));
            }
        }
        self.returns
            .record_previous(&previous, &name.edition, &request)
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
