//! The use cases: compile from a snapshot, publish once, hand out what is published.

use std::sync::Arc;

use jiff::Timestamp;
use mesur_catalogue::{Catalogue, ContentHash, Edition, EditionName};
use mesur_rpc::clock::Clock;
use mesur_rpc::idempotency::Mutation;
use mesur_store::{Commit, Key, KeyRange, Store, large, with_retry};
use mesur_wire::{ReleaseName, SnapshotName};

use crate::domain::{Compiled, SnapshotIdentity, compile};
use crate::error::Error;
use crate::render::{self, File, render};
use crate::store;

/// A snapshot as it came from aggregation, apart from its totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its name.
    pub(crate) name: SnapshotName,
    /// The digest of its inputs.
    pub(crate) digest: String,
    /// The edition that it is of.
    pub(crate) edition: EditionName,
    /// Whether its inputs hold still: no sign-off was taken back since, and no mark changed.
    pub(crate) stands: bool,
}

/// A file of a published release, apart from its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// The name within the release.
    pub(crate) name: String,
    /// The media type.
    pub(crate) media_type: String,
    /// The length.
    pub(crate) size_bytes: u64,
    /// `sha256:` and 64 hexadecimal digits.
    pub(crate) digest: String,
}

/// A text that is held in English only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The kind of text.
    pub(crate) kind: String,
    /// What it belongs to.
    pub(crate) item: String,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    /// Its name.
    pub(crate) name: ReleaseName,
    /// The digest of the edition.
    pub(crate) edition_digest: String,
    /// The name of the snapshot.
    pub(crate) snapshot: String,
    /// The digest of the snapshot.
    pub(crate) snapshot_digest: String,
    /// The reference; empty when the edition has none.
    pub(crate) reference: String,
    /// The titles in English and in Welsh.
    pub(crate) titles: [String; 2],
    /// The files, once it is published.
    pub(crate) files: Vec<FileFacts>,
    /// What is held in English only.
    pub(crate) language_gaps: Vec<Gap>,
    /// Statements that are left out.
    pub(crate) omitted_statements: Vec<String>,
    /// When it was compiled.
    pub(crate) compiled: Timestamp,
    /// The identity of who compiled it.
    pub(crate) compiled_by: String,
    /// When it was published, and the identity of who did.
    pub(crate) published: Option<(Timestamp, String)>,
}

impl Release {
    /// What a caller saw: changes with the compilation and with the state.
    pub(crate) fn etag(&self) -> String {
        let record = store::record_of(self);
        mesur_rpc::etag::etag([record.as_slice()])
    }
}

/// How many releases are read at a time.
const SCAN_RELEASES: usize = 256;

/// For whom a release is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Everybody: a release that is not published is not there.
    Public,
    /// Those who work on releases.
    Staff,
}

impl Reader {
    fn sees(self, release: &Release) -> bool {
        self == Self::Staff || release.published.is_some()
    }
}

