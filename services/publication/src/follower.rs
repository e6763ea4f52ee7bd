//! Following aggregation: every snapshot is read and kept, so that a release can be compiled
//! and published while aggregation is away.
//!
//! A snapshot comes in pieces and is kept only if its content has the digest that it says. One that is
//! larger than the store takes as a value is refused: its name is kept, so that who wants to compile it
//! is told, the log has it as an error, and those behind it go on.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::ContentHash;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::aggregation::v1::read_snapshot_response::Part;
use mesur_proto::aggregation::v1::watch_snapshots_response::Event;
use mesur_proto::aggregation::v1::{self as pb, WatchSnapshotsRequest, WatchSnapshotsResponse};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{BoxError, EventStream, Follower, Source};
use mesur_store::Store;
use mesur_store::large::LARGE_BYTES_MAX;
use mesur_wire::{EditionResource, SnapshotName};
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::error;

use crate::releases::Snapshot;
use crate::store;

/// A snapshot that does not make sense.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{name} does not come as a snapshot and then its parts")]
    OutOfOrder { name: String },
    #[error("{name} has no totals")]
    NoTotals { name: String },
    #[error("the content of {name} has the digest {found}, and says {told}")]
    Content {
        name: String,
        found: String,
        told: String,
    },
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

impl Aggregation {
    /// A snapshot and its totals; `None` when it is larger than can be kept.
    async fn read(&self, name: &str) -> Result<Option<(pb::Snapshot, pb::Totals)>, BoxError> {
        let request = pb::ReadSnapshotRequest {
            name: name.to_owned(),
        };
        let mut stream = self.client().read_snapshot(request).await?.into_inner();
        let fault = |make: fn(String) -> Error| make(name.to_owned());
        let out_of_order = || fault(|name| Error::OutOfOrder { name });
        let Some(Part::Snapshot(mut snapshot)) = stream.message().await?.and_then(|m| m.part)
        else {
            return Err(out_of_order().into());
        };
        if snapshot.name != name {
            let (name, found) = (name.to_owned(), snapshot.name);
            return Err(Error::Another { name, found }.into());
        }
        let totals = snapshot.totals.take();
        let mut totals = totals.ok_or_else(|| fault(|name| Error::NoTotals { name }))?;
        let mut bytes = totals.encoded_len();
        while let Some(message) = stream.message().await? {
            bytes = bytes.saturating_add(message.encoded_len());
            if bytes > LARGE_BYTES_MAX {
                return Ok(None);
            }
            match message.part {
                Some(Part::Totals(more)) if totals.authorities.is_empty() => {
                    totals.merge(more.encode_to_vec().as_slice())?;
                }
                Some(Part::Authority(more)) => match totals.authorities.last_mut() {
                    Some(last) if last.authority == more.authority => {
                        last.values.extend(more.values);
                    }
                    _ => totals.authorities.push(more),
                },
                Some(Part::Snapshot(_) | Part::Totals(_)) | None => {
                    return Err(out_of_order().into());
                }
            }
        }
        let found = content_digest(&mut totals);
        if found != snapshot.content_digest {
            let (name, told) = (name.to_owned(), snapshot.content_digest);
            return Err(Error::Content { name, found, told }.into());
        }
        Ok(Some((snapshot, totals)))
    }
}

/// The digest of a snapshot's content, as the contract of aggregation says.
fn content_digest(totals: &mut pb::Totals) -> String {
    let digest = |bytes: &[u8]| {
        let mut hash = ContentHash::default();
        hash.update(bytes);
        hash.finish()
    };
    let authorities = std::mem::take(&mut totals.authorities);
    // When a return was signed off is no content.
    let inputs = totals
        .returns
        .iter_mut()
        .chain(&mut totals.previous_returns);
    let times: Vec<_> = inputs.map(|input| input.sign_off_time.take()).collect();
    let national = digest(&totals.encode_to_vec());
    let inputs = totals
        .returns
        .iter_mut()
        .chain(&mut totals.previous_returns);
    for (input, time) in inputs.zip(times) {
        input.sign_off_time = time;
    }
    let parts = authorities.iter().map(|one| digest(&one.encode_to_vec()));
    let mut hash = ContentHash::default();
    for part in std::iter::once(national).chain(parts) {
        hash.update(format!("{part}\n"));
    }
    totals.authorities = authorities;
    hash.finish()
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

    fn traceparent(event: &Self::Event) -> Option<&str> {
        Some(&event.traceparent)
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
        // Aggregation may take long to answer, and a stop does not wait for that: the cursor
        // stays where it is, and the event comes again at the next start.
        let reading = self.aggregation.read(&event.name);
        let Some(read) = self.stop.run_until_cancelled(reading).await else {
            return Ok(());
        };
        let Some((told, totals)) = read? else {
            error!(
                snapshot = %event.name,
                bytes_max = LARGE_BYTES_MAX,
                "a snapshot is too large to be kept: no release can be compiled from it"
            );
            let name = SnapshotName::parse(&event.name)?;
            let commit = store::put_too_large(&name, &event.cursor);
            self.store.commit(commit).await?;
            return Ok(());
        };
        let snapshot = Snapshot {
            name: SnapshotName::parse(&told.name)?,
            digest: told.digest,
            edition: EditionResource::parse(&totals.edition)?.0,
            stands: true,
        };
        let commit = store::put_snapshot(&*self.store, &snapshot, &totals, &event.cursor).await?;
        self.store.commit(commit).await?;
        Ok(())
    }
}
