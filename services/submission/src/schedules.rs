//! The use cases of schedules.

use std::sync::Arc;

use jiff::Timestamp;
use mesur_catalogue::{AuthorityCode, Catalogue, EditionName};
use mesur_rpc::audit::Subject;
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Expect, Key, Store};
use mesur_wire::ScheduleName;

use crate::domain::{Change, Schedule, ScheduleChange};
use crate::error::{Error, invalid};
use crate::repeats::once;
use crate::store::{corrupt, keys, schedules};

/// The schedules of all editions.
pub(crate) struct Schedules {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Who changes a schedule, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    /// Who.
    pub(crate) identity: &'a str,
    /// Why.
    pub(crate) reason: &'a str,
    /// What makes a repeat safe.
    pub(crate) mutation: &'a Mutation,
}

impl Schedules {
    /// The schedule of an edition.
    pub(crate) async fn get(&self, edition: &EditionName) -> Result<Schedule, Error> {
        self.check_edition(edition)?;
        let (schedule, _) = schedules::get(&*self.store, edition).await?;
        Ok(schedule)
    }

    /// Sets both times for all authorities.
    pub(crate) async fn update(
        &self,
        edition: &EditionName,
        etag: &str,
        (due, close): (Option<Timestamp>, Option<Timestamp>),
        by: By<'_>,
    ) -> Result<Schedule, Error> {
        self.check_edition(edition)?;
        let attempt = || async {
            let (schedule, relied) = schedules::get(&*self.store, edition).await?;
            if schedule.etag() != etag {
                return Err(Error::StaleEtag {
                    name: ScheduleName(edition.clone()).to_string(),
                });
            }
            self.commit(schedule, relied, Change::Set { due, close }, by)
                .await
        };
        once(|| self.earlier(edition, by), attempt).await
    }

    /// Gives one authority until later.
    pub(crate) async fn extend(
        &self,
        edition: &EditionName,
        authority: &AuthorityCode,
        due: Timestamp,
        by: By<'_>,
    ) -> Result<Schedule, Error> {
        let known = self.check_edition(edition)?;
        if known.authority(authority).is_none() {
            let problem = format!("{authority} is not an authority of {edition}");
            return Err(invalid("authority", &problem).into());
        }
        let attempt = || async {
            let (schedule, relied) = schedules::get(&*self.store, edition).await?;
            let (due_for_all, close) = schedule.times();
            let Some(due_for_all) = due_for_all else {
                return Err(Error::NoDueTime {
                    name: ScheduleName(edition.clone()).to_string(),
                });
            };
            if due <= due_for_all {
                return Err(invalid("due_time", "must be after the edition's due time").into());
            }
            if close.is_some_and(|close| due > close) {
                return Err(invalid("due_time", "must not be after the edition closes").into());
            }
            let authority = authority.clone();
            self.commit(schedule, relied, Change::Extend { authority, due }, by)
                .await
        };
        once(|| self.earlier(edition, by), attempt).await
    }

    fn check_edition(&self, name: &EditionName) -> Result<&mesur_catalogue::Edition, Error> {
        match self.catalogue.get(name) {
            Some(edition) => Ok(edition),
            None => Err(Error::EditionNotFound { name: name.clone() }),
        }
    }

    async fn commit(
        &self,
        mut schedule: Schedule,
        relied: (Key, Expect),
        change: Change,
        by: By<'_>,
    ) -> Result<Schedule, Error> {
        let now = self.clock.now();
        if !schedule.takes(&change, now) {
            return Err(Error::TooManyChanges {
                name: ScheduleName(schedule.edition).to_string(),
            });
        }
        schedule.changes.push(ScheduleChange {
            change,
            reason: by.reason.to_owned(),
            identity: by.identity.to_owned(),
            time: now,
        });
        let commit = schedules::put_last(Commit::new(), &schedule, relied);
        let changes = schedules::count(&schedule).to_be_bytes();
        let requests = keys::requests(by.identity);
        let subject = Subject::new(ScheduleName(schedule.edition.clone()));
        let subject = subject
            .revision(schedules::count(&schedule))
            .digest(schedule.etag());
        let commit = by.mutation.remember(commit, &requests, &changes, &subject);
        self.store.commit(commit).await?;
        Ok(schedule)
    }

    /// The schedule as it was after an earlier request with the same id.
    async fn earlier(&self, edition: &EditionName, by: By<'_>) -> Result<Option<Schedule>, Error> {
        let requests = keys::requests(by.identity);
        let Some(changes) = by.mutation.earlier(&*self.store, &requests).await? else {
            return Ok(None);
        };
        let changes = changes.as_slice().try_into().map(u32::from_be_bytes);
        let changes = changes.map_err(|_| corrupt("a request", "not a number of changes"))?;
        let schedule = schedules::at(&*self.store, edition, changes).await?;
        Ok(Some(schedule))
    }
}
