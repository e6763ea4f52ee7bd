//! Following submission: every signed-off return is fetched, checked and kept.
//!
//! The event tells the digest of the content. What is fetched is put together again against this
//! service's own edition and must have that digest: a return that was sent for another edition,
//! or that changed on its way, is never added up. It then holds up what comes behind it, and is
//! told in the log, until it can be taken; to go on without it would be to publish totals that
//! quietly lack it. A return whose sign-off is taken back leaves the totals.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::{Catalogue, Edition};
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_proto::submission::v1::{ReadReturnRequest, WatchReturnsRequest, WatchReturnsResponse};
use mesur_returns::Assembler;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::clock;
use mesur_rpc::follow::{BoxError, EventStream, Follower, Source};
use mesur_store::{Commit, Store, with_retry};
use mesur_wire::{NameError, ReturnName, RevisionName, rows_from_wire};
use tonic::Status;

use crate::domain::{Input, SignedReturn};
use crate::live::Live;
use crate::store::{self, Upstream};

/// Why an event could not have its effect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
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
    #[error("the time of sign-off")]
    Time(#[source] clock::Error),
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

    fn traceparent(event: &Self::Event) -> Option<&str> {
        Some(&event.traceparent)
    }
}

/// Keeps the returns that submission tells of.
pub(crate) struct Keeper {
    pub(crate) submission: Submission,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) live: Arc<Live>,
}

#[async_trait]
impl Follower<WatchReturnsResponse> for Keeper {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(store::cursor(&*self.store, Upstream::Submission).await?)
    }

    async fn apply(&self, event: WatchReturnsResponse) -> Result<(), BoxError> {
        match Event::try_from(event.event) {
            Ok(
                Event::Submitted
                | Event::Queried
                | Event::Settled
                | Event::Delegated
                | Event::DelegationRevoked,
            ) => {
                self.store.commit(had_effect(&event)).await?;
                Ok(())
            }
            Ok(Event::SignedOff) => {
                let name = RevisionName::parse(&event.name).map_err(Error::Name)?;
                let signed = self.submission.fetch(&self.catalogue, &name).await?;
                if signed.input.digest != event.digest {
                    return Err(Error::DigestMismatch {
                        name: event.name,
                        found: signed.input.digest,
                        told: event.digest,
                    }
                    .into());
                }
                Ok(self
                    .replace(&event, &name.data_return, Some(&signed))
                    .await?)
            }
            Ok(Event::Reopened) => {
                let name = RevisionName::parse(&event.name).map_err(Error::Name)?;
                Ok(self.replace(&event, &name.data_return, None).await?)
            }
            Ok(Event::Unspecified) | Err(_) => {
                let number = event.event;
                Err(Error::UnknownEvent { number }.into())
            }
        }
    }
}

/// A commit of nothing but that an event had its effect.
fn had_effect(event: &WatchReturnsResponse) -> Commit {
    store::put_cursor(Commit::new(), Upstream::Submission, &event.cursor)
}

impl Keeper {
    /// Puts a signed return in the place of the one that is held, or takes that out.
    async fn replace(
        &self,
        event: &WatchReturnsResponse,
        name: &ReturnName,
        signed: Option<&SignedReturn>,
    ) -> Result<(), crate::error::Error> {
        let (edition, authority) = (&name.edition, &name.authority);
        let changing = self.live.changing().await;
        let before = self.live.prepare(&changing, edition, authority).await?;
        with_retry(|| async {
            let mut commit = had_effect(event);
            commit = if let Some(signed) = signed {
                store::put_return(&*self.store, commit, signed).await?
            } else {
                commit = store::overtake(&*self.store, commit, edition).await?;
                // Snapshots of the edition after it tell changes from this return.
                let after = |later: &&Arc<Edition>| {
                    let previous = self.catalogue.previous(later.name());
                    previous.is_some_and(|previous| previous.name() == edition)
                };
                if let Some(later) = self.catalogue.editions().find(after) {
                    commit = store::overtake(&*self.store, commit, later.name()).await?;
                }
                store::delete_return(&*self.store, commit, name).await?
            };
            self.store.commit(commit).await?;
            Ok::<_, crate::error::Error>(())
        })
        .await?;
        self.live.replaced(edition, authority, &before, signed);
        drop(changing);
        store::sweep_freed(&*self.store).await
    }
}

impl Submission {
    /// A revision of a return, with the digest that it has. Its observations are put together as they
    /// come: what is held of them is their cells.
    pub(crate) async fn fetch(
        &self,
        catalogue: &Catalogue,
        name: &RevisionName,
    ) -> Result<SignedReturn, Error> {
        let fault = |status| Error::Fetch {
            name: name.to_string(),
            source: Box::new(status),
        };
        let edition_name = &name.data_return.edition;
        let Some(edition) = catalogue.get(edition_name) else {
            let name = edition_name.to_string();
            return Err(Error::EditionNotFound { name });
        };
        let request = ReadReturnRequest {
            name: name.to_string(),
        };
        let response = self.client().read_return(request).await;
        let mut stream = response.map_err(fault)?.into_inner();
        let first = stream.message().await.map_err(fault)?;
        let data_return = first.and_then(|first| first.data_return);
        let data_return = data_return.ok_or_else(|| Error::NoReturn {
            name: name.to_string(),
        })?;
        let time = data_return.sign_off_time.as_ref();
        let time = time.map(clock::from_proto).transpose();
        let signed_off = time.map_err(Error::Time)?;
        if data_return.edition_digest != edition.digest() {
            return Err(Error::EditionMismatch {
                name: edition_name.to_string(),
                ours: edition.digest().to_owned(),
                theirs: data_return.edition_digest,
            });
        }
        let authority = &name.data_return.authority;
        let mut assembler = Assembler::new(edition, catalogue, authority);
        while let Some(message) = stream.message().await.map_err(fault)? {
            for row in rows_from_wire(&message.observations) {
                assembler.take(&row);
            }
        }
        let assembly = assembler.finish();
        let Ok(data_return) = assembly.into_return(edition, authority) else {
            return Err(Error::NotWhole {
                name: name.to_string(),
            });
        };
        Ok(SignedReturn {
            input: Input {
                name: name.clone(),
                digest: data_return.digest(),
                signed_off,
            },
            data_return,
        })
    }
}
