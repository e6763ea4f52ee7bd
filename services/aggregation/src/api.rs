//! The transport: parse the request, call one use case, map the answer back.

mod decisions;
mod streaming;

use std::sync::Arc;

use mesur_access::Grant;
use mesur_catalogue::EditionName;
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::aggregation_service_server::AggregationService;
use mesur_rpc::audit::{self, Call, Subject};
use mesur_rpc::events::Cursors;
use mesur_rpc::idempotency::Mutation;
use mesur_rpc::page::{SizeLimits, Tokens};
use mesur_rpc::stream::Messages;
use mesur_rpc::{Violation, access, clock, events, request_id, to_status};
use mesur_store::{KeyRange, LogEntry};
use mesur_wire::{EditionResource, RevisionName, SnapshotName};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::domain::Snapshot;
use crate::error::{Error, name_violation};
use crate::snapshots::Snapshots;
use crate::store;

/// How many snapshots a page of the list has.
const PAGE: SizeLimits = SizeLimits {
    default: 100,
    max: 1_000,
};

/// The gRPC face of the snapshots.
pub(crate) struct Api {
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) tokens: Tokens,
    pub(crate) stop: CancellationToken,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn status(error: Error) -> Status {
    to_status("aggregation", &error)
}

/// Who calls.
fn caller<T>(request: &Request<T>) -> Result<Call, Status> {
    let grant = access::grant(request).map_err(|denied| status(denied.into()))?;
    Ok(Call::from(&grant))
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl AggregationService for Api {
    async fn get_totals(&self, request: Request<pb::GetTotalsRequest>) -> Answer<pb::Totals> {
        let by = caller(&request)?;
        self.totals(&by, &request.into_inner().edition)
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn create_snapshot(
        &self,
        request: Request<pb::CreateSnapshotRequest>,
    ) -> Answer<pb::Snapshot> {
        let grant = access::grant(&request).map_err(|denied| status(denied.into()))?;
        let created = self.create(&grant, request.into_inner()).await;
        created.map(Response::new).map_err(status)
    }

    async fn get_snapshot(&self, request: Request<pb::GetSnapshotRequest>) -> Answer<pb::Snapshot> {
        let by = caller(&request)?;
        self.get(&by, &request.into_inner().name)
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn list_snapshots(
        &self,
        request: Request<pb::ListSnapshotsRequest>,
    ) -> Answer<pb::ListSnapshotsResponse> {
        self.list(&request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    async fn rank_authorities(
        &self,
        request: Request<pb::RankAuthoritiesRequest>,
    ) -> Answer<pb::RankAuthoritiesResponse> {
        let by = caller(&request)?;
        self.rank(&by, &request.into_inner())
            .await
            .map(Response::new)
            .map_err(status)
    }

    type WatchSnapshotsStream = events::Events<pb::WatchSnapshotsResponse>;

    async fn watch_snapshots(
        &self,
        request: Request<pb::WatchSnapshotsRequest>,
    ) -> Answer<Self::WatchSnapshotsStream> {
        let cursor = request.into_inner().cursor;
        self.watch(&cursor).await.map(Response::new).map_err(status)
    }

    type ReadSnapshotStream = Messages<pb::ReadSnapshotResponse>;

    async fn read_snapshot(
        &self,
        request: Request<pb::ReadSnapshotRequest>,
    ) -> Answer<Self::ReadSnapshotStream> {
        let by = caller(&request)?;
        let read = self.read(&by, &request.into_inner().name).await;
        read.map(Response::new).map_err(status)
    }

    async fn verify_snapshot(
        &self,
        request: Request<pb::VerifySnapshotRequest>,
    ) -> Answer<pb::VerifySnapshotResponse> {
        let verified = self.verify(&request.into_inner().name).await;
        verified.map(Response::new).map_err(status)
    }

    type CompareSnapshotsStream = Messages<pb::CompareSnapshotsResponse>;

    async fn compare_snapshots(
        &self,
        request: Request<pb::CompareSnapshotsRequest>,
    ) -> Answer<Self::CompareSnapshotsStream> {
        let by = caller(&request)?;
        let compared = self.compare(&by, &request.into_inner()).await;
        compared.map(Response::new).map_err(status)
    }

    async fn create_decision(
        &self,
        request: Request<pb::CreateDecisionRequest>,
    ) -> Answer<pb::Decision> {
        let grant = access::grant(&request).map_err(|denied| status(denied.into()))?;
        let decided = self.decide(&grant, request.into_inner()).await;
        decided.map(Response::new).map_err(status)
    }

    async fn list_decisions(
        &self,
        request: Request<pb::ListDecisionsRequest>,
    ) -> Answer<pb::ListDecisionsResponse> {
        let decisions = self.list_decided(request.into_inner()).await;
        decisions.map(Response::new).map_err(status)
    }
}

impl Api {
    async fn totals(&self, by: &Call, edition: &str) -> Result<pb::Totals, Error> {
        let name = EditionResource::parse(edition).map_err(Error::name("edition"))?;
        let edition = self.snapshots.edition(&name.0)?;
        let subject = Subject::new(&name).digest(edition.digest());
        audit::read(&*self.snapshots.store, by, &subject).await?;
        self.snapshots.live.totals(edition).await
    }

    async fn create(
        &self,
        grant: &Grant,
        mut message: pb::CreateSnapshotRequest,
    ) -> Result<pb::Snapshot, Error> {
        let (name, wanted) = read_create(&message).map_err(Error::InvalidFields)?;
        let edition = self.snapshots.edition(&name)?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read(grant, "CreateSnapshot", &id, &message).map_err(Error::field)?;
        let by = (grant.identity(), &mutation);
        let created = self.snapshots.create(edition, &wanted, by).await?;
        match self.snapshots.get(&created.name).await {
            Ok((snapshot, totals)) => Ok(snapshot_message(&snapshot, Some(totals))),
            Err(Error::SnapshotTooLarge { .. }) => Ok(snapshot_message(&created, None)),
            Err(other) => Err(other),
        }
    }

    async fn get(&self, by: &Call, name: &str) -> Result<pb::Snapshot, Error> {
        let name = SnapshotName::parse(name).map_err(Error::name("name"))?;
        self.told(by, &name).await?;
        let (snapshot, totals) = self.snapshots.get(&name).await?;
        Ok(snapshot_message(&snapshot, Some(totals)))
    }

    /// Writes down that somebody is about to be told the figures of a snapshot.
    async fn told(&self, by: &Call, name: &SnapshotName) -> Result<(), Error> {
        let snapshot = self.snapshots.snapshot(name).await?;
        let subject = Subject::new(name).digest(snapshot.digest);
        Ok(audit::read(&*self.snapshots.store, by, &subject).await?)
    }

    async fn list(
        &self,
        message: &pb::ListSnapshotsRequest,
    ) -> Result<pb::ListSnapshotsResponse, Error> {
        let size = PAGE.apply(message.page_size).map_err(Error::field)?;
        let arguments: [&[u8]; 1] = [b"ListSnapshots"];
        let after = self
            .tokens
            .read(&arguments, &message.page_token)
            .map_err(Error::field)?;
        let mut range = KeyRange::prefix(store::snapshots_prefix());
        if let Some(after) = after {
            range = range.after(&after);
        }
        // One more than the page has, to know whether it is the last.
        let limit = size.saturating_add(1);
        let rows = self.snapshots.store.scan(range, limit).await?;
        let mut response = pb::ListSnapshotsResponse::default();
        let mut last = None;
        for (key, entry) in rows.iter().take(size) {
            let snapshot = store::snapshot_of(key, &entry.value)?;
            response.snapshots.push(snapshot_message(&snapshot, None));
            last = Some(key);
        }
        if let Some(last) = last.filter(|_| rows.len() > size) {
            response.next_page_token = self.tokens.issue(&arguments, last);
        }
        Ok(response)
    }

    async fn rank(
        &self,
        by: &Call,
        message: &pb::RankAuthoritiesRequest,
    ) -> Result<pb::RankAuthoritiesResponse, Error> {
        let name = SnapshotName::parse(&message.name).map_err(Error::name("name"))?;
        self.told(by, &name).await?;
        self.snapshots.rank(&name, &message.figure).await
    }

    async fn watch(
        &self,
        cursor: &[u8],
    ) -> Result<events::Events<pb::WatchSnapshotsResponse>, Error> {
        let store = &self.snapshots.store;
        let cursors = Cursors::new(self.tokens.clone(), store::SNAPSHOTS_LOG);
        let after = cursors.read(&**store, cursor).await?;
        let after = after.map_err(Error::field)?;
        let (log, stop) = (store::snapshots_log(), self.stop.clone());
        let message = move |entry: LogEntry| {
            let cursor = cursors.issue(entry.position);
            event_message(cursor, &entry).map_err(status)
        };
        Ok(events::stream(store, log, after, stop, message).await?)
    }
}

/// The most revisions that a request may name, well above the authorities of any edition.
const RETURNS_MAX: usize = 30_000;

/// The edition to freeze and the revisions that must be in it, or everything that is wrong.
fn read_create(
    message: &pb::CreateSnapshotRequest,
) -> Result<(EditionName, Vec<RevisionName>), Vec<Violation>> {
    let mut violations = Vec::new();
    let edition = match EditionResource::parse(&message.edition) {
        Ok(EditionResource(name)) => Some(name),
        Err(error) => {
            violations.push(name_violation("edition".to_owned(), &error));
            None
        }
    };
    if message.returns.len() > RETURNS_MAX {
        violations.push(Violation {
            field: "returns".to_owned(),
            reason: "INVALID_FIELD",
            description: format!("names at most {RETURNS_MAX} revisions"),
        });
        return Err(violations);
    }
    let mut wanted = Vec::new();
    for (place, text) in message.returns.iter().enumerate() {
        let field = format!("returns[{place}]");
        match RevisionName::parse(text) {
            Ok(name)
                if edition
                    .as_ref()
                    .is_none_or(|edition| *edition == name.data_return.edition) =>
            {
                wanted.push(name);
            }
            Ok(name) => violations.push(Violation {
                field,
                reason: "OTHER_EDITION",
                description: format!("{} is not the edition of the snapshot", name.data_return),
            }),
            Err(error) => violations.push(name_violation(field, &error)),
        }
    }
    violations.extend(request_id::parse(&message.request_id).err());
    match edition {
        Some(edition) if violations.is_empty() => Ok((edition, wanted)),
        _ => Err(violations),
    }
}

fn snapshot_message(snapshot: &Snapshot, totals: Option<pb::Totals>) -> pb::Snapshot {
    pb::Snapshot {
        name: snapshot.name.to_string(),
        digest: snapshot.digest.clone(),
        totals,
        create_time: Some(clock::to_proto(snapshot.created)),
        content_digest: snapshot.content_digest.clone(),
        creator: snapshot.creator.clone(),
    }
}

fn event_message(cursor: Vec<u8>, entry: &LogEntry) -> Result<pb::WatchSnapshotsResponse, Error> {
    let happened = store::event_of(&entry.value)?;
    let event = if happened.overtaken {
        pb::watch_snapshots_response::Event::Overtaken
    } else {
        pb::watch_snapshots_response::Event::Made
    };
    Ok(pb::WatchSnapshotsResponse {
        cursor,
        name: happened.name,
        event: event.into(),
        traceparent: happened.traceparent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_so_many_revisions_and_no_more() {
        let read = |returns: usize| {
            read_create(&pb::CreateSnapshotRequest {
                edition: "collections/pif/editions/2022-23".to_owned(),
                returns: vec![String::new(); returns],
                ..pb::CreateSnapshotRequest::default()
            })
        };
        // Of as many as there may be, each is read and has its own violation.
        assert_eq!(read(RETURNS_MAX).unwrap_err().len(), RETURNS_MAX);
        let more = read(RETURNS_MAX + 1).unwrap_err();
        assert_eq!((more.len(), more[0].field.as_str()), (1, "returns"));
    }
}
