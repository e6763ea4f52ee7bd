//! Keys and records of the submission service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 head | authority, collection, period | the record of the latest revision |
//! | 2 revision | authority, collection, period, revision | the record of that revision |
//! | 3 content | authority, collection, period, revision | its observations, a large value |
//! | 4 request | request id | the response that it got |
//! | 5 previous | authority, collection, period | nothing: values of this period are recorded |
//! | 6 previous content | authority, collection, period | the values, a large value |
//! | 7 page key | | the key that page tokens are signed with |
//! | log `returns` | position | what happened to a return |
//!
//! A change of a return is one commit: head, revision, content, event, and the response under
//! its request id. The head's version is what a change relies on, so of two changes at once one
//! starts again. Kinds are never used for anything else.

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, Period};
use mesur_proto::storage::v1::{ReturnEventRecord, ReturnRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, KeyReader, Log, Store, Version, record};
use mesur_wire::{ReturnName, RevisionName};

use crate::domain::Revision;
use crate::error::Error;

const HEAD: u8 = 1;
const REVISION: u8 = 2;
const CONTENT: u8 = 3;
const REQUEST: u8 = 4;
const PREVIOUS: u8 = 5;
const PREVIOUS_CONTENT: u8 = 6;
const PAGE_KEY: u8 = 7;

/// The format of [`ReturnRecord`] and [`ReturnEventRecord`].
const FORMAT: u8 = 1;

/// What happened, in an event's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A revision was taken in.
    Submitted = 1,
    /// A revision was signed off.
    SignedOff = 2,
}

/// The log of what happened to returns.
pub(crate) fn returns_log() -> Log {
    Log::new("returns")
}

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// What response keys begin with.
pub(crate) fn request_prefix() -> Key {
    KeyBuilder::new(REQUEST).build()
}

/// What the heads of an authority, and of its returns for one collection, begin with. The order
/// of the keys is that of the returns' names.
pub(crate) fn heads_prefix(
    authority: Option<&AuthorityCode>,
    collection: Option<&CollectionId>,
) -> Key {
    prefix(KeyBuilder::new(HEAD), authority, collection)
}

/// What the recorded earlier values of an authority begin with.
pub(crate) fn previous_prefix(authority: &AuthorityCode, collection: &CollectionId) -> Key {
    prefix(KeyBuilder::new(PREVIOUS), Some(authority), Some(collection))
}

/// Where it stands that values of an earlier period are recorded.
pub(crate) fn previous_key(authority: &AuthorityCode, edition: &EditionName) -> Key {
    period_key(PREVIOUS, authority, edition)
}

/// Where these values stand.
pub(crate) fn previous_content_key(authority: &AuthorityCode, edition: &EditionName) -> Key {
    period_key(PREVIOUS_CONTENT, authority, edition)
}

fn period_key(kind: u8, authority: &AuthorityCode, edition: &EditionName) -> Key {
    KeyBuilder::new(kind)
        .text(authority.as_str())
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
        .build()
}

/// Where the observations of a revision stand.
pub(crate) fn content_key(name: &RevisionName) -> Key {
    revision_key(CONTENT, name)
}

/// The period in the key of earlier values.
pub(crate) fn period_of_key(key: &[u8]) -> Result<Period, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    reader.text()?;
    reader.text()?;
    Period::parse(&reader.text()?).map_err(|error| corrupt("previous values", &error.to_string()))
}

fn prefix(
    key: KeyBuilder,
    authority: Option<&AuthorityCode>,
    collection: Option<&CollectionId>,
) -> Key {
    match (authority, collection) {
        (Some(authority), Some(collection)) => key
            .text(authority.as_str())
            .text(collection.as_str())
            .build(),
        (Some(authority), None) => key.text(authority.as_str()).build(),
        (None, _) => key.build(),
    }
}

fn head_key(name: &ReturnName) -> Key {
    period_key(HEAD, &name.authority, &name.edition)
}

