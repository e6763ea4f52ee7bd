//! All services together, and the rules of the workspace.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(
    clippy::indexing_slicing,
    reason = "a test fails where a table has no such place"
)]

mod away;
mod errors;
mod faces;
mod layers;
mod permissions;
mod records;
mod replicas;
mod world;
mod year;
