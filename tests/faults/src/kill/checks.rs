//! Holds what the services have against what the clients were told.

use std::collections::BTreeMap;
use std::time::Duration;

use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::publication::v1 as publication;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::validation::v1 as validation;
use mesur_returns::assemble;
use mesur_wire::rows_from_wire;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};
use tonic::{Response, Status};

use crate::kill::EDITION;
use crate::kill::calls::{Caller, reason};
use crate::kill::people::Person;

/// How long followers may take to catch up once nothing happens any more.
const CATCH_UP_TIMEOUT: Duration = Duration::from_mins(1);
/// How often it is looked.
const CATCH_UP_AFTER: Duration = Duration::from_millis(50);
/// The items of a page of a list: the most that a service gives.
const PAGE_SIZE: i32 = 1_000;

/// How many requests are sent once more at the end.
const AGAIN_MAX: usize = 2_000;

/// Somebody who looks at everything.
pub(crate) struct Checks<'a> {
    pub(crate) caller: Caller,
    pub(crate) statistician: Person,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) edition: &'a Edition,
}

/// A problem, noted unless the thing holds.
macro_rules! must {
    ($self:ident, $holds:expr, $($what:tt)+) => {
        if !$holds {
            $self.caller.journal().problem(format!($($what)+));
        }
    };
}

