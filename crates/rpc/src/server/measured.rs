//! What is told of every call: how many, how long, how they ended, and their span; and of every request
//! for a page, though that has no span.
//!
//! It stands outside of everything that may refuse a call, so that
//! refusals count, and inside of gRPC-Web, so that every call ends with the trailers of gRPC.

use std::pin::Pin;
use std::sync::Arc;
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

use super::methods::{Method, Methods};

/// Names that are looked for in every call, so that they are not read anew each time.
static TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Measures the calls to a server.
#[derive(Clone)]
pub(super) struct Measure {
    server: &'static str,
    methods: Arc<Methods>,
}

impl Measure {
    /// Those to the server of this name.
    pub(super) fn new(server: &'static str) -> Self {
        Self {
            server,
            methods: Arc::new(Methods::new()),
        }
    }
}

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured {
            to: self.clone(),
            inner,
        }
    }
}

/// A service whose calls are measured.
#[derive(Clone)]
pub(super) struct Measured<S> {
    to: Measure,
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
        let method = Arc::clone(self.to.methods.at(request.uri().path()));
        let shown = request.headers().get(&TRACEPARENT);
        let shown = shown.map(HeaderValue::as_bytes);
        let span = trace::call(self.to.server, method.name(), shown);
        let mut call = Call {
            _at_work: method.begin(),
            method,
            begun: Instant::now(),
            code: None,
            span: span.clone(),
        };
        let answer = span.in_scope(|| self.inner.call(request)).instrument(span);
        Box::pin(async move {
            let response = answer.await?;
            call.method.took(call.begun.elapsed());
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
    method: Arc<Method>,
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
        self.method.end(code);
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
