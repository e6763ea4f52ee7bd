//! Keys and records of the aggregation service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 cursor | | the cursor of the last event of submission that had its effect |
//! | 2 edition | collection, period | nothing: its version is of the last return taken in |
//! | 3 return | collection, period, authority | the signed-off return and its cells in parts, a large value |
//! | 4 snapshot | snapshot | the record of the snapshot |
//! | 5 totals | snapshot | its totals as the message they are served as, a large value |
//! | 6 page key | | the key that page tokens are signed with |
//! | 7 robustness | collection, period, authority, metric | whether the value is robust |
//! | 8 validation cursor | | the cursor of the last event of validation that had its effect |
//! | 9 overtaken | collection, period | how often the edition's snapshots were overtaken |
//! | log `snapshots` | position | a snapshot that was made |
//!
//! A return is taken in, or taken out when its sign-off is taken back, by one commit: return,
//! edition, and the cursor of the event that told of it, so that every event has its effect once.
//! So is a mark of robustness. A snapshot is one commit too: record, totals and
//! event. The edition's version is what reading all its returns relies on, so that totals are
//! always of returns that were held together. Kinds are never used for anything else.

use mesur_catalogue::{AuthorityCode, CollectionId, Edition, EditionName, MetricCode, Period};
use mesur_proto::aggregation::v1::Totals;
use mesur_proto::storage::v1::{
    RobustnessRecord, SignedReturnRecord, SnapshotEventRecord, SnapshotRecord,
};
use mesur_returns::DataReturn;
use mesur_rpc::clock;
use mesur_store::{
    Commit, Expect, Key, KeyBuilder, KeyRange, KeyReader, Log, Store, Version, large, record,
};
use mesur_wire::{
    ContentReader, EditionResource, Frames, ReturnName, RevisionName, SnapshotName, content_frames,
};
use prost::Message;

use crate::domain::{NotRobust, SignedReturn, Snapshot};
use crate::error::Error;

const CURSOR: u8 = 1;
const EDITION: u8 = 2;
const RETURN: u8 = 3;
const SNAPSHOT: u8 = 4;
const TOTALS: u8 = 5;
const PAGE_KEY: u8 = 6;
const ROBUSTNESS: u8 = 7;
const VALIDATION_CURSOR: u8 = 8;
const OVERTAKEN: u8 = 9;

/// The format of the cursor, [`SnapshotRecord`] and [`SnapshotEventRecord`].
const FORMAT: u8 = 1;

/// How many marks are read at a time.
const SCAN: usize = 1_000;

/// The name of the log of the snapshots.
pub(crate) const SNAPSHOTS_LOG: &str = "snapshots";

/// The log of the snapshots.
pub(crate) fn snapshots_log() -> Log {
    Log::new(SNAPSHOTS_LOG)
}

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// What the keys of the snapshots begin with.
pub(crate) fn snapshots_prefix() -> Key {
    KeyBuilder::new(SNAPSHOT).build()
}

/// Where it stands that returns of an edition have been taken in.
pub(crate) fn edition_key(name: &EditionName) -> Key {
    edition_parts(EDITION, name).build()
}

/// Which service's events a cursor is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// Submission's.
    Submission,
    /// Validation's.
    Validation,
}

fn cursor_key(of: Upstream) -> Key {
    let kind = match of {
        Upstream::Submission => CURSOR,
        Upstream::Validation => VALIDATION_CURSOR,
    };
    KeyBuilder::new(kind).build()
}

fn return_key(edition: &EditionName, authority: &AuthorityCode) -> Key {
    edition_parts(RETURN, edition)
        .text(authority.as_str())
        .build()
}

fn edition_parts(kind: u8, name: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(name.collection.as_str())
        .text(name.period.as_str())
}

fn snapshot_key(kind: u8, name: &SnapshotName) -> Key {
    KeyBuilder::new(kind).text(name.id()).build()
}

