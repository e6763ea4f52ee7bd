//! Compiling a release and taking it through its life.
//!
//! A change goes on when its caller hangs up, so that what it published is shown at once.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{ReleaseName, SnapshotName};
use prost::Message;

use super::Api;
use super::convert::release_message;
use super::fields::Fields;
use crate::domain::UpdateNote;
use crate::error::Error;
use crate::releases::{Move, Reader, Release, Step};

/// The longest text of an update note, in characters.
pub(super) const NOTE_CHARS_MAX: usize = 1_000;

/// The name and the etag that every step has.
struct Seen<'a> {
    name: &'a str,
    etag: &'a str,
    by: &'a Grant,
}

impl Api {
    pub(super) async fn compile(
        &self,
        by: &Grant,
        mut message: pb::CompileReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let snapshot = SnapshotName::parse(&message.snapshot).map_err(Error::name("snapshot"))?;
        let note = message.update_note.as_ref().map(note).transpose()?;
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "CompileRelease", &id, &message)?;
        let (releases, by) = (Arc::clone(&self.releases), by.clone());
        let compiling = tokio::spawn(async move {
            releases
                .compile(&snapshot, note.as_ref(), &by, &mutation)
                .await
        });
        let release = compiling.await.map_err(Error::Task)??;
        self.answer(&release).await
    }

    pub(super) async fn submit(
        &self,
        by: &Grant,
        mut message: pb::SubmitReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "SubmitRelease", &id, &message)?;
        let seen = seen(&message.name, &message.etag, by);
        self.step(seen, Fields::default(), Some(Move::Submit), mutation)
            .await
    }

    pub(super) async fn reject(
        &self,
        by: &Grant,
        mut message: pb::RejectReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "RejectRelease", &id, &message)?;
        let mut fields = Fields::default();
        fields.reason("reason", &message.reason);
        let action = Move::Reject(message.reason.clone());
        let seen = seen(&message.name, &message.etag, by);
        self.step(seen, fields, Some(action), mutation).await
    }

    pub(super) async fn approve(
        &self,
        by: &Grant,
        mut message: pb::ApproveReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "ApproveRelease", &id, &message)?;
        let seen = seen(&message.name, &message.etag, by);
        self.step(seen, Fields::default(), Some(Move::Approve), mutation)
            .await
    }

    pub(super) async fn schedule(
        &self,
        by: &Grant,
        mut message: pb::ScheduleReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "ScheduleRelease", &id, &message)?;
        let mut fields = Fields::default();
        let day = fields.day("publish_date", &message.publish_date);
        let seen = seen(&message.name, &message.etag, by);
        self.step(seen, fields, day.map(Move::Schedule), mutation)
            .await
    }

    pub(super) async fn publish(
        &self,
        by: &Grant,
        mut message: pb::PublishReleaseRequest,
    ) -> Result<pb::Release, Error> {
        let id = std::mem::take(&mut message.request_id);
        let mutation = mutation(by, "PublishRelease", &id, &message)?;
        let mut fields = Fields::default();
        fields.reason("reason", &message.reason);
        let action = Move::Publish(message.reason.clone());
        let seen = seen(&message.name, &message.etag, by);
        self.step(seen, fields, Some(action), mutation).await
    }

    /// Takes a step; there is one unless a field is wrong.
    async fn step(
        &self,
        seen: Seen<'_>,
        mut fields: Fields,
        action: Option<Move>,
        mutation: Mutation,
    ) -> Result<pb::Release, Error> {
        let name = ReleaseName::parse(seen.name).map_err(Error::name("name"))?;
        fields.required("etag", seen.etag);
        fields.finish()?;
        let Some(action) = action else {
            return Err(Error::InvalidFields(Vec::new()));
        };
        let step = Step {
            name,
            etag: seen.etag.to_owned(),
            by: seen.by.clone(),
            action,
            mutation,
        };
        let releases = Arc::clone(&self.releases);
        let stepping = tokio::spawn(async move { releases.step(&step).await });
        let release = stepping.await.map_err(Error::Task)??;
        self.answer(&release).await
    }

    async fn answer(&self, release: &Release) -> Result<pb::Release, Error> {
        let details = self.releases.details(release).await?;
        Ok(release_message(release, Some(&details), Reader::Staff))
    }
}

fn seen<'a>(name: &'a str, etag: &'a str, by: &'a Grant) -> Seen<'a> {
    Seen { name, etag, by }
}

/// What tells a repeat of a request, from which its id was taken.
pub(super) fn mutation(
    by: &Grant,
    method: &'static str,
    request_id: &str,
    message: &impl Message,
) -> Result<Mutation, Error> {
    Mutation::read(by, method, request_id, message).map_err(Error::InvalidField)
}

/// A note that says what and why in both languages.
fn note(message: &pb::UpdateNote) -> Result<UpdateNote, Error> {
    let text = |text: &Option<pb::BilingualText>| {
        let text = text.clone().unwrap_or_default();
        [text.en, text.cy]
    };
    let note = UpdateNote {
        what: text(&message.what),
        why: text(&message.why),
    };
    let ([what_en, what_cy], [why_en, why_cy]) = (&note.what, &note.why);
    let texts = [
        ("update_note.what.en", what_en),
        ("update_note.what.cy", what_cy),
        ("update_note.why.en", why_en),
        ("update_note.why.cy", why_cy),
    ];
    let empty = texts.iter().filter(|(_, text)| text.trim().is_empty());
    let fields: Vec<_> = empty.map(|(field, _)| *field).collect();
    if !fields.is_empty() {
        return Err(Error::UpdateNoteRequired { fields });
    }
    let mut fields = Fields::default();
    for (field, text) in texts {
        fields.text(field, text, NOTE_CHARS_MAX);
    }
    fields.finish()?;
    Ok(note)
}
