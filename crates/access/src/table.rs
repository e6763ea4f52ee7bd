//! The table of permissions: for every method, which roles may call it and whose data they reach.
//! What does not stand here is denied.
//!
//! `docs/permissions.md` is written from this table, and a test of the whole suite walks every cell
//! of it over the wire.

use crate::caller::Role;
use crate::grant::Scope::{self, All, Delegated, Own};

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row {
    /// Everybody, also without a token.
    pub public: bool,
    /// Submitters of authorities.
    pub submitter: Option<Scope>,
    /// Approvers of authorities.
    pub approver: Option<Scope>,
    /// Suppliers' systems.
    pub supplier: Option<Scope>,
    /// Statisticians.
    pub statistician: Option<Scope>,
    /// Publishers.
    pub publisher: Option<Scope>,
    /// Early readers.
    pub reader: Option<Scope>,
    /// Operators.
    pub operator: Option<Scope>,
    /// Other services.
    pub service: Option<Scope>,
}

impl Row {
    /// Whose data a role reaches; `None` for nobody's.
    pub fn scope(&self, role: &Role) -> Option<Scope> {
        match role {
            Role::Submitter(_) => self.submitter,
            Role::Approver(_) => self.approver,
            Role::Supplier => self.supplier,
            Role::Statistician => self.statistician,
            Role::Publisher => self.publisher,
            Role::Reader => self.reader,
            Role::Operator => self.operator,
            Role::Service => self.service,
        }
    }
}

/// The row of a method, `/mesur.submission.v1.SubmissionService/GetReturn`.
pub fn row(method: &str) -> Option<Row> {
    entry(method).map(|(_, row)| row)
}

/// The row of a method, with its name as the table has it.
pub(crate) fn entry(method: &str) -> Option<(&'static str, Row)> {
    ROWS.iter().find(|(name, _)| *name == method).copied()
}

const NOBODY: Row = Row {
    public: false,
    submitter: None,
    approver: None,
    supplier: None,
    statistician: None,
    publisher: None,
    reader: None,
    operator: None,
    service: None,
};

/// Everybody.
const PUBLIC: Row = Row {
    public: true,
    ..NOBODY
};
/// Those who send.
const SENDERS: Row = Row {
    submitter: Some(Own),
    supplier: Some(Delegated),
    ..NOBODY
};
/// Those who read an authority's returns.
const READERS: Row = Row {
    submitter: Some(Own),
    approver: Some(Own),
    supplier: Some(Delegated),
    statistician: Some(All),
    service: Some(All),
    ..NOBODY
};
/// Those who answer for an authority.
const OFFICERS: Row = Row {
    submitter: Some(Own),
    approver: Some(Own),
    ..NOBODY
};
/// Those who sign for an authority.
const APPROVERS: Row = Row {
    approver: Some(Own),
    ..NOBODY
};
/// Those who question and add up.
const STATISTICIANS: Row = Row {
    statistician: Some(All),
    ..NOBODY
};
/// Everybody with a part in the collection.
const PARTICIPANTS: Row = Row {
    submitter: Some(All),
    approver: Some(All),
    supplier: Some(All),
    statistician: Some(All),
    ..NOBODY
};
/// Statisticians, and the services that follow.
const FOLLOWERS: Row = Row {
    service: Some(All),
    ..STATISTICIANS
};
/// Services alone.
const SERVICES: Row = Row {
    service: Some(All),
    ..NOBODY
};
/// Those who run the services.
const OPERATORS: Row = Row {
    operator: Some(All),
    ..NOBODY
};

/// Those who publish.
const PUBLISHERS: Row = Row {
    publisher: Some(All),
    ..NOBODY
};
/// Those who work on releases.
const RELEASE_WORKERS: Row = Row {
    statistician: Some(All),
    publisher: Some(All),
    ..NOBODY
};
/// Everybody; those who work on a release see it before it is published.
const RELEASE_READERS: Row = Row {
    statistician: Some(All),
    publisher: Some(All),
    ..PUBLIC
};

macro_rules! rows {
    ($($package:literal { $($method:literal: $row:expr,)+ })+) => {
        &[$($((concat!("/", $package, "/", $method), $row),)+)+]
    };
}

