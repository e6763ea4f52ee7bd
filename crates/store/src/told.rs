//! What a store tells of its commits while it runs: how many, how long, how they ended.

use std::future::Future;
use std::time::Instant;

use mesur_telemetry::table;

use crate::{Error, Version};

/// Tells of every way in which a commit may end that it has not been seen yet, so that the first is noticed.
pub(crate) fn begin() {
    for outcome in ["written", "conflict", "away", "failed"] {
        table::COMMITS.add([outcome], 0);
    }
}

/// Tells how a commit ended, and how long that took.
pub(crate) async fn commit(
    committing: impl Future<Output = Result<Version, Error>>,
) -> Result<Version, Error> {
    let begun = Instant::now();
    let answer = committing.await;
    table::COMMIT_DURATION.record([], begun.elapsed().as_secs_f64());
    let outcome = match &answer {
        Ok(_) => "written",
        Err(Error::Conflict { .. }) => "conflict",
        Err(Error::Unavailable { .. }) => "away",
        Err(_) => "failed",
    };
    table::COMMITS.one([outcome]);
    answer
}

/// Tells of commits that were made durable together, or of none that had to be.
pub(crate) fn group(begun: Instant, commits: usize) {
    if commits > 0 {
        table::GROUP_DURATION.record([], begun.elapsed().as_secs_f64());
        let commits = u32::try_from(commits).unwrap_or(u32::MAX);
        table::GROUP_COMMITS.record([], commits.into());
    }
}

/// Tells whether an embedded store takes no more commits.
pub(crate) fn failed(has_failed: bool) {
    table::STORE_FAILED.set_whether([], has_failed);
}

/// Tells of bytes that are in the journal now.
pub(crate) fn journal(bytes: usize) {
    table::JOURNAL_BYTES.add([], u64::try_from(bytes).unwrap_or(u64::MAX));
}
