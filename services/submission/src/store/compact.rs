//! Making the store smaller: requests that are past their time, old events for which later ones stand,
//! and the contents of revisions whose place a later one has taken, which are packed.

use mesur_store::compact::{self, Old};
use mesur_store::{Error, Store, requests};

use super::events::{self, Event};
use super::{keys, packing};

/// Takes out what is old and not needed, and packs old revisions; answers how many rows went or became
/// smaller.
pub async fn compact_store(store: &dyn Store, old: Old) -> Result<u64, Error> {
    let requests = requests::sweep(store, &keys::all_requests(), old.requests).await?;
    let events = compact::log(store, events::LOG, subject, old.entries).await?;
    let packed = packing::pack_revisions(store).await?;
    Ok(requests.saturating_add(events).saturating_add(packed))
}

/// What an event tells the latest of.
fn subject(entry: &[u8]) -> Option<String> {
    let happened = events::read(entry).ok()?;
    let data_return = &happened.data_return;
    match happened.event {
        // Each tells of a revision of its own.
        Event::Submitted => None,
        Event::SignedOff | Event::Reopened => Some(format!("sign-off {data_return}")),
        Event::Queried | Event::Settled => Some(format!("queries {data_return}")),
        Event::Delegated | Event::DelegationRevoked => Some(happened.name),
    }
}
