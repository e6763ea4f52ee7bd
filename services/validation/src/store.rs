//! Keys and records of the validation service.
//!
//! | kind | key | value |
//! | --- | --- | --- |
//! | 1 report | collection, authority, period, revision | the report with its answers, a large value |
//! | 2 guard | collection, authority, period, revision | nothing: its version is that of the report |
//! | 3 request | request id | the finding that was answered |
//! | 4 cursor | name of the service that is followed | the cursor of its last event |
//! | log `reports` | position | that a report was made |
//!
//! A new report is one commit with its event and the cursor of the event that led to it: whatever
//! crashes, each revision is validated once. A change relies on the guard, because a large value
//! has no one version, so of two answers at once one starts again. Kinds are never used for
//! anything else.

use mesur_catalogue::{CellRef, Period, Severity};
use mesur_proto::storage::v1::{FindingRecord, ReportEventRecord, ReportRecord};
use mesur_returns::{Finding, FindingKind};
use mesur_rpc::clock;
use mesur_store::{Commit, Expect, Key, KeyBuilder, Log, Store, Version, large, record};
use mesur_wire::{ReportName, ReturnName};

use crate::domain::{Answered, Report};
use crate::error::Error;

const REPORT: u8 = 1;
const GUARD: u8 = 2;
const REQUEST: u8 = 3;
const CURSOR: u8 = 4;

/// The format of every record here.
const FORMAT: u8 = 1;

/// The log of reports that were made.
pub(crate) fn reports_log() -> Log {
    Log::new("reports")
}

/// What response keys begin with.
pub(crate) fn request_prefix() -> Key {
    KeyBuilder::new(REQUEST).build()
}

fn cursor_key() -> Key {
    KeyBuilder::new(CURSOR).text("submission").build()
}

fn revision_key(kind: u8, name: &ReportName) -> Key {
    let ReturnName { authority, edition } = &name.0.data_return;
    KeyBuilder::new(kind)
        .text(edition.collection.as_str())
        .text(authority.as_str())
        .text(edition.period.as_str())
        .number(name.0.revision.into())
        .build()
}

/// A cursor and the version that a move of it must expect.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    /// What submission gave; empty before its first event.
    pub(crate) bytes: Vec<u8>,
    version: Option<Version>,
}

/// How far submission is followed.
pub(crate) async fn cursor(store: &dyn Store) -> Result<Cursor, Error> {
    let key = cursor_key();
    let Some(entry) = store.get(&key).await? else {
        return Ok(Cursor::default());
    };
    let (format, bytes) = record::unseal(&key, &entry.value)?;
    if format != FORMAT {
        let problem = format!("format {format} is not known");
        return Err(corrupt("the cursor", &problem));
    }
    Ok(Cursor {
        bytes: bytes.to_vec(),
        version: Some(entry.version),
    })
}

/// Adds to a commit that submission is followed up to `to`.
pub(crate) fn move_cursor(commit: Commit, from: &Cursor, to: &[u8]) -> Commit {
    let expect = from.version.map_or(Expect::Absent, Expect::At);
    commit
        .expect(cursor_key(), expect)
        .put(cursor_key(), record::seal_bytes(FORMAT, to))
}

/// The report of this name.
pub(crate) async fn report(store: &dyn Store, name: &ReportName) -> Result<Option<Report>, Error> {
    let key = revision_key(REPORT, name);
    match large::get_large(store, &key).await? {
        Some(bytes) => Ok(Some(report_of(name, record::open(FORMAT, &key, &bytes)?)?)),
        None => Ok(None),
    }
}

/// The same with the version that a change of it must expect.
pub(crate) async fn guarded_report(
    store: &dyn Store,
    name: &ReportName,
) -> Result<Option<(Report, Version)>, Error> {
    // The guard is read first: a report that is newer than its guard then conflicts.
    let Some(guard) = store.get(&revision_key(GUARD, name)).await? else {
        return Ok(None);
    };
    let report = report(store, name).await?;
    Ok(report.map(|report| (report, guard.version)))
}

/// Adds a report, at `version` or new, to a commit.
pub(crate) async fn put_report(
    store: &dyn Store,
    commit: Commit,
    report: &Report,
    version: Option<Version>,
) -> Result<Commit, Error> {
    let guard = revision_key(GUARD, &report.name);
    let expect = version.map_or(Expect::Absent, Expect::At);
    let commit = commit.expect(guard.clone(), expect).put(guard, Vec::new());
    let key = revision_key(REPORT, &report.name);
    let bytes = record::seal(FORMAT, &report_record(report));
    Ok(large::put_large(store, commit, &key, &bytes).await?)
}

