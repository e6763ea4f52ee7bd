//! The life of a return: the one table of moves, in [`State::after`].
//!
//! `docs/life-cycle.md` is written from it. A move that leads back to the state it began in is
//! made all the same, so that it stands in the history; only [`Action::Query`] and
//! [`Action::Settle`], which follow by themselves, then leave no trace.

/// Where a return is in its life. Numbers are as they are stored and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was sent.
    Nothing = 0,
    /// Kept for the authority alone.
    Draft = 1,
    /// Handed in.
    Submitted = 2,
    /// Handed in, and a statistician's query waits for an answer.
    Queried = 3,
    /// Signed off by the authority.
    SignedOff = 4,
    /// The sign-off was taken back.
    Reopened = 5,
}

/// What is done to a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Keep a draft, or change one.
    SaveDraft,
    /// Send a whole return, hand a draft in, or amend what was handed in.
    Submit,
    /// A query waits for an answer.
    Query,
    /// Every query is answered.
    Settle,
    /// Sign the latest revision off.
    SignOff,
    /// Take the sign-off back.
    Reopen,
}

/// Why a move is not in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IllegalMove {
    /// Nothing was sent.
    NothingSent,
    /// It is a draft, and was not handed in.
    NotSubmitted,
    /// It was handed in, so there is no draft any more.
    AlreadySubmitted,
    /// A query waits for an answer.
    QueryOpen,
    /// It is signed off.
    AlreadySignedOff,
    /// There is no sign-off to take back.
    NotSignedOff,
}

impl State {
    /// Every state, in the order of a life.
    pub(crate) const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Draft,
        Self::Submitted,
        Self::Queried,
        Self::SignedOff,
        Self::Reopened,
    ];

    /// What it is told as.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Queried => "queried",
            Self::SignedOff => "signed_off",
            Self::Reopened => "reopened",
        }
    }

    /// The state that an action leads to.
    pub(crate) fn after(self, action: Action) -> Result<Self, IllegalMove> {
        use Action::{Query, Reopen, SaveDraft, Settle, SignOff, Submit};
        use State::{Draft, Nothing, Queried, Reopened, SignedOff, Submitted};
        match (self, action) {
            (Nothing | Draft, SaveDraft) => Ok(Draft),
            (Nothing | Draft | Submitted | Queried | Reopened, Submit)
            | (Submitted | Queried, Settle) => Ok(Submitted),
            (Submitted | Queried | Reopened, Query) => Ok(Queried),
            (Submitted | Reopened, SignOff) => Ok(SignedOff),
            (SignedOff, Reopen) | (Reopened, Settle) => Ok(Reopened),

            (Nothing, Query | Settle | SignOff | Reopen) => Err(IllegalMove::NothingSent),
            (Draft, Query | Settle | SignOff) => Err(IllegalMove::NotSubmitted),
            (Submitted | Queried | Reopened, SaveDraft) => Err(IllegalMove::AlreadySubmitted),
            (Queried, SignOff) => Err(IllegalMove::QueryOpen),
            (Draft | Submitted | Queried | Reopened, Reopen) => Err(IllegalMove::NotSignedOff),
            (SignedOff, SaveDraft | Submit | Query | Settle | SignOff) => {
                Err(IllegalMove::AlreadySignedOff)
            }
        }
    }

    /// The state with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u32 == number)
    }
}

