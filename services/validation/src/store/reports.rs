//! Reports: the numbers, the findings in pages, and the cells of the return in parts.

use std::collections::HashMap;
use std::sync::Arc;

use mesur_catalogue::{CellRef, Edition, Period, RuleText, Severity};
use mesur_proto::storage::v1::{FindingRecord, FindingsRecord, ReportRecord, ReturnContent};
use mesur_returns::{Cells, CellsBuilder, Finding, FindingKind};
use mesur_rpc::clock;
use mesur_store::{Commit, Key, KeyBuilder, Store, large, record};
use mesur_wire::{ReportName, cells_of_part, content_parts};
use prost::Message as _;

use super::{CELLS, FINDINGS, FORMAT, METRICS, REPORT, corrupt, return_key, time_of};
use crate::domain::{MetricState, Report, RuleCount};
use crate::error::Error;

/// The most findings on a page.
const PAGE_FINDINGS: usize = 100;
/// A page is closed when it has so many bytes.
const PAGE_BYTES: usize = 256 * 1024;
/// Cells in one part: at most 253 KB, so that none is staged by itself.
const PART_CELLS: usize = 23_000;
/// What goes into one commit, in bytes: more is written before.
const COMMIT_BYTES: usize = 768 * 1024;
/// What goes into one commit, in rows of the store; there is room for what is committed beside it.
const COMMIT_ROWS: usize = 96;
/// The rows that a part takes, beside one for each [`ROW_BYTES`].
const PART_ROWS: usize = 3;
/// The fewest bytes of a part in each of its rows but the last.
const ROW_BYTES: usize = 16 * 1024;

/// A report as it is held.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The report.
    pub(crate) report: Report,
    /// The number of the first finding of each page, counted from 0.
    pub(crate) pages: Vec<u64>,
    /// How many parts the cells are kept in.
    cell_parts: u32,
}

fn key(kind: u8, name: &ReportName) -> KeyBuilder {
    return_key(kind, &name.0.data_return).number(name.0.revision.into())
}

/// What a report is written with: the last part of it waits for the commit that makes it visible.
pub(crate) struct Parts<'a> {
    store: &'a dyn Store,
    commit: Commit,
    bytes: usize,
    rows: usize,
}

impl<'a> Parts<'a> {
    /// Writes a report with everything that stands beside it, as far as it does not fit into one
    /// commit; the commit has the rest.
    pub(crate) async fn write(
        store: &'a dyn Store,
        report: &Report,
        findings: &[Finding],
        cells: &Cells,
        metrics: &[MetricState],
    ) -> Result<Commit, Error> {
        let mut parts = Self {
            store,
            commit: Commit::new(),
            bytes: 0,
            rows: 0,
        };
        let name = &report.name;
        let pages = parts.write_findings(name, findings).await?;
        let cell_parts = parts.write_cells(name, cells).await?;
        let metrics = metrics.iter().map(|state| match state {
            MetricState::Provided => 0,
            MetricState::Part => 1,
            MetricState::Missing => 2,
            MetricState::NotApplicable => 3,
        });
        let metrics: Vec<u8> = metrics.collect();
        let metrics = record::seal_bytes(FORMAT, &metrics);
        parts.add(key(METRICS, name).build(), metrics).await?;
        let stored = record::seal(FORMAT, &report_record(report, pages, cell_parts));
        parts.add(key(REPORT, name).build(), stored).await?;
        Ok(parts.commit)
    }

    async fn add(&mut self, key: Key, bytes: Vec<u8>) -> Result<(), Error> {
        let rows = PART_ROWS.saturating_add(bytes.len() / ROW_BYTES);
        let together = self.bytes.saturating_add(bytes.len());
        let rows_together = self.rows.saturating_add(rows);
        let commit = std::mem::take(&mut self.commit);
        let is_full = together > COMMIT_BYTES || rows_together > COMMIT_ROWS;
        let commit = if is_full && self.bytes > 0 {
            self.store.commit(commit).await?;
            (self.bytes, self.rows) = (bytes.len(), rows);
            Commit::new()
        } else {
            (self.bytes, self.rows) = (together, rows_together);
            commit
        };
        self.commit = large::put_large(self.store, commit, &key, &bytes).await?;
        Ok(())
    }

