//! A statistician's question on cells of a return, and how it is answered and closed.

use mesur_catalogue::CellRef;

use super::remark::{REMARKS_MAX, Remark, RemarkKind};

/// The most cells of one query.
pub(crate) const CELLS_MAX: usize = 100;

/// How far a query has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QueryState {
    /// Waits for the authority.
    Open,
    /// Waits for the statistician.
    Answered,
    /// The answer was accepted.
    Accepted,
    /// The question was withdrawn.
    Withdrawn,
}

/// A remark that cannot be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueryRefusal {
    /// The query is accepted or withdrawn.
    Closed,
    /// There is no answer to accept or reject.
    NotAnswered,
}

impl QueryState {
    /// Where a remark leads to.
    pub(crate) fn after(self, kind: RemarkKind) -> Result<Self, QueryRefusal> {
        match (self, kind) {
            (Self::Accepted | Self::Withdrawn, _) => Err(QueryRefusal::Closed),
            (Self::Open | Self::Answered, RemarkKind::Answer) => Ok(Self::Answered),
            (Self::Open | Self::Answered, RemarkKind::Withdrawal) => Ok(Self::Withdrawn),
            (Self::Answered, RemarkKind::AnswerAccepted) => Ok(Self::Accepted),
            (Self::Answered, RemarkKind::AnswerRejected) => Ok(Self::Open),
            (Self::Open | Self::Answered, _) => Err(QueryRefusal::NotAnswered),
        }
    }

    /// Where remarks led to, the question first. What could not be made was never kept.
    pub(crate) fn of(remarks: &[Remark]) -> Self {
        let answers = remarks.iter().skip(1);
        answers.fold(Self::Open, |state, remark| {
            state.after(remark.kind).unwrap_or(state)
        })
    }
}

/// A query with what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// The number of its round.
    pub(crate) round: u32,
    /// The cells; none for the return as a whole.
    pub(crate) cells: Vec<CellRef>,
    /// What was said, the question first.
    pub(crate) remarks: Vec<Remark>,
}

impl Query {
    /// How far it has come.
    pub(crate) fn state(&self) -> QueryState {
        QueryState::of(&self.remarks)
    }

    /// Whether there is room for one more remark: always for one that closes it.
    pub(crate) fn takes(&self, kind: RemarkKind) -> bool {
        matches!(kind, RemarkKind::AnswerAccepted | RemarkKind::Withdrawal)
            || self.remarks.len() < REMARKS_MAX
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let remarks = self.remarks.iter();
        let words = remarks.map(|remark| remark.text.len().saturating_add(remark.identity.len()));
        let said = size_of_val(self.remarks.as_slice());
        let own = said.saturating_add(size_of_val(self.cells.as_slice()));
        words.fold(own, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_takes_the_remarks_that_it_may_and_refuses_the_others() {
        use QueryRefusal::{Closed, NotAnswered};
        use QueryState::{Accepted, Answered, Open, Withdrawn};
        let kinds = [
            RemarkKind::Answer,
            RemarkKind::AnswerAccepted,
            RemarkKind::AnswerRejected,
            RemarkKind::Withdrawal,
        ];
        for (state, led) in [
            (
                Open,
                [
                    Ok(Answered),
                    Err(NotAnswered),
                    Err(NotAnswered),
                    Ok(Withdrawn),
                ],
            ),
            (
                Answered,
                [Ok(Answered), Ok(Accepted), Ok(Open), Ok(Withdrawn)],
            ),
            (Accepted, [Err(Closed); 4]),
            (Withdrawn, [Err(Closed); 4]),
        ] {
            assert_eq!(kinds.map(|kind| state.after(kind)), led, "{state:?}");
        }
    }
}
