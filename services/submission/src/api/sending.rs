//! Sending as a message: a whole return, a draft, some cells, or a draft that is handed in.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_catalogue::Edition;
use mesur_proto::submission::v1 as pb;
use mesur_returns::{Assembly, Draft, Finding, assemble};
use mesur_rpc::idempotency::Mutation;
use mesur_wire::{
    EditionResource, ReturnName, Submitted, Wordings, count_violation, finding_to_wire,
    rows_from_wire,
};
use mesur_wording::Wording;

use super::Api;
use super::convert::{not_an_authority, return_message, taken_message, within_answer};
use super::fields::Fields;
use crate::domain::{Family, families_of};
use crate::error::{Error, invalid};
use crate::returns::{Content, Sending};
use crate::sight::Sight;

/// What is to become of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is handed in.
    HandIn,
    /// It is kept as a draft.
    Draft,
    /// It is checked, and nothing is kept.
    Check,
}

/// What a sender says besides the cells.
pub(super) struct Sent<'a> {
    pub(super) name: ReturnName,
    pub(super) edition: Arc<Edition>,
    pub(super) etag: String,
    pub(super) purpose: Purpose,
    pub(super) mutation: Mutation,
    pub(super) wording: &'a Wording,
    pub(super) sight: Sight,
    /// The field that holds the observations.
    pub(super) field: &'static str,
}

/// The fields that every way of sending has.
pub(super) struct Options<'m> {
    pub(super) validate_only: bool,
    pub(super) draft: bool,
    pub(super) language_code: &'m str,
    pub(super) mutation: Result<Mutation, mesur_rpc::Violation>,
}

impl Options<'_> {
    /// Reads them; what is wrong is noted in `fields`.
    pub(super) fn read(
        self,
        wordings: &Wordings,
        mut fields: Fields,
    ) -> Result<(Purpose, Mutation, &Wording), Error> {
        let wording = wordings
            .of(self.language_code)
            .map_err(|error| invalid("language_code", &error.to_string()));
        let wording = fields.take(wording);
        let purpose = match (self.validate_only, self.draft) {
            (false, false) => Ok(Purpose::HandIn),
            (false, true) => Ok(Purpose::Draft),
            (true, false) => Ok(Purpose::Check),
            (true, true) => Err(invalid("draft", "cannot be set with validate_only")),
        };
        let purpose = fields.take(purpose);
        let mutation = fields.take(self.mutation);
        let read = purpose.zip(mutation).zip(wording);
        let ((purpose, mutation), wording) = fields.finish(read)?;
        Ok((purpose, mutation, wording))
    }
}

impl Api {
    pub(super) async fn submit(
        &self,
        grant: Grant,
        message: Submitted<'_>,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let field = "data_return.name";
        let name = ReturnName::parse(message.name).map_err(Error::name(field))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let options = Options {
            validate_only: message.validate_only,
            draft: message.draft,
            language_code: message.language_code,
            mutation: mutation_of(sight.grant(), &message),
        };
        let (purpose, mutation, wording) = options.read(&self.wordings, Fields::default())?;
        let edition = self.edition_of(&name, message.edition_digest, field)?;
        let field = "data_return.observations";
        if let Some(violation) = count_violation(field, &edition, message.observation_count) {
            return Err(violation.into());
        }
        let definitions = (&*self.returns.catalogue, &self.openings);
        let assembly = message.assemble(&edition, definitions, &name.authority);
        let assembly = assembly.map_err(|error| invalid(field, &error.to_string()))?;
        // Not to be held while the commit is waited for.
        let etag = message.etag.to_owned();
        drop(message);
        let mut sent = Sent {
            name,
            edition,
            etag,
            purpose,
            mutation,
            wording,
            sight,
            field,
        };
        if purpose == Purpose::Check {
            // It is the same however often it comes; nothing of it is remembered.
            return self.check(sent, assembly, Vec::new(), false).await;
        }
        let (content, families) = taken_in(&sent, assembly)?;
        if let Content::Whole(cells) | Content::Draft(cells) = &content {
            sent.mutation = sent.mutation.with(cells.fingerprint().as_bytes());
        }
        self.send(sent, content, families).await
    }

    pub(super) async fn update(
        &self,
        grant: Grant,
        mut message: pb::UpdateObservationsRequest,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        fields.required("etag", &message.etag);
        let field = "observations";
        if message.observations.is_empty() {
            fields.fault(invalid(field, "must be set"));
        }
        let options = Options {
            validate_only: message.validate_only,
            draft: false,
            language_code: &message.language_code,
            mutation: Mutation::read(sight.grant(), "UpdateObservations", &id, &message),
        };
        let (purpose, mutation, wording) = options.read(&self.wordings, fields)?;
        let edition = self.edition_of(&name, "", "name")?;
        if let Some(violation) = count_violation(field, &edition, message.observations.len()) {
            return Err(violation.into());
        }
        let rows = rows_from_wire(&message.observations);
        let catalogue = &self.returns.catalogue;
        let changes = assemble(&edition, catalogue, &name.authority, rows);
        let etag = message.etag;
        if purpose == Purpose::Check {
            let merged = self.returns.merged(&name, &etag, changes, &sight).await?;
            let (merged, is_draft) = merged;
            let sent = Sent {
                name,
                edition,
                etag,
                purpose,
                mutation,
                wording,
                sight,
                field,
            };
            return self.check(sent, merged, Vec::new(), is_draft).await;
        }
        let sending = Sending {
            name,
            etag,
            families: families_of(&edition, &changes.cells),
            content: Content::Changes(changes),
        };
        let outcome = self.returns.send(&sending, &sight, &mutation).await?;
        Ok(taken_message(&outcome))
    }

