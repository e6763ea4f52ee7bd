//! Early access: who sees a release before everybody does, and every look.
//!
//! Access is to one revision, for named people, from a set time before its publication until then.
//! A look is durable before the first byte leaves. Whoever may not look is told what is told of a
//! release that never was.

use bytes::Bytes;
use jiff::Timestamp;
use mesur_access::Grant;
use mesur_rpc::audit;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Key, with_retry};
use mesur_wire::{AnyReleaseName, ReleaseName};

use super::shelf::read_content;
use super::{Release, Releases};
use crate::domain::IllegalMove;
use crate::error::Error;
use crate::store::{self, Access, Event, Look};

/// Who is to be given access.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Who.
    pub(crate) reader: String,
    /// Their post.
    pub(crate) post: String,
    /// Why they need it.
    pub(crate) justification: String,
}

/// Who looks at what is not published.
#[derive(Debug)]
pub(crate) struct Viewer<'a> {
    /// Who.
    pub(crate) by: &'a Grant,
    /// Whether it is one of those who work on releases.
    pub(crate) is_staff: bool,
}

/// Access, with when it opens and ends.
#[derive(Debug)]
pub(crate) struct Window {
    /// The access.
    pub(crate) access: Access,
    /// When it opens; `None` while the release is on no calendar.
    pub(crate) opens: Option<Timestamp>,
    /// When it ends, or ended; `None` while that is open.
    pub(crate) closes: Option<Timestamp>,
}

/// Who has or had early access to a revision, and who looked.
#[derive(Debug)]
pub(crate) struct EarlyList {
    /// The revision.
    pub(crate) revision: u32,
    /// The readers in the order in which they were named.
    pub(crate) readers: Vec<Window>,
    /// Looks with their keys, oldest first.
    pub(crate) looks: Vec<(Key, Look)>,
}

/// The most people who are named for one revision, those whose access was taken back among them: all of
/// them are told in one answer.
const READERS_MAX: usize = 500;

impl Releases {
    /// Gives somebody early access to the revision that is on the calendar.
    pub(crate) async fn grant_access(
        &self,
        name: &ReleaseName,
        candidate: &Candidate,
        by: &Grant,
        mutation: &Mutation,
    ) -> Result<Window, Error> {
        with_retry(|| async {
            let (mut head, version) = self.head(name).await?;
            let release = self.latest(name, &head).await?;
            if let Some(access) = self.earlier_access(mutation).await? {
                return Ok(self.window(&release, access));
            }
            if !by.in_release(release.state) {
                let (state, action) = (release.state, "give early access");
                return Err(Error::wrong_state(name, IllegalMove { state, action }));
            }
            let given = store::accesses(&*self.store, name, release.revision).await?;
            if given.iter().any(|access| is_of(access, &candidate.reader)) {
                return Err(Error::AlreadyGranted {
                    name: name.to_string(),
                    reader: candidate.reader.clone(),
                });
            }
            if given.len() >= READERS_MAX {
                let problem = format!("{READERS_MAX} people have been named for this revision");
                return Err(Error::invalid("reader", "TOO_MANY", problem));
            }
            head.accesses = head.accesses.saturating_add(1);
            let access = Access {
                number: head.accesses,
                revision: release.revision,
                reader: candidate.reader.clone(),
                post: candidate.post.clone(),
                justification: candidate.justification.clone(),
                granter: by.identity().to_owned(),
                granted: self.clock.now(),
                revoked: None,
            };
            let event = Event {
                action: "early_access_granted".to_owned(),
                revision: release.revision,
                actor: by.identity().to_owned(),
                time: access.granted,
                reason: format!("{}: {}", access.reader, access.justification),
            };
            self.commit_access(name, (head, version), &access, &event, mutation)
                .await?;
            Ok(self.window(&release, access))
        })
        .await
    }

    /// Takes early access back, for a reason.
    pub(crate) async fn revoke_access(
        &self,
        name: &ReleaseName,
        reader: &str,
        reason: &str,
        by: &Grant,
        mutation: &Mutation,
    ) -> Result<Window, Error> {
        with_retry(|| async {
            let (head, version) = self.head(name).await?;
            let release = self.latest(name, &head).await?;
            if let Some(access) = self.earlier_access(mutation).await? {
                return Ok(self.window(&release, access));
            }
            let given = store::accesses(&*self.store, name, release.revision).await?;
            let mut given = given.into_iter();
            let found = given
                .find(|access| is_of(access, reader))
                .filter(|_| by.in_release(release.state));
            let mut access = found.ok_or_else(|| Error::EarlyAccessNotFound {
                name: name.to_string(),
                reader: reader.to_owned(),
            })?;
            let now = self.clock.now();
            access.revoked = Some(now);
            let event = Event {
                action: "early_access_revoked".to_owned(),
                revision: release.revision,
                actor: by.identity().to_owned(),
                time: now,
                reason: format!("{reader}: {reason}"),
            };
            self.commit_access(name, (head, version), &access, &event, mutation)
                .await?;
            Ok(self.window(&release, access))
        })
        .await
    }

