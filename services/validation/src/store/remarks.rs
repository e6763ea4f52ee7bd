//! What was said, and the queries.

use mesur_catalogue::{AuthorityCode, CellRef, EditionName};
use mesur_proto::storage::v1::{QueryRecord, RemarkRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, KeyRange, KeyReader, Store, record};
use mesur_wire::{QueryName, ReturnName};

use super::{FORMAT, QUERY, REMARK, Versioned, corrupt, return_key, time_of, versioned};
use crate::domain::{Query, Remark, RemarkKind, Subject};
use crate::error::Error;

/// Remarks or queries that are read at a time.
const READ_MAX: usize = 256;

const KINDS: [RemarkKind; 9] = [
    RemarkKind::Explanation,
    RemarkKind::Acceptance,
    RemarkKind::Rejection,
    RemarkKind::Override,
    RemarkKind::Query,
    RemarkKind::Answer,
    RemarkKind::AnswerAccepted,
    RemarkKind::AnswerRejected,
    RemarkKind::Withdrawal,
];

pub(super) fn remark_key(name: &ReturnName, number: u64) -> Key {
    return_key(REMARK, name).number(number).build()
}

/// Adds to a commit a remark with its number, which must be the next of the return.
pub(crate) fn put_remark(
    commit: Commit,
    name: &ReturnName,
    number: u64,
    remark: &Remark,
) -> Commit {
    let key = remark_key(name, number);
    let (finding, fingerprint, query) = match &remark.subject {
        Subject::Finding { id, fingerprint } => (id.clone(), fingerprint.clone(), 0),
        Subject::Query(number) => (String::new(), String::new(), *number),
    };
    let kind = (1..).zip(KINDS).find(|(_, kind)| *kind == remark.kind);
    let stored = RemarkRecord {
        kind: kind.map_or(0, |(number, _)| number),
        finding,
        query,
        identity: remark.identity.clone(),
        text: remark.text.clone(),
        revision: remark.revision,
        time: Some(clock::to_proto(remark.time)),
        fingerprint,
    };
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &stored))
}

/// At most `limit` remarks on a return behind `after`, with their numbers, up to `last`.
pub(crate) async fn remarks(
    store: &dyn Store,
    name: &ReturnName,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<Vec<(u64, Remark)>, Error> {
    let key = |number| remark_key(name, number);
    let range = KeyRange::new(key(after.saturating_add(1)), key(last.saturating_add(1)));
    let mut found = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let number = key.last_chunk().copied().map_or(0, u64::from_be_bytes);
        found.push((number, remark_of(&key, &entry.value)?));
    }
    Ok(found)
}

/// Every remark on a return up to `last`.
pub(crate) async fn remarks_of_return(
    store: &dyn Store,
    name: &ReturnName,
    last: u64,
) -> Result<Vec<Remark>, Error> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let found = remarks(store, name, after, last, READ_MAX).await?;
        let Some((number, _)) = found.last() else {
            return Ok(all);
        };
        after = *number;
        all.extend(found.into_iter().map(|(_, remark)| remark));
    }
}

/// The remark of this number, which must be there.
pub(crate) async fn remark(
    store: &dyn Store,
    name: &ReturnName,
    number: u64,
) -> Result<Remark, Error> {
    let key = remark_key(name, number);
    let entry = store.get(&key).await?;
    let entry = entry.ok_or_else(|| corrupt(&name.to_string(), &format!("no remark {number}")))?;
    remark_of(&key, &entry.value)
}

fn remark_of(key: &Key, value: &[u8]) -> Result<Remark, Error> {
    let stored: RemarkRecord = record::open(FORMAT, key, value)?;
    let kinds = (1..).zip(KINDS);
    let kind = kinds
        .into_iter()
        .find(|(number, _)| *number == stored.kind)
        .ok_or_else(|| corrupt("a remark", &format!("kind {} is not known", stored.kind)))?;
    Ok(Remark {
        subject: match stored.query {
            0 => Subject::Finding {
                id: stored.finding,
                fingerprint: stored.fingerprint,
            },
            number => Subject::Query(number),
        },
        kind: kind.1,
        identity: stored.identity,
        text: stored.text,
        revision: stored.revision,
        time: time_of("a remark", stored.time)?,
    })
}

pub(super) fn query_key(name: &QueryName) -> Key {
    let ReturnName { authority, edition } = &name.data_return;
    KeyBuilder::new(QUERY)
        .text(authority.as_str())
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
        .number(name.number.into())
        .build()
}

/// The record of a query.
pub(crate) async fn query(
    store: &dyn Store,
    name: &QueryName,
) -> Result<Option<Versioned<QueryRecord>>, Error> {
    versioned(store, &query_key(name)).await
}

/// Adds a query to a commit, upon what was read of it.
pub(crate) fn put_query(
    commit: Commit,
    name: &QueryName,
    read: Option<&Versioned<QueryRecord>>,
    stored: &QueryRecord,
) -> Commit {
    let key = query_key(name);
    let expect = read.map_or(Expect::Absent, Versioned::expect);
    commit
        .expect(key.clone(), expect)
        .put(key, record::seal(FORMAT, stored))
}

/// Queries behind the key `after`, of an authority or of all, in the order of their names, each
/// with its key; none at the end.
pub(crate) async fn queries(
    store: &dyn Store,
    authority: Option<&AuthorityCode>,
    after: Option<&[u8]>,
) -> Result<Vec<(Key, QueryName, QueryRecord)>, Error> {
    let prefix = KeyBuilder::new(QUERY);
    let prefix = match authority {
        Some(authority) => prefix.text(authority.as_str()),
        None => prefix,
    };
    let mut range = KeyRange::prefix(prefix.build());
    if let Some(after) = after {
        range = range.after(after);
    }
    let mut found = Vec::new();
    for (key, entry) in store.scan(range, READ_MAX).await? {
        let name = query_name(&key)?;
        let stored = record::open(FORMAT, &key, &entry.value)?;
        found.push((key, name, stored));
    }
    Ok(found)
}

fn query_name(key: &Key) -> Result<QueryName, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let (authority, collection, period) = (reader.text()?, reader.text()?, reader.text()?);
    let number = reader.number()?;
    let edition = EditionName::parse(&format!("{collection}/{period}"));
    let problem = |error: &dyn std::fmt::Display| corrupt("the key of a query", error);
    Ok(QueryName {
        data_return: ReturnName {
            authority: AuthorityCode::parse(&authority).map_err(|error| problem(&error))?,
            edition: edition.map_err(|error| problem(&error))?,
        },
        number: u32::try_from(number).map_err(|error| problem(&error))?,
    })
}

/// A query with those of its remarks that were made up to `last`.
pub(crate) async fn query_of(
    store: &dyn Store,
    name: &QueryName,
    stored: &QueryRecord,
    last: u64,
) -> Result<Query, Error> {
    let mut said = Vec::new();
    for number in stored.remarks.iter().filter(|number| **number <= last) {
        said.push(remark(store, &name.data_return, *number).await?);
    }
    let cells = stored.cells.iter().map(|cell| CellRef::parse(cell));
    let cells: Result<Vec<CellRef>, _> = cells.collect();
    Ok(Query {
        round: stored.round,
        cells: cells.map_err(|error| corrupt(&name.to_string(), &error))?,
        remarks: said,
    })
}
