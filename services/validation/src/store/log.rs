//! The log of what happened.

use mesur_catalogue::EditionName;
use mesur_proto::storage::v1::{ReportEventRecord, RobustnessMarkRecord};
use mesur_rpc::clock;
use mesur_store::{Commit, Log, record};
use mesur_telemetry::trace;
use mesur_wire::{EditionResource, ReportName, ReturnName};

use super::editions::{Mark, mark_of};
use super::{FORMAT, corrupt};
use crate::error::Error;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A report was made.
    Reported(ReportName),
    /// A remark was made.
    Remarked(ReportName),
    /// A query on the return waits for an answer, and none did before.
    Queried(ReturnName),
    /// No query on the return waits for an answer any more.
    Settled(ReturnName),
    /// A value was marked as robust or not.
    Marked(EditionName, Mark),
}

impl Event {
    /// The return that it happened to; `None` for a mark.
    pub(crate) fn data_return(&self) -> Option<&ReturnName> {
        match self {
            Self::Reported(name) | Self::Remarked(name) => Some(&name.0.data_return),
            Self::Queried(name) | Self::Settled(name) => Some(name),
            Self::Marked(..) => None,
        }
    }
}

/// The name of the log.
pub(crate) const REPORTS_LOG: &str = "reports";

/// The log of what happened.
pub(crate) fn reports_log() -> Log {
    Log::new(REPORTS_LOG)
}

/// Adds to a commit that something happened.
pub(crate) fn append(commit: Commit, event: &Event) -> Commit {
    let (number, name) = match event {
        Event::Reported(name) => (1, name.to_string()),
        Event::Remarked(name) => (2, name.to_string()),
        Event::Queried(name) => (3, name.to_string()),
        Event::Settled(name) => (4, name.to_string()),
        Event::Marked(edition, _) => (5, EditionResource(edition.clone()).to_string()),
    };
    let mark = match event {
        Event::Marked(_, mark) => Some(mark_record(mark)),
        _ => None,
    };
    let stored = ReportEventRecord {
        event: number,
        name,
        mark,
        traceparent: trace::current(),
    };
    commit.append(&reports_log(), record::seal(FORMAT, &stored))
}

/// The trace in which something happened, as an entry of the log tells; empty for none.
pub(crate) fn traceparent_of(value: &[u8]) -> Result<String, Error> {
    let stored: ReportEventRecord = record::open(FORMAT, b"reports", value)?;
    Ok(stored.traceparent)
}

/// What happened, as an entry of the log tells.
pub(crate) fn event_of(value: &[u8]) -> Result<Event, Error> {
    let stored: ReportEventRecord = record::open(FORMAT, b"reports", value)?;
    let problem = |error: &dyn std::fmt::Display| corrupt("an event", error);
    let report = || ReportName::parse(&stored.name).map_err(|error| problem(&error));
    let data_return = || ReturnName::parse(&stored.name).map_err(|error| problem(&error));
    Ok(match stored.event {
        1 => Event::Reported(report()?),
        2 => Event::Remarked(report()?),
        3 => Event::Queried(data_return()?),
        4 => Event::Settled(data_return()?),
        5 => {
            let edition = EditionResource::parse(&stored.name).map_err(|error| problem(&error))?;
            let mark = stored.mark.ok_or_else(|| problem(&"no mark"))?;
            Event::Marked(edition.0, mark_of(mark)?)
        }
        other => return Err(problem(&format!("event {other} is not known"))),
    })
}

/// The record of a mark.
pub(crate) fn mark_record(mark: &Mark) -> RobustnessMarkRecord {
    RobustnessMarkRecord {
        authority: mark.authority.to_string(),
        metric: mark.metric.to_string(),
        robust: mark.robust,
        reason: mark.reason.clone(),
        identity: mark.identity.clone(),
        time: Some(clock::to_proto(mark.time)),
    }
}
