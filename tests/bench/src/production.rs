//! A year as its people go through it, over gRPC: returns sent, explained and signed off, a snapshot, a
//! release compiled, approved and published.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use mesur_proto::aggregation::v1::CreateSnapshotRequest;
use mesur_proto::publication::v1 as publication;
use mesur_proto::submission::v1::{
    DataReturn, ReopenReturnRequest, SignOffReturnRequest, SubmitReturnRequest,
};
use mesur_proto::types::v1::Finding;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1::{ExplainFindingRequest, StreamFindingsRequest};
use prost::Message;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::content::{Cell, Submission, read_cells};
use crate::suite::{Clients, Suite};

/// How long one service may take to catch up with another.
const CATCH_UP: Duration = Duration::from_mins(10);
/// How often it is asked.
const GLANCE: Duration = Duration::from_millis(2);
/// What is said about every warning, and for what needs a reason.
const REASON: &str = "it is a benchmark";

/// The bundled year, of which other years are copies.
pub(crate) const BUNDLED: &str = "2022-23";
/// The years of the demonstration.
const DEMO: [&str; 2] = ["2020-21", BUNDLED];

/// A return of an authority.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) authority: String,
    pub(crate) cells: Vec<Cell>,
}

/// The sample returns of a bundled period.
pub(crate) fn samples(period: &str) -> anyhow::Result<Vec<Content>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/mesur/samples");
    let mut files = std::fs::read_dir(folder.join(period))?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<Vec<PathBuf>>>()?;
    files.sort();
    let contents = files.iter().map(|file| {
        let authority = file.file_stem().and_then(|name| name.to_str());
        Ok(Content {
            authority: authority.context("the name of a sample")?.to_owned(),
            cells: read_cells(file)?,
        })
    });
    contents.collect()
}

/// Writes the bundled edition of 2022-23 as that of the year which begins in `year`; answers its
/// period.
pub(crate) fn write_year(folder: &Path, year: u16) -> anyhow::Result<String> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/catalogue/editions/pif")
        .join(BUNDLED);
    let period = format!("{year}-{:02}", (year + 1) % 100);
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(&bundled).context("the bundled edition")? {
        let file = entry?.path();
        let text = std::fs::read_to_string(&file)?;
        let text = text
            .replace(BUNDLED, &period)
            .replace("2022-04-01", &format!("{year}-04-01"))
            .replace("2023-03-31", &format!("{}-03-31", year + 1));
        let name = file.file_name().context("a file")?;
        std::fs::write(folder.join(name), text)?;
    }
    Ok(period)
}

/// What `mesur demo` makes: the two bundled years with their samples. Answers the releases.
pub(crate) async fn demo(suite: &Suite) -> anyhow::Result<Vec<String>> {
    let mut releases = Vec::new();
    for period in DEMO {
        let production = Production::new(suite, period)?;
        releases.push(production.whole(&samples(period)?).await?);
    }
    Ok(releases)
}

/// A return that is signed off.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    name: String,
    revision: String,
    etag: String,
}

/// The production of one edition of the collection `pif`.
pub(crate) struct Production<'a> {
    suite: &'a Suite,
    period: String,
    statistician: Clients,
    publisher: Clients,
}

impl<'a> Production<'a> {
    /// Of a period; within a runtime.
    pub(crate) fn new(suite: &'a Suite, period: &str) -> anyhow::Result<Self> {
        Ok(Self {
            suite,
            period: period.to_owned(),
            statistician: suite.clients("statistician")?,
            publisher: suite.clients("publisher")?,
        })
    }

    /// The whole year with these returns; answers the release.
    pub(crate) async fn whole(&self, contents: &[Content]) -> anyhow::Result<String> {
        let mut signed = Vec::new();
        for content in contents {
            signed.push(self.signed_off(content, 1).await?);
        }
        self.published(&signed).await
    }

    /// Sends a return so many times, each another content, and signs the last off.
    pub(crate) async fn signed_off(&self, content: &Content, times: u32) -> anyhow::Result<Signed> {
        let of = |part: &str| self.suite.clients(&format!("{}-{part}", content.authority));
        let (submitter, approver) = (of("submitter")?, of("approver")?);
        let mut answer = None;
        for time in 0..times {
            let edition = format!("pif-{}", self.period);
            let mut cells = content.cells.clone();
            if time > 0
                && let Some(cell) = cells.last_mut()
            {
                // A comment makes it another content and breaks no rule.
                cell.comment = format!("{time} before");
            }
            let submission = Submission::new(&content.authority, &edition, &cells, false)?;
            let request = SubmitReturnRequest::decode(submission.next().as_slice())?;
            let sent = submitter.submission.clone().submit_return(request).await?;
            answer = sent.into_inner().data_return;
        }
        let answer = answer.context("a return")?;
        let signed = Signed {
            revision: format!("{}/revisions/{}", answer.name, answer.revision),
            name: answer.name,
            etag: answer.etag,
        };
        explain(&submitter, &signed).await?;
        let DataReturn { etag, .. } = sign(&approver, &signed).await?;
        Ok(Signed { etag, ..signed })
    }

