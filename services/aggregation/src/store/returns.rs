//! Which returns are signed off, and what comes of the contents of those that no longer are.
//!
//! A content is freed when its return is replaced or taken out, unless a snapshot names it. Whether
//! one does is told by versions: every snapshot of an edition writes its key of kind `frozen`, and
//! names every return that was held then. So a return names a frozen content if that key is newer
//! than its own, or if the content was there before it came.

use mesur_catalogue::{AuthorityCode, Edition, EditionName};
use mesur_proto::storage::v1::SignedReturnRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Entry, Expect, Key, KeyRange, Store, Version, record};
use mesur_wire::{ReturnName, RevisionName};

use super::contents::{delete_content, is_held, put_content};
use super::marks::not_robust;
use super::{FORMAT, RETURN, SCAN, corrupt, edition_key, edition_parts, frozen_key};
use crate::domain::{Input, Inputs, SignedReturn};
use crate::error::Error;

fn return_key(edition: &EditionName, authority: &AuthorityCode) -> Key {
    edition_parts(RETURN, edition)
        .text(authority.as_str())
        .build()
}

/// Adds a signed-off return to a commit, in place of an earlier revision.
pub(crate) async fn put_return(
    store: &dyn Store,
    commit: Commit,
    signed: &SignedReturn,
) -> Result<Commit, Error> {
    let name = &signed.input.name.data_return;
    let (key, earlier) = earlier(store, name).await?;
    let mut commit = earlier.rest_on(commit, &key, &name.edition);
    let digest = &signed.input.digest;
    let content_named = match &earlier.held {
        Some(held) if held.record.digest == *digest => held.is_named,
        held => {
            if let Some(held) = held.as_ref().filter(|held| !held.is_named) {
                commit = delete_content(store, commit, name, &held.record.digest).await?;
            }
            let is_held = is_held(store, name, digest).await?;
            if !is_held {
                commit =
                    put_content(store, commit, (name, digest), signed.data_return.cells()).await?;
            }
            is_held
        }
    };
    let stored = SignedReturnRecord {
        name: signed.input.name.to_string(),
        digest: digest.clone(),
        edition_digest: signed.data_return.edition_digest.clone(),
        sign_off_time: signed.input.signed_off.map(clock::to_proto),
        content_named,
    };
    Ok(commit.put(key, record::seal(FORMAT, &stored)))
}

/// Adds to a commit that an authority's return is signed off no more.
pub(crate) async fn delete_return(
    store: &dyn Store,
    commit: Commit,
    name: &ReturnName,
) -> Result<Commit, Error> {
    let (key, earlier) = earlier(store, name).await?;
    let commit = earlier.rest_on(commit, &key, &name.edition);
    let commit = match earlier.held.filter(|held| !held.is_named) {
        Some(held) => delete_content(store, commit, name, &held.record.digest).await?,
        None => commit,
    };
    Ok(commit.delete(key))
}

/// What is held of a return before it is replaced, with all that says whether a snapshot names it.
struct Earlier {
    held: Option<HeldRecord>,
    at: Expect,
    frozen: Expect,
}

struct HeldRecord {
    record: SignedReturnRecord,
    is_named: bool,
}

impl Earlier {
    fn rest_on(&self, commit: Commit, key: &Key, edition: &EditionName) -> Commit {
        commit
            .expect(key.clone(), self.at)
            .expect(frozen_key(edition), self.frozen)
            .put(edition_key(edition), Vec::new())
    }
}

async fn earlier(store: &dyn Store, name: &ReturnName) -> Result<(Key, Earlier), Error> {
    let at = |entry: &Option<Entry>| {
        let entry = entry.as_ref();
        entry.map_or(Expect::Absent, |entry| Expect::At(entry.version))
    };
    let frozen = store.get(&frozen_key(&name.edition)).await?;
    let key = return_key(&name.edition, &name.authority);
    let entry = store.get(&key).await?;
    let mut earlier = Earlier {
        held: None,
        at: at(&entry),
        frozen: at(&frozen),
    };
    if let Some(entry) = entry {
        let record: SignedReturnRecord = record::open(FORMAT, &key, &entry.value)?;
        let frozen = frozen.map(|frozen| frozen.version);
        let is_named = record.content_named || frozen.is_some_and(|frozen| frozen > entry.version);
        earlier.held = Some(HeldRecord { record, is_named });
    }
    Ok((key, earlier))
}

/// The signed-off returns of an edition, in the order of its authorities.
async fn signed_returns(store: &dyn Store, edition: &Edition) -> Result<Vec<Input>, Error> {
    let mut found = Vec::new();
    let mut range = KeyRange::prefix(edition_parts(RETURN, edition.name()).build());
    loop {
        let rows = store.scan(range.clone(), SCAN).await?;
        let Some((last, _)) = rows.last() else { break };
        range = range.after(last);
        for (key, entry) in &rows {
            found.push(input_of(edition, key, &entry.value)?);
        }
    }
    let by_place = Inputs::by_place(&found, edition);
    let in_order = by_place.into_iter().filter_map(|(_, input)| input.cloned());
    Ok(in_order.collect())
}

/// What the totals of an edition rest on beside decisions, as it is read now. Returns of the edition
/// before that are of another content of it than is known here are left out.
pub(crate) async fn inputs(
    store: &dyn Store,
    edition: &Edition,
    previous: Option<&Edition>,
) -> Result<Inputs, Error> {
    let previous = match previous {
        None => Vec::new(),
        Some(previous) => match signed_returns(store, previous).await {
            Err(Error::EditionMismatch { .. }) => Vec::new(),
            found => found?,
        },
    };
    Ok(Inputs {
        returns: signed_returns(store, edition).await?,
        previous,
        not_robust: not_robust(store, edition.name()).await?,
    })
}

fn input_of(edition: &Edition, key: &[u8], value: &[u8]) -> Result<Input, Error> {
    let stored: SignedReturnRecord = record::open(FORMAT, key, value)?;
    if stored.edition_digest != edition.digest() {
        return Err(Error::EditionMismatch {
            name: edition.name().clone(),
            ours: edition.digest().to_owned(),
            theirs: stored.edition_digest,
            item: stored.name,
        });
    }
    let problem = |error: &dyn std::fmt::Display| corrupt(&stored.name, &error.to_string());
    let time = stored.sign_off_time.as_ref().map(clock::from_proto);
    Ok(Input {
        name: RevisionName::parse(&stored.name).map_err(|error| problem(&error))?,
        signed_off: time.transpose().map_err(|error| problem(&error))?,
        digest: stored.digest,
    })
}

/// The version of the returns of an edition; `None` before the first.
pub(crate) async fn edition_version(
    store: &dyn Store,
    name: &EditionName,
) -> Result<Option<Version>, Error> {
    let entry = store.get(&edition_key(name)).await?;
    Ok(entry.map(|entry| entry.version))
}
