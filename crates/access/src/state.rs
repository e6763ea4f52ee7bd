//! The states that returns and releases go through: the words of the [table].

use crate::table;

/// Where a return is in its life. Numbers are as they are stored and never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnState {
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

/// Where a revision of a release is in its life. Numbers are as they are stored and never given another
/// meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseState {
    /// Nothing was compiled.
    Nothing = 0,
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

impl ReturnState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Draft,
        Self::Submitted,
        Self::Queried,
        Self::SignedOff,
        Self::Reopened,
    ];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Queried => "queried",
            Self::SignedOff => "signed off",
            Self::Reopened => "reopened",
        }
    }

    /// The state with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u32 == number)
    }
}

impl ReleaseState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Compiled,
        Self::InReview,
        Self::Approved,
        Self::Scheduled,
        Self::Published,
        Self::Revised,
    ];

    /// Whether it is there for everybody.
    pub fn is_public(self) -> bool {
        table::releases_seen(None).contains(&self)
    }

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Compiled => "compiled",
            Self::InReview => "in review",
            Self::Approved => "approved",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Revised => "revised",
        }
    }

    /// The state with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u32 == number)
    }
}

/// What may be done with what is in one of these states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<S: 'static> {
    /// The states.
    pub from: &'static [S],
    /// The state that it leads to; `None` where it stays.
    pub to: Option<S>,
}

/// All that may be done; what none of the rules has may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules<S: 'static>(pub &'static [Rule<S>]);

impl<S: Copy + PartialEq> Rules<S> {
    /// Whether a rule has this state.
    pub fn have(self, state: S) -> bool {
        self.0.iter().any(|rule| rule.from.contains(&state))
    }

    /// Whether a rule leads from this state to that.
    pub fn lead(self, from: S, to: S) -> bool {
        let mut rules = self.0.iter();
        rules.any(|rule| rule.to == Some(to) && rule.from.contains(&from))
    }
}

/// The states that a method asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// It does not depend on the state of anything.
    Any,
    /// Those of a return.
    Return(Rules<ReturnState>),
    /// Those of a revision of a release.
    Release(Rules<ReleaseState>),
}

impl States {
    /// What may be done with a return; nothing where the method is about none.
    pub fn of_return(self) -> Rules<ReturnState> {
        match self {
            Self::Return(rules) => rules,
            Self::Any | Self::Release(_) => Rules(&[]),
        }
    }

    /// What may be done with a revision of a release; nothing where the method is about none.
    pub fn of_release(self) -> Rules<ReleaseState> {
        match self {
            Self::Release(rules) => rules,
            Self::Any | Self::Return(_) => Rules(&[]),
        }
    }
}
