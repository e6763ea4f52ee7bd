//! All services together, and the rules of the workspace.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(
    clippy::indexing_slicing,
    reason = "a test fails where a table has no such place"
)]

mod audit;
mod away;
#[path = "../../crates/rpc/tests/it/certificates.rs"]
mod certificates;
mod errors;
mod faces;
mod keys;
mod layers;
mod limits;
mod oracle;
mod permissions;
mod records;
mod release_states;
mod replicas;
mod secure;
mod states;
mod world;
mod year;
