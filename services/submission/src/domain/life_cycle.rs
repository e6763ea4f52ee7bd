//! The life of a return: why a move is refused. Which moves there are stands in the table of
//! permissions, `mesur_access::table`, with who may make them.
//!
//! `docs/life-cycle.md` is written from both. A move that leads back to the state it began in is made
//! all the same, so that it stands in the history; only what follows by itself then leaves no trace.

pub(crate) use mesur_access::ReturnState as State;
use mesur_access::Rules;

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
    /// The revision has made as many moves as it may.
    TooManyMoves,
}

/// The state that a move leads to, if the rules have it.
pub(crate) fn go(rules: Rules<State>, from: State, to: State) -> Result<State, IllegalMove> {
    if rules.lead(from, to) {
        return Ok(to);
    }
    Err(match (from, to) {
        (State::Nothing, _) => IllegalMove::NothingSent,
        (State::SignedOff, _) => IllegalMove::AlreadySignedOff,
        (_, State::Reopened) => IllegalMove::NotSignedOff,
        (State::Draft, _) => IllegalMove::NotSubmitted,
        (State::Queried, State::SignedOff) => IllegalMove::QueryOpen,
        (State::Submitted | State::Queried | State::Reopened, _) => IllegalMove::AlreadySubmitted,
    })
}

/// Where a return is once every query is answered.
pub(crate) fn settled(state: State) -> State {
    match state {
        State::Reopened => State::Reopened,
        _ => State::Submitted,
    }
}

/// What a state is counted as.
pub(crate) fn label(state: State) -> &'static str {
    match state {
        State::SignedOff => "signed_off",
        other => other.word(),
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
            Self::TooManyMoves => "TOO_MANY_MOVES",
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
            Self::TooManyMoves => "has made as many moves as a revision may",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use mesur_access::table::{RETURN_FOLLOWS, row};

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/life-cycle.md");

    /// What is done: as the document calls it, the rules that it goes by, and where it leads.
    type Column = (&'static str, Rules<State>, fn(State) -> State);

    fn columns() -> [Column; 6] {
        let of = |method: &str| {
            let row = row(&format!("/mesur.submission.v1.SubmissionService/{method}"));
            row.expect("a row").states.of_return()
        };
        [
            ("keep a draft", of("SubmitReturn"), |_| State::Draft),
            ("send, hand in, amend", of("SubmitReturn"), |_| {
                State::Submitted
            }),
            ("query raised", RETURN_FOLLOWS, |_| State::Queried),
            ("queries answered", RETURN_FOLLOWS, settled),
            ("sign off", of("SignOffReturn"), |_| State::SignedOff),
            ("reopen", of("ReopenReturn"), |_| State::Reopened),
        ]
    }

    fn table() -> String {
        let mut text = "| |".to_owned();
        for (name, ..) in columns() {
            write!(text, " {name} |").expect("a string");
        }
        text += "\n| --- |";
        text += &" --- |".repeat(columns().len());
        for state in State::ALL {
            write!(text, "\n| **{}** |", state.word()).expect("a string");
            for (_, rules, to) in columns() {
                match go(rules, state, to(state)) {
                    Ok(next) => write!(text, " {} |", next.word()),
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
