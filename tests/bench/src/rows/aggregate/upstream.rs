//! A bare submission whose returns are invented as they are asked for.
//!
//! The events are numbered from 1 and go round the authorities: each is a new revision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use mesur_catalogue::{AuthorityCode, CellId, Edition};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::{
    SubmissionService, SubmissionServiceServer,
};
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed};
use mesur_wire::{EditionResource, ReturnName, RevisionName, observations_to_wire};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::invented::Shape;

/// Observations of a message.
const BATCH: usize = 1_000;
/// Messages that wait for a slow reader.
const QUEUE: usize = 64;

/// The submission.
#[derive(Clone)]
pub(super) struct Upstream {
    edition: Arc<Edition>,
    shape: Shape,
    places: Arc<HashMap<AuthorityCode, u64>>,
    /// How many events there are.
    told: watch::Sender<u64>,
    /// Returns that were made before they are asked for.
    prepared: Arc<Mutex<HashMap<u64, Made>>>,
}

/// A return as it is handed out.
#[derive(Clone)]
struct Made {
    digest: String,
    messages: Vec<pb::ReadReturnResponse>,
}

impl Upstream {
    /// Serves without any return; answers where.
    pub(super) fn start(edition: &Arc<Edition>, shape: Shape) -> anyhow::Result<(Self, String)> {
        let authorities = edition.authorities().iter().zip(0..);
        let upstream = Self {
            edition: Arc::clone(edition),
            shape,
            places: Arc::new(
                authorities
                    .map(|(one, place)| (one.code.clone(), place))
                    .collect(),
            ),
            told: watch::Sender::new(0),
            prepared: Arc::default(),
        };
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?.with_nodelay(Some(true));
        let address = format!("http://{}", incoming.local_addr()?);
        let service = SubmissionServiceServer::new(upstream.clone());
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(incoming));
        Ok((upstream, address))
    }

    /// Tells of so many more returns that are signed off; answers the cursor of the last.
    pub(super) fn tell(&self, count: u32) -> Vec<u8> {
        self.told.send_modify(|told| *told += u64::from(count));
        self.told.borrow().to_be_bytes().to_vec()
    }

    /// The revision that was told of last.
    pub(super) fn last(&self) -> anyhow::Result<RevisionName> {
        let told = *self.told.borrow();
        self.name(told)
    }

    /// Makes the next returns before they are told of.
    pub(super) fn prepare(&self, count: u32) -> anyhow::Result<()> {
        let first = *self.told.borrow() + 1;
        for number in first..first + u64::from(count) {
            let made = self.make(number)?;
            self.prepared().insert(number, made);
        }
        Ok(())
    }

    fn prepared(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Made>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the revision of an event.
    fn name(&self, number: u64) -> anyhow::Result<RevisionName> {
        let authorities = self.edition.authorities();
        let all = u64::try_from(authorities.len())?;
        let place = usize::try_from((number - 1) % all)?;
        let authority = authorities.get(place).context("an authority")?;
        Ok(RevisionName {
            data_return: ReturnName {
                authority: authority.code.clone(),
                edition: self.edition.name().clone(),
            },
            revision: u32::try_from((number - 1) / all + 1)?,
        })
    }

    fn number(&self, name: &RevisionName) -> anyhow::Result<u64> {
        let place = self.places.get(&name.data_return.authority);
        let place = *place.context("an authority")?;
        let all = u64::try_from(self.places.len())?;
        Ok(u64::from(name.revision - 1) * all + place + 1)
    }

    fn make(&self, number: u64) -> anyhow::Result<Made> {
        let name = self.name(number)?;
        let mut cells = CellsBuilder::new(self.edition.cells().len());
        for (cell, number) in self.shape.cells_of(number).zip(0..) {
            let value = cell.value.context("a value")?;
            cells.set(CellId(number), Observation::of(Observed::Provided(value)));
        }
        let authority = name.data_return.authority.clone();
        let data_return = DataReturn::new(&self.edition, authority, cells.finish());
        let data_return = data_return.context("a whole return")?;
        let first = pb::ReadReturnResponse {
            data_return: Some(pb::DataReturn {
                name: name.data_return.to_string(),
                edition: EditionResource(self.edition.name().clone()).to_string(),
                edition_digest: self.edition.digest().to_owned(),
                ..pb::DataReturn::default()
            }),
            observations: Vec::new(),
        };
        let observations = observations_to_wire(&self.edition, data_return.cells());
        let rest = observations
            .chunks(BATCH)
            .map(|batch| pb::ReadReturnResponse {
                data_return: None,
                observations: batch.to_vec(),
            });
        Ok(Made {
            digest: data_return.digest(),
            messages: std::iter::once(first).chain(rest).collect(),
        })
    }

    /// The return of an event, which is asked for twice: by the event and by the reading.
    fn made(&self, number: u64) -> Result<Made, Status> {
        if let Some(made) = self.prepared().get(&number) {
            return Ok(made.clone());
        }
        let made = self.make(number);
        let made = made.map_err(|error| Status::internal(error.to_string()))?;
        self.prepared().insert(number, made.clone());
        Ok(made)
    }

    fn event(&self, number: u64) -> Result<pb::WatchReturnsResponse, Status> {
        let name = self.name(number);
        let name = name.map_err(|error| Status::internal(error.to_string()))?;
        Ok(pb::WatchReturnsResponse {
            cursor: number.to_be_bytes().to_vec(),
            event: Event::SignedOff.into(),
            name: name.to_string(),
            digest: self.made(number)?.digest,
            ..pb::WatchReturnsResponse::default()
        })
    }
}

