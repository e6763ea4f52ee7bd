//! Following submission: each revision that it takes in is fetched, examined and reported on, and
//! what else it tells of a return or of a delegation is kept.
//!
//! A revision that cannot be validated here, because the edition is not known or is another one,
//! holds up those behind it until the catalogues agree: no return goes without its report.

use async_trait::async_trait;
use jiff::Timestamp;
use mesur_catalogue::Edition;
use mesur_proto::submission::v1::WatchReturnsResponse;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_returns::{Assembly, Previous};
use mesur_rpc::clock;
use mesur_rpc::follow::{BoxError, Follower};
use mesur_store::{Commit, with_retry};
use mesur_wire::{DelegationName, EditionResource, ReportName, RevisionName};
use tokio_util::sync::CancellationToken;

use crate::domain::ReturnState;
use crate::error;
use crate::reports::{NewReport, Validation};
use crate::store;
use crate::submission::{self, Submission};

/// Why an event has not had its effect yet; the follower tries on.
#[derive(Debug, thiserror::Error)]
#[error("taking in what happened to {name}")]
struct Error {
    name: String,
    #[source]
    source: BoxError,
}

/// Makes the reports.
pub(crate) struct Validator {
    pub(crate) submission: Submission,
    pub(crate) validation: Validation,
    pub(crate) stop: CancellationToken,
}

#[async_trait]
impl Follower<WatchReturnsResponse> for Validator {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(self.validation.cursor().await?.value)
    }

    async fn apply(&self, event: WatchReturnsResponse) -> Result<(), BoxError> {
        let applied = match event.event() {
            Event::Submitted => self.validate(&event).await,
            Event::SignedOff => self.move_to(&event, ReturnState::SignedOff).await,
            Event::Reopened => self.move_to(&event, ReturnState::Reopened).await,
            Event::Delegated | Event::DelegationRevoked => self.delegate(&event).await,
            // Submission has them from here.
            Event::Queried | Event::Settled => self.pass_over(&event).await,
            Event::Unspecified => Err(unreadable("an unknown event")),
        };
        applied.map_err(|source| {
            let name = event.name;
            Error { name, source }.into()
        })
    }
}

impl Validator {
    async fn pass_over(&self, event: &WatchReturnsResponse) -> Result<(), BoxError> {
        let cursor = self.validation.cursor().await?;
        let validation = &self.validation;
        let noted = validation.pass_over(Commit::new(), &cursor, &event.cursor);
        Ok(noted.await?)
    }

    async fn delegate(&self, event: &WatchReturnsResponse) -> Result<(), BoxError> {
        let unreadable = |error: &dyn std::fmt::Display| unreadable(&error.to_string());
        let name = DelegationName::parse(&event.name).map_err(|error| unreadable(&error))?;
        let edition = EditionResource::parse(&event.edition).map_err(|error| unreadable(&error))?;
        let change = match event.event() {
            Event::Delegated => store::delegate,
            _ => store::revoke,
        };
        let commit = change(Commit::new(), &name, &edition.0, &event.supplier);
        let cursor = self.validation.cursor().await?;
        let validation = &self.validation;
        Ok(validation.pass_over(commit, &cursor, &event.cursor).await?)
    }

    async fn move_to(
        &self,
        event: &WatchReturnsResponse,
        state: ReturnState,
    ) -> Result<(), BoxError> {
        let name = revision_name(event)?;
        let (validation, of) = (&self.validation, &name.data_return);
        let time = time_of(event)?.unwrap_or_else(|| validation.clock.now());
        let moved = with_retry(|| async {
            let cursor = validation.cursor().await?;
            let read = store::progress(&*validation.store, of).await?;
            let mut commit = Commit::new();
            if let Some(mut progress) = read.value.clone() {
                progress.state = state;
                progress.updated = time;
                commit = store::put_progress(commit, of, &read, &progress);
                // Submission passed over a query on what was signed off: it is told again.
                if state == ReturnState::Reopened && progress.open_queries > 0 {
                    commit = store::append(commit, &store::Event::Queried(of.clone()));
                }
            }
            validation.pass_over(commit, &cursor, &event.cursor).await
        });
        moved.await.map_err(|error: error::Error| error.into())
    }

    async fn validate(&self, event: &WatchReturnsResponse) -> Result<(), BoxError> {
        let name = revision_name(event)?;
        let cursor = self.validation.cursor().await?;
        // Submission may take long to answer, and a stop does not wait for that: the cursor stays
        // where it is, and the event comes again at the next start.
        let Some(fetched) = self.stop.run_until_cancelled(self.fetch(&name)).await else {
            return Ok(());
        };
        let (edition, assembly, previous) = fetched?;
        let authority = &name.data_return.authority;
        let examined = Validation::examined(edition, authority, assembly, previous.as_ref())?;
        if examined.content.digest() != event.digest {
            return Err(unreadable("the content has another digest"));
        }
        let made = NewReport {
            name: ReportName(name),
            examined,
            previous_period: previous.map(|previous| previous.period),
            late: event.late,
            time: time_of(event)?,
        };
        let moved = (&cursor, event.cursor.as_slice());
        self.validation.make(edition, made, moved).await?;
        Ok(())
    }

    async fn fetch(
        &self,
        name: &RevisionName,
    ) -> Result<(&Edition, Assembly, Option<Previous>), BoxError> {
        let of = &name.data_return;
        let sent = self.submission.revision(name).await?;
        let validation = &self.validation;
        let edition = validation.edition(&of.edition, &sent.edition_digest)?;
        let assembly = sent.assemble(edition, &validation.catalogue, &of.authority);
        let assembly = assembly.await?;
        let previous = self.submission.previous(of, edition).await?;
        Ok((edition, assembly, previous))
    }
}

fn revision_name(event: &WatchReturnsResponse) -> Result<RevisionName, BoxError> {
    RevisionName::parse(&event.name).map_err(|error| unreadable(&error.to_string()))
}

fn time_of(event: &WatchReturnsResponse) -> Result<Option<Timestamp>, BoxError> {
    let time = event.time.as_ref().map(clock::from_proto).transpose();
    time.map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(problem: &str) -> BoxError {
    submission::Error::unreadable(problem).into()
}
