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
    ended: [OnceLock<CounterOf>; CODES.len()],
}

impl Method {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            told: OnceLock::new(),
            ended: [const { OnceLock::new() }; CODES.len()],
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
        let mut codes = CODES.iter().zip(&self.ended);
        if let Some(((_, name), counter)) = codes.find(|((known, _), _)| *known == code) {
            let counter = counter.get_or_init(|| table::CALLS.of([self.name, name]));
            counter.one();
        }
    }
}

/// The codes as the contract of gRPC has them, by their numbers.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

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
    fn every_code_has_its_place() {
        for (number, (code, _)) in (0..).zip(CODES) {
            assert_eq!(Code::from_i32(number), code);
        }
        assert_eq!(Code::from_i32(17), Code::Unknown);
    }
}