    async fn write_findings(
        &mut self,
        name: &ReportName,
        findings: &[Finding],
    ) -> Result<Vec<u64>, Error> {
        let (mut pages, mut page, mut bytes) = (Vec::new(), FindingsRecord::default(), 0_usize);
        let (mut first, mut next) = (0, 0_u64);
        for finding in findings {
            let stored = finding_record(finding);
            bytes = bytes.saturating_add(stored.encoded_len());
            page.findings.push(stored);
            next = next.saturating_add(1);
            if page.findings.len() >= PAGE_FINDINGS || bytes >= PAGE_BYTES {
                let full = std::mem::take(&mut page);
                self.add_page(name, &mut pages, first, &full).await?;
                (first, bytes) = (next, 0);
            }
        }
        if !page.findings.is_empty() {
            self.add_page(name, &mut pages, first, &page).await?;
        }
        Ok(pages)
    }

    async fn add_page(
        &mut self,
        name: &ReportName,
        pages: &mut Vec<u64>,
        first: u64,
        page: &FindingsRecord,
    ) -> Result<(), Error> {
        let key = part_key(FINDINGS, name, pages.len());
        pages.push(first);
        self.add(key, record::seal(FORMAT, page)).await
    }

    async fn write_cells(&mut self, name: &ReportName, cells: &Cells) -> Result<u32, Error> {
        let mut count = 0;
        for (part, content) in content_parts(cells, PART_CELLS).enumerate() {
            let part_content = ReturnContent {
                texts: Vec::new(),
                ..content
            };
            let key = part_key(CELLS, name, part);
            self.add(key, record::seal(FORMAT, &part_content)).await?;
            count += 1;
        }
        Ok(count)
    }
}

fn part_key(kind: u8, name: &ReportName, part: usize) -> Key {
    let part = u64::try_from(part).unwrap_or(u64::MAX);
    key(kind, name).number(part).build()
}

/// The report of this name.
pub(crate) async fn report(store: &dyn Store, name: &ReportName) -> Result<Option<Held>, Error> {
    let key = key(REPORT, name).build();
    match large::get_large(store, &key).await? {
        Some(bytes) => Ok(Some(held(name, record::open(FORMAT, &key, &bytes)?)?)),
        None => Ok(None),
    }
}

/// A page of a report's findings, in their order.
pub(crate) async fn findings_page(
    store: &dyn Store,
    held: &Held,
    page: usize,
) -> Result<Vec<Finding>, Error> {
    let name = &held.report.name;
    let key = part_key(FINDINGS, name, page);
    let bytes = large::get_large(store, &key).await?;
    let bytes = bytes.ok_or_else(|| corrupt(&name.to_string(), &format!("no page {page}")))?;
    let stored: FindingsRecord = record::open(FORMAT, &key, &bytes)?;
    let with_text = held.report.rules.iter().filter(|rule| rule.text.is_some());
    let texts: HashMap<&str, &RuleCount> =
        with_text.map(|rule| (rule.rule.as_str(), rule)).collect();
    let text = name.to_string();
    let findings = stored.findings.into_iter().map(|stored| {
        let rule = texts.get(stored.rule.as_str());
        Ok(Finding {
            text: rule.and_then(|rule| rule.text.clone()),
            ..finding_of(&text, stored)?
        })
    });
    findings.collect()
}

/// The statuses and values of the return that a report is on, without texts. The edition must be
/// the one, by digest, of the report.
pub(crate) async fn cells(
    store: &dyn Store,
    edition: &Edition,
    held: &Held,
) -> Result<Cells, Error> {
    let cells = all_cells(store, held).await?;
    if cells.len() == edition.cells().len() {
        Ok(cells)
    } else {
        let name = held.report.name.to_string();
        Err(corrupt(&name, &"the cells are not those of the edition"))
    }
}

