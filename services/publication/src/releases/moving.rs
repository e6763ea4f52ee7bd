//! A revision on its way from compiled to published. What may follow on what is said by the table of
//! permissions, which the grant of the caller has; here is what else must hold, and what each step writes down.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil;
use mesur_access::Grant;
use mesur_access::table::RELEASE_FOLLOWS;
use mesur_rpc::audit;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Store, Version, with_retry};
use mesur_telemetry::table;
use mesur_wire::{ReleaseName, SnapshotName};

use super::{Release, Releases};
use crate::domain::{Date, State, go};
use crate::error::Error;
use crate::store::{self, Event, Head};

/// What is done to a revision.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// Put it before those who approve.
    Submit,
    /// Take it back, for a reason.
    Reject(String),
    /// Approve it.
    Approve,
    /// Set its day.
    Schedule(civil::Date),
    /// Publish it at once, for a reason.
    Publish(String),
}

/// Who does what to which release, having seen what.
#[derive(Debug)]
pub(crate) struct Step {
    /// The release; its latest revision is meant.
    pub(crate) name: ReleaseName,
    /// The etag that was seen.
    pub(crate) etag: String,
    /// Who.
    pub(crate) by: Grant,
    /// What.
    pub(crate) action: Move,
    /// What tells a repeat.
    pub(crate) mutation: Mutation,
}

/// Publishing, by somebody or because the moment has come.
const PUBLISH: (&str, State) = ("publish", State::Published);

impl Move {
    /// Its name in an error, and the state that it leads to.
    fn action(&self) -> (&'static str, State) {
        match self {
            Self::Submit => ("submit", State::InReview),
            Self::Reject(_) => ("reject", State::Compiled),
            Self::Approve => ("approve", State::Approved),
            Self::Schedule(_) => ("schedule", State::Scheduled),
            Self::Publish(_) => PUBLISH,
        }
    }

    /// Its name in the history.
    fn event(&self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Reject(_) => "rejected",
            Self::Approve => "approved",
            Self::Schedule(_) => "scheduled",
            Self::Publish(_) => "published",
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Reject(reason) | Self::Publish(reason) => reason.clone(),
            Self::Schedule(day) => day.to_string(),
            Self::Submit | Self::Approve => String::new(),
        }
    }
}

impl Releases {
    /// Takes one step.
    pub(crate) async fn step(&self, step: &Step) -> Result<Release, Error> {
        // Those that make nothing do not wait for those that do.
        let alone = match step.action {
            Move::Schedule(_) | Move::Publish(_) => Some(self.making.lock().await),
            Move::Submit | Move::Reject(_) | Move::Approve => None,
        };
        let moved = with_retry(|| async {
            if let Some(earlier) = self.earlier(&step.mutation).await? {
                return Ok(earlier);
            }
            let files = store::files_version(&*self.store).await?;
            let (head, version) = self.head(&step.name).await?;
            let before = self.latest(&step.name, &head).await?;
            let illegal = |illegal| Error::wrong_state(&step.name, illegal);
            let next =
                go(step.by.releases(), before.state, step.action.action()).map_err(illegal)?;
            if before.etag() != step.etag {
                return Err(Error::StaleEtag {
                    name: step.name.to_string(),
                });
            }
            let now = self.clock.now();
            let mut release = before.clone();
            self.apply(&mut release, step, now).await?;
            release.state = next;
            let event = Event {
                action: step.action.event().to_owned(),
                revision: release.revision,
                actor: step.by.identity().to_owned(),
                time: now,
                reason: step.action.reason(),
            };
            let mut commit = self.commit_of(&release, (head, version), &event).await?;
            if alone.is_some() {
                commit = store::name_files(commit, files);
            }
            self.store
                .commit(super::changes::remember(commit, &step.mutation, &release))
                .await?;
            if next == State::Published {
                table::RELEASES_PUBLISHED.one([]);
                tracing::info!(name = %step.name, "published by hand");
            }
            let is_noticed = |state| matches!(state, State::Scheduled | State::Published);
            if is_noticed(before.state) || is_noticed(next) {
                self.notice(&step.name).await?;
            }
            Ok::<Release, Error>(release)
        });
        let moved = moved.await?;
        if alone.is_some() {
            self.sweep().await;
        }
        Ok(moved)
    }

    /// What a step makes of a revision, apart from its state.
    async fn apply(&self, release: &mut Release, step: &Step, now: Timestamp) -> Result<(), Error> {
        match &step.action {
            Move::Submit => {}
            Move::Reject(_) => {
                release.approved_by.clear();
                release.published_by.clear();
                release.published_details.clear();
                release.scheduled = None;
            }
            Move::Approve => {
                Self::two_people(release, step)?;
                self.approvable(release).await?;
                step.by.identity().clone_into(&mut release.approved_by);
            }
            Move::Schedule(day) => {
                let moment = self.moment(*day, now)?;
                release.published_details = self.prepare(release, date_of(*day)).await?;
                release.scheduled = Some(moment);
                step.by.identity().clone_into(&mut release.published_by);
            }
            Move::Publish(reason) => {
                Self::two_people(release, step)?;
                let day = self.timetable.calendar.day_of(now);
                release.published_details = self.prepare(release, date_of(day)).await?;
                release.published = Some(now);
                step.by.identity().clone_into(&mut release.published_by);
                reason.clone_into(&mut release.exception_reason);
            }
        }
        Ok(())
    }

