//! The service over gRPC, with a validation service that answers what a test tells it to.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

mod amending;
mod catalogue;
mod compacting;
mod crowd;
mod delegations;
mod drafts;
mod life_cycle;
mod listing;
mod previous;
mod repeats;
mod schedules;
mod sending;
mod signing;
mod support;
mod uploads;
mod validation;
mod watching;
