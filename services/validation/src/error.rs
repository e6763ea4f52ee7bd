//! What can go wrong, with a stable reason for each.

use mesur_access::Denied;
use mesur_catalogue::EditionName;
use mesur_returns::Finding;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::{NameError, violation_of};

use crate::domain::{FindingRefusal, QueryRefusal, REMARKS_MAX, TEXT_CHARS_MAX};

/// An error of the validation service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller may not do this with what the request names.
    #[error("the caller may not do this")]
    Denied,
    /// Fields of the request have not the form that is due.
    #[error("the request is not valid: {}", described(.0))]
    InvalidFields(Vec<Violation>),
    /// The observations do not make a whole return.
    #[error("the return is not whole: {} violation(s)", findings.len())]
    InvalidReturn {
        /// What is wrong.
        findings: Vec<Finding>,
    },
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
    /// Something that the request names is not in the state that it must be in, or not there.
    #[error("{}", what.describe(name))]
    Refused {
        /// Why.
        what: Refusal,
        /// The name that the request has.
        name: String,
        /// The id of the finding; empty where none is involved.
        finding: String,
    },
    /// There are more findings than fit a message.
    #[error("the findings of {name} do not fit a message")]
    AnswerTooLarge {
        /// Whose return was checked.
        name: String,
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

/// Why a request about something by name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The revision is not there, or not validated yet.
    ReportNotFound,
    /// The report has no such finding.
    FindingNotFound,
    /// There is no such query.
    QueryNotFound,
    /// A later revision was reported on.
    ReportSuperseded,
    /// The return is signed off.
    AlreadySignedOff,
    /// Only warnings are explained.
    NotAWarning,
    /// Only errors are let pass.
    NotAnError,
    /// No explanation stands.
    NotExplained,
    /// No round was opened.
    NoOpenRound,
    /// The query is accepted or withdrawn.
    QueryClosed,
    /// The query has no answer.
    NotAnswered,
    /// Enough was said of the finding or the query.
    TooManyRemarks,
}

impl Refusal {
    /// The error, about `name`.
    pub(crate) fn of(self, name: &impl ToString) -> Error {
        self.of_finding(name, "")
    }

    /// The error, about a finding of `name`.
    pub(crate) fn of_finding(self, name: &impl ToString, finding: &str) -> Error {
        Error::Refused {
            what: self,
            name: name.to_string(),
            finding: finding.to_owned(),
        }
    }

    fn describe(self, name: &str) -> String {
        match self {
            Self::ReportNotFound => format!("there is no {name} yet"),
            Self::FindingNotFound => format!("{name} has no such finding"),
            Self::QueryNotFound => format!("there is no {name}"),
            Self::ReportSuperseded => format!("{name} is not the latest report on its return"),
            Self::AlreadySignedOff => format!("{name} is signed off"),
            Self::NotAWarning => format!("the finding of {name} is not a warning"),
            Self::NotAnError => format!("the finding of {name} is not an error"),
            Self::NotExplained => format!("no explanation of the finding of {name} stands"),
            Self::NoOpenRound => format!("no round of queries was opened on {name}"),
            Self::QueryClosed => format!("{name} is closed"),
            Self::NotAnswered => format!("{name} has no answer to accept or reject"),
            Self::TooManyRemarks => {
                format!("{name}: {REMARKS_MAX} remarks were made on the same; it is to be settled")
            }
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::ReportNotFound => "REPORT_NOT_FOUND",
            Self::FindingNotFound => "FINDING_NOT_FOUND",
            Self::QueryNotFound => "QUERY_NOT_FOUND",
            Self::ReportSuperseded => "REPORT_SUPERSEDED",
            Self::AlreadySignedOff => "ALREADY_SIGNED_OFF",
            Self::NotAWarning => "NOT_A_WARNING",
            Self::NotAnError => "NOT_AN_ERROR",
            Self::NotExplained => "NOT_EXPLAINED",
            Self::NoOpenRound => "NO_OPEN_ROUND",
            Self::QueryClosed => "QUERY_CLOSED",
            Self::NotAnswered => "NOT_ANSWERED",
            Self::TooManyRemarks => "TOO_MANY_REMARKS",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::ReportNotFound | Self::FindingNotFound | Self::QueryNotFound => Kind::NotFound,
            Self::ReportSuperseded
            | Self::AlreadySignedOff
            | Self::NotAWarning
            | Self::NotAnError
            | Self::NotExplained
            | Self::NoOpenRound
            | Self::QueryClosed
            | Self::NotAnswered => Kind::State,
            Self::TooManyRemarks => Kind::Invalid,
        }
    }
}

