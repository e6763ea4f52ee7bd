//! Whether the store is whole: what `mesur store check` asks. Nothing is changed.

use mesur_catalogue::EditionName;
use mesur_proto::aggregation::v1::ReturnInput;
use mesur_proto::storage::v1::{
    DecisionRecord, FrozenSnapshotRecord, RobustnessRecord, SignedReturnRecord,
};
use mesur_returns::content_digest;
use mesur_store::check::{self, Entries, Holds, Kind, Pages, Part, Report};
use mesur_store::{KeyBuilder, KeyReader, Store, record};
use mesur_wire::{DecisionName, EditionResource, RevisionName, SnapshotName};

use super::contents::cells;
use super::{
    CONTENT, CURSOR, DECISION, DECISION_COUNT, EDITION, FORMAT, FREED, FROZEN, OVERTAKEN, PAGE_KEY,
    REQUEST, REQUEST_DAYS, RETURN, ROBUSTNESS, SNAPSHOT, SNAPSHOTS_LOG, TOTALS, Upstream,
    VALIDATION_CURSOR, corrupt, cursor_key, decision, decision_count, edition_key, edition_parts,
    event_of, frozen, frozen_key, overtaken, snapshot, snapshot_of, snapshots_log,
    snapshots_prefix,
};
use crate::error::Error;

const OF_EDITION: &[Part] = &[Part::Text, Part::Text];
const OF_RETURN: &[Part] = &[Part::Text, Part::Text, Part::Text];
const OF_CONTENT: &[Part] = &[Part::Text, Part::Text, Part::Text, Part::Text];

const KINDS: &[Kind] = &[
    Kind::new(CURSOR, "cursor", &[], Holds::Record(check::is_sealed)),
    Kind::new(EDITION, "edition", OF_EDITION, Holds::Nothing),
    Kind::of::<SignedReturnRecord>(RETURN, "return", OF_RETURN),
    Kind::of::<FrozenSnapshotRecord>(SNAPSHOT, "snapshot", &[Part::Text]),
    Kind::new(TOTALS, "totals", &[Part::Text], Holds::Large),
    check::page_key(PAGE_KEY),
    Kind::of::<RobustnessRecord>(ROBUSTNESS, "robustness", OF_CONTENT),
    Kind::new(
        VALIDATION_CURSOR,
        "cursor of validation",
        &[],
        Holds::Record(check::is_sealed),
    ),
    Kind::new(
        OVERTAKEN,
        "overtaken",
        OF_EDITION,
        Holds::Record(check::is_sealed),
    ),
    Kind::new(FROZEN, "frozen", OF_EDITION, Holds::Nothing),
    Kind::new(CONTENT, "content", OF_CONTENT, Holds::Large),
    Kind::new(FREED, "freed content", OF_CONTENT, Holds::Nothing),
    check::requests(REQUEST, &[Part::Text, Part::Text]),
    Kind::of::<DecisionRecord>(
        DECISION,
        "decision",
        &[Part::Text, Part::Text, Part::Number],
    ),
    Kind::new(
        DECISION_COUNT,
        "count of decisions",
        OF_EDITION,
        Holds::Record(check::is_sealed),
    ),
    check::request_days(REQUEST_DAYS),
];

/// The kinds of keys that [`followed`] and [`has_event`] read, beside the log.
pub const FOLLOWING_KINDS: &[u8] = &[PAGE_KEY, CURSOR, VALIDATION_CURSOR];

/// Which services this one follows, and its place in the stream of each; empty before the first event.
pub async fn followed(
    store: &dyn Store,
) -> Result<Vec<(&'static str, Vec<u8>)>, mesur_store::Error> {
    let submission = check::sealed_bytes(store, &cursor_key(Upstream::Submission)).await?;
    let validation = check::sealed_bytes(store, &cursor_key(Upstream::Validation)).await?;
    Ok(vec![("submission", submission), ("validation", validation)])
}

/// Whether a service that follows this one finds its place by the cursor that it has.
pub async fn has_event(store: &dyn Store, cursor: &[u8]) -> Result<bool, mesur_store::Error> {
    mesur_rpc::events::has_event(store, &super::page_key(), SNAPSHOTS_LOG, cursor).await
}

/// Looks through the whole store of the aggregation service: that every record can be read, that the
/// contents of returns and of what snapshots name are there with their digests, that decisions are
/// dense, and that every event is of something that is there.
pub async fn check_store(store: &dyn Store) -> Result<Report, mesur_store::Error> {
    let event = |value: &[u8]| event_of(value).map(drop).map_err(|e| e.to_string());
    let mut report = check::walk(store, KINDS, (SNAPSHOTS_LOG, event)).await?;
    check_returns(store, &mut report).await?;
    check_snapshots(store, &mut report).await?;
    check_editions(store, &mut report).await?;
    check_events(store, &mut report).await?;
    Ok(report)
}