    pub(super) async fn hand_in(
        &self,
        grant: Grant,
        mut message: pb::SubmitDraftRequest,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let name = ReturnName::parse(&message.name).map_err(Error::name("name"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let id = std::mem::take(&mut message.request_id);
        let mut fields = Fields::default();
        fields.required("etag", &message.etag);
        let mutation = fields.take(Mutation::read(sight.grant(), "SubmitDraft", &id, &message));
        let mutation = fields.finish(mutation)?;
        let outcome = self
            .returns
            .hand_in(&name, &message.etag, &sight, &mutation)
            .await?;
        Ok(taken_message(&outcome))
    }

    /// The edition of a return that is sent, in which its authority reports.
    pub(super) fn edition_of(
        &self,
        name: &ReturnName,
        digest: &str,
        field: &str,
    ) -> Result<Arc<Edition>, Error> {
        let edition = self.returns.edition(&name.edition, digest)?;
        if edition.authority(&name.authority).is_none() {
            return Err(not_an_authority(field, &name.authority, edition).into());
        }
        Ok(Arc::clone(edition))
    }

    /// Takes in, or checks, what was put together from a file; `notes` are findings on the file as a
    /// whole.
    pub(super) async fn take_in(
        &self,
        sent: Sent<'_>,
        assembly: Assembly,
        notes: Vec<Finding>,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        if sent.purpose == Purpose::Check {
            return self.check(sent, assembly, notes, false).await;
        }
        let (content, families) = taken_in(&sent, assembly)?;
        self.send(sent, content, families).await
    }

    async fn send(
        &self,
        sent: Sent<'_>,
        content: Content,
        families: Vec<Family>,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let sending = Sending {
            name: sent.name,
            etag: sent.etag,
            content,
            families,
        };
        let taken = self.returns.send(&sending, &sent.sight, &sent.mutation);
        Ok(taken_message(&taken.await?))
    }

    /// Every finding, and the return as it would be taken in; what cannot be taken in would not be.
    async fn check(
        &self,
        sent: Sent<'_>,
        assembly: Assembly,
        notes: Vec<Finding>,
        is_draft: bool,
    ) -> Result<pb::SubmitReturnResponse, Error> {
        let (name, edition) = (sent.name, sent.edition);
        let previous = self.returns.previous(&name).await?;
        let mut findings = notes;
        findings.extend(assembly.check(&edition, previous.as_deref()));
        let data_return = match content_of(assembly, &edition, &name, is_draft) {
            Ok(content) => {
                let sending = Sending {
                    name,
                    etag: sent.etag,
                    content,
                    families: Vec::new(),
                };
                return_message(&self.returns.rehearse(&sending, &sent.sight).await?)
            }
            Err(_) => bare_message(&name, &edition),
        };
        checked_message(data_return, &findings, sent.wording)
    }
}

/// What tells a repeat of a submit, all but its cells: those are put together first, and need not be
/// written out once more.
fn mutation_of(by: &Grant, message: &Submitted<'_>) -> Result<Mutation, mesur_rpc::Violation> {
    let parts: [&[u8]; 4] = [
        message.name.as_bytes(),
        message.etag.as_bytes(),
        message.edition_digest.as_bytes(),
        &[u8::from(message.draft)],
    ];
    Mutation::of_parts(by, "SubmitReturn", message.request_id, &parts)
}

/// What is taken in, and how much of each family it has.
fn taken_in(sent: &Sent<'_>, assembly: Assembly) -> Result<(Content, Vec<Family>), Error> {
    let families = families_of(&sent.edition, &assembly.cells);
    let is_draft = sent.purpose == Purpose::Draft;
    let content = content_of(assembly, &sent.edition, &sent.name, is_draft);
    let field = sent.field;
    let content = content.map_err(|findings| Error::InvalidReturn { field, findings })?;
    Ok((content, families))
}

/// What is sent, or the errors that keep it from being taken.
fn content_of(
    assembly: Assembly,
    edition: &Edition,
    name: &ReturnName,
    is_draft: bool,
) -> Result<Content, Vec<Finding>> {
    if is_draft {
        let draft = assembly.into_draft(edition, &name.authority);
        draft.map(|draft| Content::Draft(draft.into()))
    } else {
        let whole = assembly.into_return(edition, &name.authority);
        whole.map(|whole| Content::Whole(Draft::from(whole).into()))
    }
}

/// The answer to a check.
pub(super) fn checked_message(
    data_return: pb::DataReturn,
    findings: &[Finding],
    wording: &Wording,
) -> Result<pb::SubmitReturnResponse, Error> {
    let findings = findings
        .iter()
        .map(|finding| finding_to_wire(finding, wording));
    let findings = within_answer(&data_return.name, findings)?;
    Ok(pb::SubmitReturnResponse {
        data_return: Some(data_return),
        findings,
        receipt: None,
    })
}

/// A return that would not be taken in.
pub(super) fn bare_message(name: &ReturnName, edition: &Edition) -> pb::DataReturn {
    pb::DataReturn {
        name: name.to_string(),
        edition: EditionResource(name.edition.clone()).to_string(),
        edition_digest: edition.digest().to_owned(),
        ..pb::DataReturn::default()
    }
}
