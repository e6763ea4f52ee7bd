//! What can go wrong, with a stable reason for each.

use jiff::civil::Date;
use mesur_access::Denied;
use mesur_catalogue::EditionName;
use mesur_rpc::status::{Kind, RESOURCE_NAME, Reason, Violation};
use mesur_store::IsConflict;
use mesur_wire::{AnyReleaseName, NameError, ReleaseName};

use crate::{domain, render};

/// The reason of a compilation that does not say what it changes.
const UPDATE_NOTE_REQUIRED: &str = "UPDATE_NOTE_REQUIRED";

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
    /// The snapshot was too large to be kept.
    #[error("{name} is larger than {bytes_max} bytes, and was not kept")]
    SnapshotTooLarge {
        /// The snapshot.
        name: String,
        /// The largest that is kept.
        bytes_max: usize,
    },
    /// A file of the release is too large to be kept.
    #[error("the file {file} has {bytes} bytes, and at most {bytes_max} are kept")]
    FileTooLarge {
        /// The file.
        file: String,
        /// How long it is.
        bytes: u64,
        /// The longest that is kept.
        bytes_max: usize,
    },
    /// What the snapshot was made from no longer holds.
    #[error(
        "since {name} was made a sign-off was taken back, or a mark of robustness or a decision changed: make a new one"
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
    /// The release states no such figure and publishes no such cell.
    #[error("{name} has no figure {figure}")]
    FigureNotFound {
        /// The release.
        name: String,
        /// The figure or cell that was asked for.
        figure: String,
    },
    /// The release changed since the caller saw it.
    #[error("{name} has changed since it was read: read it again")]
    StaleEtag {
        /// The release.
        name: String,
    },
    /// More than one field has not the form that is due.
    #[error("{} fields of the request are not valid", .0.len())]
    InvalidFields(Vec<Violation>),
    /// The release cannot do this where it is in its life.
    #[error("{name} is {state}: that does not {action}")]
    WrongState {
        /// The release.
        name: String,
        /// Where it is in its life.
        state: &'static str,
        /// What was to be done.
        action: &'static str,
    },
    /// A published release is compiled without saying what changes and why.
    #[error("the release is published: say what changes and why, in both languages")]
    UpdateNoteRequired {
        /// The fields that are empty.
        fields: Vec<&'static str>,
    },
    /// No release comes out on that day.
    #[error("{day} is not a working day in Wales")]
    NotAWorkingDay {
        /// The day that was asked for.
        day: Date,
    },
    /// The day is too near, or past.
    #[error("{day} is less than {notice_days} days away, or 09:30 of it is past")]
    NoticeTooShort {
        /// The day that was asked for.
        day: Date,
        /// The notice that is due.
        notice_days: u16,
    },
    /// The release does not come out as it was approved.
    #[error("{name} no longer comes out as it was compiled: compile it again")]
    ReleaseChanged {
        /// The release.
        name: String,
    },
    /// The edition asks for Welsh throughout.
    #[error("{name} lacks {gaps} texts in Welsh, and its edition asks for all of them")]
    LanguageGaps {
        /// The release.
        name: String,
        /// How many texts.
        gaps: usize,
    },
    /// A hidden value can be worked out more closely than its policy allows.
    #[error(
        "of {exposed} values of {name} a reader can derive more than the policy allows: withhold {}, make a snapshot and compile again",
        metrics.join(", ")
    )]
    DisclosureRisk {
        /// The release.
        name: String,
        /// How many values.
        exposed: usize,
        /// The codes of the metrics that they are of, each once.
        metrics: Vec<String>,
    },
    /// The person has early access already.
    #[error("{reader} has early access to {name} already")]
    AlreadyGranted {
        /// The release.
        name: String,
        /// Who.
        reader: String,
    },
    /// The person has no early access.
    #[error("{reader} has no early access to {name}")]
    EarlyAccessNotFound {
        /// The release.
        name: String,
        /// Who.
        reader: String,
    },
    /// The caller may not do this.
    #[error("{0}")]
    Denied(Denied),
    /// Who compiled the release wants to approve or publish it.
    #[error("{name} is approved and published by another person than compiled it")]
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
    /// Work that was done beside the others did not end.
    #[error("working on a release")]
    Task(#[source] tokio::task::JoinError),
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

    /// A move that the table of a release's life does not have.
    pub(crate) fn wrong_state(name: &ReleaseName, illegal: domain::IllegalMove) -> Self {
        Self::WrongState {
            name: name.to_string(),
            state: illegal.state.word(),
            action: illegal.action,
        }
    }

    /// A release, or a revision of it, that is not there for who asks.
    pub(crate) fn release_not_found(name: &AnyReleaseName) -> Self {
        Self::ReleaseNotFound {
            name: name.to_string(),
        }
    }

    /// A file that a revision does not have.
    pub(crate) fn file_not_found(name: &AnyReleaseName, file_name: &str) -> Self {
        Self::FileNotFound {
            name: name.to_string(),
            file_name: file_name.chars().take(128).collect(),
        }
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
            Self::SnapshotTooLarge { .. } => "SNAPSHOT_NOT_KEPT",
            Self::FileTooLarge { .. } => "FILE_TOO_LARGE",
            Self::SnapshotOvertaken { .. } => "SNAPSHOT_OVERTAKEN",
            Self::EditionNotFound { .. } => "EDITION_NOT_FOUND",
            Self::EditionMismatch { .. } => "EDITION_MISMATCH",
            Self::ReleaseNotFound { .. } => "RELEASE_NOT_FOUND",
            Self::FileNotFound { .. } => "FILE_NOT_FOUND",
            Self::StaleEtag { .. } => "STALE_ETAG",
            Self::InvalidFields(_) => "INVALID_FIELDS",
            Self::WrongState { .. } => "WRONG_STATE",
            Self::UpdateNoteRequired { .. } => UPDATE_NOTE_REQUIRED,
            Self::NotAWorkingDay { .. } => "NOT_A_WORKING_DAY",
            Self::NoticeTooShort { .. } => "NOTICE_TOO_SHORT",
            Self::ReleaseChanged { .. } => "RELEASE_CHANGED",
            Self::LanguageGaps { .. } => "LANGUAGE_GAPS",
            Self::DisclosureRisk { .. } => "DISCLOSURE_RISK",
            Self::AlreadyGranted { .. } => "ALREADY_GRANTED",
            Self::EarlyAccessNotFound { .. } => "EARLY_ACCESS_NOT_FOUND",
            Self::FigureNotFound { .. } => "FIGURE_NOT_FOUND",
            Self::Task(_) => "TASK_BROKE_OFF",
            Self::Denied(_) => "PERMISSION_DENIED",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::Compile(_) | Self::Render(_) => "CANNOT_COMPILE",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Store(error) if error.is_conflict() => "CONTENDED",
            Self::Store(error) if error.is_unavailable() => "STORE_AWAY",
            Self::Store(_) => "STORE",
            Self::Record { .. } => "RECORD",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_)
            | Self::InvalidFields(_)
            | Self::UpdateNoteRequired { .. }
            | Self::RequestIdReused => Kind::Invalid,
            Self::AlreadyGranted { .. } => Kind::Exists,
            Self::EarlyAccessNotFound { .. }
            | Self::EditionNotFound { .. }
            | Self::ReleaseNotFound { .. }
            | Self::FigureNotFound { .. }
            | Self::FileNotFound { .. } => Kind::NotFound,
            Self::SnapshotNotReceived { .. }
            | Self::SnapshotTooLarge { .. }
            | Self::FileTooLarge { .. }
            | Self::SnapshotOvertaken { .. }
            | Self::EditionMismatch { .. }
            | Self::WrongState { .. }
            | Self::NotAWorkingDay { .. }
            | Self::NoticeTooShort { .. }
            | Self::ReleaseChanged { .. }
            | Self::LanguageGaps { .. }
            | Self::DisclosureRisk { .. }
            | Self::Compile(_)
            | Self::Render(_) => Kind::State,
            Self::Denied(_) | Self::SamePerson { .. } => Kind::Denied,
            Self::StaleEtag { .. } => Kind::Stale,
            Self::Store(error) if error.is_conflict() => Kind::Stale,
            Self::Store(error) if error.is_unavailable() => Kind::Unavailable,
            Self::Store(_) | Self::Task(_) => Kind::Bug,
            Self::Record { .. } => Kind::Corrupt,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SnapshotNotReceived { name }
            | Self::SnapshotOvertaken { name }
            | Self::ReleaseNotFound { name }
            | Self::StaleEtag { name }
            | Self::ReleaseChanged { name }
            | Self::SamePerson { name } => vec![(RESOURCE_NAME, name.clone())],
            Self::SnapshotTooLarge { name, bytes_max } => vec![
                (RESOURCE_NAME, name.clone()),
                ("bytes_max", bytes_max.to_string()),
            ],
            Self::FileTooLarge {
                file, bytes_max, ..
            } => vec![("file", file.clone()), ("bytes_max", bytes_max.to_string())],
            Self::WrongState {
                name,
                state,
                action,
            } => vec![
                (RESOURCE_NAME, name.clone()),
                ("state", (*state).to_owned()),
                ("action", (*action).to_owned()),
            ],
            Self::NotAWorkingDay { day } => vec![("day", day.to_string())],
            Self::NoticeTooShort { day, notice_days } => vec![
                ("day", day.to_string()),
                ("notice_days", notice_days.to_string()),
            ],
            Self::LanguageGaps { name, gaps } => {
                vec![(RESOURCE_NAME, name.clone()), ("gaps", gaps.to_string())]
            }
            Self::DisclosureRisk {
                name,
                exposed,
                metrics,
            } => vec![
                (RESOURCE_NAME, name.clone()),
                ("exposed", exposed.to_string()),
                ("metrics", metrics.join(",")),
            ],
            Self::AlreadyGranted { name, reader } | Self::EarlyAccessNotFound { name, reader } => {
                vec![(RESOURCE_NAME, name.clone()), ("reader", reader.clone())]
            }
            Self::FigureNotFound { name, figure } => {
                vec![(RESOURCE_NAME, name.clone()), ("figure", figure.clone())]
            }
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
            | Self::InvalidFields(_)
            | Self::UpdateNoteRequired { .. }
            | Self::Denied(_)
            | Self::RequestIdReused
            | Self::Store(_)
            | Self::Task(_)
            | Self::Record { .. } => Vec::new(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::InvalidField(violation) => vec![violation.clone()],
            Self::InvalidFields(violations) => violations.clone(),
            Self::UpdateNoteRequired { fields } => {
                let fields = fields.iter().map(|field| Violation {
                    field: (*field).to_owned(),
                    reason: UPDATE_NOTE_REQUIRED,
                    description: self.to_string(),
                });
                fields.collect()
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

/// The whole account of a fault in an edition's wording: its author needs all of it.
fn chain(error: &dyn std::error::Error) -> String {
    mesur_rpc::chain::Chain(error).to_string()
}
