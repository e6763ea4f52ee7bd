//! The table of permissions: for every method, which roles may call it, whose data they reach, and in
//! which states of what it is about; and for every role, which states it sees. What does not stand here
//! is denied.
//!
//! Services ask it by their [`Grant`](crate::Grant), so it says where a return and a release may go, too.
//! `docs/permissions.md` is written from this table, and tests of the whole suite walk every cell of it
//! over the wire.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::caller::Role;
use crate::grant::Scope::{self, All, Delegated, Own};
use crate::state::ReleaseState::{
    self, Approved, Compiled, InReview, Nothing as NoRelease, Published, Revised, Scheduled,
};
use crate::state::ReturnState::{self, Draft, Nothing, Queried, Reopened, SignedOff, Submitted};
use crate::state::States::{self, Any};
use crate::state::{Rule, Rules};

/// Who may call a method, and in which states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub who: Who,
    /// The states of what the method is about.
    pub states: States,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
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

impl Who {
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
    // Every call asks, and more than once.
    static BY_NAME: LazyLock<HashMap<&'static str, Row>> =
        LazyLock::new(|| ROWS.iter().copied().collect());
    let (name, row) = BY_NAME.get_key_value(method)?;
    Some((name, *row))
}

/// The states in which a return is there for a role that reaches it; in another it is as if nothing had
/// been sent.
pub fn returns_seen(role: &Role) -> &'static [ReturnState] {
    match role {
        Role::Submitter(_) | Role::Approver(_) | Role::Supplier => HELD,
        Role::Statistician | Role::Service => HANDED_IN,
        Role::Publisher | Role::Reader | Role::Operator => &[],
    }
}

/// The states in which a revision of a release is there for a role, or for everybody; in another it is
/// as if it never was. To a reader it is there if they were named for it, and in their time.
pub fn releases_seen(role: Option<&Role>) -> &'static [ReleaseState] {
    match role {
        Some(Role::Statistician | Role::Publisher) => COMPILED,
        Some(Role::Reader) => &[Scheduled],
        None => PUBLISHED,
        Some(
            Role::Submitter(_)
            | Role::Approver(_)
            | Role::Supplier
            | Role::Operator
            | Role::Service,
        ) => &[],
    }
}