async fn check_returns(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Pages::of(KeyBuilder::new(RETURN).build());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, entry) in rows {
            let stored = record::open::<SignedReturnRecord>(FORMAT, &key, &entry.value);
            // One that cannot be read was told of before.
            let Ok(stored) = stored else { continue };
            let named = (stored.name.as_str(), stored.digest.as_str());
            let checked = check_content(store, named, &stored.edition_digest).await;
            report.take(&stored.name, checked);
            let edition = edition_in(&key).map(|edition| edition_key(&edition));
            if let Some(edition) = report.take(&stored.name, edition) {
                let is_there = store.get(&edition).await?.is_some();
                report.require(is_there, &stored.name, "its edition is not there");
            }
        }
    }
}

/// That the content of a revision is held with its digest.
async fn check_content(
    store: &dyn Store,
    (name, digest): (&str, &str),
    edition_digest: &str,
) -> Result<(), Error> {
    let problem = |text: &dyn std::fmt::Display| corrupt(name, &text.to_string());
    let revision = RevisionName::parse(name).map_err(|error| problem(&error))?;
    let found = cells(store, &revision.data_return, digest).await?;
    let found = found.ok_or_else(|| problem(&"its content is missing"))?;
    let (authority, edition) = (
        &revision.data_return.authority,
        &revision.data_return.edition,
    );
    if content_digest(authority, edition, edition_digest, &found) == digest {
        Ok(())
    } else {
        Err(problem(&"its content has another digest"))
    }
}

async fn check_snapshots(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Pages::of(snapshots_prefix());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, entry) in rows {
            let Some(snapshot) = report.take("snapshot", snapshot_of(&key, &entry.value)) else {
                continue;
            };
            let name = snapshot.name;
            let Some((totals, _)) = report.take(&name, frozen(store, &name).await) else {
                continue;
            };
            let frozen_at = frozen_key(&snapshot.edition);
            let is_frozen = store.get(&frozen_at).await?.is_some();
            report.require(is_frozen, &name, "its edition is not frozen");
            let edition = EditionResource(snapshot.edition).to_string();
            report.require(
                totals.edition == edition,
                &name,
                "its totals are of another edition",
            );
            let now = (&totals.returns, &totals.edition_digest);
            let before = (&totals.previous_returns, &totals.previous_edition_digest);
            for (returns, edition_digest) in [now, before] {
                for ReturnInput { name, digest, .. } in returns {
                    let checked = check_content(store, (name, digest), edition_digest).await;
                    report.take(format!("{name}, named by a snapshot"), checked);
                }
            }
        }
    }
}

/// That an edition's decisions are all there, and its count of overtakings can be read.
async fn check_editions(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    for kind in [DECISION_COUNT, OVERTAKEN, DECISION] {
        let mut last = None;
        for key in check::keys(store, KeyBuilder::new(kind).build()).await? {
            let edition = edition_in(&key);
            let Ok(edition) = edition else { continue };
            if last.as_ref() == Some(&edition) {
                continue;
            }
            if kind == OVERTAKEN {
                report.take(&edition, overtaken(store, &edition).await);
            } else {
                check_decisions(store, report, &edition).await?;
            }
            last = Some(edition);
        }
    }
    Ok(())
}

async fn check_decisions(
    store: &dyn Store,
    report: &mut Report,
    edition: &EditionName,
) -> Result<(), mesur_store::Error> {
    let count = decision_count(store, edition).await;
    let Some((count, _)) = report.take(edition, count) else {
        return Ok(());
    };
    for number in 1..=count {
        let name = DecisionName {
            edition: edition.clone(),
            number,
        };
        if let Some(found) = report.take(&name, decision(store, edition, number).await) {
            report.require(found.is_some(), &name, "the decision is missing");
        }
    }
    let held = check::keys(store, edition_parts(DECISION, edition).build()).await?;
    report.require(
        u32::try_from(held.len()) == Ok(count),
        edition,
        "it counts another number of decisions than there are",
    );
    Ok(())
}

async fn check_events(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Entries::of(snapshots_log());
    loop {
        let entries = pages.next(store).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            let Ok(happened) = event_of(&entry.value) else {
                continue;
            };
            let version = entry.position.version().get();
            let item = format!("event of {} in commit {version}", happened.name);
            let is_there = is_there(store, &happened.name, happened.overtaken).await;
            if let Some(is_there) = report.take(&item, is_there) {
                report.require(is_there, item, "what it tells of is not there");
            }
        }
    }
}

async fn is_there(store: &dyn Store, name: &str, is_overtaken: bool) -> Result<bool, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(name, &error.to_string());
    if is_overtaken {
        let edition = EditionResource::parse(name).map_err(|error| problem(&error))?;
        let (count, _) = overtaken(store, &edition.0).await?;
        return Ok(count > 0);
    }
    let name = SnapshotName::parse(name).map_err(|error| problem(&error))?;
    Ok(snapshot(store, &name).await?.is_some())
}

fn edition_in(key: &[u8]) -> Result<EditionName, Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let (collection, period) = (reader.text()?, reader.text()?);
    let edition = EditionName::parse(&format!("{collection}/{period}"));
    edition.map_err(|error| corrupt("the key of an edition", &error.to_string()))
}
