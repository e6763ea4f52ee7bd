//! The service over gRPC and on the web, with an aggregation service that is held in memory.
#![expect(clippy::expect_used, reason = "a test says what it needs")]
#![expect(clippy::indexing_slicing, reason = "a test knows its data")]

mod files;
mod following;
mod http;
mod people;
mod releases;
mod support;
mod totals;
mod upstream;
mod web;
