//! The whole production run, over the services' own gRPC: from return files to a published
//! release. The demonstration and a rehearsal both walk this one way.
//!
//! Everybody who has a part in it calls as themselves: a submitter and an approver of each
//! authority, a statistician who adds up and compiles, a publisher. A run ends with a release, or
//! blocked: some file is no whole return, or has errors. Warnings are explained in words that say
//! that it is a rehearsal's; nothing is signed off while an error stands.

mod clients;
mod files;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use mesur_access::Role;
use mesur_catalogue::{Catalogue, Edition};
use mesur_proto::aggregation::v1::Snapshot;
use mesur_proto::publication::v1::Release;
use mesur_proto::submission::v1 as submission;
use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_suite::Suite;
use mesur_wire::{EditionResource, ReportName, ReturnName, RevisionName};
use mesur_wording::Wording;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

pub(crate) use clients::Clients;
use files::{Places, Sent};
pub(crate) use files::{PreviousByAuthority, Reader, read_previous};

use crate::findings::Row;
use crate::refusal::{self, told};

/// What an explanation of a warning says in a rehearsal.
const EXPLANATION: &str = "Rehearsal: accepted without asking the authority";
/// How long one service may take to catch up with another.
const CATCH_UP_TIMEOUT: Duration = Duration::from_mins(2);
/// How often it is asked.
const CATCH_UP_INTERVAL: Duration = Duration::from_millis(20);
/// Steps of the progress bar for one return: submit, validate, sign off.
const STEPS_PER_RETURN: u64 = 3;
/// Steps after the returns: snapshot, compile, publish.
const STEPS_AFTER: u64 = 3;

/// How a run ended.
pub(crate) enum Outcome {
    /// With a release.
    Published(Box<Published>),
    /// Errors stand against it.
    Blocked,
}

/// A release that came out.
pub(crate) struct Published {
    /// What it was compiled from.
    pub(crate) snapshot: Snapshot,
    /// The release.
    pub(crate) release: Release,
}

/// A production run of one edition.
pub(crate) struct Run<'a> {
    /// The services.
    pub(crate) suite: &'a Suite,
    /// The editions.
    pub(crate) catalogue: &'a Catalogue,
    /// The edition that is produced.
    pub(crate) edition: &'a Edition,
    /// Words for the findings.
    pub(crate) wording: &'a Wording,
    /// Where the run stands.
    pub(crate) progress: ProgressBar,
}

/// A return that was taken in, and those who act for its authority.
struct Taken {
    file: String,
    name: ReturnName,
    revision: RevisionName,
    etag: String,
    places: Places,
    warnings: Vec<String>,
    submitter: Clients,
    approver: Clients,
}

