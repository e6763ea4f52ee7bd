//! Freeing the room of files that no revision has: of compilations that were replaced before they were
//! published, of days that were put off, of work that broke off.
//!
//! What is or was published keeps its files for ever. The facts of a replaced compilation stay, so
//! that a request which made it is still answered when it is repeated; its files are gone then.

use std::collections::BTreeSet;

use mesur_store::IsConflict as _;
use tracing::{debug, warn};

use super::{Release, Releases};
use crate::error::Error;
use crate::store;

impl Releases {
    /// Sweeps up. What is left when it fails, or when somebody names other files meanwhile, is swept up
    /// the next time.
    pub(super) async fn sweep(&self) {
        match self.try_sweep().await {
            Ok(0) => {}
            Ok(files) => debug!(files, "freed the room of files that no revision has"),
            Err(error) if error.is_conflict() => debug!("others name files: swept another time"),
            Err(error) => {
                let fault = mesur_rpc::chain::Chain(&error).to_string();
                warn!(
                    fault,
                    "the room of files that no revision has was not freed"
                );
            }
        }
    }

    async fn try_sweep(&self) -> Result<usize, Error> {
        let version = store::files_version(&*self.store).await?;
        let mut named = BTreeSet::new();
        for (name, _) in store::heads(&*self.store).await? {
            for release in store::revisions(&*self.store, &name).await? {
                for digest in listed(&release) {
                    let details = store::details(&*self.store, digest).await?;
                    named.extend(details.files.into_iter().map(|file| file.digest));
                }
            }
        }
        store::sweep_content(&*self.store, &named, version).await
    }
}

/// The details whose files a revision needs: those that are published, or else what is worked on.
fn listed(release: &Release) -> Vec<&str> {
    let worked_on = (!release.state.is_public()).then_some(release.compiled_details.as_str());
    let published = Some(release.published_details.as_str()).filter(|digest| !digest.is_empty());
    worked_on.into_iter().chain(published).collect()
}