    async fn commit_access(
        &self,
        name: &ReleaseName,
        (mut head, version): (store::Head, mesur_store::Version),
        access: &Access,
        event: &Event,
        mutation: &Mutation,
    ) -> Result<(), Error> {
        let commit = store::append_event(Commit::new(), name, &mut head, event);
        let commit = store::put_head(commit, name, &head, Some(version));
        let commit = store::put_access(commit, name, access);
        let answer = store::access_record(access);
        let subject = audit::Subject::new(format_args!("{name}/earlyAccess/{}", access.reader));
        let subject = subject.revision(access.revision);
        let commit = mutation.remember(commit, &store::request_prefix(), &answer, &subject);
        self.store.commit(commit).await?;
        Ok(())
    }

    /// The access that an earlier request with the same id led to.
    async fn earlier_access(&self, mutation: &Mutation) -> Result<Option<Access>, Error> {
        let earlier = mutation
            .earlier(&*self.store, &store::request_prefix())
            .await?;
        // Its number is not asked for any more.
        earlier
            .map(|bytes| store::access_of(0, b"request", &bytes))
            .transpose()
    }

    fn window(&self, release: &Release, access: Access) -> Window {
        let opens = release
            .scheduled
            .and_then(|moment| moment.checked_sub(self.timetable.early_access).ok());
        let ends = release.published.or(release.scheduled);
        Window {
            opens,
            closes: access.revoked.or(ends),
            access,
        }
    }

    /// Who has or had early access to a revision, the latest if none is named, and at most `limit` looks.
    pub(crate) async fn early_list(
        &self,
        name: &AnyReleaseName,
        after: Option<&[u8]>,
        limit: usize,
        by: &Grant,
    ) -> Result<EarlyList, Error> {
        let release = self.worked_on(name, by).await?;
        let (store, revision) = (&*self.store, release.revision);
        let given = store::accesses(store, &release.name, revision).await?;
        let windows = given.into_iter();
        Ok(EarlyList {
            revision,
            readers: windows
                .map(|access| self.window(&release, access))
                .collect(),
            looks: store::looks(store, &release.name, revision, after, limit).await?,
        })
    }

    /// The content of a file of a revision that is not published, the latest if none is named. The
    /// look is recorded when this returns.
    pub(crate) async fn preview(
        &self,
        name: &AnyReleaseName,
        file_name: &str,
        viewer: &Viewer<'_>,
    ) -> Result<Bytes, Error> {
        with_retry(|| async {
            let missing = || Error::release_not_found(name);
            let (_, version) = self
                .head(&name.release)
                .await
                .map_err(|error| match error {
                    Error::ReleaseNotFound { .. } => missing(),
                    other => other,
                })?;
            let (by, identity) = (viewer.by, viewer.by.identity());
            let release = self.worked_on(name, by).await?;
            if !(viewer.is_staff || self.lets_in(&release, identity).await?) {
                return Err(missing());
            }
            let details = store::details(&*self.store, release.details()).await?;
            let file = details
                .file(file_name)
                .ok_or_else(|| Error::file_not_found(name, file_name))?;
            let content = read_content(&*self.store, file).await?;
            let look = Look {
                reader: identity.to_owned(),
                file_name: file.name.clone(),
                time: self.clock.now(),
                is_staff: viewer.is_staff,
            };
            // Whatever changes the release meanwhile, its publication above all, has it asked again.
            let commit = store::expect_head(Commit::new(), &release.name, version);
            let commit = store::put_look(commit, &release.name, release.revision, &look);
            let read = audit::Subject::new(format_args!("{}/files/{}", release.name, file.name));
            let read = read.revision(release.revision).digest(file.digest.as_str());
            let commit = audit::reading(commit, &by.into(), &read);
            self.store.commit(commit).await?;
            Ok(content)
        })
        .await
    }

    /// Whether somebody is on the list of a revision, and the time has come.
    async fn lets_in(&self, release: &Release, identity: &str) -> Result<bool, Error> {
        let opens = release.scheduled;
        let opens = opens.and_then(|moment| moment.checked_sub(self.timetable.early_access).ok());
        let is_open = opens
            .zip(self.trusted.reached())
            .is_some_and(|(opens, reached)| opens <= reached);
        if !is_open {
            return Ok(false);
        }
        let given = store::accesses(&*self.store, &release.name, release.revision).await?;
        Ok(given.iter().any(|access| is_of(access, identity)))
    }
}

/// Whether access is somebody's and was not taken back.
fn is_of(access: &Access, reader: &str) -> bool {
    access.reader == reader && access.revoked.is_none()
}
