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
//! on a conflict. [`requests`] makes a mutation happen once however often it is sent. [`chain`] is the
//! one log in which nothing that stands can be changed unnoticed.
//!
//! # Whole stores
//!
//! [`export`] writes a store as bytes that no back end is known by, and makes a store of them.
//! [`check`] looks through one. [`migrate`] brings the records of an older release forward, and
//! [`compact`] makes the past of a log smaller.
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
//! the argument is in that module's head. So it is for `EtcdStore`, of the feature `etcd`, which many
//! processes share.
//!
//! # Leases
//!
//! [`Store::lease`] gives a name to one holder at a time among all who use the store. A commit made
//! [`Commit::under`] a lease is refused where it is written, if the lease is held no more by then.
//!
//! # What this crate deliberately does not do
//!
//! No secondary indexes (a commit writes the index entries itself), no time, no randomness, no
//! encryption, no history of values: a service that needs revisions gives each its own key.

pub mod chain;
pub mod check;
mod commit;
pub mod compact;
mod dump;
mod embedded;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
pub mod export;
mod front;
mod key;
pub mod large;
mod layout;
mod lease;
mod leased;
mod log;
mod memory;
pub mod migrate;
mod queue;
pub mod record;
pub mod requests;
mod retry;
mod store;
mod told;
mod watch;

pub use commit::{
    COMMIT_BYTES_MAX, COMMIT_KEYS_MAX, Commit, Expect, KEY_BYTES_MAX, VALUE_BYTES_MAX, Version,
};
pub use dump::{DUMP_PAGE_ROWS, Dump, DumpRow};
pub use embedded::{Settings, SledStore};
pub use error::Error;
#[cfg(feature = "etcd")]
pub use etcd::{EtcdSettings, EtcdStore, EtcdTls};
pub use front::{Call, Front};
pub use key::{Key, KeyBuilder, KeyRange, KeyReader};
pub use lease::Lease;
pub use leased::Leased;
pub use log::{Log, LogEntry, Position};
pub use memory::MemoryStore;
pub use retry::{ATTEMPTS_MAX, IsConflict, with_retry};
pub use store::{Entry, Store};
pub use watch::Watch;
