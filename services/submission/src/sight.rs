//! What a caller may see and send: the permissions of the method that was called, with the
//! delegations that hold for the caller.

use std::collections::BTreeSet;

use mesur_access::{Access, Denied, Grant, Role};
use mesur_catalogue::AuthorityCode;
use mesur_store::Store;
use mesur_wire::ReturnName;

use crate::domain::{Revision, State};
use crate::error::Error;
use crate::store;

/// What a caller may see and send.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    grant: Grant,
    delegated: BTreeSet<ReturnName>,
}

impl Sight {
    /// Reads which delegations hold for a supplier; nothing is read for others.
    pub(crate) async fn load(store: &dyn Store, grant: Grant) -> Result<Self, Error> {
        let is_supplier = grant.caller().roles.contains(&Role::Supplier);
        let delegated = if is_supplier {
            store::delegations::delegated(store, grant.identity()).await?
        } else {
            BTreeSet::new()
        };
        Ok(Self { grant, delegated })
    }

    /// What the caller was granted.
    pub(crate) fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Who calls.
    pub(crate) fn identity(&self) -> &str {
        self.grant.identity()
    }

    /// Whether the caller acts for no authority in particular.
    pub(crate) fn is_of_all(&self) -> bool {
        self.grant.is_of_all()
    }

    /// Whether the caller needs a delegation for what is this authority's.
    pub(crate) fn needs_delegation(&self, authority: &AuthorityCode) -> bool {
        self.grant.on(authority) == Access::IfDelegated
    }

    /// Whether the caller may do this with a return.
    pub(crate) fn allows(&self, name: &ReturnName) -> bool {
        match self.grant.on(&name.authority) {
            Access::Allowed => true,
            Access::IfDelegated => self.delegated.contains(name),
            Access::Denied => false,
        }
    }

    /// Refuses what the caller may not do with a return.
    pub(crate) fn require(&self, name: &ReturnName) -> Result<(), Denied> {
        self.allows(name).then_some(()).ok_or(Denied)
    }

    /// Refuses a caller with nothing to do with the returns of an authority.
    pub(crate) fn require_any(&self, authority: &AuthorityCode) -> Result<(), Denied> {
        let allowed = match self.grant.on(authority) {
            Access::Allowed => true,
            Access::IfDelegated => self
                .delegated
                .iter()
                .any(|name| &name.authority == authority),
            Access::Denied => false,
        };
        allowed.then_some(()).ok_or(Denied)
    }

    /// Whether the caller sends or signs a return for its authority.
    pub(crate) fn acts_for(&self, name: &ReturnName) -> bool {
        let mut roles = self.grant.caller().roles.iter();
        roles.any(|role| role.authority() == Some(&name.authority)) || self.delegated.contains(name)
    }

    /// Whether the caller works on the returns of every authority.
    pub(crate) fn is_statistician(&self) -> bool {
        self.grant.caller().roles.contains(&Role::Statistician)
    }

    /// Whether a revision is there for the caller: a draft is not there for others than its own.
    pub(crate) fn knows(&self, revision: &Revision) -> bool {
        let name = &revision.name.data_return;
        let is_delegated = self.delegated.contains(name);
        let state = (self.grant).return_seen(&name.authority, is_delegated, revision.state);
        state != State::Nothing
    }

    /// Whether the method that was called tells the caller of a revision.
    pub(crate) fn sees(&self, revision: &Revision) -> bool {
        self.knows(revision) && self.grant.returns().have(revision.state)
    }
}
