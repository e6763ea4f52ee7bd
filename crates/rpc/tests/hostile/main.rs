//! Clients that mean harm, by raw sockets: each is tried on a running server, which goes on answering
//! others meanwhile and has back what was held within the limit under test.
//!
//! The limits are small here, so that no test waits longer than one of them lasts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail it by panicking"
)]

mod calls;
mod floods;
mod frames;
mod pages;
#[path = "../it/probe.rs"]
#[expect(dead_code, reason = "the other tests use all of it")]
mod probe;
mod slow;