    /// Takes a sign-off back, changes the return and signs it off again.
    pub(crate) async fn amended(
        &self,
        content: &Content,
        signed: &Signed,
    ) -> anyhow::Result<Signed> {
        let approver = self
            .suite
            .clients(&format!("{}-approver", content.authority))?;
        let request = ReopenReturnRequest {
            name: signed.name.clone(),
            etag: signed.etag.clone(),
            reason: REASON.to_owned(),
            request_id: request_id(),
        };
        approver.submission.clone().reopen_return(request).await?;
        self.signed_off(content, 1).await
    }

    /// A snapshot in which these returns are.
    pub(crate) async fn snapshot(&self, signed: &[Signed]) -> anyhow::Result<String> {
        let request = CreateSnapshotRequest {
            edition: format!("collections/pif/editions/{}", self.period),
            returns: signed
                .iter()
                .map(|signed| signed.revision.clone())
                .collect(),
            request_id: request_id(),
        };
        let (_, snapshot) = caught_up(|| {
            let (mut client, request) = (self.statistician.aggregation.clone(), request.clone());
            async move { client.create_snapshot(request).await }
        })
        .await
        .context("making the snapshot")?;
        Ok(snapshot.into_inner().name)
    }

    /// Compiles a release; answers how long it took, from the moment that its snapshot had arrived.
    pub(crate) async fn compiled(
        &self,
        snapshot: &str,
    ) -> anyhow::Result<(Duration, publication::Release)> {
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.to_owned(),
            request_id: request_id(),
            update_note: None,
        };
        let (took, release) = caught_up(|| {
            let (mut client, request) = (self.statistician.publication.clone(), request.clone());
            async move { client.compile_release(request).await }
        })
        .await
        .context("compiling the release")?;
        Ok((took, release.into_inner()))
    }

    /// Publishes what these returns come to; answers the release.
    pub(crate) async fn published(&self, signed: &[Signed]) -> anyhow::Result<String> {
        let snapshot = self.snapshot(signed).await?;
        let (_, release) = self.compiled(&snapshot).await?;
        let request = publication::SubmitReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
        };
        let mut statistician = self.statistician.publication.clone();
        let release = statistician.submit_release(request).await?.into_inner();
        let request = publication::ApproveReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
        };
        let mut publisher = self.publisher.publication.clone();
        let release = publisher.approve_release(request).await?.into_inner();
        let request = publication::PublishReleaseRequest {
            name: release.name,
            etag: release.etag,
            request_id: request_id(),
            reason: REASON.to_owned(),
        };
        let release = publisher.publish_release(request).await?;
        Ok(release.into_inner().name)
    }
}

/// The findings of the report on a revision, once it is there.
pub(crate) async fn reported(
    clients: &Clients,
    revision: &str,
) -> anyhow::Result<Streaming<Finding>> {
    let request = StreamFindingsRequest {
        parent: format!("{revision}/report"),
        ..StreamFindingsRequest::default()
    };
    let (_, findings) = caught_up(|| {
        let (mut client, request) = (clients.validation.clone(), request.clone());
        async move { client.stream_findings(request).await }
    })
    .await
    .context("the report")?;
    Ok(findings.into_inner())
}

/// Explains every warning of the report on a return, once it is there.
async fn explain(submitter: &Clients, signed: &Signed) -> anyhow::Result<()> {
    let report = format!("{}/report", signed.revision);
    let mut findings = reported(submitter, &signed.revision).await?;
    while let Some(finding) = findings.message().await? {
        let waits = matches!(finding.standing(), Standing::Open | Standing::Rejected);
        ensure!(finding.severity() != Severity::Error, "{}", finding.message);
        if waits && finding.severity() == Severity::Warning {
            let request = ExplainFindingRequest {
                name: report.clone(),
                finding_id: finding.id,
                explanation: REASON.to_owned(),
                request_id: request_id(),
                ..ExplainFindingRequest::default()
            };
            submitter
                .validation
                .clone()
                .explain_finding(request)
                .await?;
        }
    }
    Ok(())
}

async fn sign(approver: &Clients, signed: &Signed) -> anyhow::Result<DataReturn> {
    let request = SignOffReturnRequest {
        name: signed.name.clone(),
        etag: signed.etag.clone(),
        request_id: request_id(),
    };
    let signed = approver.submission.clone().sign_off_return(request).await?;
    Ok(signed.into_inner())
}

/// Asks again while a service has not caught up with the one before it; answers how long the call
/// took that was answered.
async fn caught_up<T, F>(ask: impl Fn() -> F) -> anyhow::Result<(Duration, T)>
where
    F: Future<Output = Result<T, Status>>,
{
    let start = Instant::now();
    loop {
        let begun = Instant::now();
        match ask().await {
            Ok(answer) => return Ok((begun.elapsed(), answer)),
            Err(status) => {
                if !is_behind(&status) || start.elapsed() > CATCH_UP {
                    return Err(status.into());
                }
            }
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Whether a service has not heard yet of what it is asked about.
fn is_behind(status: &Status) -> bool {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    status.code() == Code::NotFound
        || reason.is_some_and(|reason| reason.ends_with("_NOT_RECEIVED"))
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}