/// The same, of whatever edition.
pub(super) async fn all_cells(store: &dyn Store, held: &Held) -> Result<Cells, Error> {
    let name = &held.report.name;
    let problem = |error: &dyn std::fmt::Display| corrupt(&name.to_string(), error);
    let mut cells = CellsBuilder::with_capacity(0);
    for part in 0..held.cell_parts {
        let part = usize::try_from(part).map_err(|error| problem(&error))?;
        let key = part_key(CELLS, name, part);
        let bytes = large::get_large(store, &key).await?;
        let bytes = bytes.ok_or_else(|| problem(&format!("no part {part}")))?;
        let stored: ReturnContent = record::open(FORMAT, &key, &bytes)?;
        let part = cells_of_part(cells.len(), stored);
        cells.append(&part.map_err(|error| problem(&error))?);
    }
    Ok(cells.finish())
}

/// How each metric was provided in the return that a report is on.
pub(crate) async fn metrics(
    store: &dyn Store,
    name: &ReportName,
) -> Result<Vec<MetricState>, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(&name.to_string(), error);
    let key = key(METRICS, name).build();
    let bytes = large::get_large(store, &key).await?;
    let bytes = bytes.ok_or_else(|| problem(&"no metrics"))?;
    let (_, states) = record::unseal(&key, &bytes)?;
    let states = states.iter().map(|state| match state {
        0 => Ok(MetricState::Provided),
        1 => Ok(MetricState::Part),
        2 => Ok(MetricState::Missing),
        3 => Ok(MetricState::NotApplicable),
        other => Err(problem(&format!("metric state {other} is not known"))),
    });
    states.collect()
}

fn report_record(report: &Report, pages: Vec<u64>, cell_parts: u32) -> ReportRecord {
    let previous = report.previous_period.as_ref();
    let rules = report.rules.iter().map(|rule| {
        let RuleCount {
            rule,
            kind,
            severity,
            findings,
            text,
        } = rule;
        let (en, cy) = text.as_ref().map_or(("", ""), |text| (&text.en, &text.cy));
        mesur_proto::storage::v1::report_record::Rule {
            rule: rule.clone(),
            kind: kind.as_str().to_owned(),
            severity: severity_number(*severity),
            findings: *findings,
            text_en: en.to_owned(),
            text_cy: cy.to_owned(),
        }
    });
    ReportRecord {
        return_digest: report.return_digest.clone(),
        edition_digest: report.edition_digest.clone(),
        previous_period: previous.map(ToString::to_string).unwrap_or_default(),
        create_time: Some(clock::to_proto(report.created)),
        rules: rules.collect(),
        pages,
        cell_parts,
    }
}

fn held(name: &ReportName, stored: ReportRecord) -> Result<Held, Error> {
    let text = name.to_string();
    let problem = |error: &dyn std::fmt::Display| corrupt(&text, error);
    let previous_period = match stored.previous_period.as_str() {
        "" => None,
        period => Some(Period::parse(period).map_err(|error| problem(&error))?),
    };
    let rules = stored.rules.into_iter().map(|rule| {
        Ok(RuleCount {
            kind: kind_of(&text, &rule.kind)?,
            severity: severity_of(&text, rule.severity)?,
            findings: rule.findings,
            rule: rule.rule,
            text: (!rule.text_en.is_empty()).then(|| {
                Arc::new(RuleText {
                    en: rule.text_en,
                    cy: rule.text_cy,
                })
            }),
        })
    });
    let report = Report {
        name: name.clone(),
        return_digest: stored.return_digest,
        edition_digest: stored.edition_digest,
        previous_period,
        created: time_of(&text, stored.create_time)?,
        rules: rules.collect::<Result<_, Error>>()?,
    };
    Ok(Held {
        report,
        pages: stored.pages,
        cell_parts: stored.cell_parts,
    })
}

fn severity_number(severity: Severity) -> u32 {
    match severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Info => 3,
    }
}

fn severity_of(name: &str, number: u32) -> Result<Severity, Error> {
    match number {
        1 => Ok(Severity::Error),
        2 => Ok(Severity::Warning),
        3 => Ok(Severity::Info),
        other => Err(corrupt(name, &format!("severity {other} is not known"))),
    }
}

fn kind_of(name: &str, kind: &str) -> Result<FindingKind, Error> {
    let unknown = || corrupt(name, &format!("kind {kind:?} is not known"));
    FindingKind::parse(kind).ok_or_else(unknown)
}

