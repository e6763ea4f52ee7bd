//! The log of what happened.

use jiff::Timestamp;
use mesur_catalogue::{CollectionId, EditionName, Period};
use mesur_proto::storage::v1::ReturnEventRecord;
use mesur_rpc::clock;
use mesur_store::{Commit, Log, record};
use mesur_telemetry::trace;
use mesur_wire::{DelegationName, ReturnName, RevisionName};

use super::{FORMAT, corrupt, time};
use crate::domain::{Delegation, Revision};
use crate::error::Error;

/// What happened. Numbers are as they are stored and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A revision was handed in.
    Submitted = 1,
    /// A revision was signed off.
    SignedOff = 2,
    /// A query waits for an answer.
    Queried = 3,
    /// Every query is answered.
    Settled = 4,
    /// The sign-off was taken back.
    Reopened = 5,
    /// A supplier may send.
    Delegated = 6,
    /// It may no longer.
    DelegationRevoked = 7,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    /// What happened.
    pub(crate) event: Event,
    /// The return that it is about: which callers see it.
    pub(crate) data_return: ReturnName,
    /// The full name of the revision or of the delegation.
    pub(crate) name: String,
    /// The digest of the revision's content.
    pub(crate) digest: String,
    /// Whether the revision was handed in after it was due.
    pub(crate) is_late: bool,
    /// The supplier's identity, for a delegation.
    pub(crate) supplier: String,
    /// When it happened.
    pub(crate) time: Timestamp,
    /// The trace that it happened in; empty for none.
    pub(crate) traceparent: String,
}

/// The name of the log.
pub(crate) const LOG: &str = "returns";

/// The log.
pub(crate) fn log() -> Log {
    Log::new(LOG)
}

/// Adds what happened to a revision to a commit.
pub(crate) fn put(commit: Commit, event: Event, revision: &Revision, at: Timestamp) -> Commit {
    let happened = ReturnEventRecord {
        event: event as u32,
        name: revision.name.to_string(),
        digest: revision.digest.clone(),
        late: revision.is_late,
        time: Some(clock::to_proto(at)),
        traceparent: trace::current(),
        ..ReturnEventRecord::default()
    };
    commit.append(&log(), record::seal(FORMAT, &happened))
}

/// Adds what happened to a delegation to a commit.
pub(crate) fn put_delegation(
    commit: Commit,
    event: Event,
    delegation: &Delegation,
    at: Timestamp,
) -> Commit {
    let happened = ReturnEventRecord {
        event: event as u32,
        name: delegation.name.to_string(),
        supplier: delegation.supplier.clone(),
        time: Some(clock::to_proto(at)),
        collection: delegation.edition.collection.to_string(),
        period: delegation.edition.period.to_string(),
        traceparent: trace::current(),
        ..ReturnEventRecord::default()
    };
    commit.append(&log(), record::seal(FORMAT, &happened))
}

/// The event in an entry of the log.
pub(crate) fn read(value: &[u8]) -> Result<Happened, Error> {
    let stored: ReturnEventRecord = record::open(FORMAT, b"returns", value)?;
    let problem = |error: &dyn std::fmt::Display| corrupt(&stored.name, &error.to_string());
    let event = match stored.event {
        1 => Event::Submitted,
        2 => Event::SignedOff,
        3 => Event::Queried,
        4 => Event::Settled,
        5 => Event::Reopened,
        6 => Event::Delegated,
        7 => Event::DelegationRevoked,
        other => return Err(problem(&format!("event {other} is not known"))),
    };
    let data_return = match event {
        Event::Delegated | Event::DelegationRevoked => ReturnName {
            authority: DelegationName::parse(&stored.name)
                .map_err(|error| problem(&error))?
                .authority,
            edition: EditionName {
                collection: CollectionId::parse(&stored.collection)
                    .map_err(|error| problem(&error))?,
                period: Period::parse(&stored.period).map_err(|error| problem(&error))?,
            },
        },
        Event::Submitted | Event::SignedOff | Event::Queried | Event::Settled | Event::Reopened => {
            RevisionName::parse(&stored.name)
                .map_err(|error| problem(&error))?
                .data_return
        }
    };
    Ok(Happened {
        event,
        data_return,
        time: time(&stored.name, stored.time.as_ref())?,
        name: stored.name,
        digest: stored.digest,
        is_late: stored.late,
        supplier: stored.supplier,
        traceparent: stored.traceparent,
    })
}
