//! Sending the words of a release out to be translated, and taking them back.

use mesur_access::Grant;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::EditionResource;

use super::Api;
use super::reading::{Pieces, pieces};
use crate::error::Error;

impl Api {
    pub(super) async fn export(
        &self,
        message: &pb::ExportTextsRequest,
    ) -> Result<Pieces<pb::ExportTextsResponse>, Error> {
        let edition = EditionResource::parse(&message.edition).map_err(Error::name("edition"))?;
        let exporting = self.texts.export(&edition.0, message.missing_only);
        let content = exporting.await?.into();
        Ok(pieces(&content, |content| pb::ExportTextsResponse {
            content,
        }))
    }

    pub(super) async fn import(
        &self,
        by: &Grant,
        mut message: pb::ImportTextsRequest,
    ) -> Result<pb::ImportTextsResponse, Error> {
        let edition = EditionResource::parse(&message.edition).map_err(Error::name("edition"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation =
            Mutation::read(by, "ImportTexts", &id, &message).map_err(Error::InvalidField)?;
        let importing = self.texts.import(&edition.0, &message.content, &mutation);
        let imported = importing.await?;
        let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(pb::ImportTextsResponse {
            changed_count: count(imported.changed),
            missing_count: count(imported.missing),
        })
    }
}
