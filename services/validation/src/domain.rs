//! Reports and the conversation about them, pure: how a return is examined, what was said about a
//! finding or a query and where it leaves them, and how far a return has come.
//!
//! Everything that was said is a remark, and remarks are only ever added. Where a finding or a
//! query stands is worked out from its remarks each time, so nothing has to be copied when a new
//! revision comes in and nothing has to be deleted when an explanation lapses.

mod progress;
mod query;
mod remark;
mod report;
mod text;

use mesur_catalogue::{AuthorityCode, Edition};
use mesur_returns::{Assembly, DataReturn, Finding, Previous};

pub(crate) use progress::{
    Counts, HandedIn, MetricState, OpenCounts, QueryEvent, ReturnProgress, ReturnState, ShownState,
    metric_states,
};
pub(crate) use query::{CELLS_MAX, Query, QueryRefusal, QueryState};
pub(crate) use remark::{
    Conversation, FindingRefusal, REMARKS_MAX, Remark, RemarkKind, Said, Standing, Subject,
};
pub(crate) use report::{Filter, Report, RuleCount};
pub(crate) use text::{TEXT_CHARS_MAX, Text};

/// A whole return and everything that was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Examined {
    /// The return.
    pub(crate) content: DataReturn,
    /// Everything that was found, the worst first.
    pub(crate) findings: Vec<Finding>,
}

/// Holds the rules of the edition against rows that were put together. `Err` has the findings that
/// keep the rows from being a whole return.
pub(crate) fn examine(
    edition: &Edition,
    authority: &AuthorityCode,
    assembly: Assembly,
    previous: Option<&Previous>,
) -> Result<Examined, Vec<Finding>> {
    let findings = assembly.check(edition, previous);
    let content = assembly.into_return(edition, authority)?;
    Ok(Examined { content, findings })
}
