//! What every part of Mesur tells of itself while it runs: the one table of its metrics, and the
//! traces that a return leaves behind on its way.
//!
//! Libraries name a metric of [`table`] and say what happened; [`trace`] hands the context of a trace
//! from a call to an event and on. Who shows any of it is the process: where none installs a recorder
//! or a tracer, metrics go nowhere and spans are not made.
//!
//! Nothing personal and no figure can get in here: names, labels and their values are all words of the
//! program (`&'static str`), and the numbers count calls, bytes and seconds. It writes no log.

mod metric;
pub mod table;
pub mod trace;

pub use metric::{Counter, CounterOf, Gauge, GaugeOf, Held, Histogram, HistogramOf, Kind, Row};
