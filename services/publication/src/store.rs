//! Keys and records of the publication service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 release | collection, period | the record of the release |
//! | 2 file | digest | the content of a published file, a large value |
//! | 3 request | request id | the record that it led to |
//! | 4 cursor | name of the service that is followed | the cursor of its last event |
//! | 5 snapshot | id | the record of the snapshot |
//! | 6 totals | id | its totals, as they were served: a large value |
//! | 7 page key | | the key that page tokens are signed with |
//! | 8 overtaken | collection, period | how often the edition's snapshots were overtaken |
//!
//! A snapshot is one commit with the cursor of the event that told of it. Files stand under their
//! digest and are written before the release that names them is published in one last commit: a
//! crash between leaves files that nobody names, and the same files are written again. Kinds are
//! never used for anything else.

use mesur_catalogue::{CollectionId, EditionName, Period};
use mesur_proto::aggregation::v1::Totals;
use mesur_proto::storage::v1::{FileRecord, LanguageGapRecord, ReleaseRecord, SnapshotRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, Store, Version, large, record};
use mesur_wire::{ReleaseName, SnapshotName};
use prost::Message;

use crate::error::Error;
use crate::releases::{FileFacts, Gap, Release, Snapshot};

const RELEASE: u8 = 1;
const FILE: u8 = 2;
const REQUEST: u8 = 3;
const CURSOR: u8 = 4;
const SNAPSHOT: u8 = 5;
const TOTALS: u8 = 6;
const PAGE_KEY: u8 = 7;
const OVERTAKEN: u8 = 8;

/// The format of every record here.
const FORMAT: u8 = 1;
const COMPILED: u32 = 1;
const PUBLISHED: u32 = 2;

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// What response keys begin with.
pub(crate) fn request_prefix() -> Key {
    KeyBuilder::new(REQUEST).build()
}

/// What the keys of releases begin with.
pub(crate) fn releases_prefix() -> Key {
    KeyBuilder::new(RELEASE).build()
}

/// Where a file's content stands.
pub(crate) fn file_key(digest: &str) -> Key {
    KeyBuilder::new(FILE).text(digest).build()
}

fn release_key(name: &EditionName) -> Key {
    KeyBuilder::new(RELEASE)
        .text(name.collection.as_str())
        .text(name.period.as_str())
        .build()
}

fn cursor_key() -> Key {
    KeyBuilder::new(CURSOR).text("aggregation").build()
}

fn snapshot_key(kind: u8, name: &SnapshotName) -> Key {
    KeyBuilder::new(kind).text(name.id()).build()
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

fn overtaken_key(name: &EditionName) -> Key {
    KeyBuilder::new(OVERTAKEN)
        .text(name.collection.as_str())
        .text(name.period.as_str())
        .build()
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

/// A release with the version that a change of it must expect.
pub(crate) async fn release(
    store: &dyn Store,
    name: &ReleaseName,
) -> Result<Option<(Release, Version)>, Error> {
    let key = release_key(&name.0);
    match store.get(&key).await? {
        Some(entry) => Ok(Some((release_of(&key, &entry.value)?, entry.version))),
        None => Ok(None),
    }
}

/// The release in a stored record.
pub(crate) fn release_of(key: &[u8], value: &[u8]) -> Result<Release, Error> {
    let stored: ReleaseRecord = record::open(FORMAT, key, value)?;
    let edition = edition_name("a release", &stored.collection, &stored.period)?;
    let name = ReleaseName(edition).to_string();
    let problem = |error: &dyn std::fmt::Display| corrupt(&name, &error.to_string());
    let time =
        |time: &prost_types::Timestamp| clock::from_proto(time).map_err(|error| problem(&error));
    let compiled = stored.compile_time.ok_or_else(|| problem(&"no time"))?;
    let published = stored.publish_time.as_ref().map(time).transpose()?;
    let published = published.map(|time| (time, stored.publisher));
    match (stored.state, &published) {
        (COMPILED, None) | (PUBLISHED, Some(_)) => {}
        (state, _) => return Err(problem(&format!("state {state} does not fit its times"))),
    }
    let files = stored.files.into_iter().map(|file| FileFacts {
        name: file.file_name,
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        digest: file.digest,
    });
    let gaps = stored.language_gaps.into_iter().map(|gap| Gap {
        kind: gap.kind,
        item: gap.item,
    });
    Ok(Release {
        name: ReleaseName(edition_name(&name, &stored.collection, &stored.period)?),
        edition_digest: stored.edition_digest,
        snapshot: stored.snapshot,
        snapshot_digest: stored.snapshot_digest,
        reference: stored.reference,
        titles: [stored.title_en, stored.title_cy],
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: stored.omitted_statements,
        compiled: time(&compiled)?,
        compiled_by: stored.compiler,
        published,
    })
}

/// Adds a new state of a release to a commit that relies on the one at `version`.
pub(crate) fn put_release(commit: Commit, release: &Release, version: Option<Version>) -> Commit {
    let key = release_key(&release.name.0);
    let expect = version.map_or(Expect::Absent, Expect::At);
    commit
        .expect(key.clone(), expect)
        .put(key, record_of(release))
}

/// The stored form of a release.
pub(crate) fn record_of(release: &Release) -> Vec<u8> {
    let files = release.files.iter().map(|file| FileRecord {
        file_name: file.name.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        digest: file.digest.clone(),
    });
    let gaps = release.language_gaps.iter().map(|gap| LanguageGapRecord {
        kind: gap.kind.clone(),
        item: gap.item.clone(),
    });
    let [title_en, title_cy] = release.titles.clone();
    let publication = release.published.as_ref();
    let stored = ReleaseRecord {
        state: if release.published.is_some() {
            PUBLISHED
        } else {
            COMPILED
        },
        collection: release.name.0.collection.to_string(),
        period: release.name.0.period.to_string(),
        edition_digest: release.edition_digest.clone(),
        snapshot: release.snapshot.clone(),
        snapshot_digest: release.snapshot_digest.clone(),
        reference: release.reference.clone(),
        files: files.collect(),
        language_gaps: gaps.collect(),
        omitted_statements: release.omitted_statements.clone(),
        compile_time: Some(clock::to_proto(release.compiled)),
        publish_time: publication.map(|(time, _)| clock::to_proto(*time)),
        title_en,
        title_cy,
        compiler: release.compiled_by.clone(),
        publisher: publication.map_or_else(String::new, |(_, by)| by.clone()),
    };
    record::seal(FORMAT, &stored)
}

fn edition_name(of: &str, collection: &str, period: &str) -> Result<EditionName, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(of, &error.to_string());
    Ok(EditionName {
        collection: CollectionId::parse(collection).map_err(|error| problem(&error))?,
        period: Period::parse(period).map_err(|error| problem(&error))?,
    })
}

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
