//! The stream of what happened.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::watch_reports_response::Event as Told;
use mesur_rpc::events::{self, Cursors};
use mesur_store::LogEntry;
use mesur_wire::EditionResource;
use tokio_stream::StreamExt as _;
use tonic::{Response, Status};

use super::{Api, Streamed, convert, status};
use crate::error::Error;
use crate::reports::Validation;
use crate::store::{self, Event};

impl Api {
    pub(super) async fn watch(
        &self,
        grant: Grant,
        message: &pb::WatchReportsRequest,
    ) -> Result<Response<Streamed<pb::WatchReportsResponse>>, Error> {
        let validation = Arc::clone(&self.validation);
        let cursors = Cursors::new(validation.tokens.clone(), store::REPORTS_LOG);
        let read = cursors.read(&*validation.store, &message.cursor);
        let after = read.await??;
        let (log, stop) = (store::reports_log(), validation.stop.clone());
        let issuing = cursors.clone();
        let read = move |entry: LogEntry| {
            let event = store::event_of(&entry.value).map_err(status)?;
            let traceparent = store::traceparent_of(&entry.value).map_err(status)?;
            Ok((issuing.issue(entry.position), event, traceparent))
        };
        let entries = events::stream(&validation.store, log, after, stop, read).await?;
        let of = Arc::clone(&validation);
        let seen = entries.then(move |entry| {
            let (validation, grant) = (Arc::clone(&of), grant.clone());
            async move { visible(&validation, &grant, entry).await.transpose() }
        });
        let told: Streamed<_> = Box::pin(seen.filter_map(|told| told));
        Ok(cursors.response(&*validation.store, after, told).await?)
    }
}

/// What a caller is told of an event; `None` for one that is not theirs. A mark is for those alone
/// who look at everybody's.
async fn visible(
    validation: &Validation,
    grant: &Grant,
    entry: Result<(Vec<u8>, Event, String), Status>,
) -> Result<Option<pb::WatchReportsResponse>, Status> {
    let (cursor, event, traceparent) = entry?;
    let is_seen = match event.data_return() {
        Some(name) => validation.may_see(grant, name).await.map_err(status)?,
        None => grant.is_of_all(),
    };
    Ok(is_seen.then(|| message(cursor, &event, traceparent)))
}

fn message(cursor: Vec<u8>, event: &Event, traceparent: String) -> pb::WatchReportsResponse {
    let (told, name) = match event {
        Event::Reported(name) => (Told::Reported, name.to_string()),
        Event::Remarked(name) => (Told::Remarked, name.to_string()),
        Event::Queried(name) => (Told::Queried, name.to_string()),
        Event::Settled(name) => (Told::Settled, name.to_string()),
        Event::Marked(edition, _) => (Told::Marked, EditionResource(edition.clone()).to_string()),
    };
    let mark = match event {
        Event::Marked(_, mark) => Some(convert::mark_message(mark)),
        _ => None,
    };
    pb::WatchReportsResponse {
        cursor,
        event: told.into(),
        name,
        mark,
        traceparent,
    }
}