/// The service, of which two methods are asked for.
macro_rules! serve_two {
    ({ $($used:tt)* } unused { $($method:ident($request:ty) -> $answer:ty,)+ }) => {
        #[tonic::async_trait]
        impl SubmissionService for Upstream {
            $($used)*
            $(async fn $method(&self, _: Request<$request>) -> Result<Response<$answer>, Status> {
                Err(Status::unimplemented("not of the benchmark"))
            })+
        }
    };
}

serve_two! {
    {
        type WatchReturnsStream = ReceiverStream<Result<pb::WatchReturnsResponse, Status>>;

        async fn watch_returns(
            &self,
            request: Request<pb::WatchReturnsRequest>,
        ) -> Result<Response<Self::WatchReturnsStream>, Status> {
            let cursor: Option<[u8; 8]> = request.into_inner().cursor.try_into().ok();
            let mut last = cursor.map_or(0, u64::from_be_bytes);
            let (sender, receiver) = mpsc::channel(QUEUE);
            let (this, mut told) = (self.clone(), self.told.subscribe());
            tokio::spawn(async move {
                while told.wait_for(|told| *told > last).await.is_ok() {
                    last += 1;
                    if sender.send(this.event(last)).await.is_err() {
                        return;
                    }
                }
            });
            Ok(Response::new(ReceiverStream::new(receiver)))
        }

        type ReadPreviousValuesStream =
            ReceiverStream<Result<pb::ReadPreviousValuesResponse, Status>>;

        async fn read_previous_values(
            &self,
            _: Request<pb::ReadPreviousValuesRequest>,
        ) -> Result<Response<Self::ReadPreviousValuesStream>, Status> {
            Err(Status::unimplemented("not of this row"))
        }

        type ReadReturnStream = ReceiverStream<Result<pb::ReadReturnResponse, Status>>;

        async fn read_return(
            &self,
            request: Request<pb::ReadReturnRequest>,
        ) -> Result<Response<Self::ReadReturnStream>, Status> {
            let name = RevisionName::parse(&request.into_inner().name);
            let name = name.map_err(|error| Status::invalid_argument(error.to_string()))?;
            let number = self.number(&name);
            let number = number.map_err(|error| Status::not_found(error.to_string()))?;
            let made = self.made(number)?;
            self.prepared().remove(&number);
            let (sender, receiver) = mpsc::channel(made.messages.len());
            for message in made.messages {
                let _ = sender.try_send(Ok(message));
            }
            Ok(Response::new(ReceiverStream::new(receiver)))
        }
    }
    unused {
        get_return(pb::GetReturnRequest) -> pb::DataReturn,
        submit_return(pb::SubmitReturnRequest) -> pb::SubmitReturnResponse,
        upload_return(tonic::Streaming<pb::UploadReturnRequest>) -> pb::SubmitReturnResponse,
        update_observations(pb::UpdateObservationsRequest) -> pb::SubmitReturnResponse,
        submit_draft(pb::SubmitDraftRequest) -> pb::SubmitReturnResponse,
        list_returns(pb::ListReturnsRequest) -> pb::ListReturnsResponse,
        list_revisions(pb::ListRevisionsRequest) -> pb::ListRevisionsResponse,
        compare_revisions(pb::CompareRevisionsRequest) -> pb::CompareRevisionsResponse,
        sign_off_return(pb::SignOffReturnRequest) -> pb::DataReturn,
        reopen_return(pb::ReopenReturnRequest) -> pb::DataReturn,
        record_previous_values(pb::RecordPreviousValuesRequest) -> pb::PreviousValues,
        get_previous_values(pb::GetPreviousValuesRequest) -> pb::PreviousValues,
        get_schedule(pb::GetScheduleRequest) -> pb::Schedule,
        update_schedule(pb::UpdateScheduleRequest) -> pb::Schedule,
        grant_extension(pb::GrantExtensionRequest) -> pb::Schedule,
        create_delegation(pb::CreateDelegationRequest) -> pb::Delegation,
        revoke_delegation(pb::RevokeDelegationRequest) -> pb::Delegation,
        list_delegations(pb::ListDelegationsRequest) -> pb::ListDelegationsResponse,
    }
}
