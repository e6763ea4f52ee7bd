//! Snapshots, and what happened to them. A snapshot holds national figures and names its returns;
//! what the authorities provided stays with their contents.

use std::collections::BTreeSet;

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, MetricCode, Period};
use mesur_proto::aggregation::v1::Totals;
use mesur_proto::storage::v1::{
    FrozenSnapshotRecord, MarkedMetricsRecord, SnapshotEventRecord, SnapshotMarksRecord,
};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, KeyReader, Log, Store, large, record};
use mesur_telemetry::trace;
use mesur_wire::{EditionResource, Frames, SnapshotName};
use prost::Message;

use super::{FORMAT, OVERTAKEN, SNAPSHOT, TOTALS, corrupt, edition_parts, frozen_key};
use crate::domain::{NotRobust, Snapshot};
use crate::error::Error;

/// The name of the log of the snapshots.
pub(crate) const SNAPSHOTS_LOG: &str = "snapshots";

/// The log of the snapshots.
pub(crate) fn snapshots_log() -> Log {
    Log::new(SNAPSHOTS_LOG)
}

/// What the keys of the snapshots begin with.
pub(crate) fn snapshots_prefix() -> Key {
    KeyBuilder::new(SNAPSHOT).build()
}

fn snapshot_key(kind: u8, name: &SnapshotName) -> Key {
    KeyBuilder::new(kind).text(name.id()).build()
}

/// A snapshot by name, apart from its totals.
pub(crate) async fn snapshot(
    store: &dyn Store,
    name: &SnapshotName,
) -> Result<Option<Snapshot>, Error> {
    let key = snapshot_key(SNAPSHOT, name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some(snapshot_of(&key, &entry.value)?)),
        None => Ok(None),
    }
}

/// The snapshot in a stored record.
pub(crate) fn snapshot_of(key: &[u8], value: &[u8]) -> Result<Snapshot, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let name = format!("snapshots/{}", reader.text()?);
    let problem = |error: &dyn std::fmt::Display| corrupt(&name, &error.to_string());
    let stored: FrozenSnapshotRecord = record::open(FORMAT, key, value)?;
    let created = stored.create_time.ok_or_else(|| problem(&"no time"))?;
    Ok(Snapshot {
        name: SnapshotName::parse(&name).map_err(|error| problem(&error))?,
        digest: stored.digest,
        content_digest: stored.content_digest,
        edition: EditionName {
            collection: CollectionId::parse(&stored.collection).map_err(|error| problem(&error))?,
            period: Period::parse(&stored.period).map_err(|error| problem(&error))?,
        },
        created: clock::from_proto(&created).map_err(|error| problem(&error))?,
        creator: stored.creator,
        overtaken_before: stored.overtaken_before,
    })
}

/// The totals of a snapshot without the authorities, and the values that were not robust.
pub(crate) async fn frozen(
    store: &dyn Store,
    name: &SnapshotName,
) -> Result<(Totals, NotRobust), Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(&name.to_string(), &error.to_string());
    let bytes = large::get_large(store, &snapshot_key(TOTALS, name)).await?;
    let mut frames = Frames::default();
    frames.push(&bytes.ok_or_else(|| problem(&"no totals"))?);
    let cut = || problem(&"it is cut short");
    let totals = frames.message().map_err(|error| problem(&error))?;
    let marks = frames.message().map_err(|error| problem(&error))?;
    let marks: SnapshotMarksRecord = marks.ok_or_else(cut)?;
    frames.finish().map_err(|error| problem(&error))?;
    let mut not_robust = NotRobust::new();
    for marked in marks.not_robust {
        let authority = AuthorityCode::parse(&marked.authority).map_err(|error| problem(&error))?;
        let metrics = marked
            .metrics
            .iter()
            .map(|metric| MetricCode::parse(metric));
        let metrics: Result<BTreeSet<MetricCode>, _> = metrics.collect();
        not_robust.insert(authority, metrics.map_err(|error| problem(&error))?);
    }
    Ok((totals.ok_or_else(cut)?, not_robust))
}

