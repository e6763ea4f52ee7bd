//! The use cases of returns: read, decide in `domain`, commit with the versions that were relied on.

mod previous;
mod sending;
mod signing;

use std::sync::Arc;

use async_trait::async_trait;
use mesur_catalogue::{Catalogue, CellId, Edition, EditionName};
use mesur_returns::{Cells, DataReturn, Draft, Observation};
use mesur_rpc::audit::Subject;
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Expect, Key, Store, Version};
use mesur_telemetry::table;
use mesur_wire::{ReturnName, RevisionName};

use crate::domain::{Family, IllegalMove, Move, Revision, State, life_cycle};
use crate::error::{Error, invalid};
use crate::sight::Sight;
use crate::store::{self, corrupt, keys};
use crate::turns::Turns;

pub(crate) use previous::{EarlierReading, EarlierValues};
pub(crate) use sending::{Content, Sending};

/// Whether validation lets a revision be signed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clearance {
    /// There is no report on it yet.
    NotYetValidated,
    /// The report as it stands.
    Report {
        /// How many errors that are not overridden.
        errors: i32,
        /// How many warnings without an explanation that stands.
        warnings: i32,
        /// How many queries without an answer.
        queries: i32,
    },
}

/// The port to validation.
#[async_trait]
pub(crate) trait Reports: Send + Sync {
    /// Asks for the report on a revision whose content has this digest. Where nothing is open,
    /// validation lets nothing be opened for longer than [`signing::CLEARANCE_VALIDITY`].
    async fn clearance(&self, name: &RevisionName, digest: &str) -> Result<Clearance, Error>;
}

/// A revision with what happened to it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// The revision.
    pub(crate) revision: Revision,
    /// Its moves, the first first.
    pub(crate) history: Vec<Move>,
    /// What was sent, by family; empty where nothing was.
    pub(crate) families: Vec<Family>,
}

/// A cell in which two revisions differ, and what each of them says.
pub(crate) type Difference<'a> = (CellId, [Option<Observation<'a>>; 2]);

/// The returns of all authorities.
pub(crate) struct Returns {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) turns: Turns,
    pub(crate) earlier_values: EarlierValues,
}

/// What keys a commit relies on besides those that it changes.
type Relied = Vec<(Key, Expect)>;

