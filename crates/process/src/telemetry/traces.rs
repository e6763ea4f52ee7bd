//! Traces as OpenTelemetry has them, sent to a collector. The one place that knows OpenTelemetry.
//!
//! Spans wait in a queue of bounded length and are dropped when the collector is away for long: no call
//! ever waits for it.

use std::time::Duration;

use anyhow::bail;
use mesur_telemetry::trace::{self, Tracer};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;

use super::VERSION;
use super::log::BoxedLayer;

/// How long the collector may take for a batch.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the process waits at its end for the last spans to be sent.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// What the spans of the process go through.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends spans of the process `name` to the collector at `url`, by gRPC. Must be called inside the
    /// runtime.
    pub(super) fn to(url: &str, name: &str) -> anyhow::Result<Self> {
        if !url.starts_with("http://") {
            bail!("{url:?} is not the address of a collector, such as http://127.0.0.1:4317");
        }
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(url)
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        let resource = Resource::builder()
            .with_service_name(format!("mesur-{name}"))
            .with_attribute(KeyValue::new("service.version", VERSION))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        Ok(Self(provider))
    }

    /// What takes spans from the program, and nothing else: no line of the log goes with them.
    pub(super) fn layer(&self) -> BoxedLayer {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("mesur"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.target() == trace::TARGET))
            .boxed()
    }

    /// Sends what waits.
    pub(super) fn flush(&self) {
        if let Err(error) = self.0.force_flush() {
            tracing::debug!(%error, "spans were not sent");
        }
    }

    /// Sends what waits, and no more after that.
    pub(super) fn end(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(END_TIMEOUT) {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }
}

/// Has spans made from now on.
pub(super) fn install() {
    trace::install(Box::new(Contexts));
}

/// The contexts of spans.
struct Contexts;

impl Tracer for Contexts {
    fn traceparent(&self, span: &Span) -> Option<String> {
        let context = context_of(span)?;
        let (trace, own) = (context.trace_id(), context.span_id());
        let flags = context.trace_flags().to_u8();
        Some(format!("00-{trace:032x}-{own:016x}-{flags:02x}"))
    }

    fn go_on(&self, span: &Span, traceparent: &str) {
        if let Some(context) = parse(traceparent) {
            let context = Context::new().with_remote_span_context(context);
            // It fails where the span is not kept, and then there is nothing to say.
            let _ = span.set_parent(context);
        }
    }

    fn link(&self, span: &Span, other: &Span) {
        if let Some(context) = context_of(other) {
            span.add_link(context);
        }
    }
}

fn context_of(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}
