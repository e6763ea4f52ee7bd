//! Asking submission for what happened to returns, for a revision, and for earlier values.

use async_trait::async_trait;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_returns::{Assembler, Assembly, Previous};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::follow::{EventStream, Source};
use mesur_wire::{
    PreviousValuesName, PreviousValuesReader, ReturnName, RevisionName, rows_from_wire,
};
use tonic::{Code, Status, Streaming};

/// Why submission gave nothing to validate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It cannot be asked, or has not what it told of.
    #[error("asking submission")]
    Asking(#[source] Box<Status>),
    /// What it sent does not make sense.
    #[error("submission sent what cannot be read: {problem}")]
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// What submission sent has this problem.
    pub(crate) fn unreadable(problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::Unreadable { problem }
    }

    fn asking(status: Status) -> Self {
        Self::Asking(Box::new(status))
    }
}

/// A revision that is coming in.
pub(crate) struct Coming {
    /// The digest of its edition.
    pub(crate) edition_digest: String,
    stream: Streaming<pb::ReadReturnResponse>,
}

impl Coming {
    /// What the observations come to: what is held of them is their cells.
    pub(crate) async fn assemble(
        mut self,
        edition: &Edition,
        catalogue: &Catalogue,
        authority: &AuthorityCode,
    ) -> Result<Assembly, Error> {
        let mut assembler = Assembler::new(edition, catalogue, authority);
        while let Some(message) = self.stream.message().await.map_err(Error::asking)? {
            for row in rows_from_wire(&message.observations) {
                assembler.take(&row);
            }
        }
        Ok(assembler.finish())
    }
}

/// The submission service.
#[derive(Clone)]
pub(crate) struct Submission(pub(crate) Connection);

impl Submission {
    fn client(&self) -> SubmissionServiceClient<Connection> {
        SubmissionServiceClient::new(self.0.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// A revision, whose observations then come a message at a time.
    pub(crate) async fn revision(&self, name: &RevisionName) -> Result<Coming, Error> {
        let name = name.to_string();
        let request = pb::ReadReturnRequest { name };
        let response = self.client().read_return(request).await;
        let mut stream = response.map_err(Error::asking)?.into_inner();
        let first = stream.message().await.map_err(Error::asking)?;
        let data_return = first.and_then(|first| first.data_return);
        let data_return = data_return.ok_or_else(|| Error::unreadable("no return comes first"))?;
        Ok(Coming {
            edition_digest: data_return.edition_digest,
            stream,
        })
    }

    /// The values of the latest earlier period that is held for a return's authority, for a return of
    /// this edition: what is held of them is a place for each cell.
    pub(crate) async fn previous(
        &self,
        name: &ReturnName,
        edition: &Edition,
    ) -> Result<Option<Previous>, Error> {
        let name = name.to_string();
        let request = pb::ReadPreviousValuesRequest { name };
        let mut stream = match self.client().read_previous_values(request).await {
            Ok(response) => response.into_inner(),
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            Err(status) => return Err(Error::asking(status)),
        };
        let unreadable = |error: &dyn std::fmt::Display| Error::unreadable(error.to_string());
        let first = stream.message().await.map_err(Error::asking)?;
        let sent = first.and_then(|first| first.previous_values);
        let sent = sent.ok_or_else(|| unreadable(&"no name of earlier values comes first"))?;
        let name = PreviousValuesName::parse(&sent.name).map_err(|error| unreadable(&error))?;
        let mut values = PreviousValuesReader::new(Some(edition));
        while let Some(message) = stream.message().await.map_err(Error::asking)? {
            for value in &message.values {
                values.take(value).map_err(|error| unreadable(&error))?;
            }
        }
        Ok(Some(Previous {
            authority: name.authority,
            period: name.edition.period,
            values: values.finish(),
        }))
    }
}

#[async_trait]
impl Source for Submission {
    type Event = pb::WatchReturnsResponse;

    async fn open(&self, after: Vec<u8>) -> Result<EventStream<Self::Event>, Status> {
        let request = pb::WatchReturnsRequest { cursor: after };
        let stream = self.client().watch_returns(request).await?.into_inner();
        Ok(Box::pin(stream))
    }

    fn traceparent(event: &Self::Event) -> Option<&str> {
        Some(&event.traceparent)
    }
}
