//! The crate as a service uses it: over real sockets, and against sources that fail.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail it by panicking"
)]

mod access;
mod certificates;
mod drain;
mod duty;
mod follow;
mod logs;
mod operations;
mod probe;
mod shutdown;
mod status;
mod tls;
mod web;
