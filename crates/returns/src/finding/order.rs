//! The one order of findings, their ids, and how many there are of each rule.

use std::cmp::Reverse;
use std::collections::HashMap;

use mesur_catalogue::{ContentHash, Edition, Severity};

use super::Finding;
use crate::kind::FindingKind;

/// Hexadecimal digits of a fingerprint.
const HASH_DIGITS: usize = 16;

/// How many findings there are of one rule, or of one kind where there is no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSummary {
    /// The id of the rule; `None` for a kind without one.
    pub rule: Option<String>,
    /// The kind.
    pub kind: FindingKind,
    /// What its findings mean for sign-off.
    pub severity: Severity,
    /// How many there are.
    pub count: usize,
}

/// Counts findings by rule, in the order in which each rule stands first.
pub fn summary_by_rule(findings: &[Finding]) -> Vec<RuleSummary> {
    let mut places = HashMap::new();
    let mut summaries: Vec<RuleSummary> = Vec::new();
    for finding in findings {
        let key = (finding.rule.as_deref(), finding.kind, finding.severity);
        let place = *places.entry(key).or_insert(summaries.len());
        match summaries.get_mut(place) {
            Some(summary) => summary.count = summary.count.saturating_add(1),
            None => summaries.push(RuleSummary {
                rule: finding.rule.clone(),
                kind: finding.kind,
                severity: finding.severity,
                count: 1,
            }),
        }
    }
    summaries
}

/// Sorts by severity; what is structural before what rules say; the largest effect first; then the
/// catalogue order of the place, the order of the rules, and the line. What has no place in the
/// catalogue comes last. Then ids are given. The order of the rows that the findings are of does
/// not matter.
pub(crate) fn sort(edition: &Edition, findings: &mut [Finding]) {
    if findings.is_empty() {
        return;
    }
    findings.sort_by_cached_key(|finding| {
        let cell = finding.cells.first().and_then(|cell| edition.cell_id(cell));
        let rule = finding.rule.as_deref();
        let rule = rule.and_then(|id| edition.rule_place(id));
        let place = (
            cell.is_none(),
            cell,
            finding.metric.clone(),
            finding.category.clone(),
        );
        let texts = [&finding.value, &finding.found, &finding.expected];
        (
            (
                finding.severity,
                !finding.is_structural(),
                Reverse(finding.effect),
            ),
            place,
            (rule, finding.line, finding.sheet.clone(), finding.kind),
            finding.column.clone(),
            texts.map(Clone::clone),
            finding.reference.clone(),
        )
    });
    identify(findings);
}

/// Gives each finding its id, and those without a fingerprint one of what they say.
pub(crate) fn identify(findings: &mut [Finding]) {
    let mut taken: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let id = base_id(finding);
        let count = taken.entry(id.clone()).or_default();
        *count = count.saturating_add(1);
        finding.id = match *count {
            1 => id,
            count => format!("{id}#{count}"),
        };
        if finding.fingerprint.is_empty() {
            let said = [&finding.column, &finding.value, &finding.found];
            let said = said.map(|text| text.as_deref().unwrap_or_default());
            let said = format!("{}\n{}", base_id(finding), said.join("\n"));
            finding.fingerprint = short_hash(&ContentHash::of(said));
        }
    }
}

fn base_id(finding: &Finding) -> String {
    let what = finding.rule.as_deref().unwrap_or(finding.kind.as_str());
    let metric = &finding.metric;
    let place = match (finding.category.as_str(), &finding.column, finding.line) {
        ("", ..) if !metric.is_empty() => metric.clone(),
        ("", Some(column), _) => column.clone(),
        ("", None, Some(line)) if finding.sheet.is_empty() => format!("line {line}"),
        ("", None, Some(line)) => format!("{} {line}", finding.sheet),
        ("", None, None) => return what.to_owned(),
        (category, ..) => format!("{metric}[{category}]"),
    };
    format!("{what}:{place}")
}

/// The beginning of a digest, without the name of its algorithm.
pub(crate) fn short_hash(digest: &str) -> String {
    let (_, digits) = digest.split_once(':').unwrap_or(("", digest));
    digits.chars().take(HASH_DIGITS).collect()
}
