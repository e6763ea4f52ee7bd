//! One authority: it sends, amends, explains, answers, signs off and opens again, as its dice say.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::types::v1::Observation;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_returns::check_file;
use mesur_wire::observations_to_wire;
use tokio::sync::RwLock;
use tokio::time::sleep;
use tonic::Status;

use crate::kill::calls::{Caller, collect, reason};
use crate::kill::people::{Person, World};

/// How long a client waits for a service that has not caught up.
const CATCH_UP_AFTER: Duration = Duration::from_millis(20);

/// Everybody who acts for one authority, and the statistician who asks it.
pub(crate) struct Authority {
    caller: Caller,
    submitter: Person,
    approver: Person,
    statistician: Person,
    /// `authorities/{authority}/returns/{return}`.
    name: String,
    /// A whole return without errors.
    sample: Vec<Observation>,
    /// The place of the observation that was changed last.
    changed: Option<usize>,
    /// What was told last; `None` before the first revision.
    latest: Option<Latest>,
    /// Whether nothing but the sign-off is wanted any more.
    is_done: bool,
    /// Held for reading while a sign-off is taken back, and for writing while a release is made:
    /// what a release rests on must hold until it is out.
    hold: Arc<RwLock<()>>,
}

struct Latest {
    revision: i32,
    digest: String,
    etag: String,
    signed: bool,
}

