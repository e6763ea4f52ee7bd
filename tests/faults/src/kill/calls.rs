//! Calls as a careful client makes them: what stays unanswered is sent again with the same request
//! id, until there is an answer.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use mesur_proto::types::v1::Finding;
use prost::Message;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Builder;

use crate::kill::journal::{Answered, Journal};

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client goes on when no answer comes.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(3);
/// After how long nothing is killed any more until there is an answer: a service that is killed before it
/// can come to an end shows nothing.
const STARVING_AFTER: Duration = Duration::from_secs(8);
/// How long it waits before it tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(15);
/// One in so many answered requests is sent once more at once.
const DOUBLED_ONE_IN: u8 = 6;

/// What may be refused for now, because of what comes from another service by itself.
const FOR_NOW: [(&str, &str); 19] = [
    // A query opens and settles.
    ("SubmitReturn", "STALE_ETAG"),
    ("UpdateObservations", "STALE_ETAG"),
    ("SignOffReturn", "STALE_ETAG"),
    ("ReopenReturn", "STALE_ETAG"),
    // The revision is not validated yet, or what was said of it has not come back.
    ("SignOffReturn", "NOT_YET_VALIDATED"),
    ("SignOffReturn", "FINDINGS_OPEN"),
    ("ExplainFinding", "REPORT_NOT_FOUND"),
    ("ExplainFinding", "REPORT_SUPERSEDED"),
    ("RaiseQuery", "REPORT_NOT_FOUND"),
    // Validation does not know yet that the return was opened again.
    ("ExplainFinding", "ALREADY_SIGNED_OFF"),
    ("RaiseQuery", "ALREADY_SIGNED_OFF"),
    ("ResolveQuery", "ALREADY_SIGNED_OFF"),
    ("ExplainFinding", "FINDING_NOT_FOUND"),
    // Aggregation and publication have not caught up.
    ("CreateSnapshot", "RETURNS_NOT_RECEIVED"),
    ("CompileRelease", "SNAPSHOT_NOT_RECEIVED"),
    // Before the snapshot a return was opened again, of which aggregation heard only afterwards.
    ("CompileRelease", "SNAPSHOT_OVERTAKEN"),
    ("SubmitRelease", "SNAPSHOT_OVERTAKEN"),
    ("ApproveRelease", "SNAPSHOT_OVERTAKEN"),
    ("PublishRelease", "SNAPSHOT_OVERTAKEN"),
];

/// The reason of a refusal; `None` of a status that no service made.
pub(crate) fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// Whether a status leaves open what happened.
fn is_unanswered(status: &Status) -> bool {
    status.code() == Code::Unavailable || reason(status).is_none()
}

/// How one client calls.
pub(crate) struct Caller {
    journal: Arc<Journal>,
    /// What it does follows from this.
    pub(crate) rng: Rng,
}

impl Caller {
    pub(crate) fn new(journal: Arc<Journal>, seed: u64) -> Self {
        Self {
            journal,
            rng: Rng::with_seed(seed),
        }
    }

    /// What was acknowledged so far.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The same, for whoever looks on.
    pub(crate) fn shared_journal(&self) -> Arc<Journal> {
        Arc::clone(&self.journal)
    }

    /// A request id of its own.
    pub(crate) fn request_id(&mut self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Reads, until there is an answer.
    pub(crate) async fn ask<A, F>(&mut self, mut send: impl FnMut() -> F) -> Result<A, Status>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let begun = Instant::now();
        let mut is_starving = false;
        let mut attempts = 0;
        let answer = loop {
            attempts += 1;
            let status = match timeout(ATTEMPT_TIMEOUT, send()).await {
                Ok(Ok(answer)) => break Ok(answer.into_inner()),
                Ok(Err(status)) if !is_unanswered(&status) => break Err(status),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("no answer to one attempt"),
            };
            if begun.elapsed() > ANSWER_TIMEOUT {
                self.journal
                    .problem(format!("no answer after {ANSWER_TIMEOUT:?}: {status}"));
                break Err(status);
            }
            self.journal.told().repeated += 1;
            if !is_starving && begun.elapsed() > STARVING_AFTER {
                is_starving = true;
                self.journal.told().starving += 1;
            }
            sleep(AGAIN_AFTER).await;
        };
        let mut told = self.journal.told();
        told.starving -= usize::from(is_starving);
        told.requests += 1;
        told.attempts_max = told.attempts_max.max(attempts);
        drop(told);
        answer
    }

    /// Counts a refusal. One that cannot be, for there is one client alone that changes a return, is a
    /// problem: the first attempt may have had an effect of which the repeat knew nothing.
    fn refused(&self, method: &'static str, status: &Status) {
        let reason = reason(status).unwrap_or_else(|| status.to_string());
        if !FOR_NOW.contains(&(method, &reason)) {
            self.journal.problem(format!("{method}: {status}"));
        }
        let mut told = self.journal.told();
        *told.refused.entry((method, reason)).or_default() += 1;
    }

    /// Changes something, until there is an answer, and notes it. Some are sent once more at once and
    /// must be answered alike.
    pub(crate) async fn change<Q, A, F>(
        &mut self,
        method: &'static str,
        request: Q,
        send: impl Fn(Q) -> F + Send + Sync + 'static,
    ) -> Result<A, Status>
    where
        Q: Clone + Send + Sync + 'static,
        A: Message + Default + PartialEq + Debug,
        F: Future<Output = Result<Response<A>, Status>> + Send + 'static,
    {
        let answer = self.ask(|| send(request.clone())).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(status) => {
                self.refused(method, &status);
                return Err(status);
            }
        };
        if self.rng.u8(..DOUBLED_ONE_IN) == 0 {
            self.journal.told().doubled += 1;
            match self.ask(|| send(request.clone())).await {
                Ok(again) if again == answer => {}
                Ok(again) => self.journal.problem(format!(
                    "{method}: answered {answer:?}, and to a repeat {again:?}"
                )),
                Err(status) => self.journal.problem(format!(
                    "{method}: a repeat of what was answered is refused: {status}"
                )),
            }
        }
        let mut told = self.journal.told();
        *told.acknowledged.entry(method).or_default() += 1;
        told.answered.push(Answered {
            method,
            answer: answer.encode_to_vec(),
            again: Box::new(move || {
                let answer = send(request.clone());
                Box::pin(async move { Ok(answer.await?.into_inner().encode_to_vec()) })
            }),
        });
        Ok(answer)
    }
}

/// Reads a stream of findings to its end.
pub(crate) async fn collect(
    stream: Result<Response<tonic::Streaming<Finding>>, Status>,
) -> Result<Response<Vec<Finding>>, Status> {
    let mut stream = stream?.into_inner();
    let mut findings = Vec::new();
    while let Some(finding) = stream.message().await? {
        findings.push(finding);
    }
    Ok(Response::new(findings))
}
