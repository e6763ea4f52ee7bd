//! Suppliers that may read what is an authority's.

use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_proto::storage::v1::ReaderDelegationRecord;
use mesur_rpc::etag::etag;
use mesur_store::{Commit, Key, KeyBuilder, KeyRange, Store, record};
use mesur_wire::{DelegationName, ReturnName};

use super::{DELEGATION, FORMAT};
use crate::error::Error;

fn supplier_key(authority: &AuthorityCode, supplier: &str) -> KeyBuilder {
    KeyBuilder::new(DELEGATION)
        .text(authority.as_str())
        .text(&etag([supplier.as_bytes()]))
}

fn key(authority: &AuthorityCode, edition: &EditionName, supplier: &str) -> Key {
    supplier_key(authority, supplier)
        .text(edition.collection.as_str())
        .text(edition.period.as_str())
        .build()
}

/// Adds to a commit that a supplier may read.
pub(crate) fn delegate(
    commit: Commit,
    name: &DelegationName,
    edition: &EditionName,
    supplier: &str,
) -> Commit {
    let key = key(&name.authority, edition, supplier);
    let name = name.to_string();
    commit.put(key, record::seal(FORMAT, &ReaderDelegationRecord { name }))
}

/// Adds to a commit that it may no longer.
pub(crate) fn revoke(
    commit: Commit,
    name: &DelegationName,
    edition: &EditionName,
    supplier: &str,
) -> Commit {
    commit.delete(key(&name.authority, edition, supplier))
}

/// Whether a supplier may read of a return.
pub(crate) async fn may_read(
    store: &dyn Store,
    name: &ReturnName,
    supplier: &str,
) -> Result<bool, Error> {
    let key = key(&name.authority, &name.edition, supplier);
    Ok(store.get(&key).await?.is_some())
}

/// Whether a supplier may read of any return of an authority.
pub(crate) async fn is_delegate_of(
    store: &dyn Store,
    authority: &AuthorityCode,
    supplier: &str,
) -> Result<bool, Error> {
    let range = KeyRange::prefix(supplier_key(authority, supplier).build());
    Ok(!store.scan(range, 1).await?.is_empty())
}
