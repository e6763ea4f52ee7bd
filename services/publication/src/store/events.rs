//! What happened to a release; nothing is ever taken out.

use jiff::Timestamp;
use mesur_proto::storage::v1::ReleaseEventRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyRange, Log, Position, Store, record};
use mesur_wire::ReleaseName;

use super::{EVENT, FORMAT, Head, corrupt, edition_key, required};
use crate::error::Error;

/// How many changes are read at a time.
const CHANGES: usize = 64;

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

/// The name of the log of changes.
pub(super) const CHANGES_LOG: &str = "releases";

/// The log that tells the replicas of the service which release was changed.
pub(crate) fn changes_log() -> Log {
    Log::new(CHANGES_LOG)
}

/// The end of the log of changes; `None` before the first.
pub(crate) async fn last_change(store: &dyn Store) -> Result<Option<Position>, Error> {
    let log = changes_log();
    let mut last = None;
    loop {
        let entries = store.read_log(&log, last, CHANGES).await?;
        match entries.last() {
            Some(entry) => last = Some(entry.position),
            None => return Ok(last),
        }
    }
}

/// Which release an entry of the log of changes tells of.
pub(crate) fn changed(entry: &[u8]) -> Result<ReleaseName, Error> {
    let (_, name) = record::unseal(b"releases", entry)?;
    let name = str::from_utf8(name)
        .ok()
        .and_then(|name| ReleaseName::parse(name).ok());
    name.ok_or_else(|| corrupt("the log of changes", "an entry is no name of a release"))
}

/// Adds an event to a commit, counts it in the head that is going to be put, and tells the replicas.
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
    let changed = record::seal_bytes(FORMAT, name.to_string().as_bytes());
    commit
        .expect(key.clone(), Expect::Absent)
        .put(key, record::seal(FORMAT, &stored))
        .append(&changes_log(), changed)
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
