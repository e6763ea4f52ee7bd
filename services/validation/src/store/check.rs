//! Whether the store is whole: what `mesur store check` asks. Nothing is changed.

use std::collections::BTreeSet;

use mesur_catalogue::{AuthorityCode, EditionName};
use mesur_proto::storage::v1::{
    EditionProgressRecord, QueryRecord, ReaderDelegationRecord, RemarkRecord, ReturnProgressRecord,
    RobustnessMarkRecord, RoundRecord,
};
use mesur_store::check::{self, Entries, Holds, Kind, Pages, Part, Report};
use mesur_store::{Key, KeyBuilder, KeyReader, Store};
use mesur_wire::{QueryName, ReportName, ReturnName, RevisionName};

use super::{
    CELLS, CURSOR, DELEGATION, EDITION, Event, FINDINGS, MARK, METRICS, PAGE_KEY, QUERY, REMARK,
    REPORT, REPORTS_LOG, REQUEST, REQUEST_DAYS, RETURN, ROUND, corrupt, editions, event_of,
    remarks, reports, reports_log, returns,
};
use crate::error::Error;

const OF_EDITION: &[Part] = &[Part::Text, Part::Text];
const NUMBERED: &[Part] = &[Part::Text, Part::Text, Part::Number];
const OF_RETURN: &[Part] = &[Part::Text, Part::Text, Part::Text];
const OF_REVISION: &[Part] = &[Part::Text, Part::Text, Part::Text, Part::Number];
const PART: &[Part] = &[
    Part::Text,
    Part::Text,
    Part::Text,
    Part::Number,
    Part::Number,
];

const KINDS: &[Kind] = &[
    Kind::new(REPORT, "report", OF_REVISION, Holds::Large),
    Kind::new(FINDINGS, "findings", PART, Holds::Large),
    Kind::new(CELLS, "cells", PART, Holds::Large),
    Kind::new(METRICS, "metrics", OF_REVISION, Holds::Large),
    Kind::of::<ReturnProgressRecord>(RETURN, "return", OF_RETURN),
    Kind::of::<RemarkRecord>(REMARK, "remark", OF_REVISION),
    Kind::of::<QueryRecord>(QUERY, "query", OF_REVISION),
    Kind::of::<EditionProgressRecord>(EDITION, "edition", OF_EDITION),
    Kind::of::<RoundRecord>(ROUND, "round", NUMBERED),
    Kind::of::<RobustnessMarkRecord>(MARK, "mark", NUMBERED),
    Kind::of::<ReaderDelegationRecord>(
        DELEGATION,
        "delegation",
        &[Part::Text, Part::Text, Part::Text, Part::Text],
    ),
    check::requests(REQUEST, &[Part::Text, Part::Text]),
    Kind::new(
        CURSOR,
        "cursor",
        &[Part::Text],
        Holds::Record(check::is_sealed),
    ),
    check::page_key(PAGE_KEY),
    check::request_days(REQUEST_DAYS),
];

/// The kinds of keys that [`followed`] and [`has_event`] read, beside the log.
pub const FOLLOWING_KINDS: &[u8] = &[PAGE_KEY, CURSOR];

/// Which services this one follows, and its place in the stream of each; empty before the first event.
pub async fn followed(
    store: &dyn Store,
) -> Result<Vec<(&'static str, Vec<u8>)>, mesur_store::Error> {
    let cursor = check::sealed_bytes(store, &super::cursor_key()).await?;
    Ok(vec![("submission", cursor)])
}

/// Whether a service that follows this one finds its place by the cursor that it has.
pub async fn has_event(store: &dyn Store, cursor: &[u8]) -> Result<bool, mesur_store::Error> {
    mesur_rpc::events::has_event(store, &super::page_key(), REPORTS_LOG, cursor).await
}

/// Looks through the whole store of the validation service: that every record can be read, that every
/// report is whole, that remarks, queries, rounds and marks are dense, and that every event is of
/// something that is there.
pub async fn check_store(store: &dyn Store) -> Result<Report, mesur_store::Error> {
    let event = |value: &[u8]| event_of(value).map(drop).map_err(|e| e.to_string());
    let mut report = check::walk(store, KINDS, (REPORTS_LOG, event)).await?;
    check_reports(store, &mut report).await?;
    check_returns(store, &mut report).await?;
    check_editions(store, &mut report).await?;
    check_events(store, &mut report).await?;
    Ok(report)
}

/// That each report has its findings, cells and metrics.
async fn check_reports(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut last = None;
    let mut pages = Pages::of(KeyBuilder::new(REPORT).build());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, _) in rows {
            let Ok(name) = report_in(&key) else { continue };
            // A report has several rows.
            if last.as_ref() != Some(&name) {
                report.take(&name, check_report(store, &name).await);
                let progress = returns::progress(store, &name.0.data_return).await;
                if let Some(progress) = report.take(&name, progress) {
                    let is_known = progress.value.is_some() || is_left(store, &name).await;
                    report.require(is_known, &name, "its return is not there");
                }
                last = Some(name);
            }
        }
    }
}

/// Whether there is no report to be seen: what was staged for a commit that never came.
async fn is_left(store: &dyn Store, name: &ReportName) -> bool {
    matches!(reports::report(store, name).await, Ok(None))
}

async fn check_report(store: &dyn Store, name: &ReportName) -> Result<(), Error> {
    // What was staged for a commit that never came is in nobody's way.
    let Some(held) = reports::report(store, name).await? else {
        return Ok(());
    };
    let problem = |problem: &str| corrupt(&name.to_string(), &problem);
    let mut findings = 0_u64;
    for (page, first) in held.pages.iter().enumerate() {
        if *first != findings {
            return Err(problem("a page of findings is not where it says"));
        }
        let page = reports::findings_page(store, &held, page).await?;
        findings = findings.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
    }
    let counts = held.report.counts();
    let due = [counts.errors, counts.warnings, counts.infos];
    if due.into_iter().fold(0, u64::saturating_add) != findings {
        return Err(problem("it has another number of findings than it says"));
    }
    reports::all_cells(store, &held).await?;
    reports::metrics(store, name).await?;
    Ok(())
}

