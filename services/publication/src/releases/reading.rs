//! Reading releases: what everybody sees comes from the shelf, what is worked on from the store.

use std::sync::Arc;

use mesur_access::Grant;
use mesur_store::Key;
use mesur_wire::{AnyReleaseName, ReleaseName};

use super::{Details, Published, Reader, Release, Releases};
use crate::error::Error;
use crate::store::{self, Event};

impl Releases {
    /// A revision with its details: for everybody the published one, for those who work on it the
    /// latest, or the one that is named.
    pub(crate) async fn get(
        &self,
        name: &AnyReleaseName,
        by: &Grant,
    ) -> Result<(Release, Details), Error> {
        if Reader::of(by) == Reader::Public {
            let published = self.public(name)?;
            return Ok((published.release.clone(), published.details.clone()));
        }
        let release = self.worked_on(name, by).await?;
        let details = self.details(&release).await?;
        Ok((release, details))
    }

    /// The details of a revision.
    pub(crate) async fn details(&self, release: &Release) -> Result<Details, Error> {
        store::details(&*self.store, release.details()).await
    }

    /// A revision that is or was published: the current one if none is named.
    pub(crate) fn public(&self, name: &AnyReleaseName) -> Result<Arc<Published>, Error> {
        let found = match name.revision {
            Some(revision) => self.shelf.revision(&name.release, revision),
            None => self.shelf.current(&name.release),
        };
        found.ok_or_else(|| Error::release_not_found(name))
    }

    /// A revision in one of the states of the method that was called: the latest if none is named.
    pub(crate) async fn worked_on(
        &self,
        name: &AnyReleaseName,
        by: &Grant,
    ) -> Result<Release, Error> {
        let missing = || Error::release_not_found(name);
        let found = store::head(&*self.store, &name.release).await?;
        let (head, _) = found.ok_or_else(missing)?;
        let revision = name.revision.unwrap_or(head.latest);
        let found = store::revision(&*self.store, &name.release, revision).await?;
        let found = found.filter(|release| by.in_release(release.state));
        found.ok_or_else(missing)
    }

    /// At most `limit` releases behind a name, in the order of their names: for everybody the
    /// published revisions, for those who work on them the latest.
    pub(crate) async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        by: &Grant,
    ) -> Result<Vec<Release>, Error> {
        let is_behind =
            |name: &ReleaseName| after.is_none_or(|after| name.to_string().as_str() > after);
        let mut listed = Vec::new();
        if Reader::of(by) == Reader::Public {
            let all = self.shelf.all();
            listed.extend(all.iter().map(|published| published.release.clone()));
        } else {
            for (name, head) in store::heads(&*self.store).await? {
                if is_behind(&name) {
                    listed.push(self.latest(&name, &head).await?);
                }
            }
        }
        listed.retain(|release| is_behind(&release.name) && by.in_release(release.state));
        listed.sort_by_cached_key(|release| release.name.to_string());
        listed.truncate(limit);
        Ok(listed)
    }

    /// The revisions of a release, oldest first; for everybody those that are or were published.
    pub(crate) async fn revisions(
        &self,
        name: &ReleaseName,
        by: &Grant,
    ) -> Result<Vec<Release>, Error> {
        let mut revisions: Vec<_> = match Reader::of(by) {
            Reader::Public => {
                let published = self.shelf.revisions(name);
                let revisions = published.iter();
                revisions.map(|one| one.release.clone()).collect()
            }
            Reader::Staff => store::revisions(&*self.store, name).await?,
        };
        revisions.retain(|release| by.in_release(release.state));
        if revisions.is_empty() {
            return Err(Error::ReleaseNotFound {
                name: name.to_string(),
            });
        }
        Ok(revisions)
    }

    /// At most `limit` events of a release, oldest first, with their keys.
    pub(crate) async fn events(
        &self,
        name: &ReleaseName,
        after: Option<&[u8]>,
        limit: usize,
        by: &Grant,
    ) -> Result<Vec<(Key, Event)>, Error> {
        let latest = AnyReleaseName {
            release: name.clone(),
            revision: None,
        };
        self.worked_on(&latest, by).await?;
        store::events(&*self.store, name, after, limit).await
    }
}
