//! Making the store smaller: requests that are past their time. Every event tells of a snapshot of its
//! own and stays; contents that nothing names go when they are freed.

use mesur_store::compact::Old;
use mesur_store::{Error, Store, requests};

use super::all_requests;

/// Takes out what is old and not needed; answers how many rows.
pub async fn compact_store(store: &dyn Store, old: Old) -> Result<u64, Error> {
    requests::sweep(store, &all_requests(), old.requests).await
}
