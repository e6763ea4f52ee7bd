//! Early access, and looks at what was not published.

use jiff::Timestamp;
use mesur_proto::storage::v1::{EarlyAccessRecord, LookRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Key, KeyRange, Store, record};
use mesur_wire::ReleaseName;
use uuid::Uuid;

use super::releases::all;
use super::{ACCESS, FORMAT, LOOK, edition_key, required, time};
use crate::error::Error;

/// Early access that somebody was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Which one of the release, from 1.
    pub(crate) number: u64,
    /// The revision that it is to.
    pub(crate) revision: u32,
    /// Who.
    pub(crate) reader: String,
    /// Their post.
    pub(crate) post: String,
    /// Why they need it.
    pub(crate) justification: String,
    /// Who granted it.
    pub(crate) granter: String,
    /// When it was granted.
    pub(crate) granted: Timestamp,
    /// When it was taken back.
    pub(crate) revoked: Option<Timestamp>,
}

/// A look at a revision that was not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// Who looked.
    pub(crate) reader: String,
    /// At which file.
    pub(crate) file_name: String,
    /// When.
    pub(crate) time: Timestamp,
    /// Whether it was one of those who work on releases.
    pub(crate) is_staff: bool,
}

/// Adds early access to a commit, which relies on the release.
pub(crate) fn put_access(commit: Commit, name: &ReleaseName, access: &Access) -> Commit {
    let key = edition_key(ACCESS, &name.0).number(access.number).build();
    commit.put(key, access_record(access))
}

/// The stored form of early access.
pub(crate) fn access_record(access: &Access) -> Vec<u8> {
    let stored = EarlyAccessRecord {
        revision: access.revision,
        reader: access.reader.clone(),
        post: access.post.clone(),
        justification: access.justification.clone(),
        granter: access.granter.clone(),
        create_time: Some(clock::to_proto(access.granted)),
        revoke_time: access.revoked.map(clock::to_proto),
    };
    record::seal(FORMAT, &stored)
}

/// The early access in a stored record.
pub(crate) fn access_of(number: u64, key: &[u8], value: &[u8]) -> Result<Access, Error> {
    let stored: EarlyAccessRecord = record::open(FORMAT, key, value)?;
    let of = "early access";
    Ok(Access {
        number,
        revision: stored.revision,
        granted: required(of, stored.create_time.as_ref())?,
        revoked: time(of, stored.revoke_time.as_ref())?,
        reader: stored.reader,
        post: stored.post,
        justification: stored.justification,
        granter: stored.granter,
    })
}

/// All early access that was given to a revision, in the order in which it was.
pub(crate) async fn accesses(
    store: &dyn Store,
    name: &ReleaseName,
    revision: u32,
) -> Result<Vec<Access>, Error> {
    let rows = all(store, edition_key(ACCESS, &name.0).build()).await?;
    // Numbers are given without a gap, and nothing is taken out.
    let mut given = Vec::new();
    for (number, (key, value)) in (1..).zip(rows) {
        given.push(access_of(number, &key, &value)?);
    }
    given.retain(|access| access.revision == revision);
    Ok(given)
}

/// Adds a look to a commit.
pub(crate) fn put_look(commit: Commit, name: &ReleaseName, revision: u32, look: &Look) -> Commit {
    let nanoseconds = u64::try_from(look.time.as_nanosecond()).unwrap_or(0);
    // Two at the same instant are two.
    let key = edition_key(LOOK, &name.0)
        .number(revision.into())
        .number(nanoseconds)
        .text(&Uuid::new_v4().to_string())
        .build();
    let stored = LookRecord {
        reader: look.reader.clone(),
        file_name: look.file_name.clone(),
        time: Some(clock::to_proto(look.time)),
        is_staff: look.is_staff,
    };
    commit.put(key, record::seal(FORMAT, &stored))
}

/// At most `limit` looks at a revision, oldest first, with their keys.
pub(crate) async fn looks(
    store: &dyn Store,
    name: &ReleaseName,
    revision: u32,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Key, Look)>, Error> {
    let whole = KeyRange::prefix(edition_key(LOOK, &name.0).number(revision.into()).build());
    let range = match after {
        Some(after) => whole.after(after),
        None => whole,
    };
    let mut looks = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let stored: LookRecord = record::open(FORMAT, &key, &entry.value)?;
        let look = Look {
            time: required("a look", stored.time.as_ref())?,
            reader: stored.reader,
            file_name: stored.file_name,
            is_staff: stored.is_staff,
        };
        looks.push((key, look));
    }
    Ok(looks)
}