impl Authority {
    pub(crate) fn new(
        world: &World,
        code: &AuthorityCode,
        sample: Vec<Observation>,
        hold: Arc<RwLock<()>>,
        caller: Caller,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            caller,
            submitter: world.person(&format!("{code}-submitter"))?,
            approver: world.person(&format!("{code}-approver"))?,
            statistician: world.person("statistician")?,
            name: format!("authorities/{code}/returns/pif-2022-23"),
            sample,
            changed: None,
            latest: None,
            is_done: false,
            hold,
        })
    }

    /// Acts until it is told to stop.
    pub(crate) async fn act(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let dice = self.caller.rng.u8(..100);
            let acted = match &self.latest {
                None => self.submit().await,
                Some(latest) if latest.signed && dice < 4 => self.reopen().await,
                Some(latest) if latest.signed => self.rest().await,
                Some(_) if self.is_done || dice < 15 => self.sign_off().await,
                Some(_) if dice < 70 => self.amend().await,
                Some(_) if dice < 85 => self.submit().await,
                Some(_) => self.be_asked().await,
            };
            if let Err(status) = acted {
                self.wait(&status).await;
            }
        }
    }

    /// Sends a return and signs it off.
    pub(crate) async fn hand_in(&mut self) {
        while self.latest.as_ref().is_none_or(|latest| !latest.signed) {
            let acted = match &self.latest {
                None => self.submit().await,
                Some(_) => self.sign_off().await,
            };
            if let Err(status) = acted {
                self.wait(&status).await;
            }
        }
    }

    /// Waits for what has to happen first.
    async fn wait(&mut self, status: &Status) {
        let reason = reason(status).unwrap_or_default();
        if reason == "STALE_ETAG" && self.latest.is_some() {
            // Whether a query waits is a part of the return, and comes by itself.
            let _ = self.look().await;
        } else {
            sleep(CATCH_UP_AFTER).await;
        }
    }

    /// Chooses another value to differ from the sample by a little: the places of what is new.
    fn another(&mut self) -> Vec<usize> {
        let with_value: Vec<usize> = (0..self.sample.len())
            .filter(|place| self.sample.get(*place).is_some_and(|o| o.value.is_some()))
            .filter(|place| Some(*place) != self.changed)
            .collect();
        let place = self.caller.rng.choice(with_value).unwrap_or_default();
        let before = self.changed.replace(place);
        before.into_iter().chain([place]).collect()
    }

    /// An observation as it is to be now.
    fn observation(&self, place: usize) -> Observation {
        let mut observation = self.sample.get(place).cloned().unwrap_or_default();
        if self.changed == Some(place) {
            observation.value = observation.value.map(|value| value + 1);
        }
        observation
    }

    async fn submit(&mut self) -> Result<(), Status> {
        let before = self.changed;
        self.another();
        let observations = (0..self.sample.len()).map(|place| self.observation(place));
        let data_return = submission::DataReturn {
            name: self.name.clone(),
            etag: self.etag(),
            observations: observations.collect(),
            ..submission::DataReturn::default()
        };
        let request = submission::SubmitReturnRequest {
            data_return: Some(data_return),
            request_id: self.caller.request_id(),
            ..submission::SubmitReturnRequest::default()
        };
        let client = self.submitter.submission.clone();
        let sent = self.caller.change("SubmitReturn", request, move |request| {
            let mut client = client.clone();
            async move { client.submit_return(request).await }
        });
        let answer = sent.await;
        self.taken_in(before, answer)
    }

    async fn amend(&mut self) -> Result<(), Status> {
        let before = self.changed;
        let places = self.another();
        self.update(before, &places).await
    }

    /// Goes back to the sample: a value that was changed does not fit the others.
    async fn take_back(&mut self) -> Result<(), Status> {
        let before = self.changed.take();
        let places: Vec<usize> = before.into_iter().collect();
        self.update(before, &places).await
    }

    async fn update(&mut self, before: Option<usize>, places: &[usize]) -> Result<(), Status> {
        let request = submission::UpdateObservationsRequest {
            name: self.name.clone(),
            etag: self.etag(),
            observations: places
                .iter()
                .map(|place| self.observation(*place))
                .collect(),
            request_id: self.caller.request_id(),
            ..submission::UpdateObservationsRequest::default()
        };
        let client = self.submitter.submission.clone();
        let sent = self
            .caller
            .change("UpdateObservations", request, move |request| {
                let mut client = client.clone();
                async move { client.update_observations(request).await }
            });
        let answer = sent.await;
        self.taken_in(before, answer)
    }

    fn etag(&self) -> String {
        let latest = self.latest.as_ref();
        latest.map(|latest| latest.etag.clone()).unwrap_or_default()
    }

    fn taken_in(
        &mut self,
        before: Option<usize>,
        answer: Result<submission::SubmitReturnResponse, Status>,
    ) -> Result<(), Status> {
        let taken = answer.inspect_err(|_| self.changed = before)?.data_return;
        let taken = taken.ok_or_else(|| Status::internal("an answer without a return"))?;
        let journal = self.caller.journal();
        journal.revision(&self.name, taken.revision, &taken.digest, &taken.etag);
        self.latest = Some(Latest {
            revision: taken.revision,
            digest: taken.digest,
            etag: taken.etag,
            signed: false,
        });
        Ok(())
    }

    /// Looks at what is signed off, and leaves it for a while.
    async fn rest(&mut self) -> Result<(), Status> {
        sleep(CATCH_UP_AFTER).await;
        self.look().await
    }

    /// Reads the return: nothing but a query may have changed it.
    async fn look(&mut self) -> Result<(), Status> {
        let (client, name) = (self.submitter.submission.clone(), self.name.clone());
        let read = self.caller.ask(|| {
            let (mut client, name) = (client.clone(), name.clone());
            async move {
                client
                    .get_return(submission::GetReturnRequest { name })
                    .await
            }
        });
        let read = read.await?;
        let Some(latest) = &mut self.latest else {
            return Ok(());
        };
        if (read.revision, &read.digest) != (latest.revision, &latest.digest)
            || (read.state() == State::SignedOff) != latest.signed
        {
            self.caller.journal().problem(format!(
                "{}: revision {} with {} (signed: {}) was acknowledged last, and {} with {} ({:?}) is there",
                self.name, latest.revision, latest.digest, latest.signed,
                read.revision, read.digest, read.state(),
            ));
        }
        latest.etag = read.etag;
        Ok(())
    }

    fn report(&self) -> String {
        let revision = self.latest.as_ref().map_or(0, |latest| latest.revision);
        format!("{}/revisions/{revision}/report", self.name)
    }

    /// Explains every warning, and signs off; corrects an error instead.
    async fn sign_off(&mut self) -> Result<(), Status> {
        self.is_done = true;
        let (client, report) = (self.submitter.validation.clone(), self.report());
        let findings = self.caller.ask(|| {
            let mut client = client.clone();
            let request = validation::StreamFindingsRequest {
                parent: report.clone(),
                ..validation::StreamFindingsRequest::default()
            };
            async move { collect(client.stream_findings(request).await).await }
        });
        for finding in findings.await? {
            let waits = matches!(finding.standing(), Standing::Open | Standing::Rejected);
            match finding.severity() {
                Severity::Error if waits => return self.take_back().await,
                Severity::Warning if waits => self.explain(finding.id).await?,
                _ => {}
            }
        }
        let request = submission::SignOffReturnRequest {
            name: self.name.clone(),
            etag: self.etag(),
            request_id: self.caller.request_id(),
        };
        let client = self.approver.submission.clone();
        let sent = self
            .caller
            .change("SignOffReturn", request, move |request| {
                let mut client = client.clone();
                async move { client.sign_off_return(request).await }
            });
        let signed = sent.await?;
        self.moved(signed, true);
        self.is_done = false;
        Ok(())
    }

    async fn explain(&mut self, finding_id: String) -> Result<(), Status> {
        let request = validation::ExplainFindingRequest {
            name: self.report(),
            finding_id,
            explanation: "Checked against the case files.".to_owned(),
            request_id: self.caller.request_id(),
            language_code: String::new(),
        };
        let client = self.submitter.validation.clone();
        let sent = self
            .caller
            .change("ExplainFinding", request, move |request| {
                let mut client = client.clone();
                async move { client.explain_finding(request).await }
            });
        sent.await.map(drop)
    }

    fn moved(&mut self, now: submission::DataReturn, signed: bool) {
        let journal = self.caller.journal();
        journal.etag(&self.name, &now.etag);
        journal.signed(&self.name, signed);
        if let Some(latest) = &mut self.latest {
            (latest.etag, latest.signed) = (now.etag, signed);
        }
    }

    async fn reopen(&mut self) -> Result<(), Status> {
        let hold = Arc::clone(&self.hold);
        let Ok(_held) = hold.try_read() else {
            return self.rest().await;
        };
        let request = submission::ReopenReturnRequest {
            name: self.name.clone(),
            etag: self.etag(),
            reason: "A figure was found to be wrong.".to_owned(),
            request_id: self.caller.request_id(),
        };
        let client = self.approver.submission.clone();
        let sent = self.caller.change("ReopenReturn", request, move |request| {
            let mut client = client.clone();
            async move { client.reopen_return(request).await }
        });
        let reopened = sent.await?;
        self.moved(reopened, false);
        Ok(())
    }

    /// A statistician asks, the authority answers, the statistician accepts.
    async fn be_asked(&mut self) -> Result<(), Status> {
        let request = validation::RaiseQueryRequest {
            parent: self.name.clone(),
            cells: Vec::new(),
            text: "Is the return complete?".to_owned(),
            request_id: self.caller.request_id(),
        };
        let client = self.statistician.validation.clone();
        let sent = self.caller.change("RaiseQuery", request, move |request| {
            let mut client = client.clone();
            async move { client.raise_query(request).await }
        });
        let name = sent.await?.name;
        let request = validation::AnswerQueryRequest {
            name: name.clone(),
            text: "It is.".to_owned(),
            request_id: self.caller.request_id(),
        };
        let client = self.submitter.validation.clone();
        let sent = self.caller.change("AnswerQuery", request, move |request| {
            let mut client = client.clone();
            async move { client.answer_query(request).await }
        });
        sent.await?;
        let request = validation::ResolveQueryRequest {
            name,
            resolution: Resolution::Accept.into(),
            reason: "Thank you.".to_owned(),
            request_id: self.caller.request_id(),
        };
        let client = self.statistician.validation.clone();
        let sent = self.caller.change("ResolveQuery", request, move |request| {
            let mut client = client.clone();
            async move { client.resolve_query(request).await }
        });
        sent.await?;
        self.look().await
    }
}

/// The sample return of an authority.
pub(crate) fn sample(
    catalogue: &Catalogue,
    edition: &Edition,
    code: &AuthorityCode,
) -> anyhow::Result<Vec<Observation>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/mesur/samples/2022-23")
        .join(format!("{code}.csv"));
    let bytes = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let checked = check_file(&bytes, edition, catalogue, None);
    let data_return = checked
        .data_return()
        .context("a sample is a whole return")?;
    Ok(observations_to_wire(edition, data_return.cells()))
}