/// Every method and who may call it.
pub const ROWS: &[(&str, Row)] = rows! {
    "mesur.catalogue.v1.CatalogueService" {
        "GetEdition": PUBLIC,
        "ListEditions": PUBLIC,
        "CompareEditions": PUBLIC,
    }
    "mesur.submission.v1.SubmissionService" {
        "SubmitReturn": SENDERS,
        "UploadReturn": SENDERS,
        "UpdateObservations": SENDERS,
        "SubmitDraft": SENDERS,
        "GetReturn": READERS,
        "ReadReturn": READERS,
        "ListReturns": READERS,
        "ListRevisions": READERS,
        "CompareRevisions": READERS,
        "SignOffReturn": APPROVERS,
        "ReopenReturn": Row { approver: Some(Own), ..STATISTICIANS },
        "WatchReturns": READERS,
        "RecordPreviousValues": Row { submitter: Some(Own), ..STATISTICIANS },
        "GetPreviousValues": READERS,
        "GetSchedule": PARTICIPANTS,
        "UpdateSchedule": STATISTICIANS,
        "GrantExtension": STATISTICIANS,
        "CreateDelegation": APPROVERS,
        "RevokeDelegation": APPROVERS,
        "ListDelegations": Row { statistician: Some(All), ..OFFICERS },
    }
    "mesur.validation.v1.ValidationService" {
        "ValidateReturn": PARTICIPANTS,
        "GetReport": READERS,
        "SealReport": SERVICES,
        "ListFindings": READERS,
        "StreamFindings": READERS,
        "ExplainFinding": OFFICERS,
        "ReviewExplanation": STATISTICIANS,
        "OverrideFinding": STATISTICIANS,
        "ListRemarks": READERS,
        "OpenRound": STATISTICIANS,
        "ListRounds": PARTICIPANTS,
        "RaiseQuery": STATISTICIANS,
        "AnswerQuery": OFFICERS,
        "ResolveQuery": STATISTICIANS,
        "ListQueries": READERS,
        "MarkRobustness": STATISTICIANS,
        "ListRobustnessMarks": FOLLOWERS,
        "CompareAuthorities": STATISTICIANS,
        "GetCollectionProgress": STATISTICIANS,
        "WatchReports": READERS,
    }
    "mesur.aggregation.v1.AggregationService" {
        "GetTotals": STATISTICIANS,
        "CreateSnapshot": STATISTICIANS,
        "GetSnapshot": FOLLOWERS,
        "ListSnapshots": STATISTICIANS,
        "RankAuthorities": STATISTICIANS,
        "ReadSnapshot": FOLLOWERS,
        "VerifySnapshot": STATISTICIANS,
        "CompareSnapshots": STATISTICIANS,
        "CreateDecision": STATISTICIANS,
        "ListDecisions": RELEASE_WORKERS,
        "WatchSnapshots": FOLLOWERS,
    }
    "mesur.publication.v1.PublicationService" {
        "CompileRelease": STATISTICIANS,
        "SubmitRelease": STATISTICIANS,
        "RejectRelease": RELEASE_WORKERS,
        "ApproveRelease": PUBLISHERS,
        "ScheduleRelease": PUBLISHERS,
        "PublishRelease": PUBLISHERS,
        "GetRelease": RELEASE_READERS,
        "ListReleases": RELEASE_READERS,
        "ListReleaseRevisions": RELEASE_READERS,
        "ListReleaseEvents": RELEASE_WORKERS,
        "DownloadFile": PUBLIC,
        "PreviewFile": Row { reader: Some(All), ..RELEASE_WORKERS },
        "GrantEarlyAccess": PUBLISHERS,
        "RevokeEarlyAccess": PUBLISHERS,
        "ListEarlyAccess": RELEASE_WORKERS,
        "AuditDisclosure": RELEASE_WORKERS,
        "QueryDataset": PUBLIC,
        "StreamDataset": PUBLIC,
        "GetProvenance": RELEASE_READERS,
        "ExportTexts": STATISTICIANS,
        "ImportTexts": STATISTICIANS,
        "ListFeedback": RELEASE_WORKERS,
    }
    "mesur.operations.v1.StoreService" {
        "ExportStore": OPERATORS,
    }
};
