//! The log: lines on standard error, for people or for machines.

use std::io::IsTerminal as _;

use mesur_telemetry::trace;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// How the lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A part of what is made of spans and events.
pub(super) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Has the log written from now on; `MESUR_LOG` filters, `info` by default.
pub(super) fn init(format: Option<Format>, spans: Option<BoxedLayer>) {
    let filter = EnvFilter::try_from_env("MESUR_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Spans are for the tracer: a line has its own fields.
    let filter = filter.and(filter_fn(|metadata| metadata.target() != trace::TARGET));
    // Whoever read the log may be gone; that must not bring the process down.
    let lines = fmt::layer()
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let lines: BoxedLayer = match format.unwrap_or_else(chosen) {
        Format::Text => lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter)
            .boxed(),
        Format::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_filter(filter)
            .boxed(),
    };
    let layers: Vec<BoxedLayer> = std::iter::once(lines).chain(spans).collect();
    // A test may have a log of its own.
    let _ = tracing_subscriber::registry().with(layers).try_init();
}

fn chosen() -> Format {
    match std::env::var("MESUR_LOG_FORMAT").as_deref() {
        Ok("json") => Format::Json,
        _ => Format::Text,
    }
}
