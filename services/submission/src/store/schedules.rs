//! Schedules.

use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_proto::storage::v1::{ScheduleChangeRecord, ScheduleRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyRange, Store, record};

use super::{FORMAT, corrupt, keys, optional_time, time};
use crate::domain::{Change, Schedule, ScheduleChange};
use crate::error::Error;

/// The schedule of an edition, with what a commit that goes by it must expect.
pub(crate) async fn get(
    store: &dyn Store,
    edition: &EditionName,
) -> Result<(Schedule, (Key, Expect)), Error> {
    let key = keys::schedule(edition);
    let Some(entry) = store.get(&key).await? else {
        return Ok((Schedule::never(edition.clone()), (key, Expect::Absent)));
    };
    let stored: ScheduleRecord = record::open(FORMAT, &key, &entry.value)?;
    let schedule = at(store, edition, stored.changes).await?;
    Ok((schedule, (key, Expect::At(entry.version))))
}

/// The schedule as it was after so many changes.
pub(crate) async fn at(
    store: &dyn Store,
    edition: &EditionName,
    changes: u32,
) -> Result<Schedule, Error> {
    let wanted = usize::try_from(changes).unwrap_or(usize::MAX);
    let range = KeyRange::prefix(keys::schedule_changes(edition));
    let rows = store.scan(range, wanted).await?;
    if rows.len() != wanted {
        return Err(corrupt("a schedule", "changes are missing"));
    }
    let changes = rows.iter().map(|(key, entry)| read(key, &entry.value));
    Ok(Schedule {
        edition: edition.clone(),
        changes: changes.collect::<Result<_, _>>()?,
    })
}

/// How many changes a schedule has had.
pub(crate) fn count(schedule: &Schedule) -> u32 {
    u32::try_from(schedule.changes.len()).unwrap_or(u32::MAX)
}

/// Adds the last change of a schedule to a commit.
pub(crate) fn put_last(commit: Commit, schedule: &Schedule, relied: (Key, Expect)) -> Commit {
    let Some(change) = schedule.changes.last() else {
        return commit;
    };
    let changes = count(schedule);
    let (key, expect) = relied;
    commit
        .expect(key.clone(), expect)
        .put(key, record::seal(FORMAT, &ScheduleRecord { changes }))
        .put(
            keys::schedule_change(&schedule.edition, changes),
            record::seal(FORMAT, &record_of(change)),
        )
}

fn record_of(change: &ScheduleChange) -> ScheduleChangeRecord {
    let (authority, due, close) = match &change.change {
        Change::Set { due, close } => (String::new(), *due, *close),
        Change::Extend { authority, due } => (authority.to_string(), Some(*due), None),
    };
    ScheduleChangeRecord {
        authority,
        due_time: due.map(clock::to_proto),
        close_time: close.map(clock::to_proto),
        reason: change.reason.clone(),
        identity: change.identity.clone(),
        time: Some(clock::to_proto(change.time)),
    }
}

fn read(key: &[u8], value: &[u8]) -> Result<ScheduleChange, Error> {
    const NAME: &str = "a schedule";
    let stored: ScheduleChangeRecord = record::open(FORMAT, key, value)?;
    let due = optional_time(NAME, stored.due_time.as_ref())?;
    let change = if stored.authority.is_empty() {
        let close = optional_time(NAME, stored.close_time.as_ref())?;
        Change::Set { due, close }
    } else {
        Change::Extend {
            authority: AuthorityCode::parse(&stored.authority)
                .map_err(|error| corrupt(NAME, &error.to_string()))?,
            due: due.ok_or_else(|| corrupt(NAME, "an extension without a time"))?,
        }
    };
    Ok(ScheduleChange {
        change,
        time: time(NAME, stored.time.as_ref())?,
        reason: stored.reason,
        identity: stored.identity,
    })
}
