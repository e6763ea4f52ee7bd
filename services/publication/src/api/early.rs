//! Early access: the list of those who have it, and looking.

use mesur_access::{Grant, Role};
use mesur_proto::publication::v1 as pb;
use mesur_wire::{AnyReleaseName, ReleaseName};

use super::Api;
use super::convert::{access_message, list_message};
use super::fields::Fields;
use super::life::mutation;
use super::reading::{Pieces, pieces};
use crate::error::Error;
use crate::releases::{Candidate, Viewer};

/// The longest identity and the longest post, in characters.
pub(super) const NAME_CHARS_MAX: usize = 200;

impl Api {
    pub(super) async fn preview(
        &self,
        by: &Grant,
        message: &pb::PreviewFileRequest,
    ) -> Result<Pieces<pb::PreviewFileResponse>, Error> {
        let name = AnyReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let works_on_it = |role: &Role| matches!(role, Role::Statistician | Role::Publisher);
        let viewer = Viewer {
            by,
            is_staff: by.caller().roles.iter().any(works_on_it),
        };
        let preview = self.releases.preview(&name, &message.file_name, &viewer);
        let content = preview.await?;
        Ok(pieces(&content, |content| pb::PreviewFileResponse {
            content,
        }))
    }

    pub(super) async fn grant_access(
        &self,
        by: &Grant,
        mut message: pb::GrantEarlyAccessRequest,
    ) -> Result<pb::EarlyAccess, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "GrantEarlyAccess", &id, &message)?;
        let mut fields = Fields::default();
        fields.text("reader", &message.reader, NAME_CHARS_MAX);
        fields.text("post", &message.post, NAME_CHARS_MAX);
        fields.reason("justification", &message.justification);
        fields.finish()?;
        let candidate = Candidate {
            reader: message.reader,
            post: message.post,
            justification: message.justification,
        };
        let granting = self.releases.grant_access(&name, &candidate, by, &mutation);
        Ok(access_message(&granting.await?, []))
    }

    pub(super) async fn revoke_access(
        &self,
        by: &Grant,
        mut message: pb::RevokeEarlyAccessRequest,
    ) -> Result<pb::EarlyAccess, Error> {
        let name = ReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "RevokeEarlyAccess", &id, &message)?;
        let mut fields = Fields::default();
        fields.text("reader", &message.reader, NAME_CHARS_MAX);
        fields.reason("reason", &message.reason);
        fields.finish()?;
        let (reader, reason) = (&message.reader, &message.reason);
        let revoking = self
            .releases
            .revoke_access(&name, reader, reason, by, &mutation);
        Ok(access_message(&revoking.await?, []))
    }

    pub(super) async fn list_access(
        &self,
        by: &Grant,
        name: &str,
    ) -> Result<pb::ListEarlyAccessResponse, Error> {
        let name = AnyReleaseName::parse(name).map_err(Error::name("name"))?;
        Ok(list_message(&self.releases.early_list(&name, by).await?))
    }
}
