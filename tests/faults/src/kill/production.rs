//! The statistician and the publisher: they freeze what is signed off, and publish it again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::{BilingualText, Release, UpdateNote};
use mesur_proto::validation::v1 as validation;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::kill::EDITION;
use crate::kill::calls::{Caller, reason};
use crate::kill::journal::Published;
use crate::kill::people::{Person, World};

/// How long a service may take to catch up with another.
const CATCH_UP_TIMEOUT: Duration = Duration::from_mins(1);
/// How often it is asked.
const CATCH_UP_AFTER: Duration = Duration::from_millis(20);
/// Between two releases the returns are given time to change, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 500..4_000;

/// Those who make releases.
pub(crate) struct Production {
    caller: Caller,
    statistician: Person,
    publisher: Person,
    hold: Arc<RwLock<()>>,
}

/// Asks again while a service has not caught up.
macro_rules! caught_up {
    ($reason:literal, $ask:expr) => {{
        let begun = Instant::now();
        loop {
            match $ask {
                Err(status)
                    if reason(&status).as_deref() == Some($reason)
                        && begun.elapsed() < CATCH_UP_TIMEOUT =>
                {
                    sleep(CATCH_UP_AFTER).await;
                }
                answer => break answer,
            }
        }
    }};
}

impl Production {
    pub(crate) fn new(
        world: &World,
        hold: Arc<RwLock<()>>,
        caller: Caller,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            caller,
            statistician: world.person("statistician")?,
            publisher: world.person("publisher")?,
            hold,
        })
    }

    /// Opens a round, so that questions may be asked.
    pub(crate) async fn open_round(&mut self) -> Result<(), Status> {
        let request = validation::OpenRoundRequest {
            parent: EDITION.to_owned(),
            due_date: "2099-01-31".to_owned(),
            request_id: self.caller.request_id(),
        };
        let client = self.statistician.validation.clone();
        let opened = self.caller.change("OpenRound", request, move |request| {
            let mut client = client.clone();
            async move { client.open_round(request).await }
        });
        opened.await.map(drop)
    }

    /// Makes releases until it is told to stop.
    pub(crate) async fn act(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::Relaxed) {
            // A refusal is counted by its reason; a service that lags behind was waited for.
            let _ = self.release().await;
            let pause = self.caller.rng.u64(PAUSE_MS);
            sleep(Duration::from_millis(pause)).await;
        }
        self
    }

    /// The same once nothing changes any more, when every follower must come to the end.
    pub(crate) async fn last_release(&mut self) -> Result<(), Status> {
        caught_up!("SNAPSHOT_OVERTAKEN", self.release().await)
    }

    /// Freezes all that is signed off, and publishes it.
    pub(crate) async fn release(&mut self) -> Result<(), Status> {
        let hold = Arc::clone(&self.hold);
        let _held = hold.write().await;
        let returns = self.signed();
        if returns.is_empty() {
            return Ok(());
        }
        let snapshot = caught_up!("RETURNS_NOT_RECEIVED", self.snapshot(returns.clone()).await)?;
        let compiled = caught_up!("SNAPSHOT_NOT_RECEIVED", self.compile(&snapshot).await)?;
        let release = self.step("SubmitRelease", compiled).await?;
        let release = self.step("ApproveRelease", release).await?;
        let release = self.step("PublishRelease", release).await?;
        let files = release.files.into_iter();
        let published = Published {
            name: format!("{}/revisions/{}", release.name, release.revision),
            files: files.map(|file| (file.file_name, file.digest)).collect(),
        };
        self.caller.journal().told().published.push(published);
        Ok(())
    }

    /// The revisions that are signed off and stay so while the hold lasts.
    pub(crate) fn signed(&self) -> Vec<String> {
        let told = self.caller.journal().told();
        let signed = told.returns.iter().filter(|(_, known)| known.signed);
        let named = signed.filter_map(|(name, known)| {
            let revision = known.revisions.last()?.number;
            Some(format!("{name}/revisions/{revision}"))
        });
        named.collect()
    }

    pub(crate) async fn snapshot(&mut self, returns: Vec<String>) -> Result<String, Status> {
        let request = aggregation::CreateSnapshotRequest {
            edition: EDITION.to_owned(),
            returns,
            request_id: self.caller.request_id(),
        };
        let client = self.statistician.aggregation.clone();
        let made = self
            .caller
            .change("CreateSnapshot", request, move |request| {
                let mut client = client.clone();
                async move { client.create_snapshot(request).await }
            });
        let made = made.await?;
        let digests = (made.digest, made.content_digest);
        let mut told = self.caller.journal().told();
        let before = told.snapshots.insert(made.name.clone(), digests.clone());
        if before.is_some_and(|before| before != digests) {
            let problem = format!("{} came with other digests than before", made.name);
            told.problems.push(problem);
        }
        Ok(made.name)
    }

    pub(crate) async fn compile(&mut self, snapshot: &str) -> Result<Release, Status> {
        let is_revision = !self.caller.journal().told().published.is_empty();
        let text = |en: &str, cy: &str| {
            Some(BilingualText {
                en: en.to_owned(),
                cy: cy.to_owned(),
            })
        };
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.to_owned(),
            request_id: self.caller.request_id(),
            update_note: is_revision.then(|| UpdateNote {
                what: text("Figures changed.", "Newidiodd ffigurau."),
                why: text("Returns were amended.", "Diwygiwyd ffurflenni."),
            }),
        };
        let client = self.statistician.publication.clone();
        let compiled = self
            .caller
            .change("CompileRelease", request, move |request| {
                let mut client = client.clone();
                async move { client.compile_release(request).await }
            });
        compiled.await
    }

    pub(crate) async fn step(
        &mut self,
        method: &'static str,
        release: Release,
    ) -> Result<Release, Status> {
        let Release { name, etag, .. } = release;
        let request_id = self.caller.request_id();
        let statistician = self.statistician.publication.clone();
        let publisher = self.publisher.publication.clone();
        let request = (name, etag, request_id);
        let moved = self
            .caller
            .change(method, request, move |(name, etag, request_id)| {
                let (mut statistician, mut publisher) = (statistician.clone(), publisher.clone());
                async move {
                    match method {
                        "SubmitRelease" => {
                            let request = publication::SubmitReleaseRequest {
                                name,
                                etag,
                                request_id,
                            };
                            statistician.submit_release(request).await
                        }
                        "ApproveRelease" => {
                            let request = publication::ApproveReleaseRequest {
                                name,
                                etag,
                                request_id,
                            };
                            publisher.approve_release(request).await
                        }
                        _ => {
                            let request = publication::PublishReleaseRequest {
                                name,
                                etag,
                                reason: "The figures are needed today.".to_owned(),
                                request_id,
                            };
                            publisher.publish_release(request).await
                        }
                    }
                }
            });
        moved.await
    }
}
