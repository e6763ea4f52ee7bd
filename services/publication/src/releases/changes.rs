//! What every change of a release does: read it, answer a repeat, commit, show what everybody may
//! notice.

use std::time::Duration;

use mesur_rpc::audit;
use mesur_rpc::chain::Chain;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Position, Version};
use mesur_wire::ReleaseName;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Release, Releases};
use crate::error::Error;
use crate::store::{self, Head};

/// How long it waits after the changes of other replicas could not be read.
const AGAIN: Duration = Duration::from_secs(1);

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

    /// Writes down that somebody is about to be told figures of a release that is not published.
    pub(crate) async fn told(&self, by: &audit::Call, release: &Release) -> Result<(), Error> {
        Ok(audit::read(&*self.store, by, &subject_of(release)).await?)
    }

    /// Shows what other replicas commit, from `after` in the log of changes on, until `stop` is
    /// cancelled. What this one commits comes by here once more.
    pub(crate) async fn keep_up(&self, after: Option<Position>, stop: CancellationToken) {
        let mut after = after;
        while !stop.is_cancelled() {
            let following = stop.run_until_cancelled(self.follow_changes(&mut after));
            match following.await {
                None | Some(Err(Error::Store(mesur_store::Error::Closed))) => return,
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(error = %Chain(&error), "following the changes of other replicas");
                }
            }
            let _ = stop.run_until_cancelled(sleep(AGAIN)).await;
        }
    }

    async fn follow_changes(&self, after: &mut Option<Position>) -> Result<(), Error> {
        let mut changes = self.store.watch(store::changes_log(), *after).await?;
        loop {
            self.shelf.stock(&*self.store).await?;
            let change = changes.next().await?;
            self.notice(&store::changed(&change.value)?).await?;
            *after = Some(change.position);
        }
    }

    /// Shows what a commit did to everybody who may notice it.
    pub(super) async fn notice(&self, name: &ReleaseName) -> Result<(), Error> {
        let shown = self.shelf.refresh(&*self.store, name).await;
        self.rescheduled.notify_one();
        shown
    }
}

/// A revision of a release as the audit names it.
pub(super) fn subject_of(release: &Release) -> audit::Subject {
    let name = audit::Subject::new(&release.name);
    name.revision(release.revision).digest(release.etag())
}

/// Adds the answer to a request, and who made it, to the commit of its change.
pub(super) fn remember(commit: Commit, mutation: &Mutation, release: &Release) -> Commit {
    let (prefix, answer) = (store::request_prefix(), store::record_of(release));
    mutation.remember(commit, &prefix, &answer, &subject_of(release))
}
