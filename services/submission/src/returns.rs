//! The use cases: read, decide in `domain`, commit with the versions that were relied on.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::storage::v1::ReturnContent;
use mesur_returns::{DataReturn, Previous};
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, KeyRange, Store, Version, large, with_retry};
use mesur_wire::{ReturnName, RevisionName, content_of, return_from_content};
use prost::Message;

use crate::domain::{IllegalMove, Revision};
use crate::error::Error;
use crate::previous;
use crate::store::{self, Event};

/// Whether validation lets a revision be signed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clearance {
    /// There is no report on it yet.
    NotYetValidated,
    /// The report as it stands.
    Report {
        /// How many errors.
        errors: i32,
        /// How many warnings without an explanation.
        open: i32,
    },
}

/// The port to validation.
#[async_trait]
pub(crate) trait Reports: Send + Sync {
    /// Asks for the report on a revision whose content has this digest.
    async fn clearance(&self, name: &RevisionName, digest: &str) -> Result<Clearance, Error>;
}

/// The returns of all authorities.
pub(crate) struct Returns {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) reports: Arc<dyn Reports>,
}

impl Returns {
    /// An edition by name; `digest`, when given, must be its digest.
    pub(crate) fn edition(&self, name: &EditionName, digest: &str) -> Result<&Edition, Error> {
        let edition = self
            .catalogue
            .get(name)
            .ok_or_else(|| Error::EditionNotFound { name: name.clone() })?;
        if digest.is_empty() || digest == edition.digest() {
            return Ok(edition);
        }
        Err(Error::EditionMismatch {
            name: name.clone(),
            ours: edition.digest().to_owned(),
            theirs: digest.to_owned(),
        })
    }

    /// The revision that a whole return would become now, refused as [`Returns::submit`] would.
    pub(crate) async fn rehearse(
        &self,
        name: &ReturnName,
        content: &DataReturn,
        etag: &str,
    ) -> Result<Revision, Error> {
        let (current, _) = self.current(name).await?;
        self.receive(name, current.as_ref(), content, etag)
    }

    /// Takes a whole return in as the next revision.
    pub(crate) async fn submit(
        &self,
        content: &DataReturn,
        etag: &str,
        mutation: &Mutation,
    ) -> Result<Revision, Error> {
        let name = ReturnName {
            authority: content.authority.clone(),
            edition: content.edition.clone(),
        };
        with_retry(|| async {
            if let Some(earlier) = self.earlier(mutation).await? {
                return Ok(earlier);
            }
            let (current, version) = self.current(&name).await?;
            let next = self.receive(&name, current.as_ref(), content, etag)?;
            let commit = store::put_revision(Commit::new(), &next, version, Event::Submitted);
            let bytes = content_of(content).encode_to_vec();
            let key = store::content_key(&next.name);
            let commit = large::put_large(&*self.store, commit, &key, &bytes).await?;
            self.finish(commit, &next, mutation).await?;
            Ok(next)
        })
        .await
    }

    /// Signs the latest revision off, when validation has nothing open against it.
    pub(crate) async fn sign_off(
        &self,
        name: &ReturnName,
        etag: &str,
        mutation: &Mutation,
    ) -> Result<Revision, Error> {
        with_retry(|| async {
            if let Some(earlier) = self.earlier(mutation).await? {
                return Ok(earlier);
            }
            let (current, version) = self.current(name).await?;
            let current = current.ok_or_else(|| illegal_move(name, IllegalMove::NothingSent))?;
            check_etag(name, Some(&current), etag)?;
            let next = current
                .sign_off(self.clock.now())
                .map_err(|illegal| illegal_move(name, illegal))?;
            self.check_clearance(&next).await?;
            let commit = store::put_revision(Commit::new(), &next, version, Event::SignedOff);
            self.finish(commit, &next, mutation).await?;
            Ok(next)
        })
        .await
    }

    /// The latest revision of a return.
    pub(crate) async fn latest(&self, name: &ReturnName) -> Result<Revision, Error> {
        let (current, _) = self.current(name).await?;
        current.ok_or_else(|| Error::ReturnNotFound {
            name: name.to_string(),
        })
    }

    /// A revision by name.
    pub(crate) async fn revision(&self, name: &RevisionName) -> Result<Revision, Error> {
        let found = store::revision(&*self.store, name).await?;
        found.ok_or_else(|| Error::ReturnNotFound {
            name: name.to_string(),
        })
    }

    /// The observations of a revision, with the edition that they are in the order of.
    pub(crate) async fn content(
        &self,
        revision: &Revision,
    ) -> Result<(&Edition, DataReturn), Error> {
        let name = &revision.name;
        let edition = self.edition(&name.data_return.edition, &revision.edition_digest)?;
        let bytes = large::get_large(&*self.store, &store::content_key(name)).await?;
        let bytes = bytes.ok_or_else(|| store::corrupt(&name.to_string(), "no content"))?;
        let content = ReturnContent::decode(bytes.as_slice())
            .map_err(|error| store::corrupt(&name.to_string(), &error.to_string()))?;
        let data_return = return_from_content(edition, &name.data_return.authority, content)
            .map_err(|error| store::corrupt(&name.to_string(), &error.to_string()))?;
        Ok((edition, data_return))
    }

