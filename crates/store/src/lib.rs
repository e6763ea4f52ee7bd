//! Ordered keys, versioned values, atomic durable commits and ordered logs: what every service
//! of Mesur keeps its state in.
//!
//! # Keys
//!
//! A key is bytes, compared as bytes. [`KeyBuilder`] writes them as a kind followed by parts so
//! that the order of the parts is the order of the keys and no part runs into the next. Each
//! service has one closed enum of kinds; a kind is never given a second meaning.
//!
//! # Values
//!
//! A value is at most [`VALUE_BYTES_MAX`] bytes. [`record`] wraps a message in an envelope with
//! the caller's format version and a checksum, and checks both on reading. [`large`] carries up
//! to [`large::LARGE_BYTES_MAX`] bytes as chunks under a manifest, a piece at a time.
//!
//! # Commits
//!
//! A [`Commit`] says what its author relied on ([`Expect`]), what it writes and deletes, and what
//! it appends to which [`Log`]. It happens wholly or not at all. Commits of one store have one
//! order, their [`Version`]; a key's version is that of the commit that last wrote it. Use cases
//! read, decide in pure code and commit with the versions they saw; [`with_retry`] repeats them
//! on a conflict. [`requests`] makes a mutation happen once however often it is sent.
//!
//! # What a reader sees
//!
//! [`Store::get`], [`Store::scan`], [`Store::read_log`] and [`Watch`] show the state after some
//! commit, never half of one and **never one that is not yet durable**: otherwise a repeated
//! request could be answered from a commit that a power cut then takes back. After `commit` has
//! answered, every read sees it.
//!
//! # Crash argument
//!
//! [`MemoryStore`] forgets everything. [`SledStore`] answers a commit only after it is on disk;
//! the argument is in that module's head.
//!
//! # What this crate deliberately does not do
//!
//! No secondary indexes (a commit writes the index entries itself), no time, no randomness, no
//! encryption, no history of values: a service that needs revisions gives each its own key.

mod commit;
mod embedded;
mod error;
mod key;
pub mod large;
mod layout;
mod log;
mod memory;
pub mod record;
pub mod requests;
mod retry;
mod store;
mod watch;

pub use commit::{
    COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Expect, KEY_BYTES_MAX, VALUE_BYTES_MAX, Version,
};
pub use embedded::{Settings, SledStore};
pub use error::Error;
pub use key::{Key, KeyBuilder, KeyRange, KeyReader};
pub use log::{Log, LogEntry, Position};
pub use memory::MemoryStore;
pub use retry::{ATTEMPTS_MAX, IsConflict, with_retry};
pub use store::{Entry, Store};
pub use watch::Watch;