/// The plain values that a finding's words are made of. Its line is not among them: the rows of a
/// message have none.
fn finding_record(finding: &Finding) -> FindingRecord {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    FindingRecord {
        id: finding.id.clone(),
        kind: finding.kind.as_str().to_owned(),
        severity: severity_number(finding.severity),
        rule: text(&finding.rule),
        cells: finding.cells.iter().map(ToString::to_string).collect(),
        value: text(&finding.value),
        expected: text(&finding.expected),
        found: text(&finding.found),
        advice: text(&finding.advice),
        column: text(&finding.column),
        reference: finding.reference.clone(),
        previous: text(&finding.previous),
        effect: finding.effect,
        fingerprint: finding.fingerprint.clone(),
    }
}

fn finding_of(name: &str, stored: FindingRecord) -> Result<Finding, Error> {
    let cells = stored.cells.iter().map(|cell| CellRef::parse(cell));
    let cells: Vec<CellRef> = cells
        .collect::<Result<_, _>>()
        .map_err(|error| corrupt(name, &error))?;
    let place = cells.first();
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let metric = place.map(|place| place.metric.to_string());
    let category = place.map(|place| place.category_str().to_owned());
    let kind = kind_of(name, &stored.kind)?;
    Ok(Finding {
        id: stored.id,
        severity: severity_of(name, stored.severity)?,
        rule: text(stored.rule),
        metric: metric.unwrap_or_default(),
        category: category.unwrap_or_default(),
        cells,
        column: text(stored.column),
        value: text(stored.value),
        expected: text(stored.expected),
        found: text(stored.found),
        advice: text(stored.advice),
        reference: stored.reference,
        previous: text(stored.previous),
        effect: stored.effect,
        fingerprint: stored.fingerprint,
        ..Finding::new(kind)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mesur_returns::{Observation, Observed};
    use mesur_store::MemoryStore;
    use mesur_wire::RevisionName;

    use super::*;

    const FINDINGS_OF_TEST: u64 = 12_000;
    const CELLS_OF_TEST: u32 = 210_000;

    fn finding(number: u64) -> Finding {
        Finding {
            id: format!("AD/012-year-on-year:{number}"),
            fingerprint: format!("{number:016x}"),
            rule: Some("AD/012-year-on-year".to_owned()),
            cells: vec![CellRef::parse("AD/012").unwrap()],
            metric: "AD/012".to_owned(),
            severity: Severity::Warning,
            found: Some(number.to_string()),
            expected: Some("17".to_owned()),
            ..Finding::new(FindingKind::YearOnYear)
        }
    }

    #[tokio::test]
    async fn a_report_that_no_commit_could_hold_is_seen_whole_with_the_last_one_or_not_at_all() {
        let name = "authorities/W06000012/returns/pif-2022-23/revisions/1";
        let name = ReportName(RevisionName::parse(name).unwrap());
        let findings: Vec<Finding> = (0..FINDINGS_OF_TEST).map(finding).collect();
        let report = Report {
            name: name.clone(),
            return_digest: "sha256:1".to_owned(),
            edition_digest: "sha256:2".to_owned(),
            previous_period: None,
            created: Timestamp::UNIX_EPOCH,
            rules: RuleCount::of(&findings),
        };
        let mut cells = CellsBuilder::new(CELLS_OF_TEST.try_into().unwrap());
        for cell in 0..CELLS_OF_TEST {
            let observation = Observation::of(Observed::Provided(i64::from(cell)));
            cells.set(mesur_catalogue::CellId(cell), observation);
        }
        let (cells, store) = (cells.finish(), MemoryStore::new());
        // The first time the process ends before the last commit.
        for is_last in [false, true] {
            let written = Parts::write(&store, &report, &findings, &cells, &[])
                .await
                .unwrap();
            assert!(super::report(&store, &name).await.unwrap().is_none());
            if is_last {
                store.commit(written).await.unwrap();
            }
        }
        let held = super::report(&store, &name).await.unwrap().unwrap();
        assert_eq!(held.report, report);
        assert_eq!(held.cell_parts, 10);
        let mut read = Vec::new();
        for (page, first) in held.pages.iter().enumerate() {
            assert_eq!(u64::try_from(read.len()).unwrap(), *first);
            read.extend(findings_page(&store, &held, page).await.unwrap());
        }
        assert!(read == findings, "every finding, in order");
    }
}
