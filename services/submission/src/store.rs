//! Keys and records of the submission service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 head | authority, collection, period | the record of the latest revision |
//! | 2 revision | authority, collection, period, revision | that revision as it was made, with its first move and its cells |
//! | 3 content | authority, collection, period, revision | cells that are too many for that, in parts, a large value |
//! | 4 request | digest of the caller's identity, request id | what it led to |
//! | 5 previous | authority, collection, period | nothing: values of this period are recorded |
//! | 6 previous content | authority, collection, period | the values, a large value |
//! | 7 page key | | the key that page tokens are signed with |
//! | 8 move | authority, collection, period, revision, number | a further step in the life of a revision |
//! | 9 schedule | collection, period | how often it was changed |
//! | 10 schedule change | collection, period, number | what was changed |
//! | 11 delegations | authority | how many it has made |
//! | 12 delegation | authority, number | the delegation |
//! | 13 live delegation | digest of the supplier's identity, authority, collection, period | its number |
//! | 14 cursor | | the place in validation's stream |
//! | 15 request days | | the marks by which requests are past their time |
//! | log `returns` | position | what happened to a return or a delegation |
//!
//! A change of a return is one commit: head, revision or move, event, and what the request led to.
//! Few rows and small ones, because their number is what a commit costs. A content that is too large
//! for it is staged before, and the commit makes it visible. What the row of a revision says is never
//! changed: what it has become is told by its last move. How its content stands there changes once,
//! when it is old and packed. The head's version is what a change relies on,
//! so of two changes at once one starts again; sending relies on the schedule and on the delegation
//! too. Histories, schedules and delegations only grow, an entry each under a key of its own, so no
//! record has an end that it could reach. Kinds are never used for anything else.

mod check;
mod compact;
pub(crate) mod contents;
pub(crate) mod delegations;
pub(crate) mod events;
pub(crate) mod keys;
mod packing;
pub(crate) mod revisions;
pub(crate) mod schedules;

use mesur_rpc::clock;
use mesur_store::{Commit, Key, KeyRange, Store, record};

use crate::error::Error;

pub use check::{FOLLOWING_KINDS, check_store, followed, has_event};
pub use compact::compact_store;
pub use keys::request_days;

/// The format of every record of this service.
const FORMAT: u8 = 1;

/// How many entries are read at a time.
const SCAN: usize = 1_000;

/// Every entry with keys that begin with `prefix`, in order.
pub(crate) async fn scan_all(store: &dyn Store, prefix: Key) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let mut range = KeyRange::prefix(prefix);
    let mut found = Vec::new();
    loop {
        let rows = store.scan(range.clone(), SCAN).await?;
        let Some((last, _)) = rows.last() else {
            return Ok(found);
        };
        range = range.after(last);
        let is_end = rows.len() < SCAN;
        found.extend(rows.into_iter().map(|(key, entry)| (key, entry.value)));
        if is_end {
            return Ok(found);
        }
    }
}

/// The place in validation's stream; empty before the first event.
pub(crate) async fn cursor(store: &dyn Store) -> Result<Vec<u8>, Error> {
    let key = keys::cursor();
    match store.get(&key).await? {
        Some(entry) => Ok(record::unseal(&key, &entry.value)?.1.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// Adds the place in validation's stream to a commit.
pub(crate) fn put_cursor(commit: Commit, cursor: &[u8]) -> Commit {
    commit.put(keys::cursor(), record::seal_bytes(FORMAT, cursor))
}

/// A time that must be there.
fn time(name: &str, stored: Option<&prost_types::Timestamp>) -> Result<jiff::Timestamp, Error> {
    optional_time(name, stored)?.ok_or_else(|| corrupt(name, "no time"))
}

fn optional_time(
    name: &str,
    stored: Option<&prost_types::Timestamp>,
) -> Result<Option<jiff::Timestamp>, Error> {
    let read = |time| clock::from_proto(time).map_err(|error| corrupt(name, &error.to_string()));
    stored.map(read).transpose()
}

/// A record that does not make sense.
pub(crate) fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
