//! What happened to a release; nothing is ever taken out.

use jiff::Timestamp;
use mesur_proto::storage::v1::ReleaseEventRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyRange, Store, record};
use mesur_wire::ReleaseName;

use super::{EVENT, FORMAT, Head, edition_key, required};
use crate::error::Error;

/// Something that happened to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// What, as it is told.
    pub(crate) action: String,
    /// The revision that it happened to.
    pub(crate) revision: u32,
    /// Who did it.
    pub(crate) actor: String,
    /// When.
    pub(crate) time: Timestamp,
    /// The reason that was given; may be empty.
    pub(crate) reason: String,
}

/// Adds an event to a commit, and counts it in the head that is going to be put.
pub(crate) fn append_event(
    commit: Commit,
    name: &ReleaseName,
    head: &mut Head,
    event: &Event,
) -> Commit {
    head.events = head.events.saturating_add(1);
    head.last_event = head.last_event.max(Some(event.time));
    let key = edition_key(EVENT, &name.0).number(head.events).build();
    let stored = ReleaseEventRecord {
        action: event.action.clone(),
        revision: event.revision,
        actor: event.actor.clone(),
        time: Some(clock::to_proto(event.time)),
        reason: event.reason.clone(),
    };
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &stored))
}

/// At most `limit` events of a release, oldest first, with their keys.
pub(crate) async fn events(
    store: &dyn Store,
    name: &ReleaseName,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Key, Event)>, Error> {
    let whole = KeyRange::prefix(edition_key(EVENT, &name.0).build());
    let range = match after {
        Some(after) => whole.after(after),
        None => whole,
    };
    let mut events = Vec::new();
    for (key, entry) in store.scan(range, limit).await? {
        let stored: ReleaseEventRecord = record::open(FORMAT, &key, &entry.value)?;
        let time = required(&name.to_string(), stored.time.as_ref())?;
        let event = Event {
            action: stored.action,
            revision: stored.revision,
            actor: stored.actor,
            time,
            reason: stored.reason,
        };
        events.push((key, event));
    }
    Ok(events)
}
