//! Following validation: which authorities' values are not robust.
//!
//! A mark is kept with the cursor of the event that told of it. An edition need not be known here
//! for its marks to be kept.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::{AuthorityCode, IdError, MetricCode};
use mesur_proto::storage::v1::RobustnessRecord;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_proto::validation::v1::{WatchReportsRequest, WatchReportsResponse};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{BoxError, EventStream, Follower, Source};
use mesur_store::{Commit, Store, with_retry};
use mesur_wire::{EditionResource, NameError};
use tonic::Status;

use crate::live::Live;
use crate::store::{self, Upstream};

/// Why a mark could not be kept.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the event is of no edition")]
    Name(#[source] NameError),
    #[error("the mark is of no authority and metric")]
    Code(#[source] IdError),
    #[error("the event has no mark")]
    NoMark,
    #[error("the event {number} is not known")]
    UnknownEvent { number: i32 },
}

/// The marks of the validation service.
#[derive(Clone)]
pub(crate) struct Validation(pub(crate) Connection);

#[async_trait]
impl Source for Validation {
    type Event = WatchReportsResponse;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<WatchReportsResponse>, Status> {
        let mut client = ValidationServiceClient::new(self.0.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        let response = client.watch_reports(WatchReportsRequest { cursor: after });
        Ok(Box::pin(response.await?.into_inner()))
    }

    fn traceparent(event: &Self::Event) -> Option<&str> {
        Some(&event.traceparent)
    }
}

/// Keeps the marks that validation tells of.
pub(crate) struct MarkKeeper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<Live>,
}

#[async_trait]
impl Follower<WatchReportsResponse> for MarkKeeper {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(store::cursor(&*self.store, Upstream::Validation).await?)
    }

    async fn apply(&self, event: WatchReportsResponse) -> Result<(), BoxError> {
        match Event::try_from(event.event) {
            Ok(Event::Reported | Event::Remarked | Event::Queried | Event::Settled) => {
                self.store.commit(had_effect(&event)).await?;
                Ok(())
            }
            Ok(Event::Marked) => Ok(self.mark(event).await?),
            Ok(Event::Unspecified) | Err(_) => {
                let number = event.event;
                Err(Error::UnknownEvent { number }.into())
            }
        }
    }
}

/// A commit of nothing but that an event had its effect.
fn had_effect(event: &WatchReportsResponse) -> Commit {
    store::put_cursor(Commit::new(), Upstream::Validation, &event.cursor)
}

impl MarkKeeper {
    async fn mark(&self, event: WatchReportsResponse) -> Result<(), BoxError> {
        let had_effect = had_effect(&event);
        let edition = EditionResource::parse(&event.name).map_err(Error::Name)?.0;
        let mark = event.mark.ok_or(Error::NoMark)?;
        let authority = AuthorityCode::parse(&mark.authority).map_err(Error::Code)?;
        let metric = MetricCode::parse(&mark.metric).map_err(Error::Code)?;
        let record = RobustnessRecord {
            robust: mark.robust,
            reason: mark.reason,
            identity: mark.identity,
            time: mark.time,
        };
        let changing = self.live.changing().await;
        let before = self.live.prepare(&changing, &edition, &authority).await?;
        with_retry(|| async {
            let commit = store::overtake(&*self.store, had_effect.clone(), &edition).await?;
            let commit = store::put_robustness(commit, &edition, &authority, &metric, &record);
            self.store.commit(commit).await?;
            Ok::<_, crate::error::Error>(())
        })
        .await?;
        let now = (&metric, mark.robust);
        self.live.marked(&edition, &authority, &before, now);
        Ok(())
    }
}
