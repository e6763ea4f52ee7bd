//! Releases: which revisions there are, and each of them.

use jiff::Timestamp;
use mesur_proto::storage::v1::{ReleaseRecord, ReleaseRevisionRecord, UpdateNoteRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, KeyRange, Store, Version, record};
use mesur_wire::ReleaseName;

use super::{FORMAT, RELEASE, REVISION, corrupt, edition_key, release_name, required, time};
use crate::domain::{State, UpdateNote};
use crate::error::Error;
use crate::releases::Release;

/// How many rows are read at a time.
const SCAN_ROWS: usize = 256;

/// Which of a release's revisions are worked on and published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The latest revision.
    pub(crate) latest: u32,
    /// The published one; 0 before the first.
    pub(crate) published: u32,
    /// How many events there were.
    pub(crate) events: u64,
    /// How many times somebody was given early access.
    pub(crate) accesses: u64,
    /// When the last event was.
    pub(crate) last_event: Option<Timestamp>,
}

fn head_key(name: &ReleaseName) -> Key {
    edition_key(RELEASE, &name.0).build()
}

fn revision_key(name: &ReleaseName, revision: u32) -> Key {
    edition_key(REVISION, &name.0)
        .number(revision.into())
        .build()
}

/// A release, with the version that a change of it must expect.
pub(crate) async fn head(
    store: &dyn Store,
    name: &ReleaseName,
) -> Result<Option<(Head, Version)>, Error> {
    let key = head_key(name);
    match store.get(&key).await? {
        Some(entry) => {
            let (_, head) = head_of(&key, &entry.value)?;
            Ok(Some((head, entry.version)))
        }
        None => Ok(None),
    }
}

/// Every release, in the order of their names.
pub(crate) async fn heads(store: &dyn Store) -> Result<Vec<(ReleaseName, Head)>, Error> {
    let mut heads = Vec::new();
    for (key, value) in all(store, KeyBuilder::new(RELEASE).build()).await? {
        heads.push(head_of(&key, &value)?);
    }
    Ok(heads)
}

/// A revision.
pub(crate) async fn revision(
    store: &dyn Store,
    name: &ReleaseName,
    revision: u32,
) -> Result<Option<Release>, Error> {
    let key = revision_key(name, revision);
    let found = store.get(&key).await?;
    found
        .map(|entry| revision_of(&key, &entry.value))
        .transpose()
}

/// Every revision of a release, oldest first.
pub(crate) async fn revisions(
    store: &dyn Store,
    name: &ReleaseName,
) -> Result<Vec<Release>, Error> {
    let rows = all(store, edition_key(REVISION, &name.0).build()).await?;
    rows.iter()
        .map(|(key, value)| revision_of(key, value))
        .collect()
}

/// All rows whose keys begin with a prefix.
pub(super) async fn all(store: &dyn Store, prefix: Key) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let whole = KeyRange::prefix(prefix);
    let mut range = whole.clone();
    let mut all = Vec::new();
    loop {
        let rows = store.scan(range, SCAN_ROWS).await?;
        let is_end = rows.len() < SCAN_ROWS;
        all.extend(rows.into_iter().map(|(key, entry)| (key, entry.value)));
        match all.last() {
            Some((last, _)) if !is_end => range = whole.clone().after(last),
            _ => return Ok(all),
        }
    }
}

/// Adds a release with one of its revisions to a commit that relies on the release at `version`.
pub(crate) fn put_head(
    commit: Commit,
    name: &ReleaseName,
    head: &Head,
    version: Option<Version>,
) -> Commit {
    let key = head_key(name);
    let stored = ReleaseRecord {
        collection: name.0.collection.to_string(),
        period: name.0.period.to_string(),
        latest: head.latest,
        published: head.published,
        events: head.events,
        accesses: head.accesses,
        last_event_time: head.last_event.map(clock::to_proto),
    };
    commit
        .expect(key.clone(), version.map_or(Expect::Absent, Expect::At))
        .put(key, record::seal(FORMAT, &stored))
}