    /// Records values of an earlier period, in place of what was recorded for it.
    pub(crate) async fn record_previous(
        &self,
        values: &Previous,
        edition: &EditionName,
        mutation: &Mutation,
    ) -> Result<(), Error> {
        let key = store::previous_key(&values.authority, edition);
        let content_key = store::previous_content_key(&values.authority, edition);
        let bytes = previous::stored(values);
        with_retry(|| async {
            if self.earlier_bytes(mutation).await?.is_some() {
                return Ok(());
            }
            let commit = Commit::new().put(key.clone(), Vec::new());
            let commit = large::put_large(&*self.store, commit, &content_key, &bytes).await?;
            let commit = mutation.remember(commit, &store::request_prefix(), &[]);
            self.store.commit(commit).await?;
            Ok(())
        })
        .await
    }

    /// The values of the latest earlier period that is held for the authority of a return: those
    /// of its return, or recorded ones.
    pub(crate) async fn previous(&self, name: &ReturnName) -> Result<Option<Previous>, Error> {
        let ReturnName { authority, edition } = name;
        let heads = store::heads_prefix(Some(authority), Some(&edition.collection));
        let heads = self
            .store
            .scan(KeyRange::prefix(heads), previous::PERIODS_MAX)
            .await?;
        let mut returned: Option<Revision> = None;
        for (key, entry) in heads {
            let revision = store::revision_of(&key, &entry.value)?;
            // Keys are in the order of periods, so the last earlier one is the latest.
            if revision.name.data_return.edition.period < edition.period {
                returned = Some(revision);
            }
        }
        let recorded = previous::latest_recorded(&*self.store, name).await?;
        let Some(revision) = returned else {
            return Ok(recorded);
        };
        let period = &revision.name.data_return.edition.period;
        if let Some(recorded) = recorded.filter(|recorded| &recorded.period > period) {
            return Ok(Some(recorded));
        }
        let (edition, data_return) = self.content(&revision).await?;
        Ok(Some(Previous::from_return(edition, &data_return)))
    }

    fn receive(
        &self,
        name: &ReturnName,
        current: Option<&Revision>,
        content: &DataReturn,
        etag: &str,
    ) -> Result<Revision, Error> {
        check_etag(name, current, etag)?;
        Revision::receive(current, content, self.clock.now())
            .map_err(|illegal| illegal_move(name, illegal))
    }

    async fn current(
        &self,
        name: &ReturnName,
    ) -> Result<(Option<Revision>, Option<Version>), Error> {
        Ok(store::head(&*self.store, name).await?.unzip())
    }

    async fn check_clearance(&self, revision: &Revision) -> Result<(), Error> {
        let name = &revision.name;
        match self.reports.clearance(name, &revision.digest).await? {
            Clearance::NotYetValidated => Err(Error::NotYetValidated {
                name: name.to_string(),
            }),
            Clearance::Report { errors: 0, open: 0 } => Ok(()),
            Clearance::Report { errors, open } => Err(Error::FindingsOpen {
                name: name.to_string(),
                errors,
                open,
            }),
        }
    }

    async fn earlier_bytes(&self, mutation: &Mutation) -> Result<Option<Vec<u8>>, Error> {
        Ok(mutation
            .earlier(&*self.store, &store::request_prefix())
            .await?)
    }

    /// The revision that an earlier request with the same id led to, as it was then.
    async fn earlier(&self, mutation: &Mutation) -> Result<Option<Revision>, Error> {
        let Some(bytes) = self.earlier_bytes(mutation).await? else {
            return Ok(None);
        };
        Ok(Some(store::revision_of(b"request", &bytes)?))
    }

    async fn finish(
        &self,
        commit: Commit,
        revision: &Revision,
        mutation: &Mutation,
    ) -> Result<(), Error> {
        let record = store::record_of(revision);
        let commit = mutation.remember(commit, &store::request_prefix(), &record);
        self.store.commit(commit).await?;
        Ok(())
    }
}

/// An empty etag asks for nothing; any other must be that of the latest revision.
fn check_etag(name: &ReturnName, current: Option<&Revision>, etag: &str) -> Result<(), Error> {
    if etag.is_empty() || current.is_some_and(|revision| revision.etag() == etag) {
        return Ok(());
    }
    Err(Error::StaleEtag {
        name: name.to_string(),
    })
}

fn illegal_move(name: &ReturnName, illegal: IllegalMove) -> Error {
    let name = name.to_string();
    match illegal {
        IllegalMove::NothingSent => Error::ReturnNotFound { name },
        IllegalMove::SignedOff => Error::AlreadySignedOff { name },
    }
}
