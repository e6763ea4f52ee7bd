//! The crate as services use it: tokens, keys, and the table of permissions.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and says what it expected"
)]

mod document;
mod files;
mod forged;
mod provider;
mod roles;
mod tokens;