impl Returns {
    /// The same returns, for whoever writes to them by way of this store.
    pub(crate) fn writing_to(&self, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            catalogue: Arc::clone(&self.catalogue),
            clock: Arc::clone(&self.clock),
            reports: Arc::clone(&self.reports),
            turns: Turns::default(),
            earlier_values: EarlierValues::default(),
        }
    }

    /// An edition by name; `digest`, when given, must be its digest.
    pub(crate) fn edition(&self, name: &EditionName, digest: &str) -> Result<&Arc<Edition>, Error> {
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

    /// The latest revision of a return that the caller sees.
    pub(crate) async fn latest(&self, name: &ReturnName, by: &Sight) -> Result<Revision, Error> {
        let (current, _) = self.current(name).await?;
        let seen = current.filter(|revision| by.sees(revision));
        seen.ok_or_else(|| Error::ReturnNotFound {
            name: name.to_string(),
        })
    }

    /// A revision by name, if the caller sees it.
    pub(crate) async fn revision(
        &self,
        name: &RevisionName,
        by: &Sight,
    ) -> Result<Revision, Error> {
        let found = store::revisions::revision(&*self.store, name).await?;
        let seen = found.filter(|revision| by.sees(revision));
        seen.ok_or_else(|| Error::ReturnNotFound {
            name: name.to_string(),
        })
    }

    /// The revisions before a number that the caller sees, the latest first, `limit` at most.
    pub(crate) async fn revisions(
        &self,
        name: &ReturnName,
        before: Option<u32>,
        limit: usize,
        by: &Sight,
    ) -> Result<Vec<Revision>, Error> {
        let mut number = if let Some(before) = before {
            before.saturating_sub(1)
        } else {
            let (current, _) = self.current(name).await?;
            current.map_or(0, |revision| revision.name.revision)
        };
        let mut found = Vec::new();
        while number > 0 && found.len() < limit {
            let of = RevisionName {
                data_return: name.clone(),
                revision: number,
            };
            let revision = store::revisions::revision(&*self.store, &of).await?;
            let revision = revision.ok_or_else(|| corrupt(&of.to_string(), "not held"))?;
            if by.sees(&revision) {
                found.push(revision);
            }
            number = number.saturating_sub(1);
        }
        Ok(found)
    }

    /// A revision with what has happened to it so far.
    pub(crate) async fn with_history(&self, revision: Revision) -> Result<Outcome, Error> {
        Ok(Outcome {
            history: store::revisions::history(&*self.store, &revision).await?,
            revision,
            families: Vec::new(),
        })
    }

    /// The cells of a revision, with the edition that they are in the order of.
    pub(crate) async fn content(
        &self,
        revision: &Revision,
    ) -> Result<(&Arc<Edition>, Draft), Error> {
        let name = &revision.name;
        let (edition, cells) = self.cells(revision).await?;
        let authority = name.data_return.authority.clone();
        let content = if revision.state == State::Draft {
            Draft::new(edition, authority, cells)
        } else {
            DataReturn::new(edition, authority, cells).map(Draft::from)
        };
        let content = content.ok_or_else(|| not_whole(name))?;
        Ok((edition, content))
    }

    /// The cells in which two contents of the edition differ. The sender's references are no
    /// difference: they are no content.
    pub(crate) fn differences<'a>(
        edition: &Edition,
        from: &'a Draft,
        to: &'a Draft,
    ) -> impl Iterator<Item = Difference<'a>> + use<'a> {
        fn said<'a>(observation: &Observation<'a>) -> Observation<'a> {
            Observation {
                reference: "",
                ..*observation
            }
        }
        let pairs = from.cells().observations().zip(to.cells().observations());
        let cells = (0..).map(CellId).zip(pairs).take(edition.cells().len());
        let differ = |(_, (from, to)): &(CellId, (Option<Observation<'_>>, Option<_>))| {
            from.as_ref().map(said) != to.as_ref().map(said)
        };
        cells
            .filter(differ)
            .map(|(cell, (from, to))| (cell, [from, to]))
    }

    /// The edition of two revisions of one return, which must be the same by digest.
    pub(crate) fn common_edition(from: &Revision, to: &Revision) -> Result<(), Error> {
        if from.name.data_return != to.name.data_return {
            return Err(invalid("to", "must be another revision of the same return").into());
        }
        if from.edition_digest != to.edition_digest {
            return Err(Error::EditionMismatch {
                name: from.name.data_return.edition.clone(),
                ours: from.edition_digest.clone(),
                theirs: to.edition_digest.clone(),
            });
        }
        Ok(())
    }

    async fn cells(&self, revision: &Revision) -> Result<(&Arc<Edition>, Cells), Error> {
        let name = &revision.name;
        let edition = self.edition(&name.data_return.edition, &revision.edition_digest)?;
        let cells = edition.cells().len();
        let cells = store::contents::get(&*self.store, name, cells).await?;
        Ok((edition, cells))
    }

    async fn current(
        &self,
        name: &ReturnName,
    ) -> Result<(Option<Revision>, Option<Version>), Error> {
        let head = store::revisions::head(&*self.store, name).await?;
        Ok(head.unzip())
    }

    /// The latest revision, which there must be, and which must be the one that was seen.
    async fn seen(
        &self,
        name: &ReturnName,
        etag: &str,
        by: &Sight,
    ) -> Result<(Revision, Version), Error> {
        let head = store::revisions::head(&*self.store, name).await?;
        let head = head.filter(|(revision, _)| by.knows(revision));
        let (current, version) = head.ok_or_else(|| illegal(name, IllegalMove::NothingSent))?;
        check_etag(name, Some(&current), etag)?;
        Ok((current, version))
    }

    /// Whether the caller may change the return now: the delegation holds and the edition is open.
    /// Says too whether what is handed in now is late, and what all that rests on.
    async fn admit(&self, name: &ReturnName, by: &Sight) -> Result<(bool, Relied), Error> {
        let mut relied = Relied::new();
        if by.needs_delegation(&name.authority) {
            let live = store::delegations::live(&*self.store, by.identity(), name).await?;
            let (Some(_), delegation) = live else {
                return Err(Error::Denied(mesur_access::Denied));
            };
            relied.push(delegation);
        }
        let (schedule, version) = store::schedules::get(&*self.store, &name.edition).await?;
        let now = self.clock.now();
        if schedule.is_closed(now) && !by.is_of_all() {
            return Err(Error::EditionClosed {
                name: name.edition.clone(),
            });
        }
        relied.push(version);
        Ok((schedule.is_late(&name.authority, now), relied))
    }

    /// What an earlier request of the caller with the same id led to, as it was then.
    async fn earlier(&self, by: &Sight, mutation: &Mutation) -> Result<Option<Outcome>, Error> {
        let prefix = keys::requests(by.identity());
        let Some(bytes) = mutation.earlier(&*self.store, &prefix).await? else {
            return Ok(None);
        };
        let (revision, families) = store::revisions::outcome_of(&bytes)?;
        let outcome = self.with_history(revision).await?;
        Ok(Some(Outcome {
            families,
            ..outcome
        }))
    }

    /// Commits what a request led to.
    async fn finish(
        &self,
        commit: Commit,
        relied: Relied,
        (revision, step, families): (Revision, Move, Vec<Family>),
        (by, mutation): (&Sight, &Mutation),
    ) -> Result<Outcome, Error> {
        let commit = relied
            .into_iter()
            .fold(commit, |commit, (key, expect)| commit.expect(key, expect));
        let response = store::revisions::outcome(&revision, &families);
        let subject = subject_of(&revision);
        let requests = keys::requests(by.identity());
        let commit = mutation.remember(commit, &requests, &response, &subject);
        self.store.commit(commit).await?;
        table::RETURN_STEPS.one([life_cycle::label(revision.state)]);
        let history = match revision.moves {
            1 => vec![step],
            _ => store::revisions::history(&*self.store, &revision).await?,
        };
        Ok(Outcome {
            revision,
            history,
            families,
        })
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

/// A revision as the audit names it.
pub(crate) fn subject_of(revision: &Revision) -> Subject {
    let name = Subject::new(&revision.name.data_return);
    name.revision(revision.name.revision)
        .digest(revision.digest.as_str())
}

fn not_whole(name: &RevisionName) -> Error {
    corrupt(&name.to_string(), "the cells are not those of the edition")
}

fn illegal(name: &ReturnName, illegal: IllegalMove) -> Error {
    let name = name.to_string();
    Error::IllegalMove { name, illegal }
}
