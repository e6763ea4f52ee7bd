//! The command as its user runs it.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(
    clippy::indexing_slicing,
    reason = "a test fails where the output has no such place"
)]

mod catalogue;
mod check;
mod documents;
mod invented;
mod line;
mod refusals;
mod rehearse;
mod releases;
mod running;
mod same;
mod status;
mod story;
mod support;
mod trust;
mod up;
