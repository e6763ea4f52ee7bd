//! Metrics as Prometheus reads them.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use mesur_rpc::clock::{Clock as _, SystemClock};
use mesur_telemetry::{Kind, table};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// How often what was measured is put into its buckets; until then it is held one by one.
pub(super) const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Keeps the metrics of the process.
#[derive(Clone)]
pub(super) struct Recorder(PrometheusHandle);

impl Recorder {
    /// Keeps metrics from now on.
    pub(super) fn install() -> anyhow::Result<Self> {
        let mut builder = PrometheusBuilder::new();
        for row in table::ALL {
            if let Kind::Histogram(bounds) = row.kind {
                let name = Matcher::Full(row.name.to_owned());
                builder = builder.set_buckets_for_metric(name, bounds)?;
            }
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)
            .ok()
            .context("metrics are kept already")?;
        for row in table::ALL {
            match row.kind {
                Kind::Counter => metrics::describe_counter!(row.name, row.help),
                Kind::Gauge => metrics::describe_gauge!(row.name, row.help),
                Kind::Histogram(_) => metrics::describe_histogram!(row.name, row.help),
            }
        }
        table::PROCESS_START.set([], SystemClock.now().as_duration().as_secs_f64());
        Ok(Self(handle))
    }

    /// One that nothing is told to.
    #[cfg(test)]
    pub(super) fn unseen() -> Self {
        Self(PrometheusBuilder::new().build_recorder().handle())
    }

    /// Puts what was measured into its buckets.
    pub(super) fn tidy(&self) {
        self.0.run_upkeep();
    }

    /// All metrics as they are now.
    pub(super) fn render(&self, is_ready: bool) -> String {
        table::READY.set_whether([], is_ready);
        tell_process();
        self.0.render()
    }
}

/// What the system says of the process; where it says nothing, nothing is told.
fn tell_process() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kibibytes) = field(&status, "VmRSS:") {
        table::PROCESS_MEMORY.set([], kibibytes * 1024.0);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        table::PROCESS_FILES.set_count([], files.count());
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(files) = field(&limits, "Max open files") {
        table::PROCESS_FILES_MAX.set([], files);
    }
}

/// The number behind a name at the start of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
