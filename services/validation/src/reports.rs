//! The use cases on reports: making them, and reading them with what was said.

use std::sync::Arc;

use jiff::Timestamp;
use mesur_access::{Access, Grant};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName, Period};
use mesur_returns::{Assembly, Finding, Previous, RawObservation, assemble};
use mesur_rpc::audit;
use mesur_rpc::clock::Clock;
use mesur_rpc::page::Tokens;
use mesur_store::{Commit, Store, with_retry};
use mesur_wire::{AnyReportName, ReportName, ReturnName, RevisionName};
use tokio_util::sync::CancellationToken;

use crate::domain::{
    Conversation, Examined, Filter, HandedIn, OpenCounts, Report, ReturnProgress, RuleCount, Said,
    examine, metric_states,
};
use crate::error::{Error, Refusal};
use crate::remarks::{require_state, state_for};
use crate::store::{self, Event, Held, Parts, Versioned};

/// Everything that the service holds.
pub(crate) struct Validation {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tokens: Tokens,
    /// Cancelled when the service stops: streams end then.
    pub(crate) stop: CancellationToken,
}

/// A revision that submission told of, as it was examined.
pub(crate) struct NewReport {
    pub(crate) name: ReportName,
    pub(crate) examined: Examined,
    pub(crate) previous_period: Option<Period>,
    pub(crate) late: bool,
    /// When it was handed in, where submission says so.
    pub(crate) time: Option<Timestamp>,
}

/// A report with what was said about its return, all as of one moment.
pub(crate) struct Opened {
    pub(crate) held: Held,
    pub(crate) progress: ReturnProgress,
    pub(crate) conversation: Conversation,
}

/// A finding with its number in the report and where it stands.
pub(crate) type Numbered = (u64, Finding, Said);

impl Validation {
    /// The same reports, for whoever writes to them by way of this store.
    pub(crate) fn writing_to(&self, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            catalogue: Arc::clone(&self.catalogue),
            clock: Arc::clone(&self.clock),
            tokens: self.tokens.clone(),
            stop: self.stop.clone(),
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

    /// Refuses a caller who may not reach a return, before anything is looked up.
    pub(crate) async fn permit(&self, grant: &Grant, name: &ReturnName) -> Result<(), Error> {
        if self.may_see(grant, name).await? {
            Ok(())
        } else {
            Err(Error::Denied)
        }
    }

    /// Whether a caller may reach a return.
    pub(crate) async fn may_see(&self, grant: &Grant, name: &ReturnName) -> Result<bool, Error> {
        match grant.on(&name.authority) {
            Access::Allowed => Ok(true),
            Access::Denied => Ok(false),
            Access::IfDelegated => store::may_read(&*self.store, name, grant.identity()).await,
        }
    }

    /// Examines rows and keeps nothing.
    pub(crate) fn examine<'a>(
        &self,
        edition: &Edition,
        authority: &AuthorityCode,
        rows: impl IntoIterator<Item = RawObservation<'a>>,
        previous: Option<&Previous>,
    ) -> Result<Examined, Error> {
        let assembly = assemble(edition, &self.catalogue, authority, rows);
        Self::examined(edition, authority, assembly, previous)
    }

    /// The same of rows that were put together.
    pub(crate) fn examined(
        edition: &Edition,
        authority: &AuthorityCode,
        assembly: Assembly,
        previous: Option<&Previous>,
    ) -> Result<Examined, Error> {
        examine(edition, authority, assembly, previous)
            .map_err(|findings| Error::InvalidReturn { findings })
    }

    /// Keeps the report that an event asked for. Queries that wait are told of again, because
    /// submission takes a new revision for one that nothing is asked about.
    pub(crate) async fn make(
        &self,
        edition: &Edition,
        made: NewReport,
        (from, to): (&Versioned<Vec<u8>>, &[u8]),
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let Examined { content, findings } = &made.examined;
        let report = Report {
            name: made.name,
            return_digest: content.digest(),
            edition_digest: content.edition_digest.clone(),
            previous_period: made.previous_period,
            created: now,
            rules: RuleCount::of(findings),
        };
        let metrics = metric_states(edition, content.cells());
        let written =
            Parts::write(&*self.store, &report, findings, content.cells(), &metrics).await?;
        let values = content.cells().statuses().iter();
        let values = values.filter(|status| status.has_value()).count();
        let of = &report.name.0.data_return;
        with_retry(|| async {
            let read = store::progress(&*self.store, of).await?;
            let said = read.value.as_ref().map_or(0, |before| before.remarks);
            let remarks = store::remarks_of_return(&*self.store, of, said).await?;
            let revision = HandedIn {
                revision: report.name.0.revision,
                late: made.late,
                edition_digest: report.edition_digest.clone(),
                counts: report.counts(),
                open: OpenCounts::of(findings, &Conversation::new(remarks)),
                values: u64::try_from(values).unwrap_or(u64::MAX),
                time: made.time.unwrap_or(now),
            };
            let progress = ReturnProgress::handed_in(read.value.as_ref(), revision);
            let commit = store::move_cursor(written.clone(), from, to);
            let commit = store::append(commit, &Event::Reported(report.name.clone()));
            let commit = if progress.open_queries > 0 {
                store::append(commit, &Event::Queried(of.clone()))
            } else {
                commit
            };
            let commit = store::put_progress(commit, of, &read, &progress);
            Ok::<_, Error>(self.store.commit(commit).await?)
        })
        .await?;
        let counts = report.counts();
        tracing::debug!(
            report = %report.name,
            errors = counts.errors,
            warnings = counts.warnings,
            "validated"
        );
        Ok(())
    }

