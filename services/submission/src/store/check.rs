//! Whether the store is whole: what `mesur store check` asks. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use mesur_proto::storage::v1::{
    DelegationRecord, MoveRecord, PreviousValuesRecord, ReturnRecord, RevisionRecord,
    ScheduleChangeRecord, ScheduleRecord,
};
use mesur_returns::content_digest;
use mesur_store::check::{self, Entries, Holds, Kind, Pages, Part, Report};
use mesur_store::{KeyBuilder, Store, large, record};
use mesur_wire::{ReturnName, RevisionName};
use prost::Message as _;

use super::keys;
use super::{FORMAT, contents, delegations, events, revisions, schedules};
use crate::domain::Revision;
use crate::error::Error;

const EDITION: &[Part] = &[Part::Text, Part::Text];
const RETURN: &[Part] = &[Part::Text, Part::Text, Part::Text];
const REVISION: &[Part] = &[Part::Text, Part::Text, Part::Text, Part::Number];
const MOVE: &[Part] = &[
    Part::Text,
    Part::Text,
    Part::Text,
    Part::Number,
    Part::Number,
];

const KINDS: &[Kind] = &[
    Kind::of::<ReturnRecord>(keys::HEAD, "return", RETURN),
    Kind::of::<RevisionRecord>(keys::REVISION, "revision", REVISION),
    Kind::new(keys::CONTENT, "large content", REVISION, Holds::Large),
    check::requests(keys::REQUEST, &[Part::Text, Part::Text]),
    Kind::new(keys::PREVIOUS, "earlier values", RETURN, Holds::Nothing),
    Kind::new(
        keys::PREVIOUS_CONTENT,
        "content of earlier values",
        RETURN,
        Holds::Large,
    ),
    check::page_key(keys::PAGE_KEY),
    Kind::of::<MoveRecord>(keys::MOVE, "move", MOVE),
    Kind::of::<ScheduleRecord>(keys::SCHEDULE, "schedule", EDITION),
    Kind::of::<ScheduleChangeRecord>(
        keys::SCHEDULE_CHANGE,
        "change of a schedule",
        &[Part::Text, Part::Text, Part::Number],
    ),
    Kind::of::<DelegationRecord>(keys::DELEGATIONS, "count of delegations", &[Part::Text]),
    Kind::of::<DelegationRecord>(keys::DELEGATION, "delegation", &[Part::Text, Part::Number]),
    Kind::of::<DelegationRecord>(
        keys::LIVE_DELEGATION,
        "live delegation",
        &[Part::Text, Part::Text, Part::Text, Part::Text],
    ),
    Kind::new(keys::CURSOR, "cursor", &[], Holds::Record(check::is_sealed)),
    check::request_days(keys::REQUEST_DAYS),
];

/// The kinds of keys that [`followed`] and [`has_event`] read, beside the log.
pub const FOLLOWING_KINDS: &[u8] = &[keys::PAGE_KEY, keys::CURSOR];

/// Which services this one follows, and its place in the stream of each; empty before the first event.
pub async fn followed(
    store: &dyn Store,
) -> Result<Vec<(&'static str, Vec<u8>)>, mesur_store::Error> {
    let cursor = check::sealed_bytes(store, &keys::cursor()).await?;
    Ok(vec![("validation", cursor)])
}

/// Whether a service that follows this one finds its place by the cursor that it has.
pub async fn has_event(store: &dyn Store, cursor: &[u8]) -> Result<bool, mesur_store::Error> {
    mesur_rpc::events::has_event(store, &keys::page_key(), events::LOG, cursor).await
}

/// Looks through the whole store of the submission service: that every record can be read, that
/// revisions, moves, schedules and delegations are dense, that contents have their digests, and that
/// every event is of something that is there.
pub async fn check_store(store: &dyn Store) -> Result<Report, mesur_store::Error> {
    let event = |value: &[u8]| events::read(value).map(drop).map_err(|e| e.to_string());
    let mut report = check::walk(store, KINDS, (events::LOG, event)).await?;
    let returns = check_returns(store, &mut report).await?;
    check_rows_of_returns(store, &mut report, &returns).await?;
    check_schedules(store, &mut report).await?;
    check_delegations(store, &mut report).await?;
    check_earlier_values(store, &mut report).await?;
    check_events(store, &mut report).await?;
    Ok(report)
}

/// The returns that there are, each with its latest revision.
type Returns = BTreeMap<ReturnName, u32>;

async fn check_returns(
    store: &dyn Store,
    report: &mut Report,
) -> Result<Returns, mesur_store::Error> {
    let mut returns = Returns::new();
    let mut heads = Pages::of(keys::heads(None, None));
    loop {
        let rows = heads.next(store).await?;
        if rows.is_empty() {
            return Ok(returns);
        }
        for (key, entry) in rows {
            // One that cannot be read was told of before.
            let Ok(head) = revisions::read(&key, &entry.value) else {
                continue;
            };
            let name = head.name.data_return.clone();
            report.require(keys::head(&name) == key, &name, "it stands at another key");
            for revision in 1..=head.name.revision {
                let revision = RevisionName {
                    data_return: name.clone(),
                    revision,
                };
                let now = report.take(&revision, revisions::revision(store, &revision).await);
                match now.flatten() {
                    Some(now) => check_revision(store, report, &head, &now).await,
                    None => report.problem(&revision, "the revision is missing"),
                }
            }
            returns.insert(name, head.name.revision);
        }
    }
}

