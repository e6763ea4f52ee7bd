//! What can go wrong, with a stable reason for each.

use mesur_access::Denied;
use mesur_catalogue::EditionName;
use mesur_returns::Finding;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::{NameError, violation_of};

use crate::domain::IllegalMove;

/// An error of the submission service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Fields of the request have not the form that is due.
    #[error("the request is not valid: {} violation(s)", .0.len())]
    InvalidFields(Vec<Violation>),
    /// The observations do not make a return.
    #[error("the return cannot be taken in: {} violation(s)", findings.len())]
    InvalidReturn {
        /// The field of the request that holds the observations.
        field: &'static str,
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The file did not come as it was declared.
    #[error("the file did not come as it was declared")]
    UploadIncomplete(Vec<Violation>),
    /// The return takes more room than one may.
    #[error("the return takes {size} bytes, and may take {limit}")]
    ReturnTooLarge {
        /// Its size.
        size: usize,
        /// The largest size.
        limit: usize,
    },
    /// What was asked for does not fit a message.
    #[error("the answer about {name} does not fit a message")]
    AnswerTooLarge {
        /// What was asked about.
        name: String,
    },
    /// Files are being taken in already, as many as there is room for.
    #[error("too many files are being taken in at this moment")]
    TooManyUploads,
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Who sent a revision does not sign it.
    #[error("{name} was sent by the same identity that signs it")]
    SamePerson {
        /// The return.
        name: String,
    },
    /// No such edition.
    #[error("the edition {name} is not known")]
    EditionNotFound {
        /// The name that was asked for.
        name: EditionName,
    },
    /// The caller has another catalogue, or two revisions are of different ones.
    #[error("the edition {name} has the digest {ours} here, and {theirs} in the request")]
    EditionMismatch {
        /// The edition.
        name: EditionName,
        /// The service's digest.
        ours: String,
        /// The caller's digest.
        theirs: String,
    },
    /// The edition takes nothing more from authorities.
    #[error("the edition {name} is closed")]
    EditionClosed {
        /// The edition.
        name: EditionName,
    },
    /// No such return, or no such revision of it, that the caller may see.
    #[error("{name} has not been sent")]
    ReturnNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The life cycle has not this move.
    #[error("{name} {}", illegal.describe())]
    IllegalMove {
        /// The return.
        name: String,
        /// Why not.
        illegal: IllegalMove,
    },
    /// What is to be handed in as a draft is none.
    #[error("{name} is not a draft")]
    NotADraft {
        /// The return.
        name: String,
    },
    /// No values of an earlier period.
    #[error("no values of an earlier period are held for {name}")]
    NoPreviousValues {
        /// The return.
        name: String,
    },
    /// What the caller saw has changed.
    #[error("{name} has changed since it was read: read it again")]
    StaleEtag {
        /// The return or the schedule.
        name: String,
    },
    /// Validation has not seen the revision yet.
    #[error("{name} has not been validated yet")]
    NotYetValidated {
        /// The revision.
        name: String,
    },
    /// Something stands against the sign-off.
    #[error(
        "{name} has {errors} error(s), {warnings} warning(s) without an explanation that stands, \
         and {queries} query(ies) without an answer"
    )]
    FindingsOpen {
        /// The revision.
        name: String,
        /// How many errors that are not overridden.
        errors: i32,
        /// How many warnings without an explanation that stands.
        warnings: i32,
        /// How many queries without an answer.
        queries: i32,
    },
    /// Validation cannot be asked.
    #[error("validation cannot be asked whether the return may be signed off")]
    ValidationAway(#[source] Box<tonic::Status>),
    /// Validation answers too late, again and again.
    #[error("validation takes too long to say whether the return may be signed off")]
    ValidationSlow,
    /// There is nothing to extend.
    #[error("no due time is set in {name}")]
    NoDueTime {
        /// The schedule.
        name: String,
    },
    /// The schedule was changed often enough.
    #[error("{name} was changed as often as it may be")]
    TooManyChanges {
        /// The schedule.
        name: String,
    },
    /// The supplier may send already.
    #[error("{name} lets the supplier send already")]
    AlreadyDelegated {
        /// The delegation that holds.
        name: String,
    },
    /// No such delegation.
    #[error("{name} was not made")]
    DelegationNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The delegation holds no longer.
    #[error("{name} was taken back before")]
    AlreadyRevoked {
        /// The delegation.
        name: String,
    },
    /// The same request id came with other content.
    #[error("the request id was used before with other content")]
    RequestIdReused,
    /// The reader of files failed.
    #[error("reading a file")]
    Reader(#[source] tokio::task::JoinError),
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
            // All else that is written is bounded, so it is the content of a return.
            mesur_store::Error::TooLarge { size, limit, .. } => {
                Self::ReturnTooLarge { size, limit }
            }
            other => Self::Store(other),
        }
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
        move |error| name_violation(field, &error).into()
    }
}

/// A name that has not its form.
pub(crate) fn name_violation(field: String, error: &NameError) -> Violation {
    Violation {
        field,
        reason: "INVALID_NAME",
        description: error.to_string(),
    }
}

/// A finding as a violation: where it stands in a file, and the sender's own reference, go with it.
fn told(field: &str, finding: &Finding) -> Violation {
    let Violation {
        field,
        reason,
        description,
    } = violation_of(field, finding);
    let place = match (finding.sheet.as_str(), finding.line) {
        ("", None) => String::new(),
        ("", Some(line)) => format!("line {line}: "),
        (sheet, None) => format!("{sheet}: "),
        (sheet, Some(row)) => format!("{sheet}, row {row}: "),
    };
    let reference = match finding.reference.as_str() {
        "" => String::new(),
        reference => format!(" (reference {reference})"),
    };
    Violation {
        // What is wrong with a file as a whole is in no cell.
        field: field.trim_end_matches("[]").to_owned(),
        reason,
        description: format!("{place}{description}{reference}"),
    }
}

