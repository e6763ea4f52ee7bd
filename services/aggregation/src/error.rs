//! What can go wrong, with a stable reason for each.

use mesur_access::Denied;
use mesur_catalogue::EditionName;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::NameError;

use crate::domain;

/// An error of the aggregation service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The caller may not do this.
    #[error("{0}")]
    Denied(Denied),
    /// Fields of the request have not the form that is due.
    #[error("the request is not valid: {} violation(s)", .0.len())]
    InvalidFields(Vec<Violation>),
    /// No such edition.
    #[error("the edition {name} is not known")]
    EditionNotFound {
        /// The name that was asked for.
        name: EditionName,
    },
    /// What is stored is of another content of the edition.
    #[error("the edition {name} has the digest {ours} here, and {theirs} in {item}")]
    EditionMismatch {
        /// The edition.
        name: EditionName,
        /// The digest in the service's catalogue.
        ours: String,
        /// The digest that what is stored was made with.
        theirs: String,
        /// What is stored.
        item: String,
    },
    /// Revisions that must be in the snapshot are not held.
    #[error("{} revision(s) of {edition} have not been received", names.len())]
    ReturnsNotReceived {
        /// The edition.
        edition: EditionName,
        /// The names of the revisions.
        names: Vec<String>,
    },
    /// No such snapshot.
    #[error("{name} is not known")]
    SnapshotNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// No such percentage in the edition.
    #[error("{figure} is not a percentage of the edition {edition}")]
    FigureNotFound {
        /// The id that was asked for.
        figure: String,
        /// The edition of the snapshot.
        edition: EditionName,
    },
    /// Another decision on the subject was taken since the caller looked.
    #[error("{} is in force on the subject", if in_force.is_empty() { "no decision" } else { in_force })]
    DecisionOvertaken {
        /// The name of the decision in force; empty for none.
        in_force: String,
    },
    /// The same request id came with other content.
    #[error("the request id was used before with other content")]
    RequestIdReused,
    /// What was asked for does not fit one message.
    #[error("{item} does not fit one message of {} MiB: {advice}", MESSAGE_BYTES_MAX / 1024 / 1024)]
    SnapshotTooLarge {
        /// The snapshot, or the edition whose live totals were asked for.
        item: String,
        /// How it can be had.
        advice: &'static str,
    },
    /// A sum does not fit 64 bits.
    #[error("the total of {item} is too large to be stated")]
    TotalTooLarge {
        /// The cell or the figure.
        item: String,
    },
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

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<mesur_store::Error> for Error {
    fn from(error: mesur_store::Error) -> Self {
        if matches!(error, mesur_store::Error::RequestReused) {
            Self::RequestIdReused
        } else {
            Self::Store(error)
        }
    }
}

impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        let domain::Error::TotalTooLarge { item } = error;
        Self::TotalTooLarge { item }
    }
}

impl Error {
    /// A field that is wrong.
    pub(crate) fn field(violation: Violation) -> Self {
        Self::InvalidFields(vec![violation])
    }

    /// Whether what is stored is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Record { .. } | Self::Store(mesur_store::Error::Corrupt { .. })
        )
    }

    /// A name that has not its form.
    pub(crate) fn name(field: &str) -> impl FnOnce(NameError) -> Self {
        let field = field.to_owned();
        move |error| Self::field(name_violation(field, &error))
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
            Self::Denied(_) => "PERMISSION_DENIED",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::ReturnsNotReceived { .. } => "RETURNS_NOT_RECEIVED",
            Self::SnapshotNotFound { .. } => "SNAPSHOT_NOT_FOUND",
            Self::FigureNotFound { .. } => "FIGURE_NOT_FOUND",
            Self::DecisionOvertaken { .. } => "DECISION_OVERTAKEN",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::SnapshotTooLarge { .. } => "SNAPSHOT_TOO_LARGE",
            Self::TotalTooLarge { .. } => "TOTAL_TOO_LARGE",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(error) if error.is_unavailable() => "STORE_AWAY",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidFields(_) | Self::RequestIdReused => Kind::Invalid,
            Self::Denied(_) => Kind::Denied,
            Self::SnapshotTooLarge { .. } => Kind::TooMuch,
            Self::DecisionOvertaken { .. } => Kind::Stale,
            Self::EditionNotFound { .. }
            | Self::SnapshotNotFound { .. }
            | Self::FigureNotFound { .. } => Kind::NotFound,
            Self::EditionMismatch { .. }
            | Self::ReturnsNotReceived { .. }
            | Self::TotalTooLarge { .. } => Kind::State,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(error) if error.is_unavailable() => Kind::Unavailable,
            Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EditionNotFound { name } => vec![(RESOURCE_NAME, name.to_string())],
            Self::EditionMismatch {
                name,
                ours,
                theirs,
                item,
            } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("stored_digest", theirs.clone()),
                ("item", item.clone()),
            ],
            Self::ReturnsNotReceived { edition, names } => vec![
                (RESOURCE_NAME, edition.to_string()),
                ("return_count", names.len().to_string()),
            ],
            Self::SnapshotNotFound { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::SnapshotTooLarge { item, .. } => vec![
                (RESOURCE_NAME, item.clone()),
                ("bytes_max", MESSAGE_BYTES_MAX.to_string()),
            ],
            Self::FigureNotFound { figure, edition } => vec![
                (RESOURCE_NAME, figure.clone()),
                ("edition", edition.to_string()),
            ],
            Self::TotalTooLarge { item } => vec![("item", item.clone())],
            Self::DecisionOvertaken { in_force } => vec![(RESOURCE_NAME, in_force.clone())],
            Self::Denied(_)
            | Self::RequestIdReused
            | Self::InvalidFields(_)
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidFields(violations) => violations.clone(),
            Self::ReturnsNotReceived { names, .. } => {
                let violations = names.iter().map(|name| Violation {
                    field: name.clone(),
                    reason: "RETURNS_NOT_RECEIVED",
                    description: "is not among the signed-off returns that are held".to_owned(),
                });
                violations.collect()
            }
            Self::EditionNotFound { .. }
            | Self::EditionMismatch { .. }
            | Self::SnapshotNotFound { .. }
            | Self::FigureNotFound { .. }
            | Self::DecisionOvertaken { .. }
            | Self::RequestIdReused
            | Self::Denied(_)
            | Self::SnapshotTooLarge { .. }
            | Self::TotalTooLarge { .. }
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }
}