async fn check_revision(store: &dyn Store, report: &mut Report, head: &Revision, now: &Revision) {
    if now.name.revision == head.name.revision {
        report.require(now == head, &now.name, "the return's head says otherwise");
    }
    report.take(&now.name, revisions::history(store, now).await);
    if let Some(cells) = report.take(&now.name, contents::get(store, &now.name, 0).await) {
        let ReturnName { authority, edition } = &now.name.data_return;
        let digest = content_digest(authority, edition, &now.edition_digest, &cells);
        report.require(
            digest == now.digest,
            &now.name,
            "its content has another digest",
        );
    }
}

/// That no revision, move or content is there which its return does not know.
async fn check_rows_of_returns(
    store: &dyn Store,
    report: &mut Report,
    returns: &Returns,
) -> Result<(), mesur_store::Error> {
    for kind in [keys::REVISION, keys::MOVE, keys::CONTENT] {
        let mut pages = Pages::of(KeyBuilder::new(kind).build());
        let mut last = None;
        loop {
            let rows = pages.next(store).await?;
            if rows.is_empty() {
                break;
            }
            for (key, _) in rows {
                let Ok(name) = keys::revision_in(&key) else {
                    continue;
                };
                let latest = returns.get(&name.data_return).copied().unwrap_or(0);
                let is_known = (1..=latest).contains(&name.revision);
                // What was staged for a commit that never came is in nobody's way.
                let is_left = kind == keys::CONTENT && !is_whole(store, &name).await?;
                if !is_known && !is_left && last.as_ref() != Some(&name) {
                    report.problem(&name, "it is of no return that is there");
                    last = Some(name);
                }
            }
        }
    }
    Ok(())
}

async fn is_whole(store: &dyn Store, name: &RevisionName) -> Result<bool, mesur_store::Error> {
    let reader = large::Reader::open(store, &keys::content(name)).await;
    match reader {
        Ok(reader) => Ok(reader.is_some()),
        Err(mesur_store::Error::Corrupt { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn check_schedules(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Pages::of(KeyBuilder::new(keys::SCHEDULE).build());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, entry) in rows {
            let stored = record::open::<ScheduleRecord>(FORMAT, &key, &entry.value);
            let (Ok(stored), Ok(edition)) = (stored, keys::edition_in(&key)) else {
                continue;
            };
            let item = format!("schedule of {edition}");
            report.take(&item, schedules::at(store, &edition, stored.changes).await);
            let changes = check::keys(store, keys::schedule_changes(&edition)).await?;
            report.require(
                u32::try_from(changes.len()) == Ok(stored.changes),
                item,
                "there are changes that it does not count",
            );
        }
    }
}

async fn check_delegations(
    store: &dyn Store,
    report: &mut Report,
) -> Result<(), mesur_store::Error> {
    let mut live = BTreeSet::new();
    let mut pages = Pages::of(KeyBuilder::new(keys::DELEGATION).build());
    let mut last: Option<(String, u32)> = None;
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            break;
        }
        for (key, entry) in rows {
            let Some(delegation) = report.take("delegation", delegations::read(&key, &entry.value))
            else {
                continue;
            };
            let name = &delegation.name;
            report.require(
                keys::delegation(name) == key,
                name,
                "it stands at another key",
            );
            let authority = name.authority.to_string();
            let before = last.filter(|(of, _)| *of == authority);
            let due = before.map_or(1, |(_, number)| number.saturating_add(1));
            report.require(name.number == due, name, "one before it is missing");
            last = Some((authority, name.number));
            if delegation.revoked.is_none() {
                let (supplier, edition) = (&delegation.supplier, &delegation.edition);
                live.insert(keys::live_delegation(supplier, &name.authority, edition));
            }
            let count = delegations::count(store, &name.authority).await;
            if let Some((count, _)) = report.take(name, count) {
                report.require(name.number <= count, name, "it is not counted");
            }
        }
    }
    let held = check::keys(store, KeyBuilder::new(keys::LIVE_DELEGATION).build()).await?;
    for key in live.symmetric_difference(&held) {
        let item = format!("live delegation {}", key.escape_ascii());
        report.problem(item, "it and the delegations do not agree");
    }
    Ok(())
}

async fn check_earlier_values(
    store: &dyn Store,
    report: &mut Report,
) -> Result<(), mesur_store::Error> {
    for key in check::keys(store, KeyBuilder::new(keys::PREVIOUS).build()).await? {
        let item = format!("earlier values {}", key.escape_ascii());
        let mut content = key;
        if let Some(kind) = content.first_mut() {
            *kind = keys::PREVIOUS_CONTENT;
        }
        match large::get_large(store, &content).await {
            Ok(Some(bytes)) => {
                report.take(item, PreviousValuesRecord::decode(bytes.as_slice()));
            }
            Ok(None) => report.problem(item, "the values are missing"),
            Err(mesur_store::Error::Corrupt { problem, .. }) => report.problem(item, problem),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn check_events(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Entries::of(events::log());
    loop {
        let entries = pages.next(store).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            let Ok(happened) = events::read(&entry.value) else {
                continue;
            };
            let version = entry.position.version().get();
            let item = format!("event of {} in commit {version}", happened.name);
            let is_there = check_event(store, &happened).await;
            if let Some(is_there) = report.take(&item, is_there) {
                report.require(is_there, item, "what it tells of is not there");
            }
        }
    }
}

/// Whether what an event tells of is there, with the digest that it tells.
async fn check_event(store: &dyn Store, happened: &events::Happened) -> Result<bool, Error> {
    if let Ok(name) = RevisionName::parse(&happened.name) {
        let made = revisions::revision(store, &name).await?;
        return Ok(made.is_some_and(|revision| revision.digest == happened.digest));
    }
    match mesur_wire::DelegationName::parse(&happened.name) {
        Ok(name) => Ok(delegations::get(store, &name).await?.is_some()),
        Err(_) => Ok(false),
    }
}
