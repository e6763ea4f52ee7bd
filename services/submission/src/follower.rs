//! Following validation: a query that waits for an answer moves the return's state, and so does
//! the last answer.
//!
//! What validation tells of a return that is signed off, or that is not known here, is passed over
//! with a line in the log: sign-off asks validation itself, so nothing depends on it. An event that
//! cannot be read holds up those behind it.

use async_trait::async_trait;
use mesur_proto::validation::v1::WatchReportsResponse;
use mesur_proto::validation::v1::watch_reports_response::Event;
use mesur_rpc::follow::{BoxError, Follower};
use mesur_wire::{NameError, ReturnName};

use crate::returns::Returns;
use crate::store::events;

/// Why an event could not have its effect.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the event {number} is not known")]
    UnknownEvent { number: i32 },
    #[error("the event is not of a return")]
    Name(#[source] NameError),
}

/// Moves the returns that validation tells of.
pub(crate) struct Mover(pub(crate) Returns);

#[async_trait]
impl Follower<WatchReportsResponse> for Mover {
    async fn cursor(&self) -> Result<Vec<u8>, BoxError> {
        Ok(self.0.cursor().await?)
    }

    async fn apply(&self, event: WatchReportsResponse) -> Result<(), BoxError> {
        let told = match Event::try_from(event.event) {
            Ok(Event::Queried) => events::Event::Queried,
            Ok(Event::Settled) => events::Event::Settled,
            Ok(Event::Reported | Event::Remarked | Event::Marked) => {
                return Ok(self.0.pass_over(&event.cursor).await?);
            }
            Ok(Event::Unspecified) | Err(_) => {
                let number = event.event;
                return Err(Error::UnknownEvent { number }.into());
            }
        };
        let name = ReturnName::parse(&event.name).map_err(Error::Name)?;
        Ok(self.0.queried(&name, told, &event.cursor).await?)
    }
}
