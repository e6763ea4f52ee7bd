//! What can go wrong, with a stable reason for each.

use mesur_catalogue::EditionName;
use mesur_returns::Finding;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::{NameError, violation_of};

/// An error of the submission service.
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
    /// No such edition.
    #[error("the edition {name} is not known")]
    EditionNotFound {
        /// The name that was asked for.
        name: EditionName,
    },
    /// The caller has another catalogue.
    #[error("the edition {name} has the digest {ours} here, and {theirs} in the request")]
    EditionMismatch {
        /// The edition.
        name: EditionName,
        /// The service's digest.
        ours: String,
        /// The caller's digest.
        theirs: String,
    },
    /// No such return, or no such revision of it.
    #[error("{name} has not been sent")]
    ReturnNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// No values of an earlier period.
    #[error("no values of an earlier period are held for {name}")]
    NoPreviousValues {
        /// The return.
        name: String,
    },
    /// The return changed since the caller saw it.
    #[error("{name} has changed since it was read: read it again")]
    StaleEtag {
        /// The return.
        name: String,
    },
    /// The return is signed off.
    #[error("{name} is signed off")]
    AlreadySignedOff {
        /// The return.
        name: String,
    },
    /// Validation has not seen the revision yet.
    #[error("{name} has not been validated yet")]
    NotYetValidated {
        /// The revision.
        name: String,
    },
    /// Errors, or warnings without an explanation.
    #[error("{name} has {errors} error(s) and {open} warning(s) without an explanation")]
    FindingsOpen {
        /// The revision.
        name: String,
        /// How many errors.
        errors: i32,
        /// How many open warnings.
        open: i32,
    },
    /// Validation cannot be asked.
    #[error("validation cannot be asked whether the return may be signed off")]
    ValidationAway(#[source] Box<tonic::Status>),
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
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::ReturnNotFound { .. } => "RETURN_NOT_FOUND",
            Self::NoPreviousValues { .. } => "NO_PREVIOUS_VALUES",
            Self::StaleEtag { .. } => "STALE_ETAG",
            Self::AlreadySignedOff { .. } => "ALREADY_SIGNED_OFF",
            Self::NotYetValidated { .. } => "NOT_YET_VALIDATED",
            Self::FindingsOpen { .. } => "FINDINGS_OPEN",
            Self::ValidationAway(_) => "VALIDATION_AWAY",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_) | Self::InvalidReturn { .. } | Self::RequestIdReused => {
                Kind::Invalid
            }
            Self::EditionNotFound { .. }
            | Self::ReturnNotFound { .. }
            | Self::NoPreviousValues { .. } => Kind::NotFound,
            Self::EditionMismatch { .. }
            | Self::AlreadySignedOff { .. }
            | Self::NotYetValidated { .. }
            | Self::FindingsOpen { .. } => Kind::State,
            Self::StaleEtag { .. } => Kind::Stale,
            Self::ValidationAway(_) => Kind::Unavailable,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EditionNotFound { name } => vec![(RESOURCE_NAME, name.to_string())],
            Self::EditionMismatch { name, ours, theirs } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("request_digest", theirs.clone()),
            ],
            Self::ReturnNotFound { name }
            | Self::NoPreviousValues { name }
            | Self::StaleEtag { name }
            | Self::AlreadySignedOff { name }
            | Self::NotYetValidated { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::FindingsOpen { name, errors, open } => vec![
                (RESOURCE_NAME, name.clone()),
                ("error_count", errors.to_string()),
                ("open_count", open.to_string()),
            ],
            Self::InvalidField(_)
            | Self::InvalidReturn { .. }
            | Self::ValidationAway(_)
            | Self::RequestIdReused
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidField(violation) => vec![violation.clone()],
            Self::InvalidReturn { findings } => {
                let field = "data_return.observations";
                findings
                    .iter()
                    .map(|finding| violation_of(field, finding))
                    .collect()
            }
            Self::RequestIdReused => vec![Violation {
                field: "request_id".to_owned(),
                reason: "REQUEST_ID_REUSED",
                description: self.to_string(),
            }],
            _ => Vec::new(),
        }
    }
}