    /// A report by name, or the latest of a return, with everything that was said, if its return is in
    /// one of the states of the method that was called.
    pub(crate) async fn open(&self, name: &AnyReportName, by: &Grant) -> Result<Opened, Error> {
        let opened = self.open_in_any_state(name).await?;
        if by
            .returns()
            .have(state_for(by, &name.data_return, &opened.progress))
        {
            Ok(opened)
        } else {
            Err(Refusal::ReportNotFound.of(name))
        }
    }

    /// The same, whatever state its return is in.
    pub(crate) async fn open_in_any_state(&self, name: &AnyReportName) -> Result<Opened, Error> {
        let missing = || Refusal::ReportNotFound.of(name);
        let progress = store::progress(&*self.store, &name.data_return).await?;
        let progress = progress.value.ok_or_else(missing)?;
        let report = ReportName(RevisionName {
            data_return: name.data_return.clone(),
            revision: name.revision.unwrap_or(progress.revision),
        });
        let held = store::report(&*self.store, &report).await?;
        let said = progress.remarks;
        let remarks = store::remarks_of_return(&*self.store, &name.data_return, said).await?;
        Ok(Opened {
            held: held.ok_or_else(missing)?,
            conversation: Conversation::new(remarks),
            progress,
        })
    }

    /// Seals the conversation about a return whose latest report is of this digest and has nothing
    /// open, so that nothing is opened while submission signs off; and answers with the report.
    pub(crate) async fn seal(
        &self,
        name: &ReportName,
        digest: &str,
        by: &Grant,
    ) -> Result<Opened, Error> {
        let of = &name.0.data_return;
        let asked = AnyReportName {
            data_return: of.clone(),
            revision: Some(name.0.revision),
        };
        with_retry(|| async {
            let read = store::progress(&*self.store, of).await?;
            let opened = self.open_in_any_state(&asked).await?;
            if opened.progress.revision != name.0.revision {
                return Err(Refusal::ReportSuperseded.of(name));
            }
            // The event that takes the sign-off back is still to come, and would end the seal.
            require_state(by.returns().have(state_for(by, of, &opened.progress)), of)?;
            if opened.held.report.return_digest == digest && opened.progress.has_nothing_open() {
                let sealed = opened.progress.clone().sealed(self.clock.now());
                let commit = store::put_progress(Commit::new(), of, &read, &sealed);
                let subject = audit::Subject::new(name);
                let subject = subject.revision(name.0.revision).digest(digest);
                let commit = audit::changed(commit, &by.into(), "", &subject);
                self.store.commit(commit).await?;
            }
            Ok(opened)
        })
        .await
    }

    /// How many findings of each rule are open, in the order of the report's rules. Findings are
    /// read only as far as something was said about them.
    pub(crate) async fn open_by_rule(&self, opened: &Opened) -> Result<Vec<u64>, Error> {
        let report = &opened.held.report;
        let asks = |rule: &RuleCount| match rule.severity {
            mesur_catalogue::Severity::Info => 0,
            _ => rule.findings,
        };
        let mut open: Vec<u64> = report.rules.iter().map(asks).collect();
        let mut spoken_of = opened.conversation.len();
        for page in 0..opened.held.pages.len() {
            if spoken_of == 0 {
                break;
            }
            for finding in store::findings_page(&*self.store, &opened.held, page).await? {
                if !opened.conversation.mentions(&finding.id) {
                    continue;
                }
                spoken_of = spoken_of.saturating_sub(1);
                if opened.conversation.on(&finding).is_open() {
                    continue;
                }
                let mut places = report.rules.iter().zip(&mut open);
                if let Some((_, open)) = places.find(|(rule, _)| rule.counts(&finding)) {
                    *open = open.saturating_sub(1);
                }
            }
        }
        Ok(open)
    }

    /// A finding of a report by its id.
    pub(crate) async fn find(&self, held: &Held, id: &str) -> Result<Option<Finding>, Error> {
        for page in 0..held.pages.len() {
            let findings = store::findings_page(&*self.store, held, page).await?;
            let found = findings.into_iter().find(|finding| finding.id == id);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The findings that pass, from the page on that has the finding `from`: those of one page, and
    /// the number from which to go on, `None` at the end.
    pub(crate) async fn findings(
        &self,
        opened: &Opened,
        filter: &Filter,
        from: u64,
    ) -> Result<(Vec<Numbered>, Option<u64>), Error> {
        let pages = &opened.held.pages;
        let Some(page) = pages.partition_point(|first| *first <= from).checked_sub(1) else {
            return Ok((Vec::new(), None));
        };
        let first = pages.get(page).copied().unwrap_or_default();
        let next = pages.get(page.saturating_add(1)).copied();
        let findings = store::findings_page(&*self.store, &opened.held, page).await?;
        let passing = (first..).zip(findings).filter_map(|(number, finding)| {
            let said = opened.conversation.on(&finding);
            let wanted = number >= from && filter.passes(&finding, &said);
            wanted.then_some((number, finding, said))
        });
        Ok((passing.collect(), next))
    }

    /// How far submission is followed.
    pub(crate) async fn cursor(&self) -> Result<Versioned<Vec<u8>>, Error> {
        store::cursor(&*self.store).await
    }

    /// Notes an event that asks for nothing, or for what `commit` has.
    pub(crate) async fn pass_over(
        &self,
        commit: Commit,
        from: &Versioned<Vec<u8>>,
        to: &[u8],
    ) -> Result<(), Error> {
        self.store
            .commit(store::move_cursor(commit, from, to))
            .await?;
        Ok(())
    }
}