/// The cursor of the last event that had its effect; empty before the first.
pub(crate) async fn cursor(store: &dyn Store, of: Upstream) -> Result<Vec<u8>, Error> {
    let key = cursor_key(of);
    let Some(entry) = store.get(&key).await? else {
        return Ok(Vec::new());
    };
    match record::unseal(&key, &entry.value)? {
        (FORMAT, cursor) => Ok(cursor.to_vec()),
        (other, _) => Err(corrupt("the cursor", &format!("record format {other}"))),
    }
}

/// Adds to a commit that an event had its effect.
pub(crate) fn put_cursor(commit: Commit, of: Upstream, cursor: &[u8]) -> Commit {
    commit.put(cursor_key(of), record::seal_bytes(FORMAT, cursor))
}

/// Adds a signed-off return to a commit, in place of an earlier revision.
pub(crate) async fn put_return(
    store: &dyn Store,
    commit: Commit,
    signed: &SignedReturn,
) -> Result<Commit, mesur_store::Error> {
    let data_return = &signed.data_return;
    let stored = SignedReturnRecord {
        name: signed.name.to_string(),
        digest: signed.digest.clone(),
        edition_digest: data_return.edition_digest.clone(),
    };
    let commit = commit.put(edition_key(&data_return.edition), Vec::new());
    let key = return_key(&data_return.edition, &data_return.authority);
    let mut writer = large::Writer::new(store, &key);
    writer
        .write(&stored.encode_length_delimited_to_vec())
        .await?;
    for frame in content_frames(data_return.cells()) {
        writer.write(&frame).await?;
    }
    writer.finish(commit).await
}

/// Adds to a commit that an authority's return is signed off no more.
pub(crate) async fn delete_return(
    store: &dyn Store,
    commit: Commit,
    name: &ReturnName,
) -> Result<Commit, mesur_store::Error> {
    let commit = commit.put(edition_key(&name.edition), Vec::new());
    let key = return_key(&name.edition, &name.authority);
    large::delete_large(store, commit, &key).await
}

