//! Signing off, and taking the sign-off back.

use mesur_access::Grant;
use mesur_proto::submission::v1 as pb;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::ReturnName;

use super::Api;
use super::convert::return_message;
use super::fields::Fields;
use crate::error::Error;

impl Api {
    pub(super) async fn sign_off(
        &self,
        grant: Grant,
        mut message: pb::SignOffReturnRequest,
    ) -> Result<pb::DataReturn, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        fields.required("etag", &message.etag);
        let mutation = fields.take(Mutation::read(
            sight.grant(),
            "SignOffReturn",
            &id,
            &message,
        ));
        let mutation = fields.finish(mutation)?;
        let outcome = self
            .returns
            .sign_off(&name, &message.etag, &sight, &mutation)
            .await?;
        Ok(return_message(&outcome))
    }

    pub(super) async fn reopen(
        &self,
        grant: Grant,
        mut message: pb::ReopenReturnRequest,
    ) -> Result<pb::DataReturn, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        fields.required("etag", &message.etag);
        fields.reason(&message.reason);
        let mutation = fields.take(Mutation::read(sight.grant(), "ReopenReturn", &id, &message));
        let mutation = fields.finish(mutation)?;
        let seen = (message.etag.as_str(), message.reason.as_str());
        let outcome = self.returns.reopen(&name, seen, &sight, &mutation).await?;
        Ok(return_message(&outcome))
    }
}