/// A field that is wrong.
pub(crate) fn invalid(field: &str, description: &str) -> Violation {
    Violation {
        field: field.to_owned(),
        reason: "INVALID_FIELD",
        description: description.to_owned(),
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
            Self::InvalidFields(violations) => match violations.as_slice() {
                [only] => only.reason,
                _ => "INVALID_FIELDS",
            },
            Self::InvalidReturn { .. } => "INVALID_RETURN",
            Self::UploadIncomplete(_) => "UPLOAD_INCOMPLETE",
            Self::ReturnTooLarge { .. } => "RETURN_TOO_LARGE",
            Self::AnswerTooLarge { .. } => "ANSWER_TOO_LARGE",
            Self::TooManyUploads => "TOO_MANY_UPLOADS",
            Self::Denied(_) => "PERMISSION_DENIED",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::EditionClosed { .. } => "EDITION_CLOSED",
            Self::ReturnNotFound { .. } => "RETURN_NOT_FOUND",
            Self::IllegalMove { illegal, .. } => illegal.reason(),
            Self::NotADraft { .. } => "NOT_A_DRAFT",
            Self::NoPreviousValues { .. } => "NO_PREVIOUS_VALUES",
            Self::StaleEtag { .. } => "STALE_ETAG",
            Self::NotYetValidated { .. } => "NOT_YET_VALIDATED",
            Self::FindingsOpen { .. } => "FINDINGS_OPEN",
            Self::ValidationAway(_) | Self::ValidationSlow => "VALIDATION_AWAY",
            Self::NoDueTime { .. } => "NO_DUE_TIME",
            Self::TooManyChanges { .. } => "TOO_MANY_CHANGES",
            Self::AlreadyDelegated { .. } => "ALREADY_DELEGATED",
            Self::DelegationNotFound { .. } => "DELEGATION_NOT_FOUND",
            Self::AlreadyRevoked { .. } => "ALREADY_REVOKED",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(error) if error.is_unavailable() => "STORE_AWAY",
            Self::Reader(_) => "READER",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidFields(_)
            | Self::InvalidReturn { .. }
            | Self::UploadIncomplete(_)
            | Self::ReturnTooLarge { .. }
            | Self::AnswerTooLarge { .. }
            | Self::IllegalMove {
                illegal: IllegalMove::TooManyMoves,
                ..
            }
            | Self::TooManyChanges { .. }
            | Self::RequestIdReused => Kind::Invalid,
            Self::TooManyUploads => Kind::TooMuch,
            Self::Denied(_) | Self::SamePerson { .. } => Kind::Denied,
            Self::EditionNotFound { .. }
            | Self::ReturnNotFound { .. }
            | Self::IllegalMove {
                illegal: IllegalMove::NothingSent,
                ..
            }
            | Self::NoPreviousValues { .. }
            | Self::DelegationNotFound { .. } => Kind::NotFound,
            Self::AlreadyDelegated { .. } => Kind::Exists,
            Self::EditionMismatch { .. }
            | Self::EditionClosed { .. }
            | Self::IllegalMove { .. }
            | Self::NotADraft { .. }
            | Self::NotYetValidated { .. }
            | Self::FindingsOpen { .. }
            | Self::NoDueTime { .. }
            | Self::AlreadyRevoked { .. } => Kind::State,
            Self::StaleEtag { .. } => Kind::Stale,
            Self::ValidationAway(_) | Self::ValidationSlow => Kind::Unavailable,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(error) if error.is_unavailable() => Kind::Unavailable,
            Self::Reader(_) | Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EditionNotFound { name } | Self::EditionClosed { name } => {
                vec![(RESOURCE_NAME, name.to_string())]
            }
            Self::EditionMismatch { name, ours, theirs } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("request_digest", theirs.clone()),
            ],
            Self::SamePerson { name }
            | Self::AnswerTooLarge { name }
            | Self::ReturnNotFound { name }
            | Self::IllegalMove { name, .. }
            | Self::NotADraft { name }
            | Self::NoPreviousValues { name }
            | Self::StaleEtag { name }
            | Self::NotYetValidated { name }
            | Self::NoDueTime { name }
            | Self::TooManyChanges { name }
            | Self::AlreadyDelegated { name }
            | Self::DelegationNotFound { name }
            | Self::AlreadyRevoked { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::FindingsOpen {
                name,
                errors,
                warnings,
                queries,
            } => vec![
                (RESOURCE_NAME, name.clone()),
                ("open_error_count", errors.to_string()),
                ("open_warning_count", warnings.to_string()),
                ("open_query_count", queries.to_string()),
            ],
            Self::ReturnTooLarge { size, limit } => vec![
                ("size_bytes", size.to_string()),
                ("limit_bytes", limit.to_string()),
            ],
            Self::InvalidFields(_)
            | Self::InvalidReturn { .. }
            | Self::UploadIncomplete(_)
            | Self::TooManyUploads
            | Self::Denied(_)
            | Self::ValidationAway(_)
            | Self::ValidationSlow
            | Self::RequestIdReused
            | Self::Reader(_)
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidFields(violations) | Self::UploadIncomplete(violations) => {
                violations.clone()
            }
            Self::InvalidReturn { field, findings } => {
                let told = findings.iter().map(|finding| told(field, finding));
                told.collect()
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
