//! What is hidden, and what an attacker can work out all the same.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it needs"
)]

mod attacker;
mod audits;
mod protects;
mod world;
