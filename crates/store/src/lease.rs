//! Leases: of all who use a store, one alone holds a name.
//!
//! What is held may be lost: a process that was paused for longer than a back end waits has lost its
//! lease without noticing. So holding one says nothing by itself; a [`Commit`](crate::Commit) that is
//! made [`under`](crate::Commit::under) a lease is checked **where it is written**, and refused with
//! [`Error::LeaseLost`] if somebody else may hold the lease by then.
//!
//! Nothing is said about the order in which those who wait get it.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::Error;

/// A name that the holder of this has alone; dropping it lets the next one have it.
#[must_use = "a lease that is dropped is no longer held"]
pub struct Lease {
    claim: Claim,
    // Held, not read: releases the name when it is dropped.
    _keeper: Box<dyn Any + Send + Sync>,
}

impl Lease {
    /// A lease that the back end tells to be lost by the claim's token, and that `keeper` holds.
    pub(crate) fn new(claim: Claim, keeper: impl Any + Send + Sync) -> Self {
        Self {
            claim,
            _keeper: Box::new(keeper),
        }
    }

    /// What is held.
    pub fn name(&self) -> &str {
        &self.claim.name
    }

    /// Waits until it is known that the lease is lost. One that is lost never comes back.
    pub async fn lost(&self) {
        self.claim.lost.cancelled().await;
    }

    /// What a commit under this lease carries.
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // What is committed under it from now on is refused, also if it was made before.
        self.claim.lost.cancel();
    }
}

/// What a commit says about the lease that it is made under.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    name: Arc<str>,
    /// Which holding of the name it is, where the back end knows more than this process does.
    #[cfg_attr(
        not(feature = "etcd"),
        expect(
            dead_code,
            reason = "the other back ends have one holder's process alone"
        )
    )]
    fence: i64,
    lost: CancellationToken,
}

impl Claim {
    /// The claim to `name`, held until `lost`.
    pub(crate) fn new(name: &str, fence: i64, lost: CancellationToken) -> Self {
        Self {
            name: name.into(),
            fence,
            lost,
        }
    }

    /// What is claimed.
    #[cfg(feature = "etcd")]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Which holding of the name it is.
    #[cfg(feature = "etcd")]
    pub(crate) fn fence(&self) -> i64 {
        self.fence
    }

    /// Refuses what is claimed by a lease that is known to be lost.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.lost.is_cancelled() {
            Err(self.refused())
        } else {
            Ok(())
        }
    }

    /// The answer to a commit under this claim that came too late.
    pub(crate) fn refused(&self) -> Error {
        Error::LeaseLost {
            name: self.name.to_string(),
        }
    }
}

/// The leases of a store that one process has to itself: a lock for each name.
#[derive(Default)]
pub(crate) struct Locks {
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Locks {
    /// Waits until nobody else holds `name`.
    pub(crate) async fn lease(&self, name: &str) -> Lease {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        let guard = lock.lock_owned().await;
        Lease::new(Claim::new(name, 0, CancellationToken::new()), guard)
    }
}
