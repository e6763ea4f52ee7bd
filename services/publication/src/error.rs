//! What can go wrong, with a stable reason for each.

use mesur_access::Denied;
use mesur_catalogue::EditionName;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::NameError;

use crate::{domain, render};

/// An error of the publication service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A field of the request has not the form that is due.
    #[error("the request is not valid: {}", .0.description)]
    InvalidField(Violation),
    /// The snapshot has not arrived.
    #[error("{name} has not been received")]
    SnapshotNotReceived {
        /// The snapshot.
        name: String,
    },
    /// What the snapshot was made from no longer holds.
    #[error(
        "since {name} was made a sign-off was taken back or a mark of robustness changed: make a new one"
    )]
    SnapshotOvertaken {
        /// The snapshot.
        name: String,
    },
    /// No such edition.
    #[error("the edition {name} is not known")]
    EditionNotFound {
        /// The edition of the snapshot.
        name: EditionName,
    },
    /// The snapshot was made with another catalogue.
    #[error("the edition {name} has the digest {ours} here, and {theirs} in the snapshot")]
    EditionMismatch {
        /// The edition.
        name: EditionName,
        /// The service's digest.
        ours: String,
        /// The snapshot's digest.
        theirs: String,
    },
    /// No such release, or nothing of it may be seen.
    #[error("{name} is not known")]
    ReleaseNotFound {
        /// The name that was asked for.
        name: String,
    },
    /// The release has no such file.
    #[error("{name} has no file {file_name}")]
    FileNotFound {
        /// The release.
        name: String,
        /// The file that was asked for.
        file_name: String,
    },
    /// The release changed since the caller saw it.
    #[error("{name} has changed since it was read: read it again")]
    StaleEtag {
        /// The release.
        name: String,
    },
    /// The release is published and never changes.
    #[error("{name} is published")]
    AlreadyPublished {
        /// The release.
        name: String,
    },
    /// The caller may not do this.
    #[error("{0}")]
    Denied(Denied),
    /// Who compiled the release wants to publish it.
    #[error("{name} is published by another person than compiled it")]
    SamePerson {
        /// The release.
        name: String,
    },
    /// The release cannot be compiled from the snapshot and the edition.
    #[error("compiling the release")]
    Compile(#[source] domain::Error),
    /// The release cannot be worded.
    #[error("wording the release")]
    Render(#[source] render::Error),
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

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
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
    pub(crate) fn name(field: &'static str) -> impl FnOnce(NameError) -> Self {
        move |error| Self::invalid(field, "INVALID_NAME", error.to_string())
    }

    /// A field that is wrong.
    pub(crate) fn invalid(field: &str, reason: &'static str, description: String) -> Self {
        Self::InvalidField(Violation {
            field: field.to_owned(),
            reason,
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
            Self::InvalidField(violation) => violation.reason,
            Self::SnapshotNotReceived { .. } => "SNAPSHOT_NOT_RECEIVED",
            Self::SnapshotOvertaken { .. } => "SNAPSHOT_OVERTAKEN",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::ReleaseNotFound { .. } => "RELEASE_NOT_FOUND",
            Self::FileNotFound { .. } => "FILE_NOT_FOUND",
            Self::StaleEtag { .. } => "STALE_ETAG",
            Self::AlreadyPublished { .. } => "ALREADY_PUBLISHED",
            Self::Denied(_) => "PERMISSION_DENIED",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::Compile(_) | Self::Render(_) => "CANNOT_COMPILE",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_) | Self::RequestIdReused => Kind::Invalid,
            Self::EditionNotFound { .. }
            | Self::ReleaseNotFound { .. }
            | Self::FileNotFound { .. } => Kind::NotFound,
            Self::SnapshotNotReceived { .. }
            | Self::SnapshotOvertaken { .. }
            | Self::EditionMismatch { .. }
            | Self::AlreadyPublished { .. }
            | Self::Compile(_)
            | Self::Render(_) => Kind::State,
            Self::Denied(_) | Self::SamePerson { .. } => Kind::Denied,
            Self::StaleEtag { .. } => Kind::Stale,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SnapshotNotReceived { name }
            | Self::SnapshotOvertaken { name }
            | Self::ReleaseNotFound { name }
            | Self::StaleEtag { name }
            | Self::SamePerson { name }
            | Self::AlreadyPublished { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::FileNotFound { name, file_name } => {
                vec![
                    (RESOURCE_NAME, name.clone()),
                    ("file_name", file_name.clone()),
                ]
            }
            Self::EditionNotFound { name } => vec![(RESOURCE_NAME, name.to_string())],
            Self::EditionMismatch { name, ours, theirs } => vec![
                (RESOURCE_NAME, name.to_string()),
                ("service_digest", ours.clone()),
                ("snapshot_digest", theirs.clone()),
            ],
            Self::Compile(error) => vec![("fault", chain(error))],
            Self::Render(error) => vec![("fault", chain(error))],
            Self::InvalidField(_)
            | Self::Denied(_)
            | Self::RequestIdReused
            | Self::Store(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidField(violation) => vec![violation.clone()],
            Self::RequestIdReused => vec![Violation {
                field: "request_id".to_owned(),
                reason: "REQUEST_ID_REUSED",
                description: self.to_string(),
            }],
            _ => Vec::new(),
        }
    }
}

/// The whole account of a fault in an edition's wording: its author needs all of it.
fn chain(error: &dyn std::error::Error) -> String {
    mesur_rpc::chain::Chain(error).to_string()
}
