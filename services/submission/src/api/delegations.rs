//! Delegations.

use mesur_access::Grant;
use mesur_proto::submission::v1 as pb;
use mesur_rpc::clock;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{AuthorityName, DelegationName, EditionResource, ReturnName};

use super::fields::Fields;
use super::{Api, PAGE};
use crate::domain::Delegation;
use crate::error::{Error, name_violation};

/// The longest identity of a supplier, in characters.
const SUPPLIER_CHARS_MAX: usize = 200;

impl Api {
    pub(super) async fn delegate(
        &self,
        grant: Grant,
        mut message: pb::CreateDelegationRequest,
    ) -> Result<pb::Delegation, Error> {
        let authority = AuthorityName::parse(&message.parent).map_err(Error::name("parent"))?;
        let sight = self.sight(grant).await?;
        sight.require_any(&authority.0)?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        let edition = EditionResource::parse(&message.edition)
            .map_err(|error| name_violation("edition".to_owned(), &error));
        let edition = fields.take(edition);
        fields.text("supplier", &message.supplier, SUPPLIER_CHARS_MAX);
        let mutation = fields.take(Mutation::read(
            sight.grant(),
            "CreateDelegation",
            &id,
            &message,
        ));
        let (edition, mutation) = fields.finish(edition.zip(mutation))?;
        let name = ReturnName {
            authority: authority.0,
            edition: edition.0,
        };
        let delegation = self
            .delegations
            .create(&name, &message.supplier, sight.identity(), &mutation)
            .await?;
        Ok(delegation_message(&delegation))
    }

    pub(super) async fn revoke(
        &self,
        grant: Grant,
        mut message: pb::RevokeDelegationRequest,
    ) -> Result<pb::Delegation, Error> {
        let name = DelegationName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        sight.require_any(&name.authority)?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = Mutation::read(sight.grant(), "RevokeDelegation", &id, &message)?;
        let delegation = self
            .delegations
            .revoke(&name, sight.identity(), &mutation)
            .await?;
        Ok(delegation_message(&delegation))
    }

    pub(super) async fn list_delegations(
        &self,
        grant: Grant,
        message: pb::ListDelegationsRequest,
    ) -> Result<pb::ListDelegationsResponse, Error> {
        let authority = AuthorityName::parse(&message.parent).map_err(Error::name("parent"))?;
        self.sight(grant).await?.require_any(&authority.0)?;
        let size = PAGE.apply(message.page_size)?;
        let arguments = [b"delegations".as_slice(), message.parent.as_bytes()];
        let after = self.tokens.read(&arguments, &message.page_token)?;
        let after = after.and_then(|key| key.try_into().ok());
        let after = after.map_or(0, u32::from_be_bytes);
        let limit = size.saturating_add(1);
        let mut found = self.delegations.list(&authority.0, after, limit).await?;
        let is_more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last() {
            Some(last) if is_more => {
                let last = last.name.number.to_be_bytes();
                self.tokens.issue(&arguments, &last)
            }
            _ => String::new(),
        };
        Ok(pb::ListDelegationsResponse {
            delegations: found.iter().map(delegation_message).collect(),
            next_page_token,
        })
    }
}

fn delegation_message(delegation: &Delegation) -> pb::Delegation {
    let (revoker, time) = delegation.revoked.clone().unzip();
    pb::Delegation {
        name: delegation.name.to_string(),
        edition: EditionResource(delegation.edition.clone()).to_string(),
        supplier: delegation.supplier.clone(),
        identity: delegation.identity.clone(),
        create_time: Some(clock::to_proto(delegation.created)),
        revoker: revoker.unwrap_or_default(),
        revoke_time: time.map(clock::to_proto),
    }
}
