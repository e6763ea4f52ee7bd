//! The service over gRPC, with a submission service that is held in memory.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(clippy::indexing_slicing, reason = "a test knows its data")]

mod decisions;
mod figures;
mod following;
mod frozen;
mod large;
mod snapshots;
mod support;
mod upstream;
