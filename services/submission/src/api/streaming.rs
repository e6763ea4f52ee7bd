//! Reading a return of any size as a stream, straight out of the store.
//!
//! Little is held for a stream, however large the return. It ends without an error only when all was
//! sent: a stop of the service ends it with one.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_catalogue::Edition;
use mesur_proto::submission::v1 as pb;
use mesur_rpc::audit::{self, Call};
use mesur_wire::{RevisionName, observations_from};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::convert::return_message;
use super::{Api, status};
use crate::error::Error;
use crate::returns::{Returns, subject_of};
use crate::store::contents::Parts;

/// The most observations of a message.
const BATCH: usize = 1_000;

/// Messages that wait for a slow caller, at most.
const QUEUE: usize = 4;

/// The messages of one return.
pub(super) type Observations = ReceiverStream<Result<pb::ReadReturnResponse, Status>>;

type Sender = mpsc::Sender<Result<pb::ReadReturnResponse, Status>>;

impl Api {
    pub(super) async fn read(&self, grant: Grant, name: &str) -> Result<Observations, Error> {
        let by = Call::from(&grant);
        let revision = self.revision_of(grant, name).await?;
        audit::read(&*self.returns.store, &by, &subject_of(&revision)).await?;
        let of = &revision.name.data_return.edition;
        let edition = Arc::clone(self.returns.edition(of, &revision.edition_digest)?);
        let name = revision.name.clone();
        let outcome = self.returns.with_history(revision).await?;
        let first = pb::ReadReturnResponse {
            data_return: Some(return_message(&outcome)),
            observations: Vec::new(),
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (returns, stop) = (Arc::clone(&self.returns), self.stop.clone());
        tokio::spawn(async move {
            if sender.send(Ok(first)).await.is_err() {
                return;
            }
            let sent = stop.run_until_cancelled(send(&returns, &edition, &name, &sender));
            let failure = match sent.await {
                None => Status::unavailable("the service stops"),
                Some(Err(error)) => status(error),
                Some(Ok(())) => return,
            };
            // A caller who has gone need not be told.
            let _ = sender.send(Err(failure)).await;
        });
        Ok(ReceiverStream::new(receiver))
    }
}

/// Sends all observations of a revision, or as many as the caller stays for.
async fn send(
    returns: &Returns,
    edition: &Edition,
    name: &RevisionName,
    sender: &Sender,
) -> Result<(), Error> {
    let mut parts = Parts::open(&*returns.store, name).await?;
    while let Some((first, cells)) = parts.next().await? {
        let mut rest = observations_from(edition, first, &cells).peekable();
        while rest.peek().is_some() {
            let message = pb::ReadReturnResponse {
                data_return: None,
                observations: rest.by_ref().take(BATCH).collect(),
            };
            if sender.send(Ok(message)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
