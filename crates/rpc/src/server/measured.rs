//! What is told of every call: how many, how long, how they ended, and their span; and of every request
//! for a page, though that has no span.
//!
//! A method is told by its name in the contract; a path that is none is told as `other`, so that nobody
//! makes a series by calling one. It stands outside of everything that may refuse a call, so that
//! refusals count, and inside of gRPC-Web, so that every call ends with the trailers of gRPC.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body as HttpBody, Frame, SizeHint};
use mesur_telemetry::{CounterOf, Held, HistogramOf, table, trace};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

/// Methods that every server has besides those of the table of permissions.
const COMMON: [&str; 3] = [
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/// Names that are looked for in every call, so that they are not read anew each time.
static TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What all other paths are told as.
const OTHER: &str = "other";

/// Measures the calls to the server of this name.
#[derive(Debug, Clone)]
pub(super) struct Measure(pub(super) &'static str);

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured {
            server: self.0,
            inner,
        }
    }
}

/// A service whose calls are measured.
#[derive(Debug, Clone)]
pub(super) struct Measured<S> {
    server: &'static str,
    inner: S,
}

impl<S> Service<Request<Body>> for Measured<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future =
        Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = method(request.uri().path());
        let shown = request.headers().get(&TRACEPARENT);
        let span = trace::call(self.server, method, shown.map(HeaderValue::as_bytes));
        let mut call = Call {
            method,
            begun: Instant::now(),
            code: None,
            span: span.clone(),
            _at_work: table::CALLS_AT_WORK.held([method]),
        };
        let answer = span.in_scope(|| self.inner.call(request)).instrument(span);
        Box::pin(async move {
            let response = answer.await?;
            let took = call.begun.elapsed().as_secs_f64();
            table::CALL_DURATION.record([method], took);
            call.note(response.headers());
            Ok(response.map(|body| Body::new(MeasuredBody { body, call })))
        })
    }
}

/// Measures the answers of a server of pages.
pub(super) struct MeasuredPages {
    duration: HistogramOf,
    /// By the first digit of the status.
    classes: [(u16, CounterOf); CLASSES.len()],
}

/// The classes of HTTP statuses.
const CLASSES: [(u16, &str); 5] = [(1, "1xx"), (2, "2xx"), (3, "3xx"), (4, "4xx"), (5, "5xx")];

impl MeasuredPages {
    /// Those of the server of this name.
    pub(super) fn new(server: &'static str) -> Self {
        Self {
            duration: table::PAGE_DURATION.of([server]),
            classes: CLASSES.map(|(digit, class)| (digit, table::PAGES.of([server, class]))),
        }
    }

    /// Takes note of an answer that began now.
    pub(super) fn note<B>(&self, begun: Instant, response: &Response<B>) {
        self.duration.record(begun.elapsed().as_secs_f64());
        let digit = response.status().as_u16() / 100;
        let class = self.classes.iter().find(|(class, _)| *class == digit);
        if let Some((_, pages)) = class {
            pages.one();
        }
    }
}

/// A call until it has ended.
struct Call {
    method: &'static str,
    begun: Instant,
    /// The code that it ended with, once that is known.
    code: Option<Code>,
    span: Span,
    _at_work: Held,
}

impl Call {
    /// Takes note of the code, if it is among these headers or trailers.
    fn note(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get(&GRPC_STATUS) {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        table::CALLS.one([self.method, name(code)]);
        trace::ended(&self.span, code as i32, is_fault(code));
    }
}

/// The body of a response, whose trailers say how the call ended.
struct MeasuredBody {
    body: Body,
    call: Call,
}

impl HttpBody for MeasuredBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.note(trailers);
                }
            }
            Some(Err(status)) => self.call.code = Some(status.code()),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The name of a method as it is told.
fn method(path: &str) -> &'static str {
    if let Some(known) = mesur_access::table::name(path) {
        return known.strip_prefix('/').unwrap_or(known);
    }
    let asked = path.strip_prefix('/').unwrap_or_default();
    let mut common = COMMON.into_iter();
    common.find(|name| *name == asked).unwrap_or(OTHER)
}

/// Whether a code tells of something that is wrong with us.
fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
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
        let known = "mesur.submission.v1.SubmissionService/SubmitReturn";
        assert_eq!(method(&format!("/{known}")), known);
        assert_eq!(method("/grpc.health.v1.Health/Check"), COMMON[0]);
        for path in [
            "",
            "/",
            known,
            "/mesur.submission.v1.SubmissionService/X",
            "/x",
        ] {
            assert_eq!(method(path), OTHER, "{path}");
        }
    }
}
