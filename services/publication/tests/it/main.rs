//! The service over gRPC and on the web, with an aggregation service that is held in memory.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(clippy::indexing_slicing, reason = "a test knows its data")]

mod breaking;
mod dataset;
mod disclosure;
mod early;
mod faces;
mod files;
mod following;
mod http;
mod life;
mod people;
mod reading;
mod releases;
mod revisions;
mod schedule;
mod small;
mod support;
mod sweeping;
mod timer;
mod totals;
mod upstream;
mod web;
