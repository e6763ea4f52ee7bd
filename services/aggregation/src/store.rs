//! Keys and records of the aggregation service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 cursor | | the cursor of the last event of submission that had its effect |
//! | 2 edition | collection, period | nothing: its version is of the last change of what its totals rest on |
//! | 3 return | collection, period, authority | which revision is signed off |
//! | 4 snapshot | snapshot | the record of the snapshot |
//! | 5 totals | snapshot | its totals without the authorities, and its marks, a large value |
//! | 6 page key | | the key that page tokens are signed with |
//! | 7 robustness | collection, period, authority, metric | whether the value is robust |
//! | 8 validation cursor | | the cursor of the last event of validation that had its effect |
//! | 9 overtaken | collection, period | how often the edition's snapshots were overtaken |
//! | 10 frozen | collection, period | nothing: its version is of the newest snapshot that names returns of the edition |
//! | 11 content | collection, period, authority, digest | the cells of a return in parts, a large value |
//! | 12 freed | collection, period, authority, digest | nothing: the content is held no more, and its room is to be freed |
//! | 13 request | digest of the caller's identity, request id | the snapshot or decision that a request led to |
//! | 14 decision | collection, period, number | a decision on a metric |
//! | 15 decision count | collection, period | how many decisions were taken |
//! | 16 request days | | the marks by which requests are past their time |
//! | log `snapshots` | position | a snapshot that was made |
//!
//! A return is taken in, or taken out when its sign-off is taken back, by one commit: return, content,
//! edition, and the cursor of the event that told of it, so that every event has its effect once.
//! So is a mark of robustness. A decision is one with the count of them, which keeps two from having
//! one number, and with what its request is answered. A snapshot is one commit too: record, totals and
//! event. The edition's version is what reading all its returns relies on, so that totals are
//! always of returns that were held together. Kinds are never used for anything else.

mod check;
mod compact;
mod contents;
mod decisions;
mod marks;
mod returns;
mod snapshots;

pub use check::{FOLLOWING_KINDS, check_store, followed, has_event};
pub use compact::compact_store;
pub(crate) use contents::{content, sweep_freed};
pub(crate) use decisions::{decision, decision_count, decisions, in_force, put_decision};
pub(crate) use marks::put_robustness;
pub(crate) use returns::{delete_return, edition_version, inputs, put_return};
pub(crate) use snapshots::{
    SNAPSHOTS_LOG, event_of, frozen, overtake, overtaken, put_snapshot, put_standing, snapshot,
    snapshot_of, snapshots_log, snapshots_prefix,
};

use mesur_catalogue::EditionName;
use mesur_rpc::etag::etag;
use mesur_store::{Commit, Key, KeyBuilder, Store, record};

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
const FROZEN: u8 = 10;
const CONTENT: u8 = 11;
const FREED: u8 = 12;
const REQUEST: u8 = 13;
const DECISION: u8 = 14;
const DECISION_COUNT: u8 = 15;
const REQUEST_DAYS: u8 = 16;

/// The format of every record here.
const FORMAT: u8 = 1;

/// How many records are read at a time.
const SCAN: usize = 1_000;

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// Where it stands that something changed that the totals of an edition rest on.
pub(crate) fn edition_key(name: &EditionName) -> Key {
    edition_parts(EDITION, name).build()
}

/// Where it stands that a snapshot names returns of an edition.
fn frozen_key(name: &EditionName) -> Key {
    edition_parts(FROZEN, name).build()
}

/// What response keys of a caller begin with: ids of different callers never meet.
pub(crate) fn request_prefix(identity: &str) -> Key {
    KeyBuilder::new(REQUEST)
        .text(&etag([identity.as_bytes()]))
        .build()
}

/// What the keys of all requests begin with.
fn all_requests() -> Key {
    KeyBuilder::new(REQUEST).build()
}

/// Where the marks stand by which requests are past their time.
pub fn request_days() -> Key {
    KeyBuilder::new(REQUEST_DAYS).build()
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

fn edition_parts(kind: u8, name: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(name.collection.as_str())
        .text(name.period.as_str())
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

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