impl IllegalMove {
    /// The reason that a caller is told.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NothingSent => "RETURN_NOT_FOUND",
            Self::NotSubmitted => "NOT_SUBMITTED",
            Self::AlreadySubmitted => "ALREADY_SUBMITTED",
            Self::QueryOpen => "FINDINGS_OPEN",
            Self::AlreadySignedOff => "ALREADY_SIGNED_OFF",
            Self::NotSignedOff => "NOT_SIGNED_OFF",
        }
    }

    /// What is so of the return.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::NothingSent => "has not been sent",
            Self::NotSubmitted => "is a draft and was not handed in",
            Self::AlreadySubmitted => "was handed in and is no draft any more",
            Self::QueryOpen => "has a query that waits for an answer",
            Self::AlreadySignedOff => "is signed off",
            Self::NotSignedOff => "is not signed off",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/life-cycle.md");
    const ACTIONS: [(Action, &str); 6] = [
        (Action::SaveDraft, "keep a draft"),
        (Action::Submit, "send, hand in, amend"),
        (Action::Query, "query raised"),
        (Action::Settle, "queries answered"),
        (Action::SignOff, "sign off"),
        (Action::Reopen, "reopen"),
    ];

    fn word(state: State) -> &'static str {
        match state {
            State::Nothing => "nothing sent",
            State::Draft => "draft",
            State::Submitted => "submitted",
            State::Queried => "queried",
            State::SignedOff => "signed off",
            State::Reopened => "reopened",
        }
    }

    #[test]
    fn every_cell_of_the_table_is_as_written() {
        use IllegalMove::{
            AlreadySignedOff, AlreadySubmitted, NotSignedOff, NotSubmitted, NothingSent, QueryOpen,
        };
        use State::{Draft, Nothing, Queried, Reopened, SignedOff, Submitted};
        let (none, late) = (Err(NothingSent), Err(AlreadySignedOff));
        let (kept, open) = (Err(AlreadySubmitted), Err(NotSubmitted));
        let unsigned = Err(NotSignedOff);
        // In the order of `ACTIONS`.
        let table = [
            (Nothing, [Ok(Draft), Ok(Submitted), none, none, none, none]),
            (
                Draft,
                [Ok(Draft), Ok(Submitted), open, open, open, unsigned],
            ),
            (
                Submitted,
                [
                    kept,
                    Ok(Submitted),
                    Ok(Queried),
                    Ok(Submitted),
                    Ok(SignedOff),
                    unsigned,
                ],
            ),
            (
                Queried,
                [
                    kept,
                    Ok(Submitted),
                    Ok(Queried),
                    Ok(Submitted),
                    Err(QueryOpen),
                    unsigned,
                ],
            ),
            (SignedOff, [late, late, late, late, late, Ok(Reopened)]),
            (
                Reopened,
                [
                    kept,
                    Ok(Submitted),
                    Ok(Queried),
                    Ok(Reopened),
                    Ok(SignedOff),
                    unsigned,
                ],
            ),
        ];
        assert_eq!(table.map(|(state, _)| state), State::ALL);
        for (state, row) in table {
            for ((action, name), expected) in ACTIONS.into_iter().zip(row) {
                assert_eq!(state.after(action), expected, "{state:?}: {name}");
            }
            assert_eq!(State::from_number(state as u32), Some(state));
        }
        assert_eq!(State::from_number(6), None);
    }

    fn table() -> String {
        let mut text = "| |".to_owned();
        for (_, name) in ACTIONS {
            write!(text, " {name} |").expect("a string");
        }
        text += "\n| --- |";
        text += &" --- |".repeat(ACTIONS.len());
        for state in State::ALL {
            write!(text, "\n| **{}** |", word(state)).expect("a string");
            for (action, _) in ACTIONS {
                match state.after(action) {
                    Ok(next) => write!(text, " {} |", word(next)),
                    Err(illegal) => write!(text, " `{}` |", illegal.reason()),
                }
                .expect("a string");
            }
        }
        text
    }

    #[test]
    fn the_document_has_this_table() {
        let document = fs::read_to_string(DOCUMENT).expect("docs/life-cycle.md");
        let (before, rest) = document.split_once("| |").expect("a table");
        let (_, after) = rest.split_once("\n\n").expect("text behind the table");
        let written = format!("{before}{}\n\n{after}", table());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(DOCUMENT, written).expect("a writable document");
        } else {
            assert_eq!(document, written, "UPDATE_DOCS=1 writes it anew");
        }
    }
}