/// That a return knows every remark and query on it, and they are all there.
async fn check_returns(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut said = BTreeSet::new();
    let mut asked = BTreeSet::new();
    let mut pages = Pages::of(KeyBuilder::new(RETURN).build());
    loop {
        let rows = pages.next(store).await?;
        if rows.is_empty() {
            break;
        }
        for (key, _) in rows {
            let Ok(name) = return_in(&key) else { continue };
            let progress = report.take(&name, returns::progress(store, &name).await);
            let Some(progress) = progress.and_then(|progress| progress.value) else {
                continue;
            };
            let reported = ReportName(RevisionName {
                data_return: name.clone(),
                revision: progress.revision,
            });
            if let Some(found) = report.take(&reported, reports::report(store, &reported).await) {
                report.require(found.is_some(), &reported, "the report is missing");
            }
            for number in 1..=progress.remarks {
                report.take(&name, remarks::remark(store, &name, number).await);
                said.insert(remarks::remark_key(&name, number));
            }
            for number in 1..=progress.queries {
                let query = QueryName {
                    data_return: name.clone(),
                    number,
                };
                let found = check_query(store, &query, progress.remarks).await;
                report.take(&query, found);
                asked.insert(remarks::query_key(&query));
            }
        }
    }
    for (kind, known) in [(REMARK, said), (QUERY, asked)] {
        let held = check::keys(store, KeyBuilder::new(kind).build()).await?;
        for key in held.difference(&known) {
            report.problem(key.escape_ascii(), "the return does not know it");
        }
    }
    Ok(())
}

async fn check_query(store: &dyn Store, name: &QueryName, last: u64) -> Result<(), Error> {
    let problem = |problem: &str| corrupt(&name.to_string(), &problem);
    let query = remarks::query(store, name).await?;
    let query = query.ok_or_else(|| problem("the query is missing"))?;
    let said = remarks::query_of(store, name, &query.value, last).await?;
    if said.remarks.len() != query.value.remarks.len() {
        return Err(problem("remarks of it are missing"));
    }
    editions::round(store, &name.data_return.edition, query.value.round).await?;
    Ok(())
}

/// That an edition's rounds and marks are all there.
async fn check_editions(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    for key in check::keys(store, KeyBuilder::new(EDITION).build()).await? {
        let mut reader = KeyReader::new(&key);
        let edition = reader
            .kind()
            .map_err(Error::from)
            .and_then(|_| edition_in(&mut reader));
        let Ok(edition) = edition else { continue };
        let Some(progress) =
            report.take(&edition, editions::edition_progress(store, &edition).await)
        else {
            continue;
        };
        for number in 1..=progress.value.rounds {
            report.take(&edition, editions::round(store, &edition, number).await);
        }
        for number in 1..=progress.value.marks {
            report.take(&edition, editions::mark(store, &edition, number).await);
        }
        for (kind, due) in [
            (ROUND, progress.value.rounds.into()),
            (MARK, progress.value.marks),
        ] {
            let held = check::keys(store, super::edition_key(kind, &edition).build()).await?;
            report.require(
                u64::try_from(held.len()) == Ok(due),
                &edition,
                "there are rounds or marks that it does not count",
            );
        }
    }
    Ok(())
}

async fn check_events(store: &dyn Store, report: &mut Report) -> Result<(), mesur_store::Error> {
    let mut pages = Entries::of(reports_log());
    loop {
        let entries = pages.next(store).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            let Ok(event) = event_of(&entry.value) else {
                continue;
            };
            let item = format!("event in commit {}", entry.position.version().get());
            if let Some(is_there) = report.take(&item, is_there(store, &event).await) {
                report.require(is_there, item, "what it tells of is not there");
            }
        }
    }
}

async fn is_there(store: &dyn Store, event: &Event) -> Result<bool, Error> {
    match event {
        Event::Reported(name) | Event::Remarked(name) => {
            Ok(reports::report(store, name).await?.is_some())
        }
        Event::Queried(name) | Event::Settled(name) => {
            Ok(returns::progress(store, name).await?.value.is_some())
        }
        Event::Marked(edition, _) => {
            let progress = editions::edition_progress(store, edition).await?;
            Ok(progress.value.marks > 0)
        }
    }
}

fn report_in(key: &Key) -> Result<ReportName, Error> {
    let (data_return, mut reader) = returned(key)?;
    let revision = u32::try_from(reader.number()?).map_err(|error| corrupt("a report", &error))?;
    Ok(ReportName(RevisionName {
        data_return,
        revision,
    }))
}

fn return_in(key: &Key) -> Result<ReturnName, Error> {
    Ok(returned(key)?.0)
}

fn returned(key: &Key) -> Result<(ReturnName, KeyReader<'_>), Error> {
    let mut reader = KeyReader::new(key);
    reader.kind()?;
    let edition = edition_in(&mut reader)?;
    let authority = AuthorityCode::parse(&reader.text()?);
    let authority = authority.map_err(|error| corrupt("the key of a return", &error))?;
    Ok((ReturnName { authority, edition }, reader))
}

fn edition_in(reader: &mut KeyReader<'_>) -> Result<EditionName, Error> {
    let (collection, period) = (reader.text()?, reader.text()?);
    let edition = EditionName::parse(&format!("{collection}/{period}"));
    edition.map_err(|error| corrupt("the key of an edition", &error))
}