/// The releases of all editions.
pub(crate) struct Releases {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Releases {
    /// Compiles the release of a snapshot, in place of an earlier compilation.
    pub(crate) async fn compile(
        &self,
        snapshot: &SnapshotName,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<Release, Error> {
        with_retry(|| async {
            if let Some(earlier) = self.earlier(mutation).await? {
                return Ok(earlier);
            }
            let (edition, compiled) = self.compiled(snapshot).await?;
            // Worded as well, so that a fault in a template is told now and not on the day.
            render(edition, &compiled).map_err(Error::Render)?;
            let name = ReleaseName(edition.name().clone());
            let current = store::release(&*self.store, &name).await?;
            if current
                .as_ref()
                .is_some_and(|(release, _)| release.published.is_some())
            {
                return Err(Error::AlreadyPublished {
                    name: name.to_string(),
                });
            }
            let when = (self.clock.now(), identity.to_owned());
            let release = release_of(edition, name, &compiled, when)?;
            let version = current.map(|(_, version)| version);
            let commit = store::put_release(Commit::new(), &release, version);
            self.store
                .commit(remember(commit, mutation, &release))
                .await?;
            Ok(release)
        })
        .await
    }

    /// Renders the files of a compiled release, once, and publishes it. Two people see a release
    /// before everybody does: who compiled it does not publish it.
    pub(crate) async fn publish(
        &self,
        name: &ReleaseName,
        etag: &str,
        identity: &str,
        mutation: &Mutation,
    ) -> Result<Release, Error> {
        with_retry(|| async {
            if let Some(earlier) = self.earlier(mutation).await? {
                return Ok(earlier);
            }
            let (current, version) = self.current(name).await?;
            if current.published.is_some() {
                return Err(Error::AlreadyPublished {
                    name: name.to_string(),
                });
            }
            if current.etag() != etag {
                return Err(Error::StaleEtag {
                    name: name.to_string(),
                });
            }
            if current.compiled_by == identity {
                return Err(Error::SamePerson {
                    name: name.to_string(),
                });
            }
            let snapshot =
                SnapshotName::parse(&current.snapshot).map_err(Error::name("snapshot"))?;
            let (edition, compiled) = self.compiled(&snapshot).await?;
            let mut files = Vec::new();
            for file in render(edition, &compiled).map_err(Error::Render)? {
                files.push(self.keep(&file).await?);
            }
            let published = Some((self.clock.now(), identity.to_owned()));
            let release = Release {
                files,
                published,
                ..current
            };
            let commit = store::put_release(Commit::new(), &release, Some(version));
            self.store
                .commit(remember(commit, mutation, &release))
                .await?;
            Ok(release)
        })
        .await
    }

    /// A release by name, as `reader` may see it.
    pub(crate) async fn get(&self, name: &ReleaseName, reader: Reader) -> Result<Release, Error> {
        let (release, _) = self.current(name).await?;
        let seen = Some(release).filter(|release| reader.sees(release));
        seen.ok_or_else(|| Error::ReleaseNotFound {
            name: name.to_string(),
        })
    }

    /// At most `limit` releases that `reader` may see, in the order of their names, with their keys.
    pub(crate) async fn list(
        &self,
        after: Option<&[u8]>,
        limit: usize,
        reader: Reader,
    ) -> Result<Vec<(Key, Release)>, Error> {
        let whole = KeyRange::prefix(store::releases_prefix());
        let mut range = match after {
            Some(after) => whole.clone().after(after),
            None => whole.clone(),
        };
        let mut seen = Vec::new();
        loop {
            let rows = self.store.scan(range, SCAN_RELEASES).await?;
            let last = rows.last().map(|(key, _)| key.clone());
            let is_end = rows.len() < SCAN_RELEASES;
            for (key, entry) in rows {
                let release = store::release_of(&key, &entry.value)?;
                if seen.len() < limit && reader.sees(&release) {
                    seen.push((key, release));
                }
            }
            match last {
                Some(last) if !is_end && seen.len() < limit => range = whole.clone().after(&last),
                _ => return Ok(seen),
            }
        }
    }

    /// The facts of a file of a published release.
    pub(crate) async fn file(
        &self,
        name: &ReleaseName,
        file_name: &str,
    ) -> Result<FileFacts, Error> {
        let release = self.get(name, Reader::Public).await?;
        let found = release
            .files
            .into_iter()
            .find(|file| file.name == file_name);
        found.ok_or_else(|| Error::FileNotFound {
            name: name.to_string(),
            file_name: file_name.chars().take(128).collect(),
        })
    }

    /// The content of a file.
    pub(crate) async fn content(&self, file: &FileFacts) -> Result<Vec<u8>, Error> {
        let bytes = large::get_large(&*self.store, &store::file_key(&file.digest)).await?;
        bytes.ok_or_else(|| store::corrupt(&file.name, "no content"))
    }

    async fn current(&self, name: &ReleaseName) -> Result<(Release, mesur_store::Version), Error> {
        let found = store::release(&*self.store, name).await?;
        found.ok_or_else(|| Error::ReleaseNotFound {
            name: name.to_string(),
        })
    }

    async fn compiled(&self, name: &SnapshotName) -> Result<(&Edition, Compiled), Error> {
        let found = store::snapshot(&*self.store, name).await?;
        let (snapshot, totals) = found.ok_or_else(|| Error::SnapshotNotReceived {
            name: name.to_string(),
        })?;
        if !snapshot.stands {
            let name = name.to_string();
            return Err(Error::SnapshotOvertaken { name });
        }
        let edition =
            self.catalogue
                .get(&snapshot.edition)
                .ok_or_else(|| Error::EditionNotFound {
                    name: snapshot.edition.clone(),
                })?;
        if edition.digest() != totals.edition_digest {
            return Err(Error::EditionMismatch {
                name: snapshot.edition,
                ours: edition.digest().to_owned(),
                theirs: totals.edition_digest,
            });
        }
        let identity = SnapshotIdentity {
            name: name.to_string(),
            digest: snapshot.digest,
        };
        Ok((
            edition,
            compile(edition, identity, &totals).map_err(Error::Compile)?,
        ))
    }

    /// Keeps a file under its digest; one that is there already is the same.
    async fn keep(&self, file: &File) -> Result<FileFacts, Error> {
        let digest = ContentHash::of(&file.content);
        let key = store::file_key(&digest);
        if large::get_large(&*self.store, &key).await?.is_none() {
            let commit = large::put_large(&*self.store, Commit::new(), &key, &file.content).await?;
            self.store.commit(commit).await?;
        }
        Ok(FileFacts {
            name: file.name.to_owned(),
            media_type: file.media_type.to_owned(),
            size_bytes: u64::try_from(file.content.len()).unwrap_or(u64::MAX),
            digest,
        })
    }

    /// The release that an earlier request with the same id led to, as it was then.
    async fn earlier(&self, mutation: &Mutation) -> Result<Option<Release>, Error> {
        let earlier = mutation
            .earlier(&*self.store, &store::request_prefix())
            .await?;
        earlier
            .map(|bytes| store::release_of(b"request", &bytes))
            .transpose()
    }
}

fn remember(commit: Commit, mutation: &Mutation, release: &Release) -> Commit {
    mutation.remember(commit, &store::request_prefix(), &store::record_of(release))
}

fn release_of(
    edition: &Edition,
    name: ReleaseName,
    compiled: &Compiled,
    (compiled_at, compiled_by): (Timestamp, String),
) -> Result<Release, Error> {
    let gaps = compiled.languages.gaps.iter().map(|gap| Gap {
        kind: gap.kind.to_owned(),
        item: gap.item.clone(),
    });
    Ok(Release {
        name,
        edition_digest: compiled.edition_digest.clone(),
        snapshot: compiled.snapshot.name.clone(),
        snapshot_digest: compiled.snapshot.digest.clone(),
        reference: edition.release().reference.clone().unwrap_or_default(),
        titles: render::titles(edition).map_err(Error::Render)?,
        files: Vec::new(),
        language_gaps: gaps.collect(),
        omitted_statements: compiled.omitted_statements.clone(),
        compiled: compiled_at,
        compiled_by,
        published: None,
    })
}
