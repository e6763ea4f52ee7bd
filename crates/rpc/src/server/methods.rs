//! What is told of each method, found once for each server: to find a metric by its labels costs more than
//! to count.
//!
//! A method is told by its name in the contract; a path that is none is told as `other`, so that nobody
//! makes a series by calling one. A series begins with the first call.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mesur_telemetry::{CounterOf, GaugeOf, Held, HistogramOf, table};
use tonic::Code;

/// Methods that every server has besides those of the table of permissions.
const COMMON: [&str; 3] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/// How many codes gRPC has: from 0, `OK`, on.
const CODES: usize = 17;

/// What all other paths are told as.
const OTHER: &str = "other";

/// All methods, by their paths.
pub(super) struct Methods {
    by_path: HashMap<&'static str, Arc<Method>>,
    other: Arc<Method>,
}

impl Methods {
    /// None of them called yet.
    pub(super) fn new() -> Self {
        let paths = mesur_access::table::ROWS.iter().map(|(path, _)| *path);
        let by_path = paths.chain(COMMON).map(|path| {
            let name = path.strip_prefix('/').unwrap_or(path);
            (path, Arc::new(Method::new(name)))
        });
        Self {
            by_path: by_path.collect(),
            other: Arc::new(Method::new(OTHER)),
        }
    }

    /// The one at a path.
    pub(super) fn at(&self, path: &str) -> &Arc<Method> {
        self.by_path.get(path).unwrap_or(&self.other)
    }
}

/// One method.
pub(super) struct Method {
    name: &'static str,
    told: OnceLock<(GaugeOf, HistogramOf)>,
    /// By the numbers of codes.
    ended: [OnceLock<CounterOf>; CODES],
}

impl Method {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            told: OnceLock::new(),
            ended: [const { OnceLock::new() }; CODES],
        }
    }

    /// As the contract has it.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn told(&self) -> &(GaugeOf, HistogramOf) {
        self.told.get_or_init(|| {
            let label = [self.name];
            (
                table::CALLS_AT_WORK.of(label),
                table::CALL_DURATION.of(label),
            )
        })
    }

    /// A call begins; it is at work while the answer lives.
    pub(super) fn begin(&self) -> Held {
        self.told().0.held()
    }

    /// The response of a call began after so long.
    pub(super) fn took(&self, time: Duration) {
        self.told().1.record(time.as_secs_f64());
    }

    /// A call ended.
    pub(super) fn end(&self, code: Code) {
        let number = usize::try_from(i32::from(code)).unwrap_or_default();
        if let Some(counter) = self.ended.get(number) {
            let counter = counter.get_or_init(|| table::CALLS.of([self.name, name(code)]));
            counter.one();
        }
    }
}

/// The name of a code as the contract of gRPC has it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_no_method_makes_no_series_of_its_own() {
        let methods = Methods::new();
        let known = "mesur.submission.v1.SubmissionService/SubmitReturn";
        assert_eq!(methods.at(&format!("/{known}")).name(), known);
        let health = "grpc.health.v1.Health/Check";
        assert_eq!(methods.at(&format!("/{health}")).name(), health);
        for path in [
            "",
            "/",
            known,
            "/mesur.submission.v1.SubmissionService/X",
            "/x",
        ] {
            assert_eq!(methods.at(path).name(), OTHER, "{path}");
        }
    }

    #[test]
    fn every_code_has_a_place() {
        let codes = (0..100).map(Code::from_i32);
        let last = codes.map(i32::from).max();
        assert_eq!(last, i32::try_from(CODES - 1).ok());
    }
}