/// Lets a commit rely on a release as it is.
pub(crate) fn expect_head(commit: Commit, name: &ReleaseName, version: Version) -> Commit {
    commit.expect(head_key(name), Expect::At(version))
}

/// Adds a revision to a commit, which relies on the release.
pub(crate) fn put_revision(commit: Commit, release: &Release) -> Commit {
    commit.put(
        revision_key(&release.name, release.revision),
        record_of(release),
    )
}

fn head_of(key: &[u8], value: &[u8]) -> Result<(ReleaseName, Head), Error> {
    let stored: ReleaseRecord = record::open(FORMAT, key, value)?;
    let name = release_name(&stored.collection, &stored.period)?;
    let head = Head {
        latest: stored.latest,
        published: stored.published,
        events: stored.events,
        accesses: stored.accesses,
        last_event: time(&name.to_string(), stored.last_event_time.as_ref())?,
    };
    Ok((name, head))
}

/// The revision in a stored record.
pub(crate) fn revision_of(key: &[u8], value: &[u8]) -> Result<Release, Error> {
    let stored: ReleaseRevisionRecord = record::open(FORMAT, key, value)?;
    let name = release_name(&stored.collection, &stored.period)?;
    let text = name.to_string();
    let state = State::from_number(stored.state)
        .filter(|state| *state != State::Nothing)
        .ok_or_else(|| corrupt(&text, &format!("no state {}", stored.state)))?;
    let published = time(&text, stored.publish_time.as_ref())?;
    let scheduled = time(&text, stored.scheduled_time.as_ref())?;
    let fits = state.is_public() == published.is_some()
        && (state != State::Scheduled || scheduled.is_some());
    if !fits {
        return Err(corrupt(&text, "its state does not fit its times"));
    }
    let note = stored.update_note.map(|note| UpdateNote {
        what: [note.what_en, note.what_cy],
        why: [note.why_en, note.why_cy],
    });
    Ok(Release {
        compiled: required(&text, stored.compile_time.as_ref())?,
        name,
        revision: stored.revision,
        state,
        edition_digest: stored.edition_digest,
        snapshot: stored.snapshot,
        snapshot_digest: stored.snapshot_digest,
        reference: stored.reference,
        titles: [stored.title_en, stored.title_cy],
        compiled_details: stored.compiled_details,
        published_details: stored.published_details,
        tables: stored.tables,
        compiled_by: stored.compiler,
        approved_by: stored.approver,
        scheduled,
        published,
        published_by: stored.publisher,
        exception_reason: stored.exception_reason,
        update_note: note,
    })
}

/// The stored form of a revision.
pub(crate) fn record_of(release: &Release) -> Vec<u8> {
    let [title_en, title_cy] = release.titles.clone();
    let note = release.update_note.clone().map(|note| {
        let ([what_en, what_cy], [why_en, why_cy]) = (note.what, note.why);
        UpdateNoteRecord {
            what_en,
            what_cy,
            why_en,
            why_cy,
        }
    });
    let stored = ReleaseRevisionRecord {
        state: release.state as u32,
        collection: release.name.0.collection.to_string(),
        period: release.name.0.period.to_string(),
        revision: release.revision,
        edition_digest: release.edition_digest.clone(),
        snapshot: release.snapshot.clone(),
        snapshot_digest: release.snapshot_digest.clone(),
        reference: release.reference.clone(),
        title_en,
        title_cy,
        compiled_details: release.compiled_details.clone(),
        published_details: release.published_details.clone(),
        tables: release.tables.clone(),
        compile_time: Some(clock::to_proto(release.compiled)),
        compiler: release.compiled_by.clone(),
        approver: release.approved_by.clone(),
        scheduled_time: release.scheduled.map(clock::to_proto),
        publish_time: release.published.map(clock::to_proto),
        publisher: release.published_by.clone(),
        exception_reason: release.exception_reason.clone(),
        update_note: note,
    };
    record::seal(FORMAT, &stored)
}
