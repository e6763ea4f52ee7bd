//! The whole production run, over the services' own gRPC: from return files to a published
//! release. The demonstration and a rehearsal both walk this one way.
//!
//! A run ends with a release, or blocked: some file is no whole return, or has errors. Warnings
//! are answered with an explanation that says that it is a rehearsal's; nothing is signed off
//! while an error stands.

mod clients;
mod files;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use indicatif::ProgressBar;
use mesur_catalogue::{Catalogue, Edition};
use mesur_proto::aggregation::v1::Snapshot;
use mesur_proto::publication::v1::Release;
use mesur_proto::submission::v1 as submission;
use mesur_proto::types::v1::finding::Severity;
use mesur_proto::validation::v1 as validation;
use mesur_wire::{EditionResource, ReportName, ReturnName, RevisionName};
use mesur_wording::Wording;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

pub(crate) use clients::Clients;
use files::Sent;
pub(crate) use files::{PreviousByAuthority, Reader, read_previous};

use crate::findings::Row;

/// What an answer to a warning says in a rehearsal.
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
    pub(crate) clients: Clients,
    /// The editions.
    pub(crate) catalogue: &'a Catalogue,
    /// The edition that is produced.
    pub(crate) edition: &'a Edition,
    /// Words for the findings.
    pub(crate) wording: &'a Wording,
    /// Where the run stands.
    pub(crate) progress: ProgressBar,
}