/// Frees the room of a return that was replaced or taken out.
pub(crate) async fn sweep_return(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<(), mesur_store::Error> {
    large::sweep(store, &return_key(&name.edition, &name.authority)).await
}

/// Adds to a commit whether an authority's value of a metric is robust.
pub(crate) fn put_robustness(
    commit: Commit,
    edition: &EditionName,
    authority: &AuthorityCode,
    metric: &MetricCode,
    record: &RobustnessRecord,
) -> Commit {
    let key = edition_parts(ROBUSTNESS, edition)
        .text(authority.as_str())
        .text(metric.as_str());
    commit
        .put(edition_key(edition), Vec::new())
        .put(key.build(), record::seal(FORMAT, record))
}

/// The values of an edition that are not robust.
pub(crate) async fn not_robust(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<NotRobust, Error> {
    let mut found = NotRobust::new();
    let mut range = KeyRange::prefix(edition_parts(ROBUSTNESS, edition).build());
    loop {
        let rows = store.scan(range.clone(), SCAN).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        range = range.after(last);
        for (key, entry) in &rows {
            let stored: RobustnessRecord = record::open(FORMAT, key, &entry.value)?;
            if !stored.robust {
                found.insert(marked_of(key)?);
            }
        }
    }
}

fn marked_of(key: &[u8]) -> Result<(AuthorityCode, MetricCode), Error> {
    let problem =
        |error: &dyn std::fmt::Display| corrupt("a mark of robustness", &error.to_string());
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    reader.text()?;
    let authority = AuthorityCode::parse(&reader.text()?).map_err(|error| problem(&error))?;
    let metric = MetricCode::parse(&reader.text()?).map_err(|error| problem(&error))?;
    Ok((authority, metric))
}

/// The signed-off return of an authority.
pub(crate) async fn signed_return(
    store: &dyn Store,
    edition: &Edition,
    authority: &AuthorityCode,
) -> Result<Option<SignedReturn>, Error> {
    let key = return_key(edition.name(), authority);
    let Some(mut value) = large::Reader::open(store, &key).await? else {
        return Ok(None);
    };
    let item = format!("{} of {authority}", edition.name());
    let problem = |error: &dyn std::fmt::Display| corrupt(&item, &error.to_string());
    let mut frames = Frames::default();
    let stored: SignedReturnRecord = loop {
        if let Some(stored) = frames.message().map_err(|error| problem(&error))? {
            break stored;
        }
        let bytes = value
            .next()
            .await?
            .ok_or_else(|| problem(&"it is cut short"))?;
        frames.push(&bytes);
    };
    if stored.edition_digest != edition.digest() {
        return Err(Error::EditionMismatch {
            name: edition.name().clone(),
            ours: edition.digest().to_owned(),
            theirs: stored.edition_digest,
            item: stored.name,
        });
    }
    let mut content = ContentReader::after(frames, edition.cells().len());
    while let Some(bytes) = value.next().await? {
        content.take(&bytes).map_err(|error| problem(&error))?;
    }
    let cells = content.finish().map_err(|error| problem(&error))?;
    let data_return = DataReturn::new(edition, authority.clone(), cells);
    Ok(Some(SignedReturn {
        name: RevisionName::parse(&stored.name).map_err(|error| problem(&error))?,
        digest: stored.digest,
        data_return: data_return.ok_or_else(|| problem(&"a cell is missing"))?,
    }))
}

/// The version of the returns of an edition; `None` before the first.
pub(crate) async fn edition_version(
    store: &dyn Store,
    name: &EditionName,
) -> Result<Option<Version>, Error> {
    let entry = store.get(&edition_key(name)).await?;
    Ok(entry.map(|entry| entry.version))
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
    let stored: SnapshotRecord = record::open(FORMAT, key, value)?;
    let created = stored.create_time.ok_or_else(|| problem(&"no time"))?;
    Ok(Snapshot {
        name: SnapshotName::parse(&name).map_err(|error| problem(&error))?,
        digest: stored.digest,
        edition: EditionName {
            collection: CollectionId::parse(&stored.collection).map_err(|error| problem(&error))?,
            period: Period::parse(&stored.period).map_err(|error| problem(&error))?,
        },
        created: clock::from_proto(&created).map_err(|error| problem(&error))?,
        overtaken_before: stored.overtaken_before,
    })
}

/// The totals of a snapshot.
pub(crate) async fn totals(store: &dyn Store, name: &SnapshotName) -> Result<Totals, Error> {
    let bytes = large::get_large(store, &snapshot_key(TOTALS, name)).await?;
    let bytes = bytes.ok_or_else(|| corrupt(&name.to_string(), "no totals"))?;
    Totals::decode(bytes.as_slice()).map_err(|error| corrupt(&name.to_string(), &error.to_string()))
}

/// Adds to a commit that a snapshot stands, made now or made before.
pub(crate) fn put_standing(commit: Commit, snapshot: &Snapshot) -> Commit {
    let stored = SnapshotRecord {
        digest: snapshot.digest.clone(),
        collection: snapshot.edition.collection.to_string(),
        period: snapshot.edition.period.to_string(),
        create_time: Some(clock::to_proto(snapshot.created)),
        overtaken_before: snapshot.overtaken_before,
    };
    let happened = SnapshotEventRecord {
        name: snapshot.name.to_string(),
        overtaken: false,
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
    };
    Ok(commit
        .expect(key.clone(), expect)
        .put(key, record::seal_bytes(FORMAT, &count))
        .append(&snapshots_log(), record::seal(FORMAT, &happened)))
}

/// Adds a new snapshot to a commit.
pub(crate) async fn put_snapshot(
    store: &dyn Store,
    commit: Commit,
    snapshot: &Snapshot,
    totals: &Totals,
) -> Result<Commit, Error> {
    let key = snapshot_key(SNAPSHOT, &snapshot.name);
    let commit = put_standing(commit.expect(key, Expect::Absent), snapshot);
    let key = snapshot_key(TOTALS, &snapshot.name);
    Ok(large::put_large(store, commit, &key, &totals.encode_to_vec()).await?)
}

/// What happened to snapshots: which, or of which edition all.
pub(crate) fn event_of(value: &[u8]) -> Result<SnapshotEventRecord, Error> {
    Ok(record::open(FORMAT, b"snapshots", value)?)
}

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