    /// Who compiled a release neither approves it nor publishes it.
    fn two_people(release: &Release, step: &Step) -> Result<(), Error> {
        if release.compiled_by == step.by.identity() {
            return Err(Error::SamePerson {
                name: step.name.to_string(),
            });
        }
        Ok(())
    }

    /// Whether a revision is fit to be published.
    async fn approvable(&self, release: &Release) -> Result<(), Error> {
        let snapshot = SnapshotName::parse(&release.snapshot).map_err(Error::name("snapshot"))?;
        self.standing(&snapshot).await?;
        let edition = self.catalogue.get(&release.name.0);
        if edition.is_some_and(|edition| edition.release().require_welsh) {
            let details = store::details(&*self.store, &release.compiled_details).await?;
            if !details.language_gaps.is_empty() {
                return Err(Error::LanguageGaps {
                    name: release.name.to_string(),
                    gaps: details.language_gaps.len(),
                });
            }
        }
        let audit = self.audit(release).await?;
        let exposed: Vec<_> = audit
            .derived
            .iter()
            .filter(|one| !one.is_protected)
            .collect();
        if exposed.is_empty() {
            return Ok(());
        }
        let cells = exposed.iter().filter_map(|one| edition?.cell(one.cell));
        let metrics: BTreeSet<String> = cells
            .map(|cell| cell.reference.metric.to_string())
            .collect();
        Err(Error::DisclosureRisk {
            name: release.name.to_string(),
            exposed: exposed.len(),
            metrics: metrics.into_iter().collect(),
        })
    }

    /// The moment of publication on a day, if the notice is long enough.
    fn moment(&self, day: civil::Date, now: Timestamp) -> Result<Timestamp, Error> {
        let calendar = &self.timetable.calendar;
        if !calendar.is_working_day(day) {
            return Err(Error::NotAWorkingDay { day });
        }
        let invalid =
            |error: jiff::Error| Error::invalid("publish_date", "INVALID_FIELD", error.to_string());
        let moment = calendar.moment(day).map_err(invalid)?;
        let notice_days = self.timetable.notice_days;
        let notice = jiff::Span::new().days(notice_days);
        let first = calendar.day_of(now).checked_add(notice).map_err(invalid)?;
        if day < first || moment <= now {
            return Err(Error::NoticeTooShort { day, notice_days });
        }
        Ok(moment)
    }

    /// Publishes the scheduled revision of a release if both clocks say that its moment has come.
    /// What it commits goes by way of `store`, which takes it from one replica alone.
    pub(crate) async fn publish_due(
        &self,
        name: &ReleaseName,
        store: &dyn Store,
    ) -> Result<(), Error> {
        let published = with_retry(|| async {
            let (head, version) = self.head(name).await?;
            let mut release = self.latest(name, &head).await?;
            let reached = self.trusted.reached();
            let due = release
                .scheduled
                .filter(|_| release.state == State::Scheduled);
            let has_come = due.zip(reached).is_some_and(|(due, at)| due <= at);
            if !has_come {
                return Ok(None);
            }
            let illegal = |illegal| Error::wrong_state(name, illegal);
            release.state = go(RELEASE_FOLLOWS, release.state, PUBLISH).map_err(illegal)?;
            let now = self.clock.now();
            release.published = Some(now);
            let event = Event {
                action: "published".to_owned(),
                revision: release.revision,
                actor: release.published_by.clone(),
                time: now,
                reason: String::new(),
            };
            let commit = self.commit_of(&release, (head, version), &event).await?;
            let by = audit::Call::own("publishing on the day", now);
            let subject = super::changes::subject_of(&release);
            let commit = audit::changed(commit, &by, "", &subject);
            store.commit(commit).await?;
            let late = due.map(|due| now.duration_since(due).unsigned_abs());
            Ok::<Option<Duration>, Error>(late)
        });
        let published = published.await?;
        // Also when it is published already: then a failure came before this the last time.
        self.shelf.refresh(&*self.store, name).await?;
        if let Some(late) = published {
            table::RELEASES_PUBLISHED.one([]);
            table::PUBLICATION_DELAY.record([], late.as_secs_f64());
            let late_ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(%name, late_ms, "published at its moment");
        }
        Ok(())
    }

    /// The commit of a step: the revision, the event, the release; and with a publication the
    /// revision that it replaces.
    async fn commit_of(
        &self,
        release: &Release,
        (mut head, version): (Head, Version),
        event: &Event,
    ) -> Result<Commit, Error> {
        let name = &release.name;
        let mut commit = store::append_event(Commit::new(), name, &mut head, event);
        if release.state == State::Published {
            let replaced = store::revision(&*self.store, name, head.published).await?;
            if let Some(mut replaced) = replaced {
                let illegal = |illegal| Error::wrong_state(name, illegal);
                let replace = ("replace", State::Revised);
                replaced.state = go(RELEASE_FOLLOWS, replaced.state, replace).map_err(illegal)?;
                commit = store::put_revision(commit, &replaced);
            }
            head.published = release.revision;
        }
        let commit = store::put_head(commit, name, &head, Some(version));
        Ok(store::put_revision(commit, release))
    }
}

fn date_of(day: civil::Date) -> Date {
    Date {
        year: day.year(),
        month: day.month(),
        day: day.day(),
    }
}
