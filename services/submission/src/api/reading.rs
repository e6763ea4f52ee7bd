//! Reading returns: one, all that a caller sees, their revisions, and what differs between two.

use mesur_access::Grant;
use mesur_catalogue::{CellId, EditionName};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::compare_revisions_response::Difference;
use mesur_returns::Observation;
use mesur_rpc::audit::{self, Call};
use mesur_rpc::channel::fits;
use mesur_rpc::page::Page;
use mesur_store::{Key, KeyRange};
use mesur_wire::{
    EditionResource, ReturnName, RevisionName, all_observations, observation_to_wire,
};

use super::convert::{parent_authority, return_message, within_answer};
use super::{Api, PAGE};
use crate::domain::Revision;
use crate::error::Error;
use crate::returns::{Returns, subject_of};
use crate::sight::Sight;
use crate::store::{keys, revisions};

/// How many heads are read at a time: the filters of a list may pass over many of them.
const SCAN: usize = 1_000;

impl Api {
    pub(super) async fn get(
        &self,
        grant: Grant,
        message: pb::GetReturnRequest,
    ) -> Result<pb::DataReturn, Error> {
        let by = Call::from(&grant);
        let revision = self.revision_of(grant, &message.name).await?;
        audit::read(&*self.returns.store, &by, &subject_of(&revision)).await?;
        let name = revision.name.to_string();
        let (edition, content) = self.returns.content(&revision).await?;
        let observations = all_observations(edition, content.cells());
        let observations = within_answer(&name, observations)?;
        let outcome = self.returns.with_history(revision).await?;
        let message = pb::DataReturn {
            observations,
            ..return_message(&outcome)
        };
        if fits(&message) {
            Ok(message)
        } else {
            Err(Error::AnswerTooLarge { name })
        }
    }

    /// The revision that a name is of, if the caller sees it: the latest one of a return, or one by
    /// its number.
    pub(super) async fn revision_of(&self, grant: Grant, name: &str) -> Result<Revision, Error> {
        let (name, number) = if name.contains("/revisions/") {
            let name = RevisionName::parse(name).map_err(Error::name("name"))?;
            (name.data_return, Some(name.revision))
        } else {
            (ReturnName::parse(name).map_err(Error::name("name"))?, None)
        };
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        match number {
            Some(revision) => {
                let data_return = name;
                let name = RevisionName {
                    data_return,
                    revision,
                };
                self.returns.revision(&name, &sight).await
            }
            None => self.returns.latest(&name, &sight).await,
        }
    }

    pub(super) async fn list(
        &self,
        grant: Grant,
        message: pb::ListReturnsRequest,
    ) -> Result<pb::ListReturnsResponse, Error> {
        let authority = parent_authority(&message.parent)?;
        let sight = self.sight(grant).await?;
        if let Some(authority) = &authority {
            sight.require_any(authority)?;
        }
        let edition = match message.edition.as_str() {
            "" => None,
            text => {
                let edition = EditionResource::parse(text);
                Some(edition.map_err(Error::name("edition"))?.0)
            }
        };
        if let (Some(authority), Some(edition)) = (&authority, &edition) {
            sight.require(&ReturnName {
                authority: authority.clone(),
                edition: edition.clone(),
            })?;
        }
        let size = PAGE.apply(message.page_size)?;
        let arguments = [message.parent.as_bytes(), message.edition.as_bytes()];
        let after = self.tokens.read(&arguments, &message.page_token)?;
        let collection = edition.as_ref().map(|edition| &edition.collection);
        let mut range = KeyRange::prefix(keys::heads(authority.as_ref(), collection));
        if let Some(after) = after {
            range = range.after(&after);
        }
        let (data_returns, last) = self
            .seen_heads(range, edition.as_ref(), size, &sight)
            .await?;
        Ok(pb::ListReturnsResponse {
            data_returns,
            next_page_token: last
                .map(|key| self.tokens.issue(&arguments, &key))
                .unwrap_or_default(),
        })
    }

