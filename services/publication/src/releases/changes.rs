//! What every change of a release does: read it, answer a repeat, commit, show what everybody may
//! notice.

use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Version};
use mesur_wire::ReleaseName;

use super::{Release, Releases};
use crate::error::Error;
use crate::store::{self, Head};

impl Releases {
    /// A release that somebody who works on it names.
    pub(super) async fn head(&self, name: &ReleaseName) -> Result<(Head, Version), Error> {
        let found = store::head(&*self.store, name).await?;
        found.ok_or_else(|| Error::ReleaseNotFound {
            name: name.to_string(),
        })
    }

    /// The latest revision of a release.
    pub(super) async fn latest(&self, name: &ReleaseName, head: &Head) -> Result<Release, Error> {
        let found = store::revision(&*self.store, name, head.latest).await?;
        found.ok_or_else(|| store::corrupt(&name.to_string(), "its latest revision is not there"))
    }

    /// The revision that an earlier request with the same id led to, as it was then.
    pub(super) async fn earlier(&self, mutation: &Mutation) -> Result<Option<Release>, Error> {
        let earlier = mutation
            .earlier(&*self.store, &store::request_prefix())
            .await?;
        earlier
            .map(|bytes| store::revision_of(b"request", &bytes))
            .transpose()
    }

    /// Shows what a commit did to everybody who may notice it.
    pub(super) async fn notice(&self, name: &ReleaseName) -> Result<(), Error> {
        let shown = self.shelf.refresh(&*self.store, name).await;
        self.rescheduled.notify_one();
        shown
    }
}

/// Adds the answer to a request to the commit of its change.
pub(super) fn remember(commit: Commit, mutation: &Mutation, release: &Release) -> Commit {
    mutation.remember(commit, &store::request_prefix(), &store::record_of(release))
}
