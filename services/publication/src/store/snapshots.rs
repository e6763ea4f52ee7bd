//! Snapshots as they came from aggregation, and how far it is followed.

use mesur_catalogue::EditionName;
use mesur_proto::aggregation::v1::Totals;
use mesur_proto::storage::v1::SnapshotRecord;
use mesur_store::{Commit, Key, KeyBuilder, Store, large, record};
use mesur_wire::SnapshotName;
use prost::Message;

use super::{
    CURSOR, FORMAT, OVERTAKEN, SNAPSHOT, TOO_LARGE, TOTALS, corrupt, edition_key, edition_name,
};
use crate::error::Error;
use crate::releases::Snapshot;

pub(super) fn cursor_key() -> Key {
    KeyBuilder::new(CURSOR).text("aggregation").build()
}

fn snapshot_key(kind: u8, name: &SnapshotName) -> Key {
    KeyBuilder::new(kind).text(name.id()).build()
}

fn overtaken_key(name: &EditionName) -> Key {
    edition_key(OVERTAKEN, name).build()
}

/// How far aggregation is followed; empty before its first event.
pub(crate) async fn cursor(store: &dyn Store) -> Result<Vec<u8>, Error> {
    let key = cursor_key();
    match store.get(&key).await? {
        Some(entry) => Ok(record::unseal(&key, &entry.value)?.1.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// A commit of a snapshot with the cursor of the event that told of it.
pub(crate) async fn put_snapshot(
    store: &dyn Store,
    snapshot: &Snapshot,
    totals: &Totals,
    cursor: &[u8],
) -> Result<Commit, Error> {
    let stored = SnapshotRecord {
        digest: snapshot.digest.clone(),
        collection: snapshot.edition.collection.to_string(),
        period: snapshot.edition.period.to_string(),
        create_time: None,
        overtaken_before: overtaken(store, &snapshot.edition).await?,
    };
    let commit = Commit::new()
        .put(cursor_key(), record::seal_bytes(FORMAT, cursor))
        .put(
            snapshot_key(SNAPSHOT, &snapshot.name),
            record::seal(FORMAT, &stored),
        );
    let bytes = totals.encode_to_vec();
    Ok(large::put_large(store, commit, &snapshot_key(TOTALS, &snapshot.name), &bytes).await?)
}

/// A commit of nothing of a snapshot but that it is too large, with the cursor of the event that told
/// of it.
pub(crate) fn put_too_large(name: &SnapshotName, cursor: &[u8]) -> Commit {
    Commit::new()
        .put(cursor_key(), record::seal_bytes(FORMAT, cursor))
        .put(
            snapshot_key(TOO_LARGE, name),
            record::seal_bytes(FORMAT, &[]),
        )
}

/// Whether a snapshot came that was too large to be kept.
pub(crate) async fn is_too_large(store: &dyn Store, name: &SnapshotName) -> Result<bool, Error> {
    let key = snapshot_key(TOO_LARGE, name);
    Ok(store.get(&key).await?.is_some())
}

/// A commit of the overtaking of an edition's snapshots, with the cursor of the event that told it.
pub(crate) async fn put_overtaken(
    store: &dyn Store,
    edition: &EditionName,
    cursor: &[u8],
) -> Result<Commit, Error> {
    let count = overtaken(store, edition).await?.saturating_add(1);
    Ok(Commit::new()
        .put(cursor_key(), record::seal_bytes(FORMAT, cursor))
        .put(
            overtaken_key(edition),
            record::seal_bytes(FORMAT, &count.to_be_bytes()),
        ))
}

/// How often the snapshots of an edition were overtaken, as far as aggregation is followed.
async fn overtaken(store: &dyn Store, edition: &EditionName) -> Result<u64, Error> {
    let key = overtaken_key(edition);
    let Some(entry) = store.get(&key).await? else {
        return Ok(0);
    };
    let (_, bytes) = record::unseal(&key, &entry.value)?;
    let count = bytes.try_into().map(u64::from_be_bytes);
    count.map_err(|_| corrupt("the count of overtakings", "not a number"))
}

/// A snapshot with its totals.
pub(crate) async fn snapshot(
    store: &dyn Store,
    name: &SnapshotName,
) -> Result<Option<(Snapshot, Totals)>, Error> {
    let key = snapshot_key(SNAPSHOT, name);
    let Some(entry) = store.get(&key).await? else {
        return Ok(None);
    };
    let stored: SnapshotRecord = record::open(FORMAT, &key, &entry.value)?;
    let problem = |error: &dyn std::fmt::Display| corrupt(&name.to_string(), &error.to_string());
    let bytes = large::get_large(store, &snapshot_key(TOTALS, name)).await?;
    let bytes = bytes.ok_or_else(|| problem(&"no totals"))?;
    let totals = Totals::decode(bytes.as_slice()).map_err(|error| problem(&error))?;
    let edition = edition_name(&name.to_string(), &stored.collection, &stored.period)?;
    let snapshot = Snapshot {
        name: name.clone(),
        digest: stored.digest,
        stands: overtaken(store, &edition).await? == stored.overtaken_before,
        edition,
    };
    Ok(Some((snapshot, totals)))
}