    /// A page of the latest revisions, and the key of its last one if another page follows.
    async fn seen_heads(
        &self,
        mut range: KeyRange,
        edition: Option<&EditionName>,
        size: usize,
        sight: &Sight,
    ) -> Result<(Vec<pb::DataReturn>, Option<Key>), Error> {
        let mut page = Page::new(size);
        loop {
            let rows = self.returns.store.scan(range.clone(), SCAN).await?;
            let Some((last, _)) = rows.last() else {
                return Ok(page.as_last());
            };
            range = range.after(last);
            for (key, entry) in rows {
                let revision = revisions::read(&key, &entry.value)?;
                let of = &revision.name.data_return.edition;
                let is_wanted = edition.is_none_or(|edition| edition == of);
                if is_wanted && sight.sees(&revision) {
                    if page.is_full() {
                        return Ok(page.with_another());
                    }
                    let outcome = self.returns.with_history(revision).await?;
                    page.push(key, return_message(&outcome));
                }
            }
        }
    }

    pub(super) async fn revisions(
        &self,
        grant: Grant,
        message: pb::ListRevisionsRequest,
    ) -> Result<pb::ListRevisionsResponse, Error> {
        let name = ReturnName::parse(&message.parent).map_err(Error::name("parent"))?;
        let sight = self.sight(grant).await?;
        sight.require(&name)?;
        let size = PAGE.apply(message.page_size)?;
        let arguments = [b"revisions".as_slice(), message.parent.as_bytes()];
        let before = self.tokens.read(&arguments, &message.page_token)?;
        let before = before.and_then(|key| key.try_into().ok());
        let before = before.map(u32::from_be_bytes);
        let limit = size.saturating_add(1);
        let found = self.returns.revisions(&name, before, limit, &sight).await?;
        let (revisions, last) = self.revision_page(found, size).await?;
        Ok(pb::ListRevisionsResponse {
            revisions,
            next_page_token: last
                .map(|number| self.tokens.issue(&arguments, &number.to_be_bytes()))
                .unwrap_or_default(),
        })
    }

    /// A page of revisions with their histories, and the number of its last one if another page follows.
    async fn revision_page(
        &self,
        found: Vec<Revision>,
        size: usize,
    ) -> Result<(Vec<pb::DataReturn>, Option<u32>), Error> {
        let mut page = Page::new(size);
        for revision in found {
            if page.is_full() {
                return Ok(page.with_another());
            }
            let number = revision.name.revision;
            let outcome = self.returns.with_history(revision).await?;
            page.push(number, return_message(&outcome));
        }
        Ok(page.as_last())
    }

    pub(super) async fn compare(
        &self,
        grant: Grant,
        message: pb::CompareRevisionsRequest,
    ) -> Result<pb::CompareRevisionsResponse, Error> {
        let from = RevisionName::parse(&message.from).map_err(Error::name("from"))?;
        let to = RevisionName::parse(&message.to).map_err(Error::name("to"))?;
        let sight = self.sight(grant).await?;
        sight.require(&from.data_return)?;
        sight.require(&to.data_return)?;
        let from = self.returns.revision(&from, &sight).await?;
        let to = self.returns.revision(&to, &sight).await?;
        Returns::common_edition(&from, &to)?;
        let by = Call::from(sight.grant());
        for revision in [&from, &to] {
            audit::read(&*self.returns.store, &by, &subject_of(revision)).await?;
        }
        let name = to.name.to_string();
        let (edition, from) = self.returns.content(&from).await?;
        let (_, to) = self.returns.content(&to).await?;
        let said = |cell: CellId, observation: Option<Observation<'_>>| {
            Some(observation_to_wire(edition.cell(cell)?, observation?))
        };
        let differences = Returns::differences(edition, &from, &to);
        let differences = differences.map(|(cell, [from, to])| Difference {
            from: said(cell, from),
            to: said(cell, to),
        });
        Ok(pb::CompareRevisionsResponse {
            differences: within_answer(&name, differences)?,
        })
    }
}
