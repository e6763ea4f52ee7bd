//! How a process is seen: its log, its metrics and probes on a port of their own, its traces.
//!
//! Without options there is the log alone; no metric is kept and no span is made.

mod admin;
mod log;
mod probes;
mod recorder;
mod traces;

use std::net::SocketAddr;

use anyhow::Context;
use mesur_telemetry::table;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use log::Format;
pub use probes::Probes;

/// The log alone, without options.
pub(crate) fn init_log() {
    log::init(None, None);
}

/// The version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How the process is seen.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Telemetry {
    /// Where probes and metrics are served, by plain HTTP: `/livez`, `/startupz`, `/readyz` and
    /// `/metrics`. Nothing there is secret, and nothing personal.
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<SocketAddr>,
    /// The OpenTelemetry collector that traces are sent to, such as `http://127.0.0.1:4317`.
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
    /// How the lines of the log are written; without it as the variable `MESUR_LOG_FORMAT` says.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<Format>,
}

/// What has to be there while the process is seen.
pub struct Seen {
    admin: Option<Admin>,
    traces: Option<traces::Traces>,
}

struct Admin {
    listener: TcpListener,
    recorder: recorder::Recorder,
}

impl Seen {
    /// Has the log written from now on, metrics kept and spans sent, as the options of the process
    /// `name` say. Called once in a process, inside its runtime.
    pub fn begin(name: &str, options: &Telemetry) -> anyhow::Result<Self> {
        let traces = match &options.otlp {
            Some(url) => Some(traces::Traces::to(url, name).context("--otlp")?),
            None => None,
        };
        log::init(
            options.log_format,
            traces.as_ref().map(traces::Traces::layer),
        );
        if traces.is_some() {
            traces::install();
        }
        let admin = match options.admin {
            Some(address) => Some(Admin::bind(address).context("--admin")?),
            None => None,
        };
        Ok(Self { admin, traces })
    }

    /// Where probes and metrics are served.
    pub fn admin(&self) -> Option<SocketAddr> {
        let admin = self.admin.as_ref()?;
        admin.listener.local_addr().ok()
    }

    /// Answers probes from now on until the process ends.
    pub fn answer(&mut self, probes: Probes) -> Option<JoinHandle<()>> {
        let Admin { listener, recorder } = self.admin.take()?;
        Some(tokio::spawn(admin::serve(listener, recorder, probes)))
    }

    /// Sends the spans that wait; blocks for a few seconds at most, outside of the runtime's tasks.
    pub fn flush(&self) {
        if let Some(traces) = &self.traces {
            traces.flush();
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            traces.end();
        }
    }
}

impl Admin {
    fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind(address)
            .and_then(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            })
            .with_context(|| format!("listening on {address}"))?;
        let address = listener.local_addr()?;
        let recorder = recorder::Recorder::install()?;
        table::BUILD.set([VERSION], 1.0);
        tracing::info!(server = "probes and metrics", %address, "serving");
        Ok(Self { listener, recorder })
    }
}