const NOBODY: Who = Who {
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
const PUBLIC: Who = Who {
    public: true,
    ..NOBODY
};
/// Those who send.
const SENDERS: Who = Who {
    submitter: Some(Own),
    supplier: Some(Delegated),
    ..NOBODY
};
/// Those who read an authority's returns.
const READERS: Who = Who {
    submitter: Some(Own),
    approver: Some(Own),
    supplier: Some(Delegated),
    statistician: Some(All),
    service: Some(All),
    ..NOBODY
};
/// Those who answer for an authority.
const OFFICERS: Who = Who {
    submitter: Some(Own),
    approver: Some(Own),
    ..NOBODY
};
/// Those who sign for an authority.
const APPROVERS: Who = Who {
    approver: Some(Own),
    ..NOBODY
};
/// Those who question and add up.
const STATISTICIANS: Who = Who {
    statistician: Some(All),
    ..NOBODY
};
/// Everybody with a part in the collection.
const PARTICIPANTS: Who = Who {
    submitter: Some(All),
    approver: Some(All),
    supplier: Some(All),
    statistician: Some(All),
    ..NOBODY
};
/// Statisticians, and the services that follow.
const FOLLOWERS: Who = Who {
    service: Some(All),
    ..STATISTICIANS
};
/// Services alone.
const SERVICES: Who = Who {
    service: Some(All),
    ..NOBODY
};
/// Those who run the services.
const OPERATORS: Who = Who {
    operator: Some(All),
    ..NOBODY
};

/// Those who publish.
const PUBLISHERS: Who = Who {
    publisher: Some(All),
    ..NOBODY
};
/// Those who work on releases.
const RELEASE_WORKERS: Who = Who {
    statistician: Some(All),
    publisher: Some(All),
    ..NOBODY
};
/// Everybody; those who work on a release see it before it is published.
const RELEASE_READERS: Who = Who {
    statistician: Some(All),
    publisher: Some(All),
    ..PUBLIC
};

/// Something was sent.
const HELD: &[ReturnState] = &[Draft, Submitted, Queried, SignedOff, Reopened];
/// It was handed in: of these states alone are others told than those who send it.
pub const HANDED_IN: &[ReturnState] = &[Submitted, Queried, SignedOff, Reopened];
/// It was handed in and is not signed off, so something may be found and asked.
const OPEN: &[ReturnState] = &[Submitted, Queried, Reopened];
/// Something was compiled.
const COMPILED: &[ReleaseState] = &[Compiled, InReview, Approved, Scheduled, Published, Revised];
/// It was compiled and no later revision took its place.
const LATEST: &[ReleaseState] = &[Compiled, InReview, Approved, Scheduled, Published];
/// It was compiled and is not published.
const WORKED_ON: &[ReleaseState] = &[Compiled, InReview, Approved, Scheduled];
/// It is or was published.
const PUBLISHED: &[ReleaseState] = &[Published, Revised];

/// A draft is kept, or a whole return is handed in.
const SEND: States = returns(&[
    go(&[Nothing, Draft], Draft),
    go(&[Nothing, Draft, Submitted, Queried, Reopened], Submitted),
]);
/// A draft stays one, and what was handed in is amended.
const AMEND: States = returns(&[
    go(&[Draft], Draft),
    go(&[Submitted, Queried, Reopened], Submitted),
]);
/// A query may be closed at any time; to be asked again, the return must be open.
const RESOLVE: States = returns(&[stay(HANDED_IN), go(OPEN, Queried)]);
/// The revision that is worked on is compiled anew, or the next one after the published one.
const COMPILE: States = releases(&[go(&[NoRelease], Compiled), go(LATEST, Compiled)]);

/// What becomes of a return by itself, when validation tells that a query was asked or that all are
/// answered. No method does it, so no row has it.
pub const RETURN_FOLLOWS: Rules<ReturnState> = Rules(&[
    go(OPEN, Queried),
    go(&[Submitted, Queried], Submitted),
    go(&[Reopened], Reopened),
]);
/// What becomes of a revision of a release by itself: its moment comes, or a later one is published. No
/// method does it, so no row has it.
pub const RELEASE_FOLLOWS: Rules<ReleaseState> =
    Rules(&[go(&[Scheduled], Published), go(&[Published], Revised)]);

/// In these states something is done that changes none of them.
const fn stay<S: Copy>(from: &'static [S]) -> Rule<S> {
    Rule { from, to: None }
}

/// What is in one of these states comes into another.
const fn go<S: Copy>(from: &'static [S], to: S) -> Rule<S> {
    Rule { from, to: Some(to) }
}

const fn returns(rules: &'static [Rule<ReturnState>]) -> States {
    States::Return(Rules(rules))
}

const fn releases(rules: &'static [Rule<ReleaseState>]) -> States {
    States::Release(Rules(rules))
}

macro_rules! rows {
    ($($package:literal { $($method:literal: $who:expr, $states:expr;)+ })+) => {
        &[$($((concat!("/", $package, "/", $method), Row { who: $who, states: $states }),)+)+]
    };
}

/// Every method: who may call it, and in which states.
pub const ROWS: &[(&str, Row)] = rows! {
    "mesur.catalogue.v1.CatalogueService" {
        "GetEdition": PUBLIC, Any;
        "ListEditions": PUBLIC, Any;
        "CompareEditions": PUBLIC, Any;
    }
    "mesur.submission.v1.SubmissionService" {
        "SubmitReturn": SENDERS, SEND;
        "UploadReturn": SENDERS, SEND;
        "UpdateObservations": SENDERS, AMEND;
        "SubmitDraft": SENDERS, returns(&[go(&[Draft], Submitted)]);
        "GetReturn": READERS, returns(&[stay(HELD)]);
        "ReadReturn": READERS, returns(&[stay(HELD)]);
        "ListReturns": READERS, returns(&[stay(HELD)]);
        "ListRevisions": READERS, returns(&[stay(HELD)]);
        "CompareRevisions": READERS, returns(&[stay(HELD)]);
        "SignOffReturn": APPROVERS, returns(&[go(&[Submitted, Reopened], SignedOff)]);
        "ReopenReturn": Who { approver: Some(Own), ..STATISTICIANS }, returns(&[go(&[SignedOff], Reopened)]);
        "WatchReturns": READERS, returns(&[stay(HANDED_IN)]);
        "RecordPreviousValues": Who { submitter: Some(Own), ..STATISTICIANS }, Any;
        "GetPreviousValues": READERS, Any;
        "ReadPreviousValues": READERS, Any;
        "GetSchedule": PARTICIPANTS, Any;
        "UpdateSchedule": STATISTICIANS, Any;
        "GrantExtension": STATISTICIANS, Any;
        "CreateDelegation": APPROVERS, Any;
        "RevokeDelegation": APPROVERS, Any;
        "ListDelegations": Who { statistician: Some(All), ..OFFICERS }, Any;
    }
    "mesur.validation.v1.ValidationService" {
        "ValidateReturn": PARTICIPANTS, Any;
        "GetReport": READERS, returns(&[stay(HANDED_IN)]);
        "SealReport": SERVICES, returns(&[stay(OPEN)]);
        "ListFindings": READERS, returns(&[stay(HANDED_IN)]);
        "StreamFindings": READERS, returns(&[stay(HANDED_IN)]);
        "ExplainFinding": OFFICERS, returns(&[stay(OPEN)]);
        "ReviewExplanation": STATISTICIANS, returns(&[stay(OPEN)]);
        "OverrideFinding": STATISTICIANS, returns(&[stay(OPEN)]);
        "ListRemarks": READERS, returns(&[stay(HANDED_IN)]);
        "OpenRound": STATISTICIANS, Any;
        "ListRounds": PARTICIPANTS, Any;
        "RaiseQuery": STATISTICIANS, returns(&[go(OPEN, Queried)]);
        "AnswerQuery": OFFICERS, returns(&[stay(HANDED_IN)]);
        "ResolveQuery": STATISTICIANS, RESOLVE;
        "ListQueries": READERS, Any;
        "MarkRobustness": STATISTICIANS, Any;
        "ListRobustnessMarks": FOLLOWERS, Any;
        "CompareAuthorities": STATISTICIANS, Any;
        "GetCollectionProgress": STATISTICIANS, Any;
        "WatchReports": READERS, Any;
    }
    "mesur.aggregation.v1.AggregationService" {
        "GetTotals": STATISTICIANS, Any;
        "CreateSnapshot": STATISTICIANS, Any;
        "GetSnapshot": FOLLOWERS, Any;
        "ListSnapshots": STATISTICIANS, Any;
        "RankAuthorities": STATISTICIANS, Any;
        "ReadSnapshot": FOLLOWERS, Any;
        "VerifySnapshot": STATISTICIANS, Any;
        "CompareSnapshots": STATISTICIANS, Any;
        "CreateDecision": STATISTICIANS, Any;
        "ListDecisions": RELEASE_WORKERS, Any;
        "WatchSnapshots": FOLLOWERS, Any;
    }
    "mesur.publication.v1.PublicationService" {
        "CompileRelease": STATISTICIANS, COMPILE;
        "SubmitRelease": STATISTICIANS, releases(&[go(&[Compiled], InReview)]);
        "RejectRelease": RELEASE_WORKERS, releases(&[go(&[InReview, Approved, Scheduled], Compiled)]);
        "ApproveRelease": PUBLISHERS, releases(&[go(&[InReview], Approved)]);
        "ScheduleRelease": PUBLISHERS, releases(&[go(&[Approved, Scheduled], Scheduled)]);
        "PublishRelease": PUBLISHERS, releases(&[go(&[Approved, Scheduled], Published)]);
        "GetRelease": RELEASE_READERS, releases(&[stay(COMPILED)]);
        "ListReleases": RELEASE_READERS, releases(&[stay(LATEST)]);
        "ListReleaseRevisions": RELEASE_READERS, releases(&[stay(COMPILED)]);
        "ListReleaseEvents": RELEASE_WORKERS, releases(&[stay(LATEST)]);
        "DownloadFile": PUBLIC, releases(&[stay(PUBLISHED)]);
        "PreviewFile": Who { reader: Some(All), ..RELEASE_WORKERS }, releases(&[stay(WORKED_ON)]);
        "GrantEarlyAccess": PUBLISHERS, releases(&[stay(&[Scheduled])]);
        "RevokeEarlyAccess": PUBLISHERS, releases(&[stay(WORKED_ON)]);
        "ListEarlyAccess": RELEASE_WORKERS, releases(&[stay(COMPILED)]);
        "AuditDisclosure": RELEASE_WORKERS, releases(&[stay(COMPILED)]);
        "QueryDataset": PUBLIC, releases(&[stay(&[Published])]);
        "StreamDataset": PUBLIC, releases(&[stay(&[Published])]);
        "GetProvenance": RELEASE_READERS, releases(&[stay(COMPILED)]);
        "ExportTexts": STATISTICIANS, Any;
        "ImportTexts": STATISTICIANS, Any;
        "ListFeedback": RELEASE_WORKERS, Any;
    }
    "mesur.operations.v1.StoreService" {
        "ExportStore": OPERATORS, Any;
    }
};
