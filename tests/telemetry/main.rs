//! What is seen of a running Mesur: its metrics, its traces, its log, and the dashboards and alerts that
//! are made of them.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(
    clippy::indexing_slicing,
    reason = "a test fails where there is no such place"
)]

mod boards;
mod collector;
mod production;
mod seen;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../it/world.rs"]
mod world;
