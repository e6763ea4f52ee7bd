//! Making the store smaller: requests that are past their time, and old events for which later ones
//! stand. Reports, what was said about them, and the event of each report stay.

use mesur_store::compact::{self, Old};
use mesur_store::{Error, Store, requests};
use mesur_wire::EditionResource;

use super::{Event, REPORTS_LOG, all_requests, event_of};

/// Takes out what is old and not needed; answers how many rows.
pub async fn compact_store(store: &dyn Store, old: Old) -> Result<u64, Error> {
    let requests = requests::sweep(store, &all_requests(), old.requests).await?;
    let events = compact::log(store, REPORTS_LOG, subject, old.entries).await?;
    Ok(requests.saturating_add(events))
}

/// What an event tells the latest of.
fn subject(entry: &[u8]) -> Option<String> {
    match event_of(entry).ok()? {
        // Each tells of a report of its own.
        Event::Reported(_) => None,
        Event::Remarked(report) => Some(format!("remarks {report}")),
        Event::Queried(data_return) | Event::Settled(data_return) => {
            Some(format!("queries {data_return}"))
        }
        Event::Marked(edition, mark) => {
            let edition = EditionResource(edition);
            Some(format!("mark {edition} {} {}", mark.authority, mark.metric))
        }
    }
}
