//! The rows of the report, one file for each kind.

use std::time::Duration;

use crate::report::Row;

mod aggregate;
mod batch;
pub(crate) mod check_one;
mod commit;
#[cfg(feature = "etcd")]
mod etcd;
mod in_process;
mod overload;
pub(crate) mod page;
pub(crate) mod query;
mod release_day;
pub(crate) mod submit;
mod suite;
mod upload;

/// Writers and clients at one time.
const WRITERS: [u32; 4] = [1, 16, 64, 256];
/// Readers at one time.
const READERS: [u32; 3] = [1, 16, 64];
/// As many as there are of readers where one number of them is enough.
const MANY: u32 = READERS[1];

/// Under this window it is only to be seen that a row runs.
const WINDOW_MIN: Duration = Duration::from_secs(1);

/// How long and how often a row is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Alternating rounds, after one to warm up.
    pub(crate) rounds: usize,
    /// How long one side of one round runs.
    pub(crate) window: Duration,
}

impl Effort {
    /// The sizes of a row; the smallest alone where it is only to be seen that it runs.
    fn sizes<T, const N: usize>(self, all: [T; N]) -> impl Iterator<Item = T> {
        let taken = if self.window < WINDOW_MIN { 1 } else { N };
        all.into_iter().take(taken)
    }
}

type Run = fn(Effort) -> anyhow::Result<Vec<Row>>;

/// Every kind of row by its name, in the order of the report.
pub(crate) const ROWS: &[(&str, Run)] = &[
    (submit::NAME, submit::run),
    (overload::NAME, overload::run),
    (commit::NAME, commit::run),
    #[cfg(feature = "etcd")]
    (etcd::NAME, etcd::run),
    (check_one::NAME, check_one::run),
    (in_process::VALIDATE, in_process::validate),
    (in_process::READ, in_process::read),
    (upload::NAME, upload::run),
    (aggregate::NAME, aggregate::run),
    (query::NAME, query::run),
    (page::NAME, page::run),
    (release_day::NAME, release_day::run),
    (suite::RENDER, suite::render),
    (suite::READY, suite::ready),
    (suite::REST, suite::rest),
    (suite::YEAR, suite::year),
    (batch::NAME, batch::run),
];
