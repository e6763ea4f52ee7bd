//! The service over gRPC, with a validation service that answers what a test tells it to.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

mod catalogue;
mod listing;
mod previous;
mod repeats;
mod sending;
mod signing;
mod support;
mod validation;
mod watching;
