//! Following submission: each revision that it takes in is fetched, examined and reported on.
//!
//! A revision that cannot be validated here, because the edition is not known or is another one,
//! holds up those behind it until the catalogues agree: no return goes without its report.

use std::sync::Arc;

use async_trait::async_trait;
use mesur_proto::submission::v1::watch_returns_response::Event;
use mesur_proto::submission::v1::{DataReturn, WatchReturnsResponse};
use mesur_returns::Previous;
use mesur_rpc::follow::{BoxError, Follower};
use mesur_wire::{ReportName, RevisionName, rows_from_wire};
use tokio_util::sync::CancellationToken;

use crate::reports::Reports;
use crate::submission::{self, Submission};

/// Why an event has no report yet; the follower tries on.
#[derive(Debug, thiserror::Error)]
#[error("validating {name}")]
struct Error {
    name: String,
    #[source]
    source: BoxError,
}

/// Makes the reports.
pub(crate) struct Validator {
    pub(crate) submission: Submission,
    pub(crate) reports: Arc<Reports>,
    pub(crate) stop: CancellationToken,
}

#[async_trait]
impl Follower<WatchReturnsResponse> for Validator {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(self.reports.cursor().await?.bytes)
    }

    async fn apply(&self, event: WatchReturnsResponse) -> Result<(), BoxError> {
        let applied = match event.event() {
            Event::Submitted => self.validate(&event).await,
            Event::SignedOff => self.pass_over(&event).await,
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
        let cursor = self.reports.cursor().await?;
        Ok(self.reports.pass_over(&cursor, &event.cursor).await?)
    }

    async fn validate(&self, event: &WatchReturnsResponse) -> Result<(), BoxError> {
        let name =
            RevisionName::parse(&event.name).map_err(|error| unreadable(&error.to_string()))?;
        let cursor = self.reports.cursor().await?;
        // Submission may take long to answer, and a stop does not wait for that: the cursor stays
        // where it is, and the event comes again at the next start.
        let Some(fetched) = self.stop.run_until_cancelled(self.fetch(&name)).await else {
            return Ok(());
        };
        let (sent, previous) = fetched?;
        let of = &name.data_return;
        let edition = self.reports.edition(&of.edition, &sent.edition_digest)?;
        let rows = rows_from_wire(sent.observations);
        let examined = self
            .reports
            .examine(edition, &of.authority, rows, previous.as_ref())?;
        if examined.content.digest() != event.digest {
            return Err(unreadable("the content has another digest"));
        }
        let moved = (&cursor, event.cursor.as_slice());
        self.reports
            .make(ReportName(name), examined, previous.as_ref(), moved)
            .await?;
        Ok(())
    }

    async fn fetch(
        &self,
        name: &RevisionName,
    ) -> Result<(DataReturn, Option<Previous>), submission::Error> {
        let sent = self.submission.revision(name).await?;
        let previous = self.submission.previous(&name.data_return).await?;
        Ok((sent, previous))
    }
}

fn unreadable(problem: &str) -> BoxError {
    submission::Error::unreadable(problem).into()
}
