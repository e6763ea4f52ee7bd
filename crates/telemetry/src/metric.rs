//! The kinds of metrics. The values of labels are words of the program, so there are never more series
//! than there are words.

use metrics::{Label, counter, gauge, histogram};

/// What a metric is to Prometheus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts what fell below each of these bounds.
    Histogram(&'static [f64]),
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name, in base units: `_seconds`, `_bytes`; `_total` for what is counted.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, for an operator.
    pub help: &'static str,
}

/// Something that is counted, with `N` labels.
#[derive(Debug)]
pub struct Counter<const N: usize>(pub(crate) Row);

/// Something that goes up and down, with `N` labels.
#[derive(Debug)]
pub struct Gauge<const N: usize>(pub(crate) Row);

/// Something that is measured again and again, with `N` labels.
#[derive(Debug)]
pub struct Histogram<const N: usize>(pub(crate) Row);

impl<const N: usize> Counter<N> {
    /// Counts one more.
    pub fn one(&self, labels: [&'static str; N]) {
        self.add(labels, 1);
    }

    /// Counts so many more.
    pub fn add(&self, labels: [&'static str; N], more: u64) {
        counter!(self.0.name, pairs(&self.0, labels)).increment(more);
    }

    /// The one with these labels, found once: finding it costs more than counting.
    pub fn of(&self, labels: [&'static str; N]) -> CounterOf {
        CounterOf(counter!(self.0.name, pairs(&self.0, labels)))
    }
}

impl<const N: usize> Gauge<N> {
    /// It is this now.
    pub fn set(&self, labels: [&'static str; N], value: f64) {
        gauge!(self.0.name, pairs(&self.0, labels)).set(value);
    }

    /// It is true now, which is 1, or not.
    pub fn set_whether(&self, labels: [&'static str; N], is_true: bool) {
        self.set(labels, f64::from(u8::from(is_true)));
    }

    /// It is so many now; one that is too large to be told exactly is told as the largest that can be.
    pub fn set_count(&self, labels: [&'static str; N], count: usize) {
        self.set(labels, exact(count));
    }

    /// A part of it was so many and is so many now.
    pub fn move_count(&self, labels: [&'static str; N], from: usize, to: usize) {
        gauge!(self.0.name, pairs(&self.0, labels)).increment(exact(to) - exact(from));
    }

    /// The one with these labels, found once: finding it costs more than counting.
    pub fn of(&self, labels: [&'static str; N]) -> GaugeOf {
        GaugeOf(gauge!(self.0.name, pairs(&self.0, labels)))
    }
}

impl<const N: usize> Histogram<N> {
    /// It was this.
    pub fn record(&self, labels: [&'static str; N], value: f64) {
        self.of(labels).record(value);
    }

    /// The one with these labels, found once: finding it costs more than noting what was measured.
    pub fn of(&self, labels: [&'static str; N]) -> HistogramOf {
        HistogramOf(histogram!(self.0.name, pairs(&self.0, labels)))
    }
}

/// A [`Counter`] with its labels.
#[derive(Debug, Clone)]
pub struct CounterOf(metrics::Counter);

impl CounterOf {
    /// Counts one more.
    pub fn one(&self) {
        self.0.increment(1);
    }
}

/// A [`Gauge`] with its labels.
#[derive(Debug, Clone)]
pub struct GaugeOf(metrics::Gauge);

impl GaugeOf {
    /// One more is there until what this answers is dropped.
    pub fn held(&self) -> Held {
        self.0.increment(1.0);
        Held(self.0.clone())
    }
}

/// A [`Histogram`] with its labels.
#[derive(Debug, Clone)]
pub struct HistogramOf(metrics::Histogram);

impl HistogramOf {
    /// It was this.
    pub fn record(&self, value: f64) {
        self.0.record(value);
    }
}

/// One that a gauge counts while it lives.
#[derive(Debug)]
#[must_use = "it is counted for as long as this lives"]
pub struct Held(metrics::Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn exact(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn pairs<const N: usize>(row: &Row, values: [&'static str; N]) -> Vec<Label> {
    let names = row.labels.iter().copied();
    let pairs = names.zip(values);
    pairs
        .map(|(name, value)| Label::from_static_parts(name, value))
        .collect()
}
