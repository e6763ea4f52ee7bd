//! What was said about a return, and where it leaves a finding.
//!
//! A remark on a finding carries the fingerprint of the finding that it was said about. It counts
//! for a finding of any revision with the same id and fingerprint: so an explanation carries over
//! to values that stay as they are, lapses when they change, and counts again if they change back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesur_catalogue::Severity;
use mesur_returns::Finding;

/// What a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemarkKind {
    /// The authority's explanation of a warning.
    Explanation,
    /// A statistician accepts an explanation.
    Acceptance,
    /// A statistician rejects an explanation.
    Rejection,
    /// A statistician lets an error pass.
    Override,
    /// A statistician's question.
    Query,
    /// The authority's answer to it.
    Answer,
    /// A statistician accepts the answer.
    AnswerAccepted,
    /// A statistician rejects the answer and asks again.
    AnswerRejected,
    /// A statistician withdraws the question.
    Withdrawal,
}

/// What a remark is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A finding.
    Finding {
        /// Its id.
        id: String,
        /// Its fingerprint when the remark was made.
        fingerprint: String,
    },
    /// The query of this number.
    Query(u32),
}

/// Something that was said about a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What it is about.
    pub(crate) subject: Subject,
    /// What it is.
    pub(crate) kind: RemarkKind,
    /// Who said it.
    pub(crate) identity: String,
    /// What was said.
    pub(crate) text: String,
    /// The revision that it was said about.
    pub(crate) revision: u32,
    /// When.
    pub(crate) time: Timestamp,
}

/// The most remarks on one finding as it is, or of one query, before one that settles it.
pub(crate) const REMARKS_MAX: usize = 200;

/// How far the conversation about a warning or an error has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// To be corrected or explained.
    Open,
    /// Explained by the authority.
    Explained,
    /// The explanation was accepted.
    Accepted,
    /// The explanation was rejected.
    Rejected,
    /// An error that a statistician lets pass.
    Overridden,
}

/// A remark that cannot be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindingRefusal {
    /// Only warnings are explained: an error is corrected, and a note asks for nothing.
    WarningsOnly,
    /// Only errors are let pass.
    ErrorsOnly,
    /// No explanation stands that could be accepted or rejected.
    NothingExplained,
}

/// Where what was said leaves a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// `None` for a note, which asks for nothing.
    pub(crate) standing: Option<Standing>,
    /// The explanation that stands; empty when none does.
    pub(crate) explanation: String,
}

impl Said {
    /// Whether the finding stands against sign-off.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.standing, Some(Standing::Open | Standing::Rejected))
    }

    /// Whether a remark of this kind may follow.
    pub(crate) fn allows(
        &self,
        kind: RemarkKind,
        severity: Severity,
    ) -> Result<(), FindingRefusal> {
        match (kind, severity) {
            (RemarkKind::Explanation, Severity::Warning)
            | (RemarkKind::Override, Severity::Error) => Ok(()),
            (RemarkKind::Acceptance | RemarkKind::Rejection, Severity::Warning) => {
                match self.standing {
                    Some(Standing::Explained | Standing::Accepted) => Ok(()),
                    _ => Err(FindingRefusal::NothingExplained),
                }
            }
            (RemarkKind::Override, _) => Err(FindingRefusal::ErrorsOnly),
            _ => Err(FindingRefusal::WarningsOnly),
        }
    }

    /// Where one more remark leaves the finding.
    pub(crate) fn then(&self, remark: &Remark) -> Self {
        let mut after = self.clone();
        after.take(remark);
        after
    }

    fn take(&mut self, remark: &Remark) {
        self.standing = match (self.standing, remark.kind) {
            (Some(Standing::Overridden), _) | (Some(_), RemarkKind::Override) => {
                Some(Standing::Overridden)
            }
            (Some(_), RemarkKind::Explanation) => Some(Standing::Explained),
            (Some(_), RemarkKind::Acceptance) => Some(Standing::Accepted),
            (Some(_), RemarkKind::Rejection) => Some(Standing::Rejected),
            (standing, _) => standing,
        };
        match remark.kind {
            RemarkKind::Explanation => self.explanation.clone_from(&remark.text),
            RemarkKind::Rejection => self.explanation.clear(),
            _ => {}
        }
    }
}

/// Everything that was said about the findings of a return.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    /// By the id of the finding.
    on_findings: BTreeMap<String, Vec<Remark>>,
}

impl Conversation {
    /// The conversation that remarks make, given in the order in which they were made.
    pub(crate) fn new(remarks: impl IntoIterator<Item = Remark>) -> Self {
        let mut on_findings: BTreeMap<String, Vec<Remark>> = BTreeMap::new();
        for remark in remarks {
            if let Subject::Finding { id, .. } = &remark.subject {
                on_findings.entry(id.clone()).or_default().push(remark);
            }
        }
        Self { on_findings }
    }

    /// How many findings were spoken of.
    pub(crate) fn len(&self) -> usize {
        self.on_findings.len()
    }

    /// Whether anything was ever said about a finding of this id.
    pub(crate) fn mentions(&self, id: &str) -> bool {
        self.on_findings.contains_key(id)
    }

    /// Where what was said leaves a finding: what was said about other values does not count.
    pub(crate) fn on(&self, finding: &Finding) -> Said {
        let mut said = Said {
            standing: match finding.severity {
                Severity::Error | Severity::Warning => Some(Standing::Open),
                Severity::Info => None,
            },
            explanation: String::new(),
        };
        for remark in self.about(finding) {
            said.take(remark);
        }
        said
    }

    /// Whether there is room for one more remark on a finding: always for one that settles it.
    pub(crate) fn takes(&self, finding: &Finding, remark: &Remark) -> bool {
        let before = self.on(finding);
        let may_settle = matches!(remark.kind, RemarkKind::Acceptance | RemarkKind::Override);
        (may_settle && before.then(remark).standing != before.standing)
            || self.about(finding).count() < REMARKS_MAX
    }

    fn about(&self, finding: &Finding) -> impl Iterator<Item = &Remark> {
        let remarks = self.on_findings.get(&finding.id).into_iter().flatten();
        remarks.filter(|remark| remark.is_on(finding))
    }
}

impl Remark {
    /// Whether it was said about the finding as it is.
    pub(crate) fn is_on(&self, finding: &Finding) -> bool {
        match &self.subject {
            Subject::Finding { id, fingerprint } => {
                *id == finding.id && *fingerprint == finding.fingerprint
            }
            Subject::Query(_) => false,
        }
    }
}
