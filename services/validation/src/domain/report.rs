//! What a report says of a revision, and which of its findings somebody wants to see.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use mesur_catalogue::{Period, RuleText, Severity};
use mesur_returns::{Finding, FindingKind, summary_by_rule};
use mesur_wire::ReportName;

use super::progress::Counts;
use super::remark::{Said, Standing};

/// How often a rule, or a kind where no rule is involved, was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleCount {
    /// The id of the rule; empty where none is involved.
    pub(crate) rule: String,
    /// The kind.
    pub(crate) kind: FindingKind,
    /// What it means for sign-off.
    pub(crate) severity: Severity,
    /// How many findings.
    pub(crate) findings: u64,
    /// What the rule says in place of the sentence of its kind.
    pub(crate) text: Option<Arc<RuleText>>,
}

impl RuleCount {
    /// Counts findings by rule, the worst rules first.
    pub(crate) fn of(findings: &[Finding]) -> Vec<Self> {
        let mut texts: HashMap<&str, &Arc<RuleText>> = HashMap::new();
        for finding in findings {
            if let (Some(rule), Some(text)) = (&finding.rule, &finding.text) {
                texts.insert(rule, text);
            }
        }
        let summaries = summary_by_rule(findings).into_iter();
        let counts = summaries.map(|summary| {
            let rule = summary.rule.unwrap_or_default();
            Self {
                text: texts.get(rule.as_str()).map(|text| Arc::clone(text)),
                rule,
                kind: summary.kind,
                severity: summary.severity,
                findings: u64::try_from(summary.count).unwrap_or(u64::MAX),
            }
        });
        counts.collect()
    }

    /// Whether a finding is counted here.
    pub(crate) fn counts(&self, finding: &Finding) -> bool {
        self.rule == finding.rule.as_deref().unwrap_or_default()
            && self.kind == finding.kind
            && self.severity == finding.severity
    }
}

/// What was found in a revision, in numbers. It never changes; what is said about it stands apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// Which revision of which return it is on.
    pub(crate) name: ReportName,
    /// The digest of the return's content.
    pub(crate) return_digest: String,
    /// The digest of the edition.
    pub(crate) edition_digest: String,
    /// The earlier period that was compared with.
    pub(crate) previous_period: Option<Period>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// The rules with findings, the worst first.
    pub(crate) rules: Vec<RuleCount>,
}

impl Report {
    /// Its findings by severity.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for rule in &self.rules {
            counts.add(rule.severity, rule.findings);
        }
        counts
    }

    /// What a caller saw, when so many remarks had been made on the return: changes with each.
    pub(crate) fn etag(&self, remarks: u64) -> String {
        let name = self.name.to_string();
        let remarks = remarks.to_be_bytes();
        mesur_rpc::etag::etag([name.as_bytes(), self.return_digest.as_bytes(), &remarks])
    }
}

/// Which findings are wanted; what is empty lets all pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of these severities.
    pub(crate) severities: Vec<Severity>,
    /// Of these rules.
    pub(crate) rules: BTreeSet<String>,
    /// On these metrics.
    pub(crate) metrics: BTreeSet<String>,
    /// With these standings; `None` for findings that ask for nothing.
    pub(crate) standings: Vec<Option<Standing>>,
}

impl Filter {
    /// Whether a finding is wanted.
    pub(crate) fn passes(&self, finding: &Finding, said: &Said) -> bool {
        let rule = finding.rule.as_deref().unwrap_or_default();
        (self.severities.is_empty() || self.severities.contains(&finding.severity))
            && (self.rules.is_empty() || self.rules.contains(rule))
            && (self.metrics.is_empty() || self.metrics.contains(&finding.metric))
            && (self.standings.is_empty() || self.standings.contains(&said.standing))
    }
}
