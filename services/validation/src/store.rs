//! Keys and records of the validation service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 report | collection, period, authority, revision | the report in numbers, a large value |
//! | 2 findings | collection, period, authority, revision, page | a page of its findings, a large value |
//! | 3 cells | collection, period, authority, revision, part | a part of the return's statuses and values, a large value |
//! | 4 metrics | collection, period, authority, revision | how each metric was provided, one byte each, a large value |
//! | 5 return | collection, period, authority | how far the return has come |
//! | 6 remark | collection, period, authority, number | what was said |
//! | 7 query | authority, collection, period, number | round, cells, and the numbers of its remarks |
//! | 8 edition | collection, period | how many rounds and marks there are |
//! | 9 round | collection, period, number | a round of queries |
//! | 10 mark | collection, period, number | a mark of robustness |
//! | 11 delegation | authority, digest of the supplier, collection, period | that the supplier may read |
//! | 12 request | digest of the identity, request id | numbers of what the request made |
//! | 13 cursor | name of the service that is followed | the cursor of its last event |
//! | 14 page key | | the key that page tokens are signed with |
//! | 15 request days | | the marks by which requests are past their time |
//! | log `reports` | position | what happened |
//!
//! A report becomes visible with the commit that also has its event, the progress of the return and
//! the cursor of the event that led to it: whatever crashes, each revision is reported on once. The
//! parts of a very large one are written before, under a revision that nobody is told of yet.
//!
//! Every change to a return relies on the version of its progress (kind 5), and every round and
//! mark on that of its edition (kind 8): of two at once one starts again. The seal for a sign-off is
//! in the progress too, so that of a seal and a query at once one sees the other. Remarks, queries, rounds
//! and marks are only added. Kinds are never used for anything else.

mod check;
mod compact;
mod delegations;
mod editions;
mod log;
mod remarks;
mod reports;
mod returns;

use mesur_catalogue::EditionName;
use mesur_proto::storage::v1::MadeRecord;
use mesur_rpc::clock;
use mesur_rpc::etag::etag;
use mesur_store::{Commit, Expect, Key, KeyBuilder, Store, Version, record};
use mesur_wire::ReturnName;
use prost::Message;

pub use check::{FOLLOWING_KINDS, check_store, followed, has_event};
pub use compact::compact_store;
pub(crate) use delegations::{delegate, is_delegate_of, may_read, revoke};
pub(crate) use editions::{
    Mark, Round, edition_progress, mark, marks, put_edition, put_mark, put_round, round, rounds,
};
pub(crate) use log::{Event, REPORTS_LOG, append, event_of, reports_log, traceparent_of};
pub(crate) use remarks::{
    put_query, put_remark, queries, query, query_of, remarks, remarks_of_return,
};
pub(crate) use reports::{Held, Parts, cells, findings_page, metrics, report};
pub(crate) use returns::{progress, progress_of_edition, put_progress};

use crate::error::Error;

const REPORT: u8 = 1;
const FINDINGS: u8 = 2;
const CELLS: u8 = 3;
const METRICS: u8 = 4;
const RETURN: u8 = 5;
const REMARK: u8 = 6;
const QUERY: u8 = 7;
const EDITION: u8 = 8;
const ROUND: u8 = 9;
const MARK: u8 = 10;
const DELEGATION: u8 = 11;
const REQUEST: u8 = 12;
const CURSOR: u8 = 13;
const PAGE_KEY: u8 = 14;
const REQUEST_DAYS: u8 = 15;

/// The format of every record here.
const FORMAT: u8 = 1;

/// Something with the version that a change of it must expect.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versioned<T> {
    /// What is held.
    pub(crate) value: T,
    version: Option<Version>,
}

impl<T> Versioned<T> {
    fn expect(&self) -> Expect {
        self.version.map_or(Expect::Absent, Expect::At)
    }
}

/// Where the key stands that page tokens are signed with.
pub(crate) fn page_key() -> Key {
    KeyBuilder::new(PAGE_KEY).build()
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

/// What a mutation made, by its numbers; a repeat is answered from what they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Made {
    /// The number of the remark, round or mark.
    pub(crate) number: u64,
    /// The number of the query that it is about; 0 elsewhere.
    pub(crate) query: u32,
    /// The revision whose report it was made on; 0 elsewhere.
    pub(crate) revision: u32,
}

impl Made {
    /// As it is remembered.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let Self {
            number,
            query,
            revision,
        } = self;
        let made = MadeRecord {
            number,
            query,
            revision,
        };
        record::seal(FORMAT, &made)
    }

    /// As it was remembered.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let MadeRecord {
            number,
            query,
            revision,
        } = record::open(FORMAT, b"request", bytes)?;
        Ok(Self {
            number,
            query,
            revision,
        })
    }
}

/// How far submission is followed.
pub(crate) async fn cursor(store: &dyn Store) -> Result<Versioned<Vec<u8>>, Error> {
    let key = cursor_key();
    let Some(entry) = store.get(&key).await? else {
        return Ok(Versioned::default());
    };
    let (format, bytes) = record::unseal(&key, &entry.value)?;
    if format != FORMAT {
        let problem = format!("format {format} is not known");
        return Err(corrupt("the cursor", &problem));
    }
    Ok(Versioned {
        value: bytes.to_vec(),
        version: Some(entry.version),
    })
}

/// Adds to a commit that submission is followed up to `to`.
pub(crate) fn move_cursor(commit: Commit, from: &Versioned<Vec<u8>>, to: &[u8]) -> Commit {
    commit
        .expect(cursor_key(), from.expect())
        .put(cursor_key(), record::seal_bytes(FORMAT, to))
}

fn cursor_key() -> Key {
    KeyBuilder::new(CURSOR).text("submission").build()
}

fn edition_key(kind: u8, edition: &EditionName) -> KeyBuilder {
    KeyBuilder::new(kind)
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
}

fn return_key(kind: u8, name: &ReturnName) -> KeyBuilder {
    edition_key(kind, &name.edition).text(name.authority.as_str())
}

async fn versioned<M: Message + Default>(
    store: &dyn Store,
    key: &Key,
) -> Result<Option<Versioned<M>>, Error> {
    let Some(entry) = store.get(key).await? else {
        return Ok(None);
    };
    Ok(Some(Versioned {
        value: record::open(FORMAT, key, &entry.value)?,
        version: Some(entry.version),
    }))
}

fn time_of(name: &str, time: Option<prost_types::Timestamp>) -> Result<jiff::Timestamp, Error> {
    let time = time.ok_or_else(|| corrupt(name, &"no time"))?;
    clock::from_proto(&time).map_err(|error| corrupt(name, &error))
}

fn corrupt(name: &str, problem: &dyn std::fmt::Display) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_string(),
    }
}
