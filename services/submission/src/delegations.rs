//! The use cases of delegations.

use std::sync::Arc;

use mesur_catalogue::{AuthorityCode, Catalogue, EditionName};
use mesur_rpc::audit::Subject;
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, KeyRange, Store};
use mesur_wire::{DelegationName, ReturnName};

use crate::domain::Delegation;
use crate::error::{Error, invalid};
use crate::repeats::once;
use crate::store::{corrupt, delegations, events, keys};

/// The delegations of all authorities.
pub(crate) struct Delegations {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Delegations {
    /// Lets a supplier send for an authority.
    pub(crate) async fn create(
        &self,
        name: &ReturnName,
        supplier: &str,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<Delegation, Error> {
        self.check_authority(name)?;
        let authority = &name.authority;
        let attempt = || async {
            let (live, expect) = delegations::live(&*self.store, supplier, name).await?;
            if let Some(number) = live {
                let authority = authority.clone();
                return Err(Error::AlreadyDelegated {
                    name: DelegationName { authority, number }.to_string(),
                });
            }
            let (made, count) = delegations::count(&*self.store, authority).await?;
            let delegation = Delegation {
                name: DelegationName {
                    authority: authority.clone(),
                    number: made.saturating_add(1),
                },
                edition: name.edition.clone(),
                supplier: supplier.to_owned(),
                identity: identity.to_owned(),
                created: self.clock.now(),
                revoked: None,
            };
            let commit = delegations::put_new(Commit::new(), &delegation, count, expect);
            let (event, at) = (events::Event::Delegated, delegation.created);
            let commit = events::put_delegation(commit, event, &delegation, at);
            self.finish(commit, &delegation, identity, mutation).await?;
            Ok(delegation)
        };
        once(|| self.earlier(identity, mutation), attempt).await
    }

    /// Takes a delegation back.
    pub(crate) async fn revoke(
        &self,
        name: &DelegationName,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<Delegation, Error> {
        let attempt = || async {
            let found = delegations::get(&*self.store, name).await?;
            let (delegation, version) = found.ok_or_else(|| Error::DelegationNotFound {
                name: name.to_string(),
            })?;
            if delegation.revoked.is_some() {
                return Err(Error::AlreadyRevoked {
                    name: name.to_string(),
                });
            }
            let now = self.clock.now();
            let delegation = Delegation {
                revoked: Some((identity.to_owned(), now)),
                ..delegation
            };
            let commit = delegations::put_revoked(Commit::new(), &delegation, version);
            let event = events::Event::DelegationRevoked;
            let commit = events::put_delegation(commit, event, &delegation, now);
            self.finish(commit, &delegation, identity, mutation).await?;
            Ok(delegation)
        };
        once(|| self.earlier(identity, mutation), attempt).await
    }

    /// The delegations of an authority behind a number, in the order of their making.
    pub(crate) async fn list(
        &self,
        authority: &AuthorityCode,
        after: u32,
        limit: usize,
    ) -> Result<Vec<Delegation>, Error> {
        let range = KeyRange::prefix(keys::delegations(authority));
        let last = DelegationName {
            authority: authority.clone(),
            number: after,
        };
        let range = range.after(&keys::delegation(&last));
        let rows = self.store.scan(range, limit).await?;
        let read = rows
            .iter()
            .map(|(key, entry)| delegations::read(key, &entry.value));
        read.collect()
    }

    fn check_authority(&self, name: &ReturnName) -> Result<(), Error> {
        let ReturnName { authority, edition } = name;
        let known = self.catalogue.get(edition);
        let known = known.ok_or_else(|| Error::EditionNotFound {
            name: EditionName::clone(edition),
        })?;
        if known.authority(authority).is_none() {
            let problem = format!("{authority} is not an authority of {edition}");
            return Err(invalid("parent", &problem).into());
        }
        Ok(())
    }

    async fn finish(
        &self,
        commit: Commit,
        delegation: &Delegation,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<(), Error> {
        let response = delegations::sealed(delegation);
        let subject = Subject::new(&delegation.name);
        let commit = mutation.remember(commit, &keys::requests(identity), &response, &subject);
        self.store.commit(commit).await?;
        Ok(())
    }

    async fn earlier(
        &self,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<Option<Delegation>, Error> {
        let requests = keys::requests(identity);
        let earlier = mutation.earlier(&*self.store, &requests).await?;
        let read = |bytes: Vec<u8>| {
            delegations::read(b"request", &bytes)
                .map_err(|_| corrupt("a request", "not a delegation"))
        };
        earlier.map(read).transpose()
    }
}
