//! Following submission: every signed-off return is fetched, checked and kept.
//!
//! The event tells the digest of the content. What is fetched is put together again against this
//! service's own edition and must have that digest: a return that was sent for another edition,
//! or that changed on its way, is never added up. It then holds up what comes behind it, and is
//! told in the log, until it can be taken; to go on without it would be to publish totals that
//! quietly lack it. A return whose sign-off is taken back leaves the totals.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::Catalogue;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_proto::submission::v1::{ReadReturnRequest, WatchReturnsRequest, WatchReturnsResponse};
use mesur_returns::Assembler;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{BoxError, EventStream, Follower, Source};
use mesur_store::{Commit, Store};
use mesur_wire::{NameError, RevisionName, rows_from_wire};
use tonic::Status;

use crate::domain::SignedReturn;
use crate::store::{self, Upstream};

/// Why an event could not have its effect.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the event {number} is not known")]
    UnknownEvent { number: i32 },
    #[error("the event is not of a revision")]
    Name(#[source] NameError),
    #[error("the edition {name} is not known")]
    EditionNotFound { name: String },
    #[error("the edition {name} has the digest {ours} here, and {theirs} at submission")]
    EditionMismatch {
        name: String,
        ours: String,
        theirs: String,
    },
    #[error("fetching {name}")]
    Fetch {
        name: String,
        #[source]
        source: Box<Status>,
    },
    #[error("nothing of {name} comes first but observations")]
    NoReturn { name: String },
    #[error("{name} is not a whole return")]
    NotWhole { name: String },
    #[error("{name} has the digest {found}, and {told} in the event")]
    DigestMismatch {
        name: String,
        found: String,
        told: String,
    },
}

/// The returns of the submission service.
#[derive(Clone)]
pub(crate) struct Submission(pub(crate) Connection);

impl Submission {
    fn client(&self) -> SubmissionServiceClient<Connection> {
        SubmissionServiceClient::new(self.0.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

#[async_trait]
impl Source for Submission {
    type Event = WatchReturnsResponse;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<WatchReturnsResponse>, Status> {
        let request = WatchReturnsRequest { cursor: after };
        let response = self.client().watch_returns(request).await?;
        Ok(Box::pin(response.into_inner()))
    }
}

/// Keeps the returns that submission tells of.
pub(crate) struct Keeper {
    pub(crate) submission: Submission,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
}

#[async_trait]
impl Follower<WatchReturnsResponse> for Keeper {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(store::cursor(&*self.store, Upstream::Submission).await?)
    }

    async fn apply(&self, event: WatchReturnsResponse) -> Result<(), BoxError> {
        let commit = store::put_cursor(Commit::new(), Upstream::Submission, &event.cursor);
        let mut changed = None;
        let commit = match Event::try_from(event.event) {
            Ok(
                Event::Submitted
                | Event::Queried
                | Event::Settled
                | Event::Delegated
                | Event::DelegationRevoked,
            ) => commit,
            Ok(Event::SignedOff) => {
                let signed = self.fetch(&event).await?;
                changed = Some(signed.name.data_return.clone());
                store::put_return(&*self.store, commit, &signed).await?
            }
            Ok(Event::Reopened) => {
                let name = RevisionName::parse(&event.name).map_err(Error::Name)?;
                changed = Some(name.data_return.clone());
                let edition = &name.data_return.edition;
                let commit = store::overtake(&*self.store, commit, edition).await?;
                store::delete_return(&*self.store, commit, &name.data_return).await?
            }
            Ok(Event::Unspecified) | Err(_) => {
                let number = event.event;
                return Err(Error::UnknownEvent { number }.into());
            }
        };
        self.store.commit(commit).await?;
        if let Some(name) = changed {
            store::sweep_return(&*self.store, &name).await?;
        }
        Ok(())
    }
}

impl Keeper {
    /// The return that an event tells of, as it was signed off. Its observations are put together as
    /// they come: what is held of them is their cells.
    async fn fetch(&self, event: &WatchReturnsResponse) -> Result<SignedReturn, Error> {
        let fault = |status| Error::Fetch {
            name: event.name.clone(),
            source: Box::new(status),
        };
        let name = RevisionName::parse(&event.name).map_err(Error::Name)?;
        let edition_name = &name.data_return.edition;
        let Some(edition) = self.catalogue.get(edition_name) else {
            let name = edition_name.to_string();
            return Err(Error::EditionNotFound { name });
        };
        let request = ReadReturnRequest {
            name: event.name.clone(),
        };
        let response = self.submission.client().read_return(request).await;
        let mut stream = response.map_err(fault)?.into_inner();
        let first = stream.message().await.map_err(fault)?;
        let data_return = first.and_then(|first| first.data_return);
        let data_return = data_return.ok_or_else(|| Error::NoReturn {
            name: event.name.clone(),
        })?;
        if data_return.edition_digest != edition.digest() {
            return Err(Error::EditionMismatch {
                name: edition_name.to_string(),
                ours: edition.digest().to_owned(),
                theirs: data_return.edition_digest,
            });
        }
        let authority = &name.data_return.authority;
        let mut assembler = Assembler::new(edition, &self.catalogue, authority);
        while let Some(message) = stream.message().await.map_err(fault)? {
            for row in rows_from_wire(&message.observations) {
                assembler.take(&row);
            }
        }
        let assembly = assembler.finish();
        let Ok(data_return) = assembly.into_return(edition, authority) else {
            return Err(Error::NotWhole {
                name: event.name.clone(),
            });
        };
        let digest = data_return.digest();
        if digest != event.digest {
            return Err(Error::DigestMismatch {
                name: event.name.clone(),
                found: digest,
                told: event.digest.clone(),
            });
        }
        Ok(SignedReturn {
            name,
            digest,
            data_return,
        })
    }
}
