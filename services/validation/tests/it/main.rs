//! The service as others use it: on a socket of its own, with a submission that can be away.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail it by panicking"
)]

mod answers;
mod following;
mod held;
mod reports;
mod support;
mod upstream;