/// A return that was taken in.
#[derive(Debug, Clone)]
struct Taken {
    file: String,
    name: ReturnName,
    revision: RevisionName,
    etag: String,
    warnings: Vec<i32>,
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
        let sent = reader.read_returns(returns, previous, rows)?;
        for values in previous.values() {
            let recorded = self.clients.record_previous(self.edition, values).await;
            recorded
                .map_err(|status| told(&status))
                .with_context(|| format!("recording {}'s earlier values", values.authority))?;
        }
        let mut taken = self.submit(sent).await?;
        self.validate(&mut taken, rows).await?;
        if rows.iter().any(Row::is_error) {
            return Ok(Outcome::Blocked);
        }
        if taken.is_empty() {
            bail!("no file is a return");
        }
        self.sign_off(&taken).await?;
        let published = self.publish(&taken).await?;
        Ok(Outcome::Published(Box::new(published)))
    }

    async fn submit(&self, sent: Vec<Sent>) -> anyhow::Result<Vec<Taken>> {
        self.progress.set_message("submitting");
        let mut taken = Vec::new();
        for Sent {
            file,
            name,
            observations,
        } in sent
        {
            let data_return = submission::DataReturn {
                name: name.to_string(),
                edition_digest: self.edition.digest().to_owned(),
                observations,
                ..submission::DataReturn::default()
            };
            let answer = self.clients.submit(data_return).await;
            let answer = answer
                .map_err(|status| told(&status))
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
                warnings: Vec::new(),
            });
            self.progress.inc(1);
        }
        Ok(taken)
    }

    /// Waits for the report on every return and notes its findings.
    async fn validate(&self, taken: &mut [Taken], rows: &mut Vec<Row>) -> anyhow::Result<()> {
        self.progress.set_message("validating");
        let mut due: BTreeSet<String> = taken
            .iter()
            .map(|taken| ReportName(taken.revision.clone()).to_string())
            .collect();
        let reports = self.clients.watch_reports().await;
        let mut reports = reports
            .map_err(|status| told(&status))
            .context("watching the reports")?;
        while !due.is_empty() {
            let event = timeout(CATCH_UP_TIMEOUT, reports.message()).await;
            let event = event
                .context("waiting for the reports")?
                .map_err(|status| told(&status))
                .context("watching the reports")?;
            let event = event.context("the stream of reports ended")?;
            if due.remove(&event.name) {
                self.progress.inc(1);
            }
        }
        for taken in taken {
            let name = ReportName(taken.revision.clone()).to_string();
            let report = self
                .clients
                .report(name, self.wording.language().code())
                .await
                .map_err(|status| told(&status))
                .with_context(|| format!("getting the report on {}", taken.file))?;
            let authority = taken.name.authority.as_str();
            for finding in &report.findings {
                let open = finding.severity() == Severity::Warning;
                if open {
                    taken.warnings.push(finding.number);
                }
                let mut row = Row::of_report(&taken.file, authority, finding);
                row.explanation = open.then(|| EXPLANATION.to_owned());
                // What only the file shows, such as spaces around a value, is noted already.
                if !rows.iter().any(|known| known.is_same_as(&row)) {
                    rows.push(row);
                }
            }
        }
        Ok(())
    }

    /// Answers the warnings of each return and signs it off, all authorities at once.
    async fn sign_off(&self, taken: &[Taken]) -> anyhow::Result<()> {
        self.progress.set_message("signing off");
        let mut authorities: JoinSet<anyhow::Result<()>> = JoinSet::new();
        for taken in taken.iter().cloned() {
            let clients = self.clients.clone();
            authorities.spawn(async move {
                let report = ReportName(taken.revision.clone()).to_string();
                for number in &taken.warnings {
                    let answered = clients.answer(report.clone(), *number, EXPLANATION).await;
                    answered
                        .map_err(|status| told(&status))
                        .with_context(|| format!("answering finding {number} of {}", taken.file))?;
                }
                let signed = clients.sign_off(taken.name.to_string(), taken.etag).await;
                signed
                    .map_err(|status| told(&status))
                    .with_context(|| format!("signing off {}", taken.file))
            });
        }
        while let Some(authority) = authorities.join_next().await {
            authority??;
            self.progress.inc(1);
        }
        Ok(())
    }

    async fn publish(&self, taken: &[Taken]) -> anyhow::Result<Published> {
        self.progress.set_message("adding up");
        let edition = EditionResource(self.edition.name().clone()).to_string();
        let revisions: Vec<String> = taken
            .iter()
            .map(|taken| taken.revision.to_string())
            .collect();
        let snapshot = caught_up("RETURNS_NOT_RECEIVED", || {
            self.clients
                .create_snapshot(edition.clone(), revisions.clone())
        });
        let snapshot = snapshot.await.context("making the snapshot")?;
        self.progress.inc(1);
        self.progress.set_message("publishing");
        let compiled = caught_up("SNAPSHOT_NOT_RECEIVED", || {
            self.clients.compile_release(snapshot.name.clone())
        });
        let compiled = compiled.await.context("compiling the release")?;
        self.progress.inc(1);
        let release = self
            .clients
            .publish_release(compiled.name, compiled.etag)
            .await;
        let release = release
            .map_err(|status| told(&status))
            .context("publishing the release")?;
        self.progress.inc(1);
        Ok(Published { snapshot, release })
    }
}

/// Asks again while a service has not caught up with the one before it.
async fn caught_up<T, F>(reason: &str, mut ask: impl FnMut() -> F) -> anyhow::Result<T>
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
    let answer = answer.with_context(|| format!("still {reason} after {CATCH_UP_TIMEOUT:?}"))?;
    answer.map_err(|status| told(&status))
}

/// What a service refused and why, for the user.
pub(crate) fn told(status: &Status) -> anyhow::Error {
    use tonic_types::StatusExt;
    let Some(info) = status.get_details_error_info() else {
        return anyhow!("{} ({})", status.message(), status.code());
    };
    // What is wrong with an edition is too long for the message.
    match info.metadata.get("fault") {
        Some(fault) => anyhow!("{fault} ({})", info.reason),
        None => anyhow!("{} ({})", status.message(), info.reason),
    }
}

fn is_behind(status: &Status, reason: &str) -> bool {
    use tonic_types::StatusExt;
    status.code() == Code::FailedPrecondition
        && status
            .get_details_error_info()
            .is_some_and(|info| info.reason == reason)
}

/// The reports as they are made.
pub(crate) type Reports = tonic::Streaming<validation::WatchReportsResponse>;
