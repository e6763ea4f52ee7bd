//! What a caller may do with the method that was called.

use std::net::SocketAddr;

use jiff::Timestamp;
use mesur_catalogue::AuthorityCode;

use crate::caller::{Caller, Role};
use crate::state::{ReleaseState, ReturnState, Rules, States};
use crate::table;

/// Whose data a role reaches with a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// That of the authority that the role is of.
    Own,
    /// That of authorities that delegated sending to the caller.
    Delegated,
    /// Everybody's.
    All,
}

/// What a grant says about one authority; the later, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Refuse, and say nothing else.
    Denied,
    /// Go on if the authority delegated sending to the caller.
    IfDelegated,
    /// Go on.
    Allowed,
}

/// The caller may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not do this")]
pub struct Denied;

/// What one role of the caller reaches, and the states that it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reach {
    own: Option<AuthorityCode>,
    scope: Scope,
    returns: &'static [ReturnState],
    releases: &'static [ReleaseState],
}

impl Reach {
    fn on(&self, authority: &AuthorityCode) -> Access {
        match self.scope {
            Scope::All => Access::Allowed,
            Scope::Own if self.own.as_ref() == Some(authority) => Access::Allowed,
            Scope::Own => Access::Denied,
            Scope::Delegated => Access::IfDelegated,
        }
    }
}

/// That a caller may call a method, on whose data, and in which states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    caller: Caller,
    by_role: bool,
    reach: Vec<Reach>,
    states: States,
    method: &'static str,
    time: Option<Timestamp>,
    address: Option<SocketAddr>,
}

impl Grant {
    /// What the table gives a caller for a method, `/mesur.submission.v1.SubmissionService/GetReturn`.
    pub fn new(method: &str, caller: Caller) -> Result<Self, Denied> {
        let (method, row) = table::entry(method).ok_or(Denied)?;
        let public = row.who.public.then_some(Reach {
            own: None,
            scope: Scope::All,
            returns: &[],
            releases: table::releases_seen(None),
        });
        let of_role = |role: &Role| {
            Some(Reach {
                own: role.authority().cloned(),
                scope: row.who.scope(role)?,
                returns: table::returns_seen(role),
                releases: table::releases_seen(Some(role)),
            })
        };
        let mut reach: Vec<_> = caller.roles.iter().filter_map(of_role).collect();
        let by_role = !reach.is_empty();
        reach.extend(public);
        if reach.is_empty() {
            return Err(Denied);
        }
        Ok(Self {
            caller,
            by_role,
            reach,
            states: row.states,
            method,
            time: None,
            address: None,
        })
    }

    /// The grant of a call that came in at this time, from this address.
    #[must_use]
    pub fn called(self, time: Timestamp, address: Option<SocketAddr>) -> Self {
        Self {
            time: Some(time),
            address,
            ..self
        }
    }

    /// The method that is called.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// When the call came in, where that is known.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Where the call came from, where that is known.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The identity to record with what is done.
    pub fn identity(&self) -> &str {
        &self.caller.identity
    }

    /// Whether a role of the caller stands in the row of the method; otherwise the caller is let in
    /// as everybody is, and sees what everybody sees.
    pub fn is_by_role(&self) -> bool {
        self.by_role
    }

    /// Whether the method may touch everybody's data.
    pub fn is_of_all(&self) -> bool {
        self.reach.iter().any(|reach| reach.scope == Scope::All)
    }

    /// What may be done with an authority's data.
    pub fn on(&self, authority: &AuthorityCode) -> Access {
        let reached = self.reach.iter().map(|reach| reach.on(authority));
        reached.max().unwrap_or(Access::Denied)
    }

    /// The state of an authority's return as it is for the caller: where none of the roles sees the
    /// state, nothing was sent.
    pub fn return_seen(
        &self,
        authority: &AuthorityCode,
        is_delegated: bool,
        state: ReturnState,
    ) -> ReturnState {
        let sees = |reach: &Reach| {
            let is_reached = match reach.on(authority) {
                Access::Allowed => true,
                Access::IfDelegated => is_delegated,
                Access::Denied => false,
            };
            is_reached && reach.returns.contains(&state)
        };
        if self.reach.iter().any(sees) {
            state
        } else {
            ReturnState::Nothing
        }
    }

    /// The state of a revision of a release as it is for the caller: where none of the roles sees the
    /// state, it never was.
    pub fn release_seen(&self, state: ReleaseState) -> ReleaseState {
        let mut reach = self.reach.iter();
        if reach.any(|reach| reach.releases.contains(&state)) {
            state
        } else {
            ReleaseState::Nothing
        }
    }

    /// What the method does with a return, in which states.
    pub fn returns(&self) -> Rules<ReturnState> {
        self.states.of_return()
    }

    /// What the method does with a revision of a release, in which states.
    pub fn releases(&self) -> Rules<ReleaseState> {
        self.states.of_release()
    }

    /// Whether the method does anything with a revision of a release in this state.
    pub fn in_release(&self, state: ReleaseState) -> bool {
        self.releases().have(self.release_seen(state))
    }
}