impl From<FindingRefusal> for Refusal {
    fn from(refusal: FindingRefusal) -> Self {
        match refusal {
            FindingRefusal::WarningsOnly => Self::NotAWarning,
            FindingRefusal::ErrorsOnly => Self::NotAnError,
            FindingRefusal::NothingExplained => Self::NotExplained,
        }
    }
}

impl From<QueryRefusal> for Refusal {
    fn from(refusal: QueryRefusal) -> Self {
        match refusal {
            QueryRefusal::Closed => Self::QueryClosed,
            QueryRefusal::NotAnswered => Self::NotAnswered,
        }
    }
}

fn described(violations: &[Violation]) -> String {
    let described = violations.iter().map(|one| one.description.as_str());
    described.collect::<Vec<_>>().join("; ")
}

impl From<mesur_store::Error> for Error {
    fn from(error: mesur_store::Error) -> Self {
        match error {
            mesur_store::Error::RequestReused => Self::RequestIdReused,
            other => Self::Store(other),
        }
    }
}

impl From<Denied> for Error {
    fn from(_: Denied) -> Self {
        Self::Denied
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::InvalidFields(vec![violation])
    }
}

impl Error {
    /// A name that has not its form.
    pub(crate) fn name(field: &str) -> impl FnOnce(NameError) -> Self {
        let field = field.to_owned();
        move |error| {
            Self::from(Violation {
                field,
                reason: "INVALID_NAME",
                description: error.to_string(),
            })
        }
    }

    /// A field that has not the value that it must have.
    pub(crate) fn field(field: &str, description: impl Into<String>) -> Self {
        Self::from(Violation {
            field: field.to_owned(),
            reason: "INVALID_FIELD",
            description: description.into(),
        })
    }

    /// A text that is none.
    pub(crate) fn text(field: &str) -> Self {
        Self::from(Violation {
            field: field.to_owned(),
            reason: "INVALID_TEXT",
            description: format!(
                "{field} has 1 to {TEXT_CHARS_MAX} characters, and no control characters"
            ),
        })
    }

    /// Cells that the edition does not have.
    pub(crate) fn unknown_cells(unknown: impl IntoIterator<Item = (usize, String)>) -> Self {
        let violations = unknown.into_iter().map(|(place, problem)| Violation {
            field: format!("cells[{place}]"),
            reason: "UNKNOWN_CELL",
            description: problem,
        });
        Self::InvalidFields(violations.collect())
    }

    /// A metric that the edition does not have.
    pub(crate) fn unknown_metric(description: String) -> Self {
        Self::from(Violation {
            field: "metric".to_owned(),
            reason: "UNKNOWN_METRIC",
            description,
        })
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
            Self::Denied => "PERMISSION_DENIED",
            Self::InvalidFields(violations) => {
                violations.first().map_or("INVALID_FIELD", |one| one.reason)
            }
            Self::InvalidReturn { .. } => "INVALID_RETURN",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::AnswerTooLarge { .. } => "ANSWER_TOO_LARGE",
            Self::Refused { what, .. } => what.reason(),
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(error) if error.is_unavailable() => "STORE_AWAY",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Denied => Kind::Denied,
            Self::InvalidFields(_)
            | Self::InvalidReturn { .. }
            | Self::AnswerTooLarge { .. }
            | Self::RequestIdReused => Kind::Invalid,
            Self::EditionNotFound { .. } => Kind::NotFound,
            Self::EditionMismatch { .. } => Kind::State,
            Self::Refused { what, .. } => what.kind(),
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(error) if error.is_unavailable() => Kind::Unavailable,
            Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EditionNotFound { name } => vec![(RESOURCE_NAME, name.to_string())],
            Self::AnswerTooLarge { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::EditionMismatch { name, ours, theirs } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("request_digest", theirs.clone()),
            ],
            Self::Refused { name, finding, .. } if finding.is_empty() => {
                vec![(RESOURCE_NAME, name.clone())]
            }
            Self::Refused { name, finding, .. } => vec![
                (RESOURCE_NAME, name.clone()),
                ("finding_id", finding.clone()),
            ],
            Self::Denied
            | Self::InvalidFields(_)
            | Self::InvalidReturn { .. }
            | Self::RequestIdReused
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidFields(violations) => violations.clone(),
            Self::InvalidReturn { findings } => findings
                .iter()
                .map(|finding| violation_of("observations", finding))
                .collect(),
            Self::RequestIdReused => vec![Violation {
                field: "request_id".to_owned(),
                reason: self.reason(),
                description: self.to_string(),
            }],
            _ => Vec::new(),
        }
    }
}
