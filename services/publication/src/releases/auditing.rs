//! What a reader can derive of what a revision hides.

use std::sync::Arc;

use mesur_disclosure::Audit;
use tokio::task::spawn_blocking;

use super::{Release, Releases};
use crate::domain::{self, audit};
use crate::error::Error;

impl Releases {
    /// Works out what a reader of a revision and of those published before it can derive.
    pub(crate) async fn audit(&self, release: &Release) -> Result<Audit, Error> {
        let revisions = self.disclosed_with(release).await?;
        let (catalogue, name) = (Arc::clone(&self.catalogue), release.name.0.clone());
        // It solves many small linear programmes: beside those that answer readers.
        let auditing = spawn_blocking(move || {
            let edition = catalogue.get(&name);
            let edition = edition.ok_or(Error::EditionNotFound { name })?;
            let audited = audit(edition, &revisions);
            audited.map_err(|error| Error::Compile(domain::Error::Totals(error)))
        });
        auditing.await.map_err(Error::Task)?
    }
}
