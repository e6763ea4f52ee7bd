//! The rows of the report, one file for each kind.

use std::time::Duration;

use crate::report::Row;

mod aggregate;
mod check_one;
mod commit;
mod in_process;
mod submit;
mod upload;

/// Writers and clients at one time.
const WRITERS: [u32; 4] = [1, 16, 64, 256];

/// How long and how often a row is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Alternating rounds, after one to warm up.
    pub(crate) rounds: usize,
    /// How long one side of one round runs.
    pub(crate) window: Duration,
}

type Run = fn(Effort) -> anyhow::Result<Vec<Row>>;

/// Every kind of row by its name, in the order of the report.
pub(crate) const ROWS: [(&str, Run); 7] = [
    (submit::NAME, submit::run),
    (commit::NAME, commit::run),
    (check_one::NAME, check_one::run),
    (in_process::VALIDATE, in_process::validate),
    (in_process::READ, in_process::read),
    (upload::NAME, upload::run),
    (aggregate::NAME, aggregate::run),
];
