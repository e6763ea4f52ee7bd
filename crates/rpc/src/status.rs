//! The one table from errors to gRPC statuses.
//!
//! A service's error says what kind it is and gives a stable reason; [`to_status`] turns it into a
//! status with the standard details of `google.rpc`, and writes the one log line about it. What is
//! our own fault is hidden from the client and logged in full.
//!
//! A status travels in an HTTP/2 header, and clients bound headers: tonic's takes 16 KiB and breaks
//! the call above it, gRPC C-core's (Python, C++, Ruby, PHP) begins to refuse at 8 KiB. So every
//! status stays under [`HEADER_BYTES_MAX`], at the cost of the last violations of a long list;
//! `violations_total` and `violations_shown` in the metadata then say how many there were. A service
//! with hundreds of things to say about a request says them in a normal response.
//!
//! It chooses no language: text for people in Welsh or English is made by the service.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use mesur_telemetry::table;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, QuotaViolation, StatusExt};
use tracing::{debug, error, warn};

use crate::chain::Chain;

mod bounds;

pub use bounds::{DETAILS_BYTES_MAX, HEADER_BYTES_MAX, TEXT_BYTES_MAX};

/// How long a client should wait before it tries again what was refused for a passing cause.
pub const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Metadata key with the type of the resource an error is about, such as `DataReturn`.
pub const RESOURCE_TYPE: &str = "resource_type";

/// Metadata key with the name of the resource an error is about.
pub const RESOURCE_NAME: &str = "resource_name";

/// What a caller and an operator can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong whatever the state: `INVALID_ARGUMENT` with `BadRequest`.
    Invalid,
    /// The resource is not there: `NOT_FOUND` with `ResourceInfo`.
    NotFound,
    /// The resource is there already: `ALREADY_EXISTS` with `ResourceInfo`.
    Exists,
    /// The resource is in the wrong state: `FAILED_PRECONDITION` with `PreconditionFailure`.
    State,
    /// The caller saw an older revision: `ABORTED`; read again.
    Stale,
    /// Nobody knows who the caller is: `UNAUTHENTICATED`.
    Unauthenticated,
    /// The caller may not do this: `PERMISSION_DENIED`.
    Denied,
    /// The caller asks for too much: `RESOURCE_EXHAUSTED` with `QuotaFailure` and `RetryInfo`.
    TooMuch,
    /// Something this service needs is away: `UNAVAILABLE` with `RetryInfo`.
    Unavailable,
    /// It took too long: `DEADLINE_EXCEEDED` with `RetryInfo`.
    Deadline,
    /// What is stored cannot be read back: `DATA_LOSS`, message hidden.
    Corrupt,
    /// The service is wrong: `INTERNAL`, message hidden.
    Bug,
}

impl Kind {
    fn code(self) -> Code {
        match self {
            Self::Invalid => Code::InvalidArgument,
            Self::NotFound => Code::NotFound,
            Self::Exists => Code::AlreadyExists,
            Self::State => Code::FailedPrecondition,
            Self::Stale => Code::Aborted,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Denied => Code::PermissionDenied,
            Self::TooMuch => Code::ResourceExhausted,
            Self::Unavailable => Code::Unavailable,
            Self::Deadline => Code::DeadlineExceeded,
            Self::Corrupt => Code::DataLoss,
            Self::Bug => Code::Internal,
        }
    }

    /// Whether the fault is ours, so that the text may tell a stranger about our insides.
    fn is_hidden(self) -> bool {
        matches!(self, Self::Corrupt | Self::Bug)
    }
}

/// One thing that is wrong with a request or with the state it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field as in the proto, `data_return.observations[3].value`; for [`Kind::State`]
    /// and [`Kind::TooMuch`] the subject, such as a resource name.
    pub field: String,
    /// Stable reason in upper snake case.
    pub reason: &'static str,
    /// What is wrong, for a developer to read, in English.
    pub description: String,
}

/// An error that a client may be told about.
pub trait Reason: Error {
    /// Stable for ever, upper snake case, unique within the service: `PERIOD_CLOSED`.
    fn reason(&self) -> &'static str;

    /// Which row of the table the error belongs to.
    fn kind(&self) -> Kind;

    /// Every value that appears in the message, so that no client has to take the message apart.
    /// [`RESOURCE_TYPE`] and [`RESOURCE_NAME`] also become the `ResourceInfo`.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// How long a client should wait before it tries again what was refused for a passing cause.
    fn retry_after(&self) -> Duration {
        RETRY_DELAY
    }

    /// All things that are wrong, not only the first.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
}

