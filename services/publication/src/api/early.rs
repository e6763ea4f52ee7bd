//! Early access: the list of those who have it, and looking.

use mesur_access::{Grant, Role};
use mesur_proto::publication::v1 as pb;
use mesur_wire::{AnyReleaseName, ReleaseName};

use super::convert::{access_message, list_message};
use super::fields::Fields;
use super::life::mutation;
use super::reading::{Pieces, pieces};
use super::{Api, PAGE};
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
        Ok(access_message(&granting.await?))
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
        Ok(access_message(&revoking.await?))
    }

    pub(super) async fn list_access(
        &self,
        by: &Grant,
        message: &pb::ListEarlyAccessRequest,
    ) -> Result<pb::ListEarlyAccessResponse, Error> {
        let mut name = AnyReleaseName::parse(&message.name).map_err(Error::name("name"))?;
        let size = PAGE.apply(message.page_size).map_err(Error::InvalidField)?;
        let arguments: [&[u8]; 2] = [b"looks", message.name.as_bytes()];
        let start = self.tokens.read(&arguments, &message.page_token);
        let start = start.map_err(Error::InvalidField)?;
        let start = start.as_deref().and_then(<[u8]>::split_first_chunk::<4>);
        // A page goes on in the revision that the first page was of.
        let revision = start.map(|(revision, _)| u32::from_be_bytes(*revision));
        name.revision = name.revision.or(revision);
        let after = start.map(|(_, key)| key);
        let limit = size.saturating_add(1);
        let list = self.releases.early_list(&name, after, limit, by).await?;
        let looks: Vec<_> = list.looks.iter().take(size).collect();
        let next_page_token = match looks.last() {
            Some((key, _)) if list.looks.len() > size => {
                let place = [&list.revision.to_be_bytes()[..], &key[..]].concat();
                self.tokens.issue(&arguments, &place)
            }
            _ => String::new(),
        };
        let looks: Vec<_> = looks.into_iter().map(|(_, look)| look).collect();
        Ok(list_message(&list.readers, &looks, next_page_token))
    }
}
