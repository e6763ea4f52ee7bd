//! A store for what is done under a lease.

use std::sync::Arc;

use crate::lease::Claim;
use crate::{Commit, Front, Lease, Store};

/// A store whose every commit is made under one lease, so that whoever was given it writes nothing
/// after the lease is lost. Reads are those of the store.
pub struct Leased {
    store: Arc<dyn Store>,
    claim: Claim,
}

impl Leased {
    /// The store, for what is done while the lease is held. It does not hold the lease itself.
    pub fn new(store: Arc<dyn Store>, lease: &Lease) -> Self {
        let claim = lease.claim().clone();
        Self { store, claim }
    }
}

/// A commit is answered [`Error::LeaseLost`](crate::Error::LeaseLost) once the lease is lost; nothing is
/// written then.
impl Front for Leased {
    fn behind(&self) -> &dyn Store {
        &*self.store
    }

    fn instead(&self, mut commit: Commit) -> Commit {
        commit.claim = Some(self.claim.clone());
        commit
    }
}