impl Run<'_> {
    /// Goes the whole way. Every finding is in `rows` at the end, however the run ended.
    pub(crate) async fn produce(
        &self,
        previous: &PreviousByAuthority,
        returns: &[crate::files::ReturnFile],
        rows: &mut Vec<Row>,
    ) -> anyhow::Result<Outcome> {
        let count = u64::try_from(returns.len())?;
        self.progress
            .set_length(count * STEPS_PER_RETURN + STEPS_AFTER);
        let reader = Reader {
            edition: self.edition,
            catalogue: self.catalogue,
            wording: self.wording,
        };
        let sent = reader.read_returns(returns, previous, rows);
        let statistician = self.caller("statistician", Role::Statistician)?;
        for values in previous.values() {
            let recorded = statistician.record_previous(self.edition, values).await;
            recorded
                .map_err(told(self.wording))
                .with_context(|| format!("recording {}'s earlier values", values.authority))?;
        }
        let mut taken = self.submit(sent).await?;
        self.validate(&statistician, &mut taken, rows).await?;
        if rows.iter().any(Row::is_error) {
            return Ok(Outcome::Blocked);
        }
        if taken.is_empty() {
            bail!("no file is a return");
        }
        let revisions = taken.iter().map(|taken| taken.revision.to_string());
        let revisions = revisions.collect();
        self.sign_off(taken).await?;
        let published = self.publish(&statistician, revisions).await?;
        Ok(Outcome::Published(Box::new(published)))
    }

    /// A client who is one person with one role.
    fn caller(&self, person: &str, role: Role) -> anyhow::Result<Clients> {
        let bearer = self.suite.bearer(&format!("rehearsal:{person}"), &[role])?;
        Clients::new(self.suite.endpoints(), &bearer)
    }

    async fn submit(&self, sent: Vec<Sent>) -> anyhow::Result<Vec<Taken>> {
        self.progress.set_message("submitting");
        let mut taken = Vec::new();
        for Sent {
            file,
            name,
            observations,
            places,
        } in sent
        {
            let authority = &name.authority;
            let of = |part: &str| format!("{authority}-{part}");
            let submitter = self.caller(&of("submitter"), Role::Submitter(authority.clone()))?;
            let approver = self.caller(&of("approver"), Role::Approver(authority.clone()))?;
            let data_return = submission::DataReturn {
                name: name.to_string(),
                edition_digest: self.edition.digest().to_owned(),
                observations,
                ..submission::DataReturn::default()
            };
            let answer = submitter.submit(data_return).await;
            let answer = answer
                .map_err(told(self.wording))
                .with_context(|| format!("submitting {file}"))?;
            let revision = RevisionName {
                data_return: name.clone(),
                revision: u32::try_from(answer.revision)?,
            };
            taken.push(Taken {
                file,
                name,
                revision,
                etag: answer.etag,
                places,
                warnings: Vec::new(),
                submitter,
                approver,
            });
            self.progress.inc(1);
        }
        Ok(taken)
    }

    /// Waits for the report on every return and notes its findings.
    async fn validate(
        &self,
        statistician: &Clients,
        taken: &mut [Taken],
        rows: &mut Vec<Row>,
    ) -> anyhow::Result<()> {
        self.progress.set_message("validating");
        let mut due: BTreeSet<String> = taken
            .iter()
            .map(|taken| ReportName(taken.revision.clone()).to_string())
            .collect();
        let reports = statistician.watch_reports().await;
        let mut reports = reports
            .map_err(told(self.wording))
            .context("watching the reports")?;
        while !due.is_empty() {
            let event = timeout(CATCH_UP_TIMEOUT, reports.message()).await;
            let event = event
                .context("waiting for the reports")?
                .map_err(told(self.wording))
                .context("watching the reports")?;
            let event = event.context("the stream of reports ended")?;
            if event.event() == Event::Reported && due.remove(&event.name) {
                self.progress.inc(1);
            }
        }
        for taken in taken {
            let name = ReportName(taken.revision.clone()).to_string();
            let findings = taken
                .submitter
                .findings(name, self.wording.language().code())
                .await
                .map_err(told(self.wording))
                .with_context(|| format!("getting the report on {}", taken.file))?;
            for finding in findings {
                let row = taken.note(finding);
                // What only the file shows, such as spaces around a value, is noted already.
                if !rows.iter().any(|known| known.is_same_as(&row)) {
                    rows.push(row);
                }
            }
        }
        Ok(())
    }

    /// Explains the warnings of each return and signs it off, all authorities at once.
    async fn sign_off(&self, taken: Vec<Taken>) -> anyhow::Result<()> {
        self.progress.set_message("signing off");
        let mut authorities: JoinSet<(String, Result<(), Status>)> = JoinSet::new();
        for taken in taken {
            authorities.spawn(async move {
                let signed = taken.explain_and_sign().await;
                (taken.file, signed)
            });
        }
        while let Some(authority) = authorities.join_next().await {
            let (file, signed) = authority?;
            signed
                .map_err(told(self.wording))
                .with_context(|| format!("signing off {file}"))?;
            self.progress.inc(1);
        }
        Ok(())
    }

    async fn publish(
        &self,
        statistician: &Clients,
        revisions: Vec<String>,
    ) -> anyhow::Result<Published> {
        self.progress.set_message("adding up");
        let publisher = self.caller("publisher", Role::Publisher)?;
        let edition = EditionResource(self.edition.name().clone()).to_string();
        let snapshot = self.caught_up("RETURNS_NOT_RECEIVED", || {
            statistician.create_snapshot(edition.clone(), revisions.clone())
        });
        let snapshot = snapshot.await.context("making the snapshot")?;
        self.progress.inc(1);
        self.progress.set_message("publishing");
        let compiled = self.caught_up("SNAPSHOT_NOT_RECEIVED", || {
            statistician.compile_release(snapshot.name.clone())
        });
        let compiled = compiled.await.context("compiling the release")?;
        self.progress.inc(1);
        let publishing = async {
            let in_review = statistician.submit_release(compiled).await?;
            let approved = publisher.approve_release(in_review).await?;
            publisher.publish_release(approved).await
        };
        let release = publishing.await;
        let release = release
            .map_err(told(self.wording))
            .context("publishing the release")?;
        self.progress.inc(1);
        Ok(Published { snapshot, release })
    }

    /// Asks again while a service has not caught up with the one before it.
    async fn caught_up<T, F>(&self, reason: &str, ask: impl Fn() -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let asking = async {
            loop {
                match ask().await {
                    Err(status) if is_behind(&status, reason) => sleep(CATCH_UP_INTERVAL).await,
                    answer => return answer,
                }
            }
        };
        let answer = timeout(CATCH_UP_TIMEOUT, asking).await;
        let answer =
            answer.with_context(|| format!("still {reason} after {CATCH_UP_TIMEOUT:?}"))?;
        answer.map_err(told(self.wording))
    }
}

impl Taken {
    /// A finding of the report as a row, with the explanation that it is going to get.
    fn note(&mut self, mut finding: Finding) -> Row {
        let waits = matches!(finding.standing(), Standing::Open | Standing::Rejected);
        if waits && finding.severity() == Severity::Warning {
            self.warnings.push(finding.id.clone());
            EXPLANATION.clone_into(&mut finding.explanation);
        }
        let cell = (finding.metric.clone(), finding.category.clone());
        if let Some(place) = self.places.get(&cell) {
            place.clone_into(&mut finding.place);
        }
        Row {
            file: self.file.clone(),
            authority: self.name.authority.to_string(),
            finding,
        }
    }

    async fn explain_and_sign(&self) -> Result<(), Status> {
        let report = ReportName(self.revision.clone()).to_string();
        for id in &self.warnings {
            let explained = self.submitter.explain(report.clone(), id, EXPLANATION);
            explained.await?;
        }
        let signed = self
            .approver
            .sign_off(self.name.to_string(), self.etag.clone());
        signed.await
    }
}

fn is_behind(status: &Status, reason: &str) -> bool {
    status.code() == Code::FailedPrecondition && refusal::reason(status).as_deref() == Some(reason)
}

/// The reports as they are made.
pub(crate) type Reports = tonic::Streaming<validation::WatchReportsResponse>;
