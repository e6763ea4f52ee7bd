//! Following aggregation: every snapshot is fetched and kept, so that a release can be compiled
//! and published while aggregation is away.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::aggregation::v1::watch_snapshots_response::Event;
use mesur_proto::aggregation::v1::{
    GetSnapshotRequest, WatchSnapshotsRequest, WatchSnapshotsResponse,
};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{BoxError, EventStream, Follower, Source};
use mesur_store::Store;
use mesur_wire::{EditionResource, SnapshotName};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::releases::Snapshot;
use crate::store;

/// A snapshot that does not make sense.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{name} has no totals")]
    NoTotals { name: String },
    #[error("{found} was given for {name}")]
    Another { name: String, found: String },
}

/// The snapshots of the aggregation service.
#[derive(Clone)]
pub(crate) struct Aggregation(pub(crate) Connection);

impl Aggregation {
    fn client(&self) -> AggregationServiceClient<Connection> {
        AggregationServiceClient::new(self.0.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

#[async_trait]
impl Source for Aggregation {
    type Event = WatchSnapshotsResponse;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<Self::Event>, Status> {
        let request = WatchSnapshotsRequest { cursor: after };
        Ok(Box::pin(
            self.client().watch_snapshots(request).await?.into_inner(),
        ))
    }
}

/// Keeps the snapshots that aggregation tells of.
pub(crate) struct Keeper {
    pub(crate) aggregation: Aggregation,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) stop: CancellationToken,
}

#[async_trait]
impl Follower<WatchSnapshotsResponse> for Keeper {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(store::cursor(&*self.store).await?)
    }

    async fn apply(&self, event: WatchSnapshotsResponse) -> Result<(), BoxError> {
        if event.event() == Event::Overtaken {
            let edition = EditionResource::parse(&event.name)?.0;
            let commit = store::put_overtaken(&*self.store, &edition, &event.cursor).await?;
            self.store.commit(commit).await?;
            return Ok(());
        }
        let mut client = self.aggregation.client();
        let request = GetSnapshotRequest {
            name: event.name.clone(),
        };
        // Aggregation may take long to answer, and a stop does not wait for that: the cursor
        // stays where it is, and the event comes again at the next start.
        let fetching = self
            .stop
            .run_until_cancelled(client.get_snapshot(request))
            .await;
        let Some(fetched) = fetching else {
            return Ok(());
        };
        let fetched = fetched?.into_inner();
        let name = event.name;
        if fetched.name != name {
            let found = fetched.name;
            return Err(Error::Another { name, found }.into());
        }
        let totals = fetched.totals.ok_or(Error::NoTotals { name })?;
        let snapshot = Snapshot {
            name: SnapshotName::parse(&fetched.name)?,
            digest: fetched.digest,
            edition: EditionResource::parse(&totals.edition)?.0,
            stands: true,
        };
        let commit = store::put_snapshot(&*self.store, &snapshot, &totals, &event.cursor).await?;
        self.store.commit(commit).await?;
        Ok(())
    }
}