impl Checks<'_> {
    /// The latest revision of every return is one that was acknowledged, or a later one.
    pub(crate) async fn latest(&mut self) -> Result<(), Status> {
        let told: Vec<_> = {
            let told = self.caller.journal().told();
            let latest = |(name, known): (&String, &crate::kill::journal::Return)| {
                Some((name.clone(), known.revisions.last()?.clone()))
            };
            told.returns.iter().filter_map(latest).collect()
        };
        let found = self.list().await?;
        for (name, revision) in told {
            let there = found.get(&name);
            must!(
                self,
                there.is_some_and(|there| there.revision > revision.number
                    || (there.revision == revision.number && there.digest == revision.digest)),
                "{name}: revision {} was acknowledged with {}, and {:?} is there",
                revision.number,
                revision.digest,
                there.map(|there| (there.revision, &there.digest))
            );
        }
        Ok(())
    }

    async fn list(&mut self) -> Result<BTreeMap<String, submission::DataReturn>, Status> {
        let client = self.statistician.submission.clone();
        let listed = self.caller.ask(|| {
            let mut client = client.clone();
            let request = submission::ListReturnsRequest {
                parent: "authorities/-".to_owned(),
                edition: EDITION.to_owned(),
                page_size: PAGE_SIZE,
                ..submission::ListReturnsRequest::default()
            };
            async move { client.list_returns(request).await }
        });
        let returns = listed.await?.data_returns.into_iter();
        Ok(returns.map(|found| (found.name.clone(), found)).collect())
    }

    /// Everything, once nobody changes anything any more.
    pub(crate) async fn all(&mut self) -> Result<(), Status> {
        self.returns().await?;
        self.totals().await?;
        self.snapshots().await?;
        self.releases().await?;
        self.answers().await;
        Ok(())
    }

    /// Every return has the revisions that were acknowledged and no other, each with the content of its
    /// digest and with a report on it.
    async fn returns(&mut self) -> Result<(), Status> {
        let returns = self.caller.journal().told().returns.clone();
        for (name, known) in returns {
            let client = self.statistician.submission.clone();
            let listed = self.caller.ask(|| {
                let mut client = client.clone();
                let request = submission::ListRevisionsRequest {
                    parent: name.clone(),
                    page_size: PAGE_SIZE,
                    page_token: String::new(),
                };
                async move { client.list_revisions(request).await }
            });
            let mut listed = listed.await?.revisions;
            listed.reverse();
            let of = |number: i32, digest: &str| (number, digest.to_owned());
            let there: Vec<_> = listed.iter().map(|r| of(r.revision, &r.digest)).collect();
            let told: Vec<_> = known
                .revisions
                .iter()
                .map(|r| of(r.number, &r.digest))
                .collect();
            must!(
                self,
                there == told,
                "{name}: {told:?} were acknowledged, and {there:?} are there"
            );
            let last = listed.last().map(submission::DataReturn::state);
            must!(
                self,
                (last == Some(State::SignedOff)) == known.signed,
                "{name}: signed off by what was acknowledged: {}; it is {last:?}",
                known.signed
            );
            for revision in known.revisions {
                let revision_name = format!("{name}/revisions/{}", revision.number);
                self.content(&revision_name, &revision.digest).await?;
                self.report(&revision_name, &revision.digest).await?;
            }
        }
        Ok(())
    }

    /// The content of a revision has its digest.
    async fn content(&mut self, name: &str, digest: &str) -> Result<(), Status> {
        let read = self.read(name).await?;
        let code = name
            .split('/')
            .nth(1)
            .and_then(|code| AuthorityCode::parse(code).ok());
        let found = code.and_then(|code| {
            let rows = rows_from_wire(&read.observations);
            let assembly = assemble(self.edition, self.catalogue, &code, rows);
            Some(assembly.into_return(self.edition, &code).ok()?.digest())
        });
        must!(
            self,
            found.as_deref() == Some(digest) && read.digest == digest,
            "{name}: {digest} was acknowledged, {} is there, and its content comes to {found:?}",
            read.digest
        );
        Ok(())
    }

    async fn read(&mut self, name: &str) -> Result<submission::DataReturn, Status> {
        let client = self.statistician.submission.clone();
        let read = self.caller.ask(|| {
            let (mut client, name) = (client.clone(), name.to_owned());
            async move {
                client
                    .get_return(submission::GetReturnRequest { name })
                    .await
            }
        });
        read.await
    }

    /// There is a report on a revision.
    async fn report(&mut self, name: &str, digest: &str) -> Result<(), Status> {
        let client = self.statistician.validation.clone();
        let begun = Instant::now();
        loop {
            let read = self.caller.ask(|| {
                let mut client = client.clone();
                let name = format!("{name}/report");
                async move {
                    client
                        .get_report(validation::GetReportRequest { name })
                        .await
                }
            });
            match read.await {
                Ok(report) => {
                    must!(
                        self,
                        report.return_digest == digest,
                        "{name}: the report is on {} and not on {digest}",
                        report.return_digest
                    );
                    return Ok(());
                }
                Err(status)
                    if reason(&status).as_deref() == Some("REPORT_NOT_FOUND")
                        && begun.elapsed() < CATCH_UP_TIMEOUT =>
                {
                    sleep(CATCH_UP_AFTER).await;
                }
                Err(status) => {
                    self.caller
                        .journal()
                        .problem(format!("{name}: no report: {status}"));
                    return Ok(());
                }
            }
        }
    }

    /// The live totals are those over what is signed off in submission, added up here.
    async fn totals(&mut self) -> Result<(), Status> {
        let listed = self.list().await?.into_values();
        let signed: Vec<_> = listed.filter(|r| r.state() == State::SignedOff).collect();
        let of = |found: &submission::DataReturn| {
            let name = format!("{}/revisions/{}", found.name, found.revision);
            (name, found.digest.clone())
        };
        let expected: BTreeMap<String, String> = signed.iter().map(of).collect();
        let begun = Instant::now();
        let totals = loop {
            let totals = self.live().await?;
            let inputs = totals.returns.iter();
            let there: BTreeMap<_, _> = inputs
                .map(|input| (input.name.clone(), input.digest.clone()))
                .collect();
            if there == expected {
                break totals;
            }
            if begun.elapsed() > CATCH_UP_TIMEOUT {
                let problem =
                    format!("{expected:?} are signed off, and the totals rest on {there:?}");
                self.caller.journal().problem(problem);
                return Ok(());
            }
            sleep(CATCH_UP_AFTER).await;
        };
        let mut sums: BTreeMap<(String, String), (i64, i32)> = BTreeMap::new();
        for name in expected.keys() {
            for observation in self.read(name).await?.observations {
                if let Some(value) = observation.value {
                    let sum = sums
                        .entry((observation.metric, observation.category))
                        .or_default();
                    *sum = (sum.0 + value, sum.1 + 1);
                }
            }
        }
        for cell in totals.cells {
            let sum = sums.remove(&(cell.metric.clone(), cell.category.clone()));
            let there = cell.value.map(|value| (value, cell.provided_count));
            must!(
                self,
                there == sum,
                "{} {}: {sum:?} are signed off, and {there:?} are in the totals",
                cell.metric,
                cell.category
            );
        }
        must!(self, sums.is_empty(), "the totals lack {sums:?}");
        Ok(())
    }

    async fn live(&mut self) -> Result<aggregation::Totals, Status> {
        let client = self.statistician.aggregation.clone();
        let read = self.caller.ask(|| {
            let mut client = client.clone();
            let edition = EDITION.to_owned();
            async move {
                client
                    .get_totals(aggregation::GetTotalsRequest { edition })
                    .await
            }
        });
        read.await
    }

    /// Every snapshot is as it was, and comes out again when it is added up again.
    async fn snapshots(&mut self) -> Result<(), Status> {
        let snapshots = self.caller.journal().told().snapshots.clone();
        for (name, digests) in snapshots {
            let client = self.statistician.aggregation.clone();
            let verified = self.caller.ask(|| {
                let (mut client, name) = (client.clone(), name.clone());
                async move {
                    let request = aggregation::VerifySnapshotRequest { name };
                    client.verify_snapshot(request).await
                }
            });
            let verified = verified.await?;
            must!(
                self,
                verified.verified
                    && (&verified.digest, &verified.content_digest) == (&digests.0, &digests.1),
                "{name}: {digests:?} was acknowledged, and it comes to {verified:?}"
            );
        }
        Ok(())
    }

    /// Every file of every published revision is there to the byte.
    async fn releases(&mut self) -> Result<(), Status> {
        let published = self.caller.journal().told().published.clone();
        for release in published {
            for (file, digest) in &release.files {
                let client = self.statistician.publication.clone();
                let read = self.caller.ask(|| {
                    let mut client = client.clone();
                    let request = publication::DownloadFileRequest {
                        name: release.name.clone(),
                        file_name: file.clone(),
                    };
                    async move {
                        let mut pieces = client.download_file(request).await?.into_inner();
                        let mut hash = Sha256::new();
                        while let Some(piece) = pieces.message().await? {
                            hash.update(piece.content);
                        }
                        let hex = hash
                            .finalize()
                            .iter()
                            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
                        Ok::<_, Status>(Response::new(format!("sha256:{hex}")))
                    }
                });
                let found = read.await;
                must!(
                    self,
                    found.as_ref().ok() == Some(digest),
                    "{} {file}: {digest} was published, and {found:?} is there",
                    release.name
                );
            }
        }
        Ok(())
    }

    /// Requests that were answered are sent once more, a good many of a long run: the answer is the
    /// first one.
    async fn answers(&mut self) {
        let answered = std::mem::take(&mut self.caller.journal().told().answered);
        for first in self.caller.rng.choose_multiple(&answered, AGAIN_MAX) {
            let again = self
                .caller
                .ask(|| async { Ok::<_, Status>(Response::new((first.again)().await?)) });
            let again = again.await;
            must!(
                self,
                again.as_ref().ok() == Some(&first.answer),
                "{}: another answer than the first one, to the same request: {:?}",
                first.method,
                again.map(|bytes| bytes.len())
            );
        }
        self.caller.journal().told().answered = answered;
    }
}
