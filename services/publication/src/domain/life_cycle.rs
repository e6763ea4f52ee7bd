//! The life of a revision of a release: the one table of moves, in [`State::after`].
//!
//! `docs/life-cycle.md` is written from it. Every move stands in the history of the release, also
//! one that leads back to the state it began in. The table says what may follow on what; who may do
//! it, and what else must hold, is asked by the use case.

/// Where a revision is in its life. Numbers are as they are stored and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Compiled, and open to be compiled again.
    Compiled = 1,
    /// Before those who approve.
    InReview = 2,
    /// Approved by somebody who did not compile it.
    Approved = 3,
    /// On the calendar.
    Scheduled = 4,
    /// Published.
    Published = 5,
    /// Published, and replaced by a later revision.
    Revised = 6,
}

/// What is done to a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Compile it anew.
    Compile,
    /// Put it before those who approve.
    Submit,
    /// Take it back, with a reason.
    Reject,
    /// Approve it.
    Approve,
    /// Set its day, or another one.
    Schedule,
    /// Publish it: at once, or because its moment has come.
    Publish,
    /// Name an early reader, or take the access back.
    GiveAccess,
    /// A later revision takes its place.
    Replace,
}

/// A move that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IllegalMove {
    /// Where the revision is.
    pub(crate) state: State,
    /// What was to be done.
    pub(crate) action: Action,
}

impl State {
    /// Every state, in the order of a life.
    pub(crate) const ALL: [Self; 6] = [
        Self::Compiled,
        Self::InReview,
        Self::Approved,
        Self::Scheduled,
        Self::Published,
        Self::Revised,
    ];

    /// The state that an action leads to.
    pub(crate) fn after(self, action: Action) -> Result<Self, IllegalMove> {
        use Action::{Approve, Compile, GiveAccess, Publish, Reject, Replace, Schedule, Submit};
        use State::{Approved, Compiled, InReview, Published, Revised, Scheduled};
        match (self, action) {
            (Compiled | InReview | Approved | Scheduled, Compile)
            | (InReview | Approved | Scheduled, Reject) => Ok(Compiled),
            (Compiled, Submit) => Ok(InReview),
            (InReview, Approve) => Ok(Approved),
            (Approved, Schedule) | (Scheduled, Schedule | GiveAccess) => Ok(Scheduled),
            (Approved | Scheduled, Publish) => Ok(Published),
            (Published, Replace) => Ok(Revised),
            (state, action) => Err(IllegalMove { state, action }),
        }
    }

    /// Whether everybody may see it.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::Published | Self::Revised)
    }

    /// The state with this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u32 == number)
    }

    /// Its name in an error.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Compiled => "compiled",
            Self::InReview => "in review",
            Self::Approved => "approved",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Revised => "revised",
        }
    }
}

impl Action {
    /// Its name in an error.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Submit => "submit",
            Self::Reject => "reject",
            Self::Approve => "approve",
            Self::Schedule => "schedule",
            Self::Publish => "publish",
            Self::GiveAccess => "give early access",
            Self::Replace => "replace",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/life-cycle.md");
    const HEADING: &str = "## The life of a release";
    const ACTIONS: [Action; 8] = [
        Action::Compile,
        Action::Submit,
        Action::Reject,
        Action::Approve,
        Action::Schedule,
        Action::Publish,
        Action::GiveAccess,
        Action::Replace,
    ];

    #[test]
    fn every_cell_of_the_table_is_as_written() {
        use State::{Approved, Compiled, InReview, Published, Revised, Scheduled};
        let no = None;
        // In the order of `ACTIONS`.
        let table = [
            (
                Compiled,
                [Some(Compiled), Some(InReview), no, no, no, no, no, no],
            ),
            (
                InReview,
                [
                    Some(Compiled),
                    no,
                    Some(Compiled),
                    Some(Approved),
                    no,
                    no,
                    no,
                    no,
                ],
            ),
            (
                Approved,
                [
                    Some(Compiled),
                    no,
                    Some(Compiled),
                    no,
                    Some(Scheduled),
                    Some(Published),
                    no,
                    no,
                ],
            ),
            (
                Scheduled,
                [
                    Some(Compiled),
                    no,
                    Some(Compiled),
                    no,
                    Some(Scheduled),
                    Some(Published),
                    Some(Scheduled),
                    no,
                ],
            ),
            (Published, [no, no, no, no, no, no, no, Some(Revised)]),
            (Revised, [no; 8]),
        ];
        assert_eq!(table.map(|(state, _)| state), State::ALL);
        for (state, row) in table {
            for (action, expected) in ACTIONS.into_iter().zip(row) {
                let illegal = IllegalMove { state, action };
                assert_eq!(state.after(action), expected.ok_or(illegal));
            }
            assert_eq!(State::from_number(state as u32), Some(state));
        }
        assert_eq!(State::from_number(0), None);
        assert_eq!(State::from_number(7), None);
    }

    fn table() -> String {
        let mut text = "| |".to_owned();
        for action in ACTIONS {
            write!(text, " {} |", action.word()).expect("a string");
        }
        text += "\n| --- |";
        text += &" --- |".repeat(ACTIONS.len());
        for state in State::ALL {
            write!(text, "\n| **{}** |", state.word()).expect("a string");
            for action in ACTIONS {
                match state.after(action) {
                    Ok(next) => write!(text, " {} |", next.word()).expect("a string"),
                    Err(_) => text += " |",
                }
            }
        }
        text
    }

    #[test]
    fn the_document_has_this_table() {
        let document = fs::read_to_string(DOCUMENT).expect("docs/life-cycle.md");
        let (before, part) = document.split_once(HEADING).expect("a heading");
        let (about, rest) = part.split_once("| |").expect("a table");
        let (_, after) = rest.split_once("\n\n").expect("text behind the table");
        let written = format!("{before}{HEADING}{about}{}\n\n{after}", table());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(DOCUMENT, written).expect("a writable document");
        } else {
            assert_eq!(document, written, "UPDATE_DOCS=1 writes it anew");
        }
    }
}
