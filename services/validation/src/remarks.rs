//! The use cases on what is said about findings.

use jiff::Timestamp;
use mesur_access::Grant;
use mesur_rpc::audit;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, with_retry};
use mesur_wire::{AnyReportName, ReportName, ReturnName};

use crate::domain::{
    Conversation, Remark, RemarkKind, ReturnProgress, Said, ShownState, Subject, Text,
};
use crate::error::{Error, Refusal};
use crate::reports::{Opened, Validation};
use crate::store::{self, Event, Made};

/// What somebody says about a finding.
pub(crate) struct Saying<'a> {
    pub(crate) name: &'a ReportName,
    pub(crate) finding: &'a str,
    pub(crate) kind: RemarkKind,
    pub(crate) text: Text,
    pub(crate) by: &'a Grant,
    pub(crate) mutation: &'a Mutation,
}

impl Validation {
    /// Says something about a finding of the latest report, and answers with the finding.
    pub(crate) async fn say(
        &self,
        saying: Saying<'_>,
    ) -> Result<(mesur_returns::Finding, Said), Error> {
        let prefix = store::request_prefix(saying.by.identity());
        let text = saying.text.clone().into_string();
        let made = with_retry(|| async {
            if let Some(bytes) = saying.mutation.earlier(&*self.store, &prefix).await? {
                return Made::of_bytes(&bytes);
            }
            self.say_once(&saying, &text, &prefix).await
        })
        .await?;
        self.said(saying.name, saying.finding, made.number).await
    }

    async fn say_once(
        &self,
        saying: &Saying<'_>,
        text: &str,
        prefix: &[u8],
    ) -> Result<Made, Error> {
        let of = &saying.name.0.data_return;
        let read = store::progress(&*self.store, of).await?;
        let Opened {
            held,
            mut progress,
            conversation,
        } = self.open_in_any_state(&any(saying.name)).await?;
        let superseded = progress.revision != saying.name.0.revision;
        let now = self.clock.now();
        require_state(
            saying
                .by
                .returns()
                .have(state_for(saying.by, of, &progress)),
            of,
        )?;
        refuse_if_sealed(&progress, now, of)?;
        if superseded {
            return Err(Refusal::ReportSuperseded.of(saying.name));
        }
        let finding = self.find(&held, saying.finding).await?;
        let refused = |refusal: Refusal| refusal.of_finding(saying.name, saying.finding);
        let finding = finding.ok_or_else(|| refused(Refusal::FindingNotFound))?;
        let before = conversation.on(&finding);
        before
            .allows(saying.kind, finding.severity)
            .map_err(|refusal| refused(refusal.into()))?;
        let remark = Remark {
            subject: Subject::Finding {
                id: finding.id.clone(),
                fingerprint: finding.fingerprint.clone(),
            },
            kind: saying.kind,
            identity: saying.by.identity().to_owned(),
            text: text.to_owned(),
            revision: saying.name.0.revision,
            time: now,
        };
        if !conversation.takes(&finding, &remark) {
            return Err(refused(Refusal::TooManyRemarks));
        }
        let after = before.then(&remark);
        progress.open.move_one(finding.severity, &before, &after);
        progress.remarks = progress.remarks.saturating_add(1);
        progress.updated = now;
        let commit = store::put_progress(Commit::new(), of, &read, &progress);
        let commit = store::put_remark(commit, of, progress.remarks, &remark);
        let commit = store::append(commit, &Event::Remarked(saying.name.clone()));
        let made = Made {
            number: progress.remarks,
            revision: saying.name.0.revision,
            ..Made::default()
        };
        let subject = audit::Subject::new(format_args!("{}/findings/{}", saying.name, finding.id));
        let subject = subject
            .revision(saying.name.0.revision)
            .digest(held.report.return_digest.as_str());
        let mutation = saying.mutation;
        let commit = mutation.remember(commit, prefix, &made.to_bytes(), &subject);
        self.store.commit(commit).await?;
        Ok(made)
    }

    /// A finding as it stood with the remark of this number.
    async fn said(
        &self,
        name: &ReportName,
        finding: &str,
        remark: u64,
    ) -> Result<(mesur_returns::Finding, Said), Error> {
        let missing = || Refusal::FindingNotFound.of_finding(name, finding);
        let held = store::report(&*self.store, name).await?;
        let held = held.ok_or_else(missing)?;
        let found = self.find(&held, finding).await?.ok_or_else(missing)?;
        let of = &name.0.data_return;
        let remarks = store::remarks_of_return(&*self.store, of, remark).await?;
        let said = Conversation::new(remarks).on(&found);
        Ok((found, said))
    }

    /// At most `limit` remarks on a return behind the remark `after`, each with its number and
    /// whether it has lapsed.
    pub(crate) async fn remarks(
        &self,
        name: &ReturnName,
        after: u64,
        limit: usize,
        by: &Grant,
    ) -> Result<Vec<(u64, Remark, bool)>, Error> {
        let latest = AnyReportName {
            data_return: name.clone(),
            revision: None,
        };
        let opened = self.open(&latest, by).await?;
        let last = opened.progress.remarks;
        let found = store::remarks(&*self.store, name, after, last, limit).await?;
        let mut subjects: Vec<&str> = Vec::new();
        for (_, remark) in &found {
            if let Subject::Finding { id, .. } = &remark.subject {
                subjects.push(id);
            }
        }
        subjects.sort_unstable();
        subjects.dedup();
        let mut wanted = subjects.len();
        let mut current = Vec::new();
        for page in 0..opened.held.pages.len() {
            if wanted == 0 {
                break;
            }
            for finding in store::findings_page(&*self.store, &opened.held, page).await? {
                if subjects.binary_search(&finding.id.as_str()).is_ok() {
                    wanted = wanted.saturating_sub(1);
                    current.push(finding);
                }
            }
        }
        let lapsed = |remark: &Remark| match remark.subject {
            Subject::Query(_) => false,
            Subject::Finding { .. } => !current.iter().any(|finding| remark.is_on(finding)),
        };
        let remarks = found.iter().map(|(number, remark)| {
            let lapsed = lapsed(remark);
            (*number, remark.clone(), lapsed)
        });
        Ok(remarks.collect())
    }
}

/// The state of a return for a caller who may reach it: whether it was delegated was asked before.
pub(crate) fn state_for(by: &Grant, name: &ReturnName, progress: &ReturnProgress) -> ShownState {
    by.return_seen(&name.authority, true, progress.shown())
}

/// Refuses what the table does not have in the state that a return with a report is in: what it does
/// not have is asked, explained or sealed once the return is signed off.
pub(crate) fn require_state(may: bool, name: &ReturnName) -> Result<(), Error> {
    if may {
        return Ok(());
    }
    Err(Refusal::AlreadySignedOff.of(name))
}

/// Nothing more is asked and nothing more explained once a return is about to be signed off.
pub(crate) fn refuse_if_sealed(
    progress: &ReturnProgress,
    now: Timestamp,
    name: &ReturnName,
) -> Result<(), Error> {
    require_state(!progress.is_sealed(now), name)
}

fn any(name: &ReportName) -> AnyReportName {
    AnyReportName {
        data_return: name.0.data_return.clone(),
        revision: Some(name.0.revision),
    }
}
