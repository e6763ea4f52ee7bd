//! Reading a return of any size as a stream, straight out of the store.
//!
//! Little is held for a stream, however large the return. It ends without an error only when all was
//! sent: a stop of the service ends it with one.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_catalogue::Edition;
use mesur_proto::submission::v1 as pb;
use mesur_rpc::audit::{self, Call};
use mesur_rpc::stream::{self, Messages, Outlet};
use mesur_wire::{RevisionName, observations_from};

use super::convert::return_message;
use super::{Api, status};
use crate::error::Error;
use crate::returns::{Returns, subject_of};
use crate::store::contents::Parts;

/// The most observations of a message.
const BATCH: usize = 1_000;

/// The messages of one return.
pub(super) type Observations = Messages<pb::ReadReturnResponse>;

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
        let returns = Arc::clone(&self.returns);
        Ok(stream::batches(&self.stop, |outlet| async move {
            if !outlet.send(first).await {
                return Ok(());
            }
            let sent = send(&returns, &edition, &name, &outlet).await;
            sent.map_err(status)
        }))
    }
}

/// Sends all observations of a revision, or as many as the caller stays for.
async fn send(
    returns: &Returns,
    edition: &Edition,
    name: &RevisionName,
    outlet: &Outlet<pb::ReadReturnResponse>,
) -> Result<(), Error> {
    let mut parts = Parts::open(&*returns.store, name).await?;
    while let Some((first, cells)) = parts.next().await? {
        let mut rest = observations_from(edition, first, &cells).peekable();
        while rest.peek().is_some() {
            let message = pb::ReadReturnResponse {
                data_return: None,
                observations: rest.by_ref().take(BATCH).collect(),
            };
            if !outlet.send(message).await {
                return Ok(());
            }
        }
    }
    Ok(())
}