/// Makes the status that tells a client of `service` about the error, and logs the error once.
pub fn to_status(service: &'static str, error: &dyn Reason) -> Status {
    log(service, error);
    let kind = error.kind();
    let domain = format!("{service}.mesur");
    if kind.is_hidden() {
        let details = ErrorDetails::with_error_info(error.reason(), domain, []);
        return Status::with_error_details(kind.code(), "internal error", details);
    }
    let message = bounds::clip(error.to_string());
    let violations = violations(error, &message);
    let total = violations.len();
    // The frame is what the status weighs when it shows no violation at all.
    let frame = status(
        error,
        &domain,
        &message,
        Shown {
            total,
            violations: Vec::new(),
        },
    );
    let violations = bounds::fit(violations, frame.details().len(), |violation| {
        proto(violation).encoded_len()
    });
    status(error, &domain, &message, Shown { total, violations })
}

/// The violations a status has room for, of how many there are.
struct Shown {
    total: usize,
    violations: Vec<Violation>,
}

fn status(error: &dyn Reason, domain: &str, message: &str, shown: Shown) -> Status {
    let mut metadata = bounds::fit_metadata(error.metadata());
    let mut details = ErrorDetails::new();
    if matches!(error.kind(), Kind::NotFound | Kind::Exists) {
        let value = |key| {
            metadata
                .iter()
                .find(|(found, _)| *found == key)
                .map(|(_, value)| value)
        };
        if let Some(name) = value(RESOURCE_NAME) {
            let kind = value(RESOURCE_TYPE).cloned().unwrap_or_default();
            details.set_resource_info(kind, name, "", "");
        }
    }
    if shown.total > 0 {
        metadata.push(("violations_total", shown.total.to_string()));
        metadata.push(("violations_shown", shown.violations.len().to_string()));
    }
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    details.set_error_info(error.reason(), domain, metadata.collect::<HashMap<_, _>>());
    if matches!(
        error.kind(),
        Kind::TooMuch | Kind::Unavailable | Kind::Deadline
    ) {
        details.set_retry_info(Some(error.retry_after()));
    }
    set_violations(&mut details, error.kind(), shown.violations);
    Status::with_error_details(error.kind().code(), message, details)
}

/// The violations of an error, cut to size; a state always names at least one.
fn violations(error: &dyn Reason, message: &str) -> Vec<Violation> {
    let mut violations = error.violations();
    if violations.is_empty() && matches!(error.kind(), Kind::State | Kind::TooMuch) {
        let metadata = error.metadata();
        let name = metadata.into_iter().find(|(key, _)| *key == RESOURCE_NAME);
        violations.push(Violation {
            field: name.map(|(_, value)| value).unwrap_or_default(),
            reason: error.reason(),
            description: message.to_owned(),
        });
    }
    for violation in &mut violations {
        violation.field = bounds::clip(std::mem::take(&mut violation.field));
        violation.description = bounds::clip(std::mem::take(&mut violation.description));
    }
    violations
}

fn set_violations(details: &mut ErrorDetails, kind: Kind, violations: Vec<Violation>) {
    if violations.is_empty() {
        return;
    }
    match kind {
        Kind::State => {
            let state = |violation: Violation| {
                let Violation {
                    field,
                    reason,
                    description,
                } = violation;
                PreconditionViolation::new(reason, field, description)
            };
            details.set_precondition_failure(violations.into_iter().map(state).collect::<Vec<_>>());
        }
        Kind::TooMuch => {
            let quota =
                |violation: Violation| QuotaViolation::new(violation.field, violation.description);
            details.set_quota_failure(violations.into_iter().map(quota).collect::<Vec<_>>());
        }
        Kind::Invalid
        | Kind::NotFound
        | Kind::Exists
        | Kind::Stale
        | Kind::Unauthenticated
        | Kind::Denied
        | Kind::Unavailable
        | Kind::Deadline
        | Kind::Corrupt
        | Kind::Bug => {
            let fields = violations.into_iter().map(|violation| FieldViolation {
                field: violation.field,
                description: violation.description,
                reason: violation.reason.to_owned(),
                localized_message: None,
            });
            details.set_bad_request(fields.collect::<Vec<_>>());
        }
    }
}

/// A violation as it is encoded in `BadRequest`, the largest of the three forms.
fn proto(violation: &Violation) -> tonic_types::pb::bad_request::FieldViolation {
    tonic_types::pb::bad_request::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
        reason: violation.reason.to_owned(),
        localized_message: None,
    }
}

fn log(service: &'static str, failure: &dyn Reason) {
    let reason = failure.reason();
    table::REFUSALS.one([service, reason]);
    let chain = Chain(failure);
    match failure.kind() {
        Kind::Corrupt | Kind::Bug => error!(service, reason, error = %chain, "call failed"),
        Kind::Unavailable => warn!(service, reason, error = %chain, "call failed"),
        // Which check of the token failed is told to nobody else.
        Kind::Unauthenticated => debug!(service, reason, error = %chain, "call refused"),
        // What was refused may hold what the caller wrote: people, comments, figures.
        Kind::Invalid
        | Kind::NotFound
        | Kind::Exists
        | Kind::State
        | Kind::Stale
        | Kind::Denied
        | Kind::TooMuch
        | Kind::Deadline => debug!(service, reason, "call refused"),
    }
}
