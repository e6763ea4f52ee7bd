//! Send twice, happen once: what tells a repeat of a mutation, and what it is answered with.
//!
//! A service asks for the earlier response before it does anything, and puts the response it is
//! going to give into the commit that makes the change, with the entry of the [`audit`]. Without a
//! request id every request is a new one.

use mesur_access::Grant;
use mesur_store::{Commit, Error, Store, requests};
use prost::Message;

use crate::audit::{self, Call, Subject};
use crate::etag::etag;
use crate::request_id;
use crate::status::Violation;

/// A mutation that may come again.
#[derive(Debug, Clone)]
pub struct Mutation {
    call: Call,
    id: Option<String>,
    content_digest: Vec<u8>,
}

impl Mutation {
    /// Reads the `request_id` of a request to `method` by a caller; `content` is the request without it. The
    /// same id with other content, or on another method, is another request.
    pub fn read(
        by: &Grant,
        method: &'static str,
        request_id: &str,
        content: &impl Message,
    ) -> Result<Self, Violation> {
        Self::of_parts(by, method, request_id, &[&content.encode_to_vec()])
    }

    /// The same for a request that is taken apart already: `content` is everything in it that makes
    /// it another request when it differs.
    pub fn of_parts(
        by: &Grant,
        method: &'static str,
        request_id: &str,
        content: &[&[u8]],
    ) -> Result<Self, Violation> {
        let id = request_id::parse(request_id)?;
        let parts = content.iter().copied();
        let digest = etag(std::iter::once(method.as_bytes()).chain(parts));
        Ok(Self {
            call: Call::from(by),
            id: id.map(|id| id.to_string()),
            content_digest: digest.into_bytes(),
        })
    }

    /// The same with more content, such as what was only known after reading it.
    #[must_use]
    pub fn with(self, content: &[u8]) -> Self {
        let digest = etag([self.content_digest.as_slice(), content]);
        Self {
            content_digest: digest.into_bytes(),
            ..self
        }
    }

    /// What the first request with this id was answered, if it came before. Fails with
    /// [`Error::RequestReused`] when that one had other content.
    pub async fn earlier(
        &self,
        store: &dyn Store,
        prefix: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        match &self.id {
            Some(id) => requests::earlier_response(store, prefix, id, &self.content_digest).await,
            None => Ok(None),
        }
    }

    /// Adds to the commit of the change the answer, and for the audit who made it to what.
    pub fn remember(
        &self,
        commit: Commit,
        prefix: &[u8],
        response: &[u8],
        subject: &Subject,
    ) -> Commit {
        let id = self.id.as_deref().unwrap_or_default();
        let commit = audit::changed(commit, &self.call, id, subject);
        match &self.id {
            Some(id) => requests::remember(commit, prefix, id, &self.content_digest, response),
            None => commit,
        }
    }
}
