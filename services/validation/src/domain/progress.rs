//! How far a return has come: what is known of its state, its counts, and how each of its metrics
//! was provided.

use jiff::{SignedDuration, Timestamp};
pub(crate) use mesur_access::ReturnState as ShownState;
use mesur_catalogue::{Edition, Severity};
use mesur_returns::{Cells, Finding, Status};

use super::query::QueryState;
use super::remark::{Conversation, Said};

/// How long a seal holds: longer than submission takes from asking for it to signing off.
const SEAL_DURATION: SignedDuration = SignedDuration::from_secs(30);

/// What submission told of a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnState {
    /// Handed in.
    Submitted,
    /// Signed off.
    SignedOff,
    /// The sign-off was taken back.
    Reopened,
}

/// Findings by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Block sign-off.
    pub(crate) errors: u64,
    /// Need an explanation.
    pub(crate) warnings: u64,
    /// Inform.
    pub(crate) infos: u64,
}

impl Counts {
    /// Counts findings of one severity.
    pub(crate) fn add(&mut self, severity: Severity, count: u64) {
        let place = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Info => &mut self.infos,
        };
        *place = place.saturating_add(count);
    }
}

/// Findings that stand against sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OpenCounts {
    /// Errors that are not overridden.
    pub(crate) errors: u64,
    /// Warnings that are open or rejected.
    pub(crate) warnings: u64,
}

impl OpenCounts {
    /// Counts the open ones of findings.
    pub(crate) fn of(findings: &[Finding], conversation: &Conversation) -> Self {
        let open = findings
            .iter()
            .filter(|finding| conversation.on(finding).is_open());
        let mut counts = Counts::default();
        for finding in open {
            counts.add(finding.severity, 1);
        }
        Self {
            errors: counts.errors,
            warnings: counts.warnings,
        }
    }

    /// Moves one finding from where it was to where it is.
    pub(crate) fn move_one(&mut self, severity: Severity, before: &Said, after: &Said) {
        let place = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Info => return,
        };
        *place = match (before.is_open(), after.is_open()) {
            (true, false) => place.saturating_sub(1),
            (false, true) => place.saturating_add(1),
            (true, true) | (false, false) => *place,
        };
    }
}

/// What a change of a query means for its return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryEvent {
    /// A query waits for the authority, and none did before.
    Queried,
    /// No query waits for the authority any more.
    Settled,
}

/// A revision that was handed in and reported on.
#[derive(Debug, Clone)]
pub(crate) struct HandedIn {
    /// Its number.
    pub(crate) revision: u32,
    /// Whether it was late.
    pub(crate) late: bool,
    /// The digest of its edition.
    pub(crate) edition_digest: String,
    /// Its findings.
    pub(crate) counts: Counts,
    /// Those of them that are open.
    pub(crate) open: OpenCounts,
    /// How many of its cells have a value.
    pub(crate) values: u64,
    /// When it was handed in.
    pub(crate) time: Timestamp,
}

/// How far a return has come, and how much was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnProgress {
    /// What submission told.
    pub(crate) state: ReturnState,
    /// The latest revision that was handed in.
    pub(crate) revision: u32,
    /// Whether it was late.
    pub(crate) late: bool,
    /// The digest of its edition.
    pub(crate) edition_digest: String,
    /// Its findings.
    pub(crate) counts: Counts,
    /// Those of them that are open.
    pub(crate) open: OpenCounts,
    /// How many of its cells have a value.
    pub(crate) values: u64,
    /// The number of the last remark.
    pub(crate) remarks: u64,
    /// The number of the last query.
    pub(crate) queries: u32,
    /// How many queries wait for the authority.
    pub(crate) open_queries: u32,
    /// When the latest of this happened.
    pub(crate) updated: Timestamp,
    /// When the last seal ends by itself; [`Self::seal`] says whether it counts.
    pub(crate) sealed_until: Option<Timestamp>,
}