/// Adds to a commit that the report was made.
pub(crate) fn append_made(commit: Commit, report: &Report) -> Commit {
    let name = report.name.to_string();
    let made = record::seal(FORMAT, &ReportEventRecord { name });
    commit.append(&reports_log(), made)
}

/// The name of the report in an entry of the log.
pub(crate) fn made_of(value: &[u8]) -> Result<String, Error> {
    let made: ReportEventRecord = record::open(FORMAT, b"reports", value)?;
    Ok(made.name)
}

/// A finding as a response that is remembered.
pub(crate) fn answered_bytes(answered: &Answered) -> Vec<u8> {
    record::seal(FORMAT, &finding_record(answered))
}

/// The finding in a remembered response.
pub(crate) fn answered_of(bytes: &[u8]) -> Result<Answered, Error> {
    let stored = record::open(FORMAT, b"request", bytes)?;
    finding_of("an earlier answer", stored)
}

fn report_record(report: &Report) -> ReportRecord {
    let previous = report.previous_period.as_ref();
    ReportRecord {
        return_digest: report.return_digest.clone(),
        edition_digest: report.edition_digest.clone(),
        previous_period: previous.map(ToString::to_string).unwrap_or_default(),
        create_time: Some(clock::to_proto(report.created)),
        findings: report.findings.iter().map(finding_record).collect(),
        answers: report.answers,
    }
}

fn report_of(name: &ReportName, stored: ReportRecord) -> Result<Report, Error> {
    let text = name.to_string();
    let problem = |error: &dyn std::fmt::Display| corrupt(&text, &error.to_string());
    let created = stored.create_time.ok_or_else(|| problem(&"no time"))?;
    let previous_period = match stored.previous_period.as_str() {
        "" => None,
        period => Some(Period::parse(period).map_err(|error| problem(&error))?),
    };
    let findings = stored.findings.into_iter();
    let findings = findings.map(|finding| finding_of(&text, finding));
    Ok(Report {
        name: name.clone(),
        return_digest: stored.return_digest,
        edition_digest: stored.edition_digest,
        previous_period,
        created: clock::from_proto(&created).map_err(|error| problem(&error))?,
        findings: findings.collect::<Result<_, _>>()?,
        answers: stored.answers,
    })
}

/// The plain values that a finding's words are made of. What was sent is kept as what was found:
/// a finding of a whole return has one or the other, or both alike.
fn finding_record(answered: &Answered) -> FindingRecord {
    let Answered {
        finding,
        explanation,
    } = answered;
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    FindingRecord {
        kind: finding.kind.as_str().to_owned(),
        severity: match finding.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Info => 3,
        },
        rule: text(finding.rule.as_ref()),
        cells: finding.cells.iter().map(ToString::to_string).collect(),
        expected: text(finding.expected.as_ref()),
        found: text(finding.found.as_ref().or(finding.value.as_ref())),
        reference: finding.reference.clone(),
        explanation: explanation.clone(),
    }
}

fn finding_of(name: &str, stored: FindingRecord) -> Result<Answered, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(name, &error.to_string());
    let severity = match stored.severity {
        1 => Severity::Error,
        2 => Severity::Warning,
        3 => Severity::Info,
        other => return Err(problem(&format!("severity {other} is not known"))),
    };
    let kind = FindingKind::parse(&stored.kind)
        .ok_or_else(|| problem(&format!("kind {:?} is not known", stored.kind)))?;
    let cells = stored.cells.iter().map(|cell| CellRef::parse(cell));
    let cells: Vec<CellRef> = cells
        .collect::<Result<_, _>>()
        .map_err(|error| problem(&error))?;
    let place = cells.first();
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let found = text(stored.found);
    let finding = Finding {
        kind,
        severity,
        rule: text(stored.rule),
        metric: place
            .map(|place| place.metric.to_string())
            .unwrap_or_default(),
        category: place
            .map(|place| place.category_str().to_owned())
            .unwrap_or_default(),
        cells,
        line: None,
        column: None,
        value: found.clone(),
        expected: text(stored.expected),
        found,
        advice: None,
        reference: stored.reference,
    };
    Ok(Answered {
        finding,
        explanation: stored.explanation,
    })
}

fn corrupt(name: &str, problem: &str) -> Error {
    Error::Record {
        name: name.to_owned(),
        problem: problem.to_owned(),
    }
}
