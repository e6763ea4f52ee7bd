//! What a caller may do with the method that was called.

use std::net::SocketAddr;

use jiff::Timestamp;
use mesur_catalogue::AuthorityCode;

use crate::caller::{Caller, Role};
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

/// What a grant says about one authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Go on.
    Allowed,
    /// Go on if the authority delegated sending to the caller.
    IfDelegated,
    /// Refuse, and say nothing else.
    Denied,
}

/// The caller may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not do this")]
pub struct Denied;

/// That a caller may call a method, and on whose data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    caller: Caller,
    by_role: bool,
    reach: Vec<(Option<AuthorityCode>, Scope)>,
    method: &'static str,
    time: Option<Timestamp>,
    address: Option<SocketAddr>,
}

impl Grant {
    /// What the table gives a caller for a method, `/mesur.submission.v1.SubmissionService/GetReturn`.
    pub fn new(method: &str, caller: Caller) -> Result<Self, Denied> {
        let (method, row) = table::entry(method).ok_or(Denied)?;
        let public = row.public.then_some((None, Scope::All));
        let of_role = |role: &Role| Some((role.authority().cloned(), row.scope(role)?));
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
        self.reach.iter().any(|(_, scope)| *scope == Scope::All)
    }

    /// What may be done with an authority's data.
    pub fn on(&self, authority: &AuthorityCode) -> Access {
        let mut access = Access::Denied;
        for (own, scope) in &self.reach {
            match scope {
                Scope::All => return Access::Allowed,
                Scope::Own if own.as_ref() == Some(authority) => return Access::Allowed,
                Scope::Own => {}
                Scope::Delegated => access = Access::IfDelegated,
            }
        }
        access
    }
}
