//! The files of a release, read back by others than wrote them.
#![expect(clippy::expect_used, reason = "a test says what it needs")]

mod bundle;
mod sheets;
mod support;
mod tables;
