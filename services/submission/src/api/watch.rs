//! The stream of what happened, as far as the caller sees it.

use std::pin::Pin;
use std::sync::Arc;

use mesur_access::Grant;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::watch_returns_response::Event as EventMessage;
use mesur_rpc::events::Cursors;
use mesur_rpc::{clock, events as log_events};
use mesur_store::{LogEntry, Store};
use mesur_wire::EditionResource;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Response, Status};

use super::{Api, status};
use crate::error::Error;
use crate::sight::Sight;
use crate::store::events::{self, Event, Happened};

/// The events of one caller.
pub(super) type Events =
    Pin<Box<dyn Stream<Item = Result<pb::WatchReturnsResponse, Status>> + Send>>;

impl Api {
    pub(super) async fn watch(
        &self,
        grant: Grant,
        cursor: &[u8],
    ) -> Result<Response<Events>, Error> {
        let store = Arc::clone(&self.returns.store);
        let cursors = Cursors::new(self.tokens.clone(), events::LOG);
        let after = cursors.read(&*store, cursor).await??;
        let (log, stop) = (events::log(), self.stop.clone());
        let all = log_events::stream(&store, log, after, stop, Ok).await?;
        let (of, told) = (Arc::clone(&store), cursors.clone());
        let seen = all.then(move |entry| {
            let (store, grant, cursors) = (Arc::clone(&of), grant.clone(), told.clone());
            async move {
                let seen = seen(&*store, grant, &cursors, entry?).await;
                seen.map_err(status)
            }
        });
        let events: Events = Box::pin(seen.filter_map(Result::transpose));
        Ok(cursors.response(&*store, after, events).await?)
    }
}

/// An event as the caller sees it, if at all. A delegation may have been made or taken back since
/// the one before, so a supplier's are read for each.
async fn seen(
    store: &dyn Store,
    grant: Grant,
    cursors: &Cursors,
    entry: LogEntry,
) -> Result<Option<pb::WatchReturnsResponse>, Error> {
    let happened = events::read(&entry.value)?;
    let sight = Sight::load(store, grant).await?;
    let is_own = !happened.supplier.is_empty() && happened.supplier == sight.identity();
    let is_seen = is_own || sight.allows(&happened.data_return);
    Ok(is_seen.then(|| message(cursors.issue(entry.position), happened)))
}

fn message(cursor: Vec<u8>, happened: Happened) -> pb::WatchReturnsResponse {
    let event = match happened.event {
        Event::Submitted => EventMessage::Submitted,
        Event::SignedOff => EventMessage::SignedOff,
        Event::Queried => EventMessage::Queried,
        Event::Settled => EventMessage::Settled,
        Event::Reopened => EventMessage::Reopened,
        Event::Delegated => EventMessage::Delegated,
        Event::DelegationRevoked => EventMessage::DelegationRevoked,
    };
    let edition = match happened.event {
        Event::Delegated | Event::DelegationRevoked => {
            EditionResource(happened.data_return.edition).to_string()
        }
        Event::Submitted | Event::SignedOff | Event::Queried | Event::Settled | Event::Reopened => {
            String::new()
        }
    };
    pb::WatchReturnsResponse {
        cursor,
        event: event.into(),
        name: happened.name,
        digest: happened.digest,
        late: happened.is_late,
        supplier: happened.supplier,
        time: Some(clock::to_proto(happened.time)),
        edition,
        traceparent: happened.traceparent,
    }
}
