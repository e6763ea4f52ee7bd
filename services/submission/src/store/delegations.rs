//! Delegations, and which of them hold.

use std::collections::BTreeSet;

use mesur_catalogue::{AuthorityCode, CollectionId, EditionName, Period};
use mesur_proto::storage::v1::DelegationRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, Store, Version, record};
use mesur_wire::{DelegationName, ReturnName};

use super::{FORMAT, corrupt, keys, optional_time, scan_all, time};
use crate::domain::Delegation;
use crate::error::Error;

/// The number of the delegation by which a supplier may send a return, with what a commit that
/// goes by it must expect.
pub(crate) async fn live(
    store: &dyn Store,
    supplier: &str,
    name: &ReturnName,
) -> Result<(Option<u32>, (Key, Expect)), Error> {
    let key = keys::live_delegation(supplier, &name.authority, &name.edition);
    let Some(entry) = store.get(&key).await? else {
        return Ok((None, (key, Expect::Absent)));
    };
    let stored: DelegationRecord = record::open(FORMAT, &key, &entry.value)?;
    Ok((Some(stored.number), (key, Expect::At(entry.version))))
}

/// The returns that a supplier may send.
pub(crate) async fn delegated(
    store: &dyn Store,
    supplier: &str,
) -> Result<BTreeSet<ReturnName>, Error> {
    let rows = scan_all(store, keys::live_delegations(supplier)).await?;
    rows.iter()
        .map(|(key, _)| keys::delegated_by(key))
        .collect()
}

/// How many delegations an authority has made, with the version that a further one must expect.
pub(crate) async fn count(
    store: &dyn Store,
    authority: &AuthorityCode,
) -> Result<(u32, Expect), Error> {
    let key = keys::delegation_count(authority);
    let Some(entry) = store.get(&key).await? else {
        return Ok((0, Expect::Absent));
    };
    let stored: DelegationRecord = record::open(FORMAT, &key, &entry.value)?;
    Ok((stored.number, Expect::At(entry.version)))
}

/// A delegation, with the version that a change of it must expect.
pub(crate) async fn get(
    store: &dyn Store,
    name: &DelegationName,
) -> Result<Option<(Delegation, Version)>, Error> {
    let key = keys::delegation(name);
    match store.get(&key).await? {
        Some(entry) => Ok(Some((read(&key, &entry.value)?, entry.version))),
        None => Ok(None),
    }
}

/// Adds a new delegation to a commit; `count` is what [`count`] expects.
pub(crate) fn put_new(
    commit: Commit,
    delegation: &Delegation,
    count: Expect,
    live: (Key, Expect),
) -> Commit {
    let key = keys::delegation_count(&delegation.name.authority);
    // Both say no more than which number.
    let number = record::seal(
        FORMAT,
        &DelegationRecord {
            number: delegation.name.number,
            ..DelegationRecord::default()
        },
    );
    let (live, absent) = live;
    let commit = commit
        .expect(key.clone(), count)
        .put(key, number.clone())
        .expect(live.clone(), absent)
        .put(live, number);
    commit.put(keys::delegation(&delegation.name), sealed(delegation))
}

/// Adds to a commit that a delegation holds no longer.
pub(crate) fn put_revoked(commit: Commit, delegation: &Delegation, version: Version) -> Commit {
    let key = keys::delegation(&delegation.name);
    let live = keys::live_delegation(
        &delegation.supplier,
        &delegation.name.authority,
        &delegation.edition,
    );
    commit
        .expect(key.clone(), Expect::At(version))
        .put(key, sealed(delegation))
        .delete(live)
}

/// The stored form of a delegation.
pub(crate) fn sealed(delegation: &Delegation) -> Vec<u8> {
    let (revoker, time) = delegation.revoked.clone().unzip();
    let stored = DelegationRecord {
        authority: delegation.name.authority.to_string(),
        number: delegation.name.number,
        collection: delegation.edition.collection.to_string(),
        period: delegation.edition.period.to_string(),
        supplier: delegation.supplier.clone(),
        identity: delegation.identity.clone(),
        create_time: Some(clock::to_proto(delegation.created)),
        revoker: revoker.unwrap_or_default(),
        revoke_time: time.map(clock::to_proto),
    };
    record::seal(FORMAT, &stored)
}

/// The delegation in a stored record.
pub(crate) fn read(key: &[u8], value: &[u8]) -> Result<Delegation, Error> {
    const NAME: &str = "a delegation";
    let problem = |error: mesur_catalogue::IdError| corrupt(NAME, &error.to_string());
    let stored: DelegationRecord = record::open(FORMAT, key, value)?;
    let revoked = optional_time(NAME, stored.revoke_time.as_ref())?;
    Ok(Delegation {
        name: DelegationName {
            authority: AuthorityCode::parse(&stored.authority).map_err(problem)?,
            number: stored.number,
        },
        edition: EditionName {
            collection: CollectionId::parse(&stored.collection).map_err(problem)?,
            period: Period::parse(&stored.period).map_err(problem)?,
        },
        created: time(NAME, stored.create_time.as_ref())?,
        supplier: stored.supplier,
        identity: stored.identity,
        revoked: revoked.map(|time| (stored.revoker, time)),
    })
}
