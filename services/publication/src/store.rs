//! Keys and records of the publication service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 release | collection, period | which of its revisions are worked on and published |
//! | 2 file | digest | the content of a file, a large value |
//! | 3 request | request id | the record that it led to |
//! | 4 cursor | name of the service that is followed | the cursor of its last event |
//! | 5 snapshot | id | the record of the snapshot |
//! | 6 totals | id | its totals, as they were served: a large value |
//! | 7 page key | | the key that page tokens are signed with |
//! | 8 overtaken | collection, period | how often the edition's snapshots were overtaken |
//! | 9 revision | collection, period, revision | the record of the revision |
//! | 10 details | digest | the files of a revision and other long lists, a large value |
//! | 11 tables | digest | the values of a revision as they are shown, a large value |
//! | 12 event | collection, period, number | what happened to a release |
//! | 13 access | collection, period, number | early access that somebody was given |
//! | 14 look | collection, period, revision, time, id | a look at what was not published |
//! | 15 translated | collection, period | nothing: its version is of the last import |
//! | 16 translations | collection, period | the translations of its texts, a large value |
//! | 17 feedback | time, the latest first, id | what a reader sent |
//! | 18 request days | | the marks by which requests are past their time |
//! | 19 too large | id | nothing: the snapshot could not be kept |
//! | 20 files | | nothing: its version is of the last time that files were named or swept |
//! | 21 packed file | digest | the content of a file that was packed, a large value |
//! | log `releases` | position | the name of a release that was changed |
//!
//! A snapshot is one commit with the cursor of the event that told of it. Every change of a release
//! is one commit of kind 1 with the revision, the event and the answer to the request. What stands
//! under its digest is written before a revision names it: a crash between leaves what nobody
//! names, and the same is written again; what nobody names is swept up when the next one is made. Kinds
//! are never used for anything else.

mod check;
mod compact;
mod contents;
mod early;
mod events;
mod feedback;
mod files;
mod releases;
mod snapshots;
pub(crate) mod translations;

use jiff::Timestamp;
use mesur_catalogue::{CollectionId, EditionName, Period};
use mesur_rpc::clock;
use mesur_store::{Key, KeyBuilder};
use mesur_wire::ReleaseName;

pub use check::{FOLLOWING_KINDS, check_store, followed};
pub use compact::compact_store;
pub(crate) use contents::{
    details, files_version, keep_content, keep_details, keep_tables, name_files, tables,
};
pub(crate) use early::{
    Access, Look, access_of, access_record, accesses, looks, put_access, put_look,
};
pub(crate) use events::{Event, append_event, changed, changes_log, events, last_change};
pub(crate) use feedback::{feedback, put_feedback};
pub(crate) use files::{content, sweep_content};
pub(crate) use releases::{
    Head, expect_head, head, heads, put_head, put_revision, record_of, revision, revision_of,
    revisions,
};
pub(crate) use snapshots::{
    cursor, is_too_large, put_overtaken, put_snapshot, put_too_large, snapshot,
};

use crate::error::Error;

const RELEASE: u8 = 1;
const FILE: u8 = 2;
const REQUEST: u8 = 3;
const CURSOR: u8 = 4;
const SNAPSHOT: u8 = 5;
const TOTALS: u8 = 6;
const PAGE_KEY: u8 = 7;
const OVERTAKEN: u8 = 8;
const REVISION: u8 = 9;
const DETAILS: u8 = 10;
const TABLES: u8 = 11;
const EVENT: u8 = 12;
const ACCESS: u8 = 13;
const LOOK: u8 = 14;
const TRANSLATED: u8 = 15;
const TRANSLATIONS: u8 = 16;
const FEEDBACK: u8 = 17;
const REQUEST_DAYS: u8 = 18;
const TOO_LARGE: u8 = 19;
const FILES: u8 = 20;
const PACKED: u8 = 21;

/// The format of every record here.
const FORMAT: u8 = 1;

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
}

/// What response keys begin with.
pub(crate) fn request_prefix() -> Key {
    KeyBuilder::new(REQUEST).build()
}

/// Where the marks stand by which requests are past their time.
pub fn request_days() -> Key {
    KeyBuilder::new(REQUEST_DAYS).build()
}

/// A key of an edition, or what such keys begin with.
fn edition_key(kind: u8, name: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(name.collection.as_str())
        .text(name.period.as_str())
}

fn release_name(collection: &str, period: &str) -> Result<ReleaseName, Error> {
    Ok(ReleaseName(edition_name("a release", collection, period)?))
}

fn edition_name(of: &str, collection: &str, period: &str) -> Result<EditionName, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(of, &error.to_string());
    Ok(EditionName {
        collection: CollectionId::parse(collection).map_err(|error| problem(&error))?,
        period: Period::parse(period).map_err(|error| problem(&error))?,
    })
}

/// A time that a record of `name` may have.
fn time(name: &str, time: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, Error> {
    let read = time.map(clock::from_proto).transpose();
    read.map_err(|error| corrupt(name, &error.to_string()))
}

/// A time that a record of `name` must have.
fn required(name: &str, found: Option<&prost_types::Timestamp>) -> Result<Timestamp, Error> {
    time(name, found)?.ok_or_else(|| corrupt(name, "no time"))
}

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
