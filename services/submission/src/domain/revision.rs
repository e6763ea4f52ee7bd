//! A revision of a return, and the steps in its life.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesur_access::Rules;
use mesur_catalogue::{CellId, Edition};
use mesur_returns::{Cells, Draft};
use mesur_wire::{ReturnName, RevisionName};

use super::life_cycle::{self, IllegalMove, State};

/// The most moves of a revision, before those that settle it: that its queries are answered, and its sign-off.
pub(crate) const MOVES_MAX: u32 = 500;

/// A revision of a return, apart from its observations and its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// Which revision of which return.
    pub(crate) name: RevisionName,
    /// The digest of the edition that its cells are in the order of.
    pub(crate) edition_digest: String,
    /// The digest of its content.
    pub(crate) digest: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Whether it was handed in after it was due.
    pub(crate) is_late: bool,
    /// Where it is in its life.
    pub(crate) state: State,
    /// How many moves it has made. The last one led to its state.
    pub(crate) moves: u32,
    /// The trace that it was sent in with; empty for none.
    pub(crate) traceparent: String,
}

/// One step in the life of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    /// The state that it led to.
    pub(crate) state: State,
    /// Who did it; empty for what followed by itself.
    pub(crate) identity: String,
    /// Why; empty where no reason is asked for.
    pub(crate) reason: String,
    /// When.
    pub(crate) time: Timestamp,
}

/// How much of a family of metrics was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    /// The family's id, such as `AD`.
    pub(crate) id: String,
    /// How many rows.
    pub(crate) rows: u32,
    /// How many of them have a value.
    pub(crate) values: u32,
}

impl Revision {
    /// What a caller saw: changes with everything that happens to the return.
    pub(crate) fn etag(&self) -> String {
        let name = self.name.to_string();
        let parts = [name.as_bytes(), self.digest.as_bytes()];
        let moves = self.moves.to_be_bytes();
        mesur_rpc::etag::etag(parts.into_iter().chain([moves.as_slice()]))
    }

    /// The revision that a content with its digest becomes, with its first step.
    pub(crate) fn receive(
        current: Option<&Self>,
        (content, digest): (&Draft, &str),
        to: State,
        is_late: bool,
        step: Step<'_>,
    ) -> Result<(Self, Move), IllegalMove> {
        let from = current.map_or(State::Nothing, |revision| revision.state);
        let state = life_cycle::go(step.rules, from, to)?;
        let before = current.map_or(0, |revision| revision.name.revision);
        let data_return = ReturnName {
            authority: content.authority.clone(),
            edition: content.edition.clone(),
        };
        let revision = Self {
            name: RevisionName {
                data_return,
                revision: before.saturating_add(1),
            },
            edition_digest: content.edition_digest.clone(),
            digest: digest.to_owned(),
            created: step.time,
            is_late: is_late && state == State::Submitted,
            state,
            moves: 1,
            traceparent: String::new(),
        };
        Ok((revision, step.to(state)))
    }

    /// The same revision one step further.
    pub(crate) fn step(&self, to: State, step: Step<'_>) -> Result<(Self, Move), IllegalMove> {
        let state = life_cycle::go(step.rules, self.state, to)?;
        let unsettles = matches!(state, State::Queried | State::Reopened) && state != self.state;
        if unsettles && self.moves >= MOVES_MAX {
            return Err(IllegalMove::TooManyMoves);
        }
        let next = Self {
            state,
            moves: self.moves.saturating_add(1),
            ..self.clone()
        };
        Ok((next, step.to(state)))
    }
}

/// Who takes a step, why and when, and which steps there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Who; empty for what follows by itself.
    pub(crate) identity: &'a str,
    /// Why; empty where no reason is asked for.
    pub(crate) reason: &'a str,
    /// When.
    pub(crate) time: Timestamp,
    /// The moves that the table has for it.
    pub(crate) rules: Rules<State>,
}

impl Step<'_> {
    fn to(self, state: State) -> Move {
        Move {
            state,
            identity: self.identity.to_owned(),
            reason: self.reason.to_owned(),
            time: self.time,
        }
    }
}

