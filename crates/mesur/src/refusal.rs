//! What a service refused, for the user: one line with the reason and what to do, the violations
//! below it, and an exit code for scripts ([`EXIT_CODES`]).

use std::error::Error;
use std::fmt;

use mesur_rpc::status::RESOURCE_NAME;
use mesur_wording::{Args, Wording};
use tonic::{Code, Status};
use tonic_types::{ErrorInfo, StatusExt};

use crate::login::NotLoggedIn;
use crate::names::short;
use crate::output::printable;
use crate::words;

/// What the exit codes mean, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; warnings may stand
  1  something is wrong with the return, the edition or the request: correct it
  2  wrong use, an address of something else, or a file that cannot be read or written
  3  no token, or not allowed
  4  the state is against it: something has to happen first, or has happened already
  5  it is not there
  6  a service is away or busy: try again
  7  a fault of the service";

/// Something is wrong with what was given.
pub(crate) const WRONG: u8 = 1;
/// Wrong use of the command.
pub(crate) const USE: u8 = 2;
const NOT_ALLOWED: u8 = 3;
const STATE: u8 = 4;
const NOT_FOUND: u8 = 5;
const AWAY: u8 = 6;
const FAULT: u8 = 7;

/// How many violations are printed.
const VIOLATIONS_SHOWN: usize = 20;

/// What the client says of an HTTP answer that is none of gRPC, and of one that is not HTTP/2.
const NO_GRPC: [&str; 3] = [
    "grpc-status header missing",
    "invalid compression flag",
    "h2 protocol error: http2 error",
];

/// What the client says of a connection that was closed under the call: also by one that took its first
/// words for nonsense, where the answer to them came too late to be read.
const CLOSED: &str = "operation was canceled";

/// What a service refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Code,
    line: String,
    violations: Vec<String>,
    may_be_elsewhere: bool,
}

impl Refusal {
    /// What the status says, with advice in the language of `wording`.
    pub(crate) fn new(status: &Status, wording: &Wording) -> Self {
        let info = status.get_details_error_info();
        let reason = info.as_ref().map_or_else(
            || code_name(status.code()).to_owned(),
            |info| info.reason.clone(),
        );
        // What is wrong with an edition is too long for the message.
        let fault = info.as_ref().and_then(|info| info.metadata.get("fault"));
        let message = fault.map_or_else(|| status.message(), String::as_str);
        let message = printable(&own_words(wording, info.as_ref(), message));
        let advice = advice(wording, &reason, status.code());
        let request = status.get_details_bad_request();
        let violations = request
            .into_iter()
            .flat_map(|request| request.field_violations);
        let violations = violations.map(|violation| match violation.field.as_str() {
            "" => printable(&violation.description),
            field => printable(&format!("{field}: {}", violation.description)),
        });
        // What is wrong with one field alone is often the message too.
        let violations = violations.filter(|violation| !message.contains(violation.as_str()));
        Self {
            code: status.code(),
            violations: violations.collect(),
            line: format!("{} ({reason}). {advice}", message.trim_end_matches('.')),
            may_be_elsewhere: is_foreign(status) || is_closed(status),
        }
    }

    /// The status code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.code {
            Code::Ok | Code::InvalidArgument | Code::OutOfRange => WRONG,
            Code::Unauthenticated | Code::PermissionDenied => NOT_ALLOWED,
            Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => STATE,
            Code::NotFound => NOT_FOUND,
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Cancelled
            | Code::Unknown => AWAY,
            Code::Internal | Code::DataLoss | Code::Unimplemented => FAULT,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)?;
        for violation in self.violations.iter().take(VIOLATIONS_SHOWN) {
            write!(f, "\n  {violation}")?;
        }
        match self.violations.len().checked_sub(VIOLATIONS_SHOWN) {
            Some(more) if more > 0 => write!(f, "\n  … {more}"),
            _ => Ok(()),
        }
    }
}

impl Error for Refusal {}

/// Whether what answered may be another service than the one that was asked.
pub(crate) fn may_be_elsewhere(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_some_and(|refusal| refusal.may_be_elsewhere)
}

/// The exit code of what went wrong.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    let refusal = error.downcast_ref::<Refusal>();
    if error.is::<NotLoggedIn>() {
        return NOT_ALLOWED;
    }
    refusal.map_or(USE, Refusal::exit_code)
}

/// What a service refused and why, for the user.
pub(crate) fn told(wording: &Wording) -> impl Fn(Status) -> anyhow::Error {
    |status| Refusal::new(&status, wording).into()
}

/// The same error, with a line below it where a service said that the caller may not do what was
/// asked.
pub(crate) fn denied_with(mut error: anyhow::Error, note: Option<String>) -> anyhow::Error {
    if let Some(refusal) = error.downcast_mut::<Refusal>()
        && refusal.code == Code::PermissionDenied
    {
        refusal.violations.extend(note);
    }
    error
}

/// Whether no service answered: it is away, or the connection broke under the call, which tonic
/// tells in several ways. A service's own answer always has a reason.
pub(crate) fn is_unanswered(status: &Status) -> bool {
    let broken = matches!(
        status.code(),
        Code::Cancelled | Code::Unknown | Code::Internal
    );
    status.code() == Code::Unavailable || (broken && reason(status).is_none())
}

/// What the status says the reason is.
pub(crate) fn reason(status: &Status) -> Option<String> {
    Some(status.get_details_error_info()?.reason)
}

/// Whether this is no answer of the service that was asked: it does not have the method, or what
/// answers does not speak gRPC, or not HTTP/2. A service's own answer always has a reason.
pub(crate) fn is_foreign(status: &Status) -> bool {
    match status.code() {
        Code::Unimplemented => true,
        _ if reason(status).is_some() => false,
        _ => NO_GRPC.iter().any(|sign| status.message().contains(sign)),
    }
}

fn is_closed(status: &Status) -> bool {
    reason(status).is_none() && status.message().contains(CLOSED)
}

/// The message in the language of `wording`: services write it in English, so in another language
/// the reason is told, and of what.
fn own_words(wording: &Wording, info: Option<&ErrorInfo>, message: &str) -> String {
    let own = info.and_then(|info| {
        let id = format!("reason-{}", info.reason.to_lowercase().replace('_', "-"));
        let text = wording.has(&id).then(|| words::label(wording, &id))?;
        let name = info.metadata.get(RESOURCE_NAME);
        Some(name.map_or_else(|| text.clone(), |name| format!("{}: {text}", short(name))))
    });
    own.unwrap_or_else(|| message.to_owned())
}

/// What to do about a reason, or else about its code.
fn advice(wording: &Wording, reason: &str, code: Code) -> String {
    let of_reason = format!("advice-{}", reason.to_lowercase().replace('_', "-"));
    let id = if wording.has(&of_reason) {
        of_reason
    } else {
        let code = code_name(code).to_lowercase().replace('_', "-");
        format!("advice-code-{code}")
    };
    words::text(wording, &id, &Args::new())
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument | Code::OutOfRange | Code::Ok => "INVALID_ARGUMENT",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::Unavailable | Code::Cancelled | Code::Unknown => "UNAVAILABLE",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::Internal | Code::DataLoss | Code::Unimplemented => "INTERNAL",
    }
}
