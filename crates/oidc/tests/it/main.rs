//! A provider that misbehaves, on this machine.
#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod device;
mod misbehaving;
mod provider;
mod secure;
