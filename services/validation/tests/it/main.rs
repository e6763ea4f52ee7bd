//! The service as others use it: on a socket of its own, with a submission that can be away.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail it by panicking"
)]

mod access;
mod carrying;
mod conversation;
mod events;
mod following;
mod held;
mod lists;
mod marks;
mod overtaking;
mod progress;
mod refusals;
mod reports;
mod samples;
mod sealing;
mod support;
mod upstream;
mod web;