impl ReturnProgress {
    /// A revision came in, upon what was there before. What was said stays.
    pub(crate) fn handed_in(before: Option<&Self>, revision: HandedIn) -> Self {
        Self {
            state: ReturnState::Submitted,
            revision: revision.revision,
            late: revision.late,
            edition_digest: revision.edition_digest,
            counts: revision.counts,
            open: revision.open,
            values: revision.values,
            remarks: before.map_or(0, |before| before.remarks),
            queries: before.map_or(0, |before| before.queries),
            open_queries: before.map_or(0, |before| before.open_queries),
            updated: revision.time,
            sealed_until: None,
        }
    }

    /// Whether nothing stands against sign-off.
    pub(crate) fn has_nothing_open(&self) -> bool {
        self.open == OpenCounts::default() && self.open_queries == 0
    }

    /// Seals the conversation from now on.
    pub(crate) fn sealed(mut self, now: Timestamp) -> Self {
        let until = now.saturating_add(SEAL_DURATION);
        self.sealed_until = Some(until.unwrap_or(Timestamp::MAX));
        self
    }

    /// When the seal ends by itself. A sign-off has used it up: it is none when that is taken back.
    pub(crate) fn seal(&self) -> Option<Timestamp> {
        self.sealed_until
            .filter(|_| self.state != ReturnState::SignedOff)
    }

    /// Whether it is about to be signed off, so that nothing may be opened.
    pub(crate) fn is_sealed(&self, now: Timestamp) -> bool {
        self.seal().is_some_and(|until| now < until)
    }

    /// Where the return is, as the table of permissions has it.
    pub(crate) fn shown(&self) -> ShownState {
        match self.state {
            ReturnState::SignedOff => ShownState::SignedOff,
            ReturnState::Submitted | ReturnState::Reopened if self.open_queries > 0 => {
                ShownState::Queried
            }
            ReturnState::Submitted => ShownState::Submitted,
            ReturnState::Reopened => ShownState::Reopened,
        }
    }

    /// Moves a query from where it was, `None` for nowhere yet, to where it is.
    pub(crate) fn move_query(
        &mut self,
        before: Option<QueryState>,
        after: QueryState,
    ) -> Option<QueryEvent> {
        let (was, is) = (before == Some(QueryState::Open), after == QueryState::Open);
        let waiting = self.open_queries;
        self.open_queries = match (was, is) {
            (true, false) => waiting.saturating_sub(1),
            (false, true) => waiting.saturating_add(1),
            (true, true) | (false, false) => waiting,
        };
        let event = match (waiting, self.open_queries) {
            (0, 1..) => QueryEvent::Queried,
            (1.., 0) => QueryEvent::Settled,
            _ => return None,
        };
        // As in submission: once its queries are settled it is a return that was handed in.
        if self.state == ReturnState::Reopened {
            self.state = ReturnState::Submitted;
        }
        Some(event)
    }
}

/// How a metric was provided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricState {
    /// Every value is there, for the whole period.
    Provided,
    /// Some value is missing, or for part of the period.
    Part,
    /// No value is there.
    Missing,
    /// It does not apply to the authority.
    NotApplicable,
}

/// How every metric of the edition was provided, in its order. A cell that does not apply says
/// nothing of the others.
pub(crate) fn metric_states(edition: &Edition, cells: &Cells) -> Vec<MetricState> {
    let states = (0..edition.metrics().len()).map(|metric| {
        let statuses = edition.cells_of(metric).map(|cell| cells.status(cell));
        let (mut applies, mut values, mut whole) = (0_usize, 0_usize, 0_usize);
        for status in statuses.filter(|status| *status != Status::NotApplicable) {
            applies = applies.saturating_add(1);
            values = values.saturating_add(usize::from(status.has_value()));
            whole = whole.saturating_add(usize::from(status == Status::Provided));
        }
        match (applies, values, whole) {
            (0, _, _) => MetricState::NotApplicable,
            (_, 0, _) => MetricState::Missing,
            (applies, _, whole) if whole == applies => MetricState::Provided,
            _ => MetricState::Part,
        }
    });
    states.collect()
}