/// Who may not sign a revision, by the moves of the return in their order: those who sent it, and
/// those who sent any revision since the last sign-off, for it may still carry their cells.
pub(crate) fn senders<'m>(
    revision: u32,
    moves: impl IntoIterator<Item = &'m (u32, Move)>,
) -> Vec<&'m str> {
    let mut senders: Vec<(u32, &str)> = Vec::new();
    for (of, step) in moves {
        match step.state {
            State::SignedOff => senders.retain(|(sent, _)| *sent == revision),
            State::Draft | State::Submitted if !step.identity.is_empty() => {
                senders.push((*of, &step.identity));
            }
            State::Nothing | State::Draft | State::Submitted | State::Queried | State::Reopened => {
            }
        }
    }
    senders.into_iter().map(|(_, identity)| identity).collect()
}

/// How much of each family of the edition was sent, in catalogue order; one with no row is told too.
pub(crate) fn families_of(edition: &Edition, sent: &Cells) -> Vec<Family> {
    let mut order: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (place, metric) in edition.metrics().iter().enumerate() {
        let family = metric.family.as_str();
        let (rows, values) = counts.entry(family).or_insert_with(|| {
            order.push(family);
            (0, 0)
        });
        for cell in edition.cells_of(place) {
            let status = sent.status(CellId(cell.0));
            *rows = rows.saturating_add(status.is_observed().into());
            *values = values.saturating_add(status.has_value().into());
        }
    }
    let count = |family: &str| {
        let (rows, values) = counts.get(family).copied().unwrap_or_default();
        Family {
            id: family.to_owned(),
            rows,
            values,
        }
    };
    order.into_iter().map(count).collect()
}

#[cfg(test)]
mod tests {
    use mesur_access::table::{RETURN_FOLLOWS, row};

    use super::*;

    #[test]
    fn a_revision_makes_so_many_moves_and_then_only_those_that_settle_it() {
        let of = |method: &str| {
            let row = row(&format!("/mesur.submission.v1.SubmissionService/{method}"));
            row.expect("a row").states.of_return()
        };
        let led = |moves, from, to, rules| {
            let revision = Revision {
                name: RevisionName::parse("authorities/W06000003/returns/pif-2022-23/revisions/1")
                    .expect("a name"),
                edition_digest: String::new(),
                digest: String::new(),
                created: Timestamp::UNIX_EPOCH,
                is_late: false,
                state: from,
                moves,
                traceparent: String::new(),
            };
            let step = Step {
                identity: "",
                reason: "",
                time: Timestamp::UNIX_EPOCH,
                rules,
            };
            revision.step(to, step).map(|(next, _)| next.moves)
        };
        let last = MOVES_MAX - 1;
        for (from, to, rules) in [
            (State::SignedOff, State::Reopened, of("ReopenReturn")),
            (State::Submitted, State::Queried, RETURN_FOLLOWS),
        ] {
            assert_eq!(led(last, from, to, rules), Ok(MOVES_MAX));
            let refused = led(MOVES_MAX, from, to, rules);
            assert_eq!(refused, Err(IllegalMove::TooManyMoves));
        }
        for (from, to, rules) in [
            (State::Queried, State::Submitted, RETURN_FOLLOWS),
            (State::Submitted, State::SignedOff, of("SignOffReturn")),
            (State::Reopened, State::SignedOff, of("SignOffReturn")),
        ] {
            assert_eq!(led(MOVES_MAX, from, to, rules), Ok(MOVES_MAX + 1));
        }
    }

    #[test]
    fn a_sign_off_clears_the_senders_before_it_but_not_those_of_the_revision_itself() {
        let step = |state, identity: &str| Move {
            state,
            identity: identity.to_owned(),
            reason: String::new(),
            time: Timestamp::UNIX_EPOCH,
        };
        let moves = [
            (1, step(State::Draft, "ann")),
            (2, step(State::Submitted, "bob")),
            (2, step(State::Queried, "")),
            (2, step(State::Submitted, "")),
            (2, step(State::SignedOff, "cat")),
            (2, step(State::Reopened, "cat")),
            (3, step(State::Submitted, "dan")),
        ];
        assert_eq!(senders(2, &moves[..3]), ["ann", "bob"]);
        assert_eq!(senders(2, &moves[..6]), ["bob"]);
        assert_eq!(senders(3, &moves), ["dan"]);
    }
}