/// Adds to a commit that a snapshot stands, made now or made before.
pub(crate) fn put_standing(commit: Commit, snapshot: &Snapshot) -> Commit {
    let stored = FrozenSnapshotRecord {
        digest: snapshot.digest.clone(),
        collection: snapshot.edition.collection.to_string(),
        period: snapshot.edition.period.to_string(),
        create_time: Some(clock::to_proto(snapshot.created)),
        overtaken_before: snapshot.overtaken_before,
        content_digest: snapshot.content_digest.clone(),
        creator: snapshot.creator.clone(),
    };
    let happened = SnapshotEventRecord {
        name: snapshot.name.to_string(),
        overtaken: false,
        traceparent: trace::current(),
    };
    commit
        .put(
            snapshot_key(SNAPSHOT, &snapshot.name),
            record::seal(FORMAT, &stored),
        )
        .append(&snapshots_log(), record::seal(FORMAT, &happened))
}

/// How often the snapshots of an edition were overtaken, with what a change of it must expect.
pub(crate) async fn overtaken(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<(u64, Expect), Error> {
    let key = edition_parts(OVERTAKEN, edition).build();
    let Some(entry) = store.get(&key).await? else {
        return Ok((0, Expect::Absent));
    };
    let (_, bytes) = record::unseal(&key, &entry.value)?;
    let count = bytes.try_into().map(u64::from_be_bytes);
    let count = count.map_err(|_| corrupt("the count of overtakings", "not a number"))?;
    Ok((count, Expect::At(entry.version)))
}

/// Adds to a commit that the snapshots of an edition are overtaken.
pub(crate) async fn overtake(
    store: &dyn Store,
    commit: Commit,
    edition: &EditionName,
) -> Result<Commit, Error> {
    let (count, expect) = overtaken(store, edition).await?;
    let key = edition_parts(OVERTAKEN, edition).build();
    let count = count.saturating_add(1).to_be_bytes();
    let happened = SnapshotEventRecord {
        name: EditionResource(edition.clone()).to_string(),
        overtaken: true,
        traceparent: trace::current(),
    };
    Ok(commit
        .expect(key.clone(), expect)
        .put(key, record::seal_bytes(FORMAT, &count))
        .append(&snapshots_log(), record::seal(FORMAT, &happened)))
}

/// Adds a new snapshot to a commit: its totals without the authorities, and the values that are not
/// robust. The contents of its returns, those of `previous` among them, stay from now on.
pub(crate) async fn put_snapshot(
    store: &dyn Store,
    commit: Commit,
    snapshot: &Snapshot,
    (totals, not_robust): (&Totals, &NotRobust),
    previous: Option<&EditionName>,
) -> Result<Commit, Error> {
    let marked = not_robust
        .iter()
        .map(|(authority, metrics)| MarkedMetricsRecord {
            authority: authority.to_string(),
            metrics: metrics.iter().map(ToString::to_string).collect(),
        });
    let marks = SnapshotMarksRecord {
        not_robust: marked.collect(),
    };
    let key = snapshot_key(SNAPSHOT, &snapshot.name);
    let mut commit = put_standing(commit.expect(key, Expect::Absent), snapshot);
    for edition in std::iter::once(&snapshot.edition).chain(previous) {
        commit = commit.put(frozen_key(edition), Vec::new());
    }
    let mut writer = large::Writer::new(store, &snapshot_key(TOTALS, &snapshot.name));
    writer
        .write(&totals.encode_length_delimited_to_vec())
        .await?;
    writer
        .write(&marks.encode_length_delimited_to_vec())
        .await?;
    Ok(writer.finish(commit).await?)
}

/// What happened to snapshots: which, or of which edition all.
pub(crate) fn event_of(value: &[u8]) -> Result<SnapshotEventRecord, Error> {
    Ok(record::open(FORMAT, b"snapshots", value)?)
}
