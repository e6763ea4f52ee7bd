//! Making the store smaller: requests that are past their time, old changes that replicas were told of,
//! and files, which are packed. Revisions, their histories and looks at what was not published stay; files that no revision has
//! go when a release is compiled or published.

use mesur_store::compact::{self, Old};
use mesur_store::{Error, Store, requests};

use super::events::{CHANGES_LOG, changed};
use super::files::pack_files;
use super::request_prefix;

/// Takes out what is old and not needed, and packs files; answers how many rows went and files were packed.
pub async fn compact_store(store: &dyn Store, old: Old) -> Result<u64, Error> {
    // A change says of which release alone: what it has become is read.
    let subject = |entry: &[u8]| Some(changed(entry).ok()?.to_string());
    let requests = requests::sweep(store, &request_prefix(), old.requests).await?;
    let events = compact::log(store, CHANGES_LOG, subject, old.entries).await?;
    let packed = pack_files(store).await?;
    Ok(requests.saturating_add(events).saturating_add(packed))
}
