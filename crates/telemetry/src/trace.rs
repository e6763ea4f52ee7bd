//! Traces: what a return sets off, across calls and events.
//!
//! A call carries the context of its trace as W3C `traceparent` in its metadata, an event in its record,
//! for whoever follows may come days later. A revision of a return remembers the trace that sent it in,
//! so that its sign-off, another person's call on another day, goes on in it: one trace leads from a
//! submission to the aggregate. The sign-off's own call is linked.
//!
//! A span has the names of services, methods, duties and codes, and nothing of what was sent.
//!
//! Where no [`Tracer`] is installed no span is made and no context is read, kept or sent.

use std::sync::OnceLock;

use tracing::field::Empty;
use tracing::{Span, info_span};

/// What spans are told by from the log; a subscriber sends those with this target to its tracer, and no
/// others.
pub const TARGET: &str = "mesur_trace";

/// The name of the metadata in which a call carries its trace.
pub const TRACEPARENT: &str = "traceparent";

/// The bytes of a `traceparent` of version 00.
const TRACEPARENT_BYTES: usize = 55;

/// Keeps spans, and knows their contexts.
pub trait Tracer: Send + Sync {
    /// The context of a span, as `traceparent`; none when the span is not kept.
    fn traceparent(&self, span: &Span) -> Option<String>;

    /// Has a span, which was not entered yet, go on in the trace of another process.
    fn go_on(&self, span: &Span, traceparent: &str);

    /// Says that a span has to do with another, in whichever trace that is.
    fn link(&self, span: &Span, other: &Span);
}

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// Sends spans to `tracer` from now on; answers whether it is the first.
pub fn install(tracer: Box<dyn Tracer>) -> bool {
    TRACER.set(tracer).is_ok()
}

/// The context of the current span, as `traceparent`; empty when there is none.
pub fn current() -> String {
    let Some(tracer) = TRACER.get() else {
        return String::new();
    };
    tracer.traceparent(&Span::current()).unwrap_or_default()
}

/// A call as it is served, in the trace of its caller where that shows one.
pub fn call(service: &'static str, method: &'static str, traceparent: Option<&[u8]>) -> Span {
    let Some(tracer) = TRACER.get() else {
        return Span::none();
    };
    let span = info_span!(
        target: TARGET,
        parent: None,
        "call",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        mesur.service = service,
        rpc.system = "grpc",
        rpc.method = method,
        rpc.grpc.status_code = Empty,
    );
    let text = traceparent.and_then(|bytes| std::str::from_utf8(bytes).ok());
    go_on(&**tracer, &span, text.unwrap_or_default());
    span
}

/// How the call of a span ended.
pub fn ended(span: &Span, code: i32, is_fault: bool) {
    span.record("rpc.grpc.status_code", code);
    if is_fault {
        span.record("otel.status_code", "ERROR");
    }
}

/// An event of another service having its effect, in the trace that the event is of.
pub fn event(service: &'static str, upstream: &'static str, traceparent: Option<&str>) -> Span {
    let Some(tracer) = TRACER.get() else {
        return Span::none();
    };
    let span = info_span!(
        target: TARGET,
        parent: None,
        "event",
        otel.name = "take in an event",
        otel.kind = "consumer",
        mesur.service = service,
        mesur.upstream = upstream,
    );
    go_on(&**tracer, &span, traceparent.unwrap_or_default());
    span
}

/// What the current call does in the trace of something earlier, to which it is linked; where nothing is
/// known of that, in its own.
pub fn later(name: &'static str, traceparent: &str) -> Span {
    let Some(tracer) = TRACER.get() else {
        return Span::none();
    };
    let current = Span::current();
    if !is_traceparent(traceparent) {
        return info_span!(target: TARGET, "later", otel.name = name);
    }
    let span = info_span!(target: TARGET, parent: None, "later", otel.name = name);
    tracer.go_on(&span, traceparent);
    tracer.link(&span, &current);
    span
}

fn go_on(tracer: &dyn Tracer, span: &Span, traceparent: &str) {
    if is_traceparent(traceparent) {
        tracer.go_on(span, traceparent);
    }
}

/// Whether a text has the form of version 00; what it comes from may be anybody.
fn is_traceparent(text: &str) -> bool {
    let lengths = [2, 32, 16, 2];
    text.len() == TRACEPARENT_BYTES
        && text.starts_with("00-")
        && text.split('-').map(str::len).eq(lengths)
        && text
            .bytes()
            .all(|b| b == b'-' || matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_context_of_version_00_is_gone_on_in() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_traceparent(good));
        let other = [
            "",
            &good.replacen("00", "01", 1),
            &good.to_uppercase(),
            &good[..54],
            &format!("{good}-x"),
            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319ŵ-b7ad6b7169203331-01",
        ];
        for text in other {
            assert!(!is_traceparent(text), "{text}");
        }
    }

    #[test]
    fn nothing_is_made_where_no_tracer_is() {
        assert_eq!(current(), "");
        assert!(call("submission", "a/b", None).is_disabled());
        assert!(event("validation", "submission", None).is_disabled());
        assert!(later("sign off", "").is_disabled());
    }
}
