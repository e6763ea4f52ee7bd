//! What can go wrong, with a stable reason for each.

use mesur_catalogue::EditionName;
use mesur_returns::Finding;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::{NameError, violation_of};

use crate::domain::{EXPLANATION_CHARS_MAX, Refusal};

/// An error of the validation service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A field of the request has not the form that is due.
    #[error("the request is not valid: {}", .0.description)]
    InvalidField(Violation),
    /// The observations do not make a whole return.
    #[error("the return is not whole: {} violation(s)", findings.len())]
    InvalidReturn {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The explanation is empty or too long.
    #[error("an explanation has 1 to {EXPLANATION_CHARS_MAX} characters")]
    InvalidExplanation,
    /// No such edition.
    #[error("the edition {name} is not known")]
    EditionNotFound {
        /// The name that was asked for.
        name: EditionName,
    },
    /// The caller, or submission, has another catalogue.
    #[error("the edition {name} has the digest {ours} here, and {theirs} in the return")]
    EditionMismatch {
        /// The edition.
        name: EditionName,
        /// The service's digest.
        ours: String,
        /// The other digest.
        theirs: String,
    },
    /// The revision is not there, or not validated yet.
    #[error("there is no {name} yet")]
    ReportNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The report has no finding of that number.
    #[error("{name} has no finding {number}")]
    FindingNotFound {
        /// The report.
        name: String,
        /// The number that was asked for.
        number: i32,
    },
    /// Only warnings are explained.
    #[error("finding {number} of {name} is not a warning")]
    NotAWarning {
        /// The report.
        name: String,
        /// The number of the finding.
        number: i32,
    },
    /// The same request id came with other content.
    #[error("the request id was used before with other content")]
    RequestIdReused,
    /// The store failed.
    #[error("using the store")]
    Store(#[source] mesur_store::Error),
    /// A stored record does not make sense.
    #[error("reading a record of {name}: {problem}")]
    Record {
        /// What the record is of.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl From<mesur_store::Error> for Error {
    fn from(error: mesur_store::Error) -> Self {
        match error {
            mesur_store::Error::RequestReused => Self::RequestIdReused,
            other => Self::Store(other),
        }
    }
}

impl Error {
    /// A name that has not its form.
    pub(crate) fn name(field: &str) -> impl FnOnce(NameError) -> Self {
        let field = field.to_owned();
        move |error| {
            Self::InvalidField(Violation {
                field,
                reason: "INVALID_NAME",
                description: error.to_string(),
            })
        }
    }

    /// An answer that cannot be taken.
    pub(crate) fn refused(name: String, number: i32) -> impl FnOnce(Refusal) -> Self {
        move |refusal| match refusal {
            Refusal::NoSuchFinding => Self::FindingNotFound { name, number },
            Refusal::NotAWarning => Self::NotAWarning { name, number },
        }
    }
}

impl IsConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Reason for Error {
    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidField(violation) => violation.reason,
            Self::InvalidReturn { .. } => "INVALID_RETURN",
            Self::InvalidExplanation => "INVALID_EXPLANATION",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::ReportNotFound { .. } => "REPORT_NOT_FOUND",
            Self::FindingNotFound { .. } => "FINDING_NOT_FOUND",
            Self::NotAWarning { .. } => "NOT_A_WARNING",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_)
            | Self::InvalidReturn { .. }
            | Self::InvalidExplanation
            | Self::RequestIdReused => Kind::Invalid,
            Self::EditionNotFound { .. }
            | Self::ReportNotFound { .. }
            | Self::FindingNotFound { .. } => Kind::NotFound,
            Self::EditionMismatch { .. } | Self::NotAWarning { .. } => Kind::State,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::InvalidExplanation => vec![("chars_max", EXPLANATION_CHARS_MAX.to_string())],
            Self::EditionNotFound { name } => vec![(RESOURCE_NAME, name.to_string())],
            Self::EditionMismatch { name, ours, theirs } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("request_digest", theirs.clone()),
            ],
            Self::ReportNotFound { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::FindingNotFound { name, number } | Self::NotAWarning { name, number } => vec![
                (RESOURCE_NAME, name.clone()),
                ("number", number.to_string()),
            ],
            Self::InvalidField(_)
            | Self::InvalidReturn { .. }
            | Self::RequestIdReused
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let field = |field: &str| {
            vec![Violation {
                field: field.to_owned(),
                reason: self.reason(),
                description: self.to_string(),
            }]
        };
        match self {
            Self::InvalidField(violation) => vec![violation.clone()],
            Self::InvalidReturn { findings } => findings
                .iter()
                .map(|finding| violation_of("observations", finding))
                .collect(),
            Self::InvalidExplanation => field("explanation"),
            Self::RequestIdReused => field("request_id"),
            _ => Vec::new(),
        }
    }
}