fn revision_key(kind: u8, name: &RevisionName) -> Key {
    let ReturnName { authority, edition } = &name.data_return;
    KeyBuilder::new(kind)
        .text(authority.as_str())
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
        .number(name.revision.into())
        .build()
}

/// The latest revision of a return, with the version that a change of it must expect.
pub(crate) async fn head(
    store: &dyn Store,
    name: &ReturnName,
) -> Result<Option<(Revision, Version)>, Error> {
    let key = head_key(name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some((revision_of(&key, &entry.value)?, entry.version))),
        None => Ok(None),
    }
}

/// A revision of a return.
pub(crate) async fn revision(
    store: &dyn Store,
    name: &RevisionName,
) -> Result<Option<Revision>, Error> {
    let key = revision_key(REVISION, name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some(revision_of(&key, &entry.value)?)),
        None => Ok(None),
    }
}

/// The revision in a stored record.
pub(crate) fn revision_of(key: &[u8], value: &[u8]) -> Result<Revision, Error> {
    let stored: ReturnRecord = record::open(FORMAT, key, value)?;
    let name = format!("{} of {}", stored.period, stored.authority);
    let problem = |error: &dyn std::fmt::Display| corrupt(&name, &error.to_string());
    let time =
        |time: &prost_types::Timestamp| clock::from_proto(time).map_err(|error| problem(&error));
    let created = stored.create_time.ok_or_else(|| problem(&"no time"))?;
    let data_return = ReturnName {
        authority: AuthorityCode::parse(&stored.authority).map_err(|error| problem(&error))?,
        edition: EditionName {
            collection: CollectionId::parse(&stored.collection).map_err(|error| problem(&error))?,
            period: Period::parse(&stored.period).map_err(|error| problem(&error))?,
        },
    };
    Ok(Revision {
        name: RevisionName {
            data_return,
            revision: stored.revision,
        },
        edition_digest: stored.edition_digest,
        digest: stored.digest,
        created: time(&created)?,
        signed_off: stored.sign_off_time.as_ref().map(time).transpose()?,
    })
}

/// Adds a new state of a return to a commit that relies on the head at `version`.
pub(crate) fn put_revision(
    commit: Commit,
    revision: &Revision,
    version: Option<Version>,
    event: Event,
) -> Commit {
    let happened = ReturnEventRecord {
        event: event as u32,
        name: revision.name.to_string(),
        digest: revision.digest.clone(),
    };
    let head = head_key(&revision.name.data_return);
    let expect = version.map_or(Expect::Absent, Expect::At);
    let sealed = record_of(revision);
    commit
        .expect(head.clone(), expect)
        .put(head, sealed.clone())
        .put(revision_key(REVISION, &revision.name), sealed)
        .append(&returns_log(), record::seal(FORMAT, &happened))
}

/// The stored form of a revision, apart from its observations.
pub(crate) fn record_of(revision: &Revision) -> Vec<u8> {
    let ReturnName { authority, edition } = &revision.name.data_return;
    let stored = ReturnRecord {
        authority: authority.to_string(),
        collection: edition.collection.to_string(),
        period: edition.period.to_string(),
        edition_digest: revision.edition_digest.clone(),
        revision: revision.name.revision,
        digest: revision.digest.clone(),
        create_time: Some(clock::to_proto(revision.created)),
        sign_off_time: revision.signed_off.map(clock::to_proto),
    };
    record::seal(FORMAT, &stored)
}

/// The event in an entry of the log.
pub(crate) fn event_of(value: &[u8]) -> Result<(Event, ReturnEventRecord), Error> {
    let happened: ReturnEventRecord = record::open(FORMAT, b"returns", value)?;
    let event = match happened.event {
        1 => Event::Submitted,
        2 => Event::SignedOff,
        other => {
            return Err(corrupt(
                &happened.name,
                &format!("event {other} is not known"),
            ));
        }
    };
    Ok((event, happened))
}

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
