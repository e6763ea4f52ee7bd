//! What everybody may see, in memory: the published revisions of every release, and what is announced.
//!
//! It is filled from the store at the start, and again for a release after each of its commits that
//! everybody may notice. A reader takes one state of it, so all of a revision comes in at once.
//! Content is read when it is asked for and kept within a bound; it stands under its digest and never
//! changes. Of a store that may be away the current content is read beforehand, so that readers need
//! nothing but this process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use mesur_store::Store;
use mesur_wire::ReleaseName;
use tokio::sync::Mutex;

use super::{Details, FileFacts, Release};
use crate::cache::{self, CACHE_BYTES_MAX};
use crate::dataset::{Dataset, Library};
use crate::domain::{ShownTables, State};
use crate::error::Error;
use crate::store;

/// A published revision.
#[derive(Debug)]
pub(crate) struct Published {
    /// Its facts; its state is published or revised.
    pub(crate) release: Release,
    /// Its files and other long lists.
    pub(crate) details: Details,
    /// Its values as they are shown.
    pub(crate) tables: Arc<ShownTables>,
    /// The same to be asked for.
    dataset: Arc<Dataset>,
}

impl Published {
    /// A file by its name.
    pub(crate) fn file(&self, name: &str) -> Option<&FileFacts> {
        self.details.file(name)
    }
}

/// A release that is announced: its title and its day, and nothing else, are public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upcoming {
    /// Its name.
    pub(crate) name: ReleaseName,
    /// The revision, from 1.
    pub(crate) revision: u32,
    /// The titles in English and in Welsh.
    pub(crate) titles: [String; 2],
    /// When it is to be published.
    pub(crate) moment: Timestamp,
}

/// What everybody may see of one release.
#[derive(Debug, Clone, Default)]
struct Title {
    /// Its published revisions, oldest first: the last is the current one.
    revisions: Vec<Arc<Published>>,
    upcoming: Option<Upcoming>,
}

type Titles = BTreeMap<ReleaseName, Title>;

/// One state of the shelf.
#[derive(Debug)]
struct Filled {
    titles: Titles,
    /// What is current, by the name of its release as addresses have it.
    current: HashMap<String, Arc<Published>>,
    /// The values of what is current.
    library: Arc<Library>,
}

impl Filled {
    fn new(titles: Titles) -> Self {
        let current = titles.values().filter_map(|title| title.revisions.last());
        let datasets = current
            .clone()
            .map(|published| Arc::clone(&published.dataset));
        let library = Arc::new(Library::new(datasets.collect()));
        let by_id = |published: &Arc<Published>| {
            let id = published.release.name.id();
            (id, Arc::clone(published))
        };
        Self {
            current: current.map(by_id).collect(),
            library,
            titles,
        }
    }
}

/// What everybody may see of all releases.
pub(crate) struct Shelf {
    filled: RwLock<Arc<Filled>>,
    /// One author at a time puts a release in, so that a later state is never overwritten.
    writing: Mutex<()>,
    contents: cache::Files<Bytes>,
}

impl Shelf {
    /// Everything that is published.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, Error> {
        let mut titles = Titles::new();
        for (name, _) in store::heads(store).await? {
            let title = read(store, &name, &Title::default()).await?;
            titles.insert(name, title);
        }
        Ok(Self {
            filled: RwLock::new(Arc::new(Filled::new(titles))),
            writing: Mutex::new(()),
            contents: cache::files(),
        })
    }

    /// Puts a release in as it is now in the store.
    pub(crate) async fn refresh(&self, store: &dyn Store, name: &ReleaseName) -> Result<(), Error> {
        let _alone = self.writing.lock().await;
        let before = self.filled();
        let held = before.titles.get(name).cloned().unwrap_or_default();
        let title = read(store, name, &held).await?;
        let mut titles = before.titles.clone();
        titles.insert(name.clone(), title);
        let after = Arc::new(Filled::new(titles));
        *self.filled.write().unwrap_or_else(PoisonError::into_inner) = after;
        Ok(())
    }

    fn filled(&self) -> Arc<Filled> {
        Arc::clone(&self.filled.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The values of what is published now.
    pub(crate) fn library(&self) -> Arc<Library> {
        Arc::clone(&self.filled().library)
    }

    /// The published revision of a release.
    pub(crate) fn current(&self, name: &ReleaseName) -> Option<Arc<Published>> {
        self.filled().titles.get(name)?.revisions.last().cloned()
    }

    /// The same, of the release that addresses name like this.
    pub(crate) fn current_by_id(&self, id: &str) -> Option<Arc<Published>> {
        self.filled().current.get(id).cloned()
    }

    /// A revision of a release, if it is or was published.
    pub(crate) fn revision(&self, name: &ReleaseName, revision: u32) -> Option<Arc<Published>> {
        let titles = &self.filled().titles;
        let mut revisions = titles.get(name)?.revisions.iter();
        revisions
            .find(|published| published.release.revision == revision)
            .cloned()
    }

    /// The revisions of a release that are or were published, oldest first.
    pub(crate) fn revisions(&self, name: &ReleaseName) -> Vec<Arc<Published>> {
        let titles = &self.filled().titles;
        titles
            .get(name)
            .map_or_else(Vec::new, |title| title.revisions.clone())
    }

    /// The published revision of every release, in the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<Published>> {
        let titles = &self.filled().titles;
        let current = titles.values().filter_map(|title| title.revisions.last());
        current.cloned().collect()
    }

    /// What is announced, the nearest first.
    pub(crate) fn upcoming(&self) -> Vec<Upcoming> {
        let titles = &self.filled().titles;
        let mut upcoming: Vec<_> = titles
            .values()
            .filter_map(|title| title.upcoming.clone())
            .collect();
        upcoming.sort_by_key(|one| one.moment);
        upcoming
    }

    /// Of a store that may be away, reads the content of what is current that is not in memory yet: as
    /// much as is kept, of the newest releases first.
    pub(super) async fn stock(&self, store: &dyn Store) -> Result<(), Error> {
        if !store.may_be_away() {
            return Ok(());
        }
        let (mut room, mut files) = (CACHE_BYTES_MAX, 0_usize);
        for published in self.all().iter().rev() {
            for file in &published.details.files {
                let Some(left) = room.checked_sub(file.size_bytes) else {
                    return Ok(());
                };
                room = left;
                if self.contents.peek(file.digest.as_str()).is_none() {
                    self.content(store, file).await?;
                    files = files.saturating_add(1);
                }
            }
        }
        if files > 0 {
            tracing::info!(files, "all that is published is in memory");
        }
        Ok(())
    }

    /// The content of a published file.
    pub(crate) async fn content(
        &self,
        store: &dyn Store,
        file: &FileFacts,
    ) -> Result<Bytes, Error> {
        let reading = read_content(store, file);
        self.contents
            .get_or_insert_async(file.digest.as_str(), reading)
            .await
    }
}

/// The content of a file, published or not, which is then not kept.
pub(super) async fn read_content(store: &dyn Store, file: &FileFacts) -> Result<Bytes, Error> {
    let bytes = store::content(store, &file.digest).await?;
    let bytes = bytes.ok_or_else(|| store::corrupt(&file.name, "no content"))?;
    Ok(Bytes::from(bytes))
}

/// What everybody may see of a release; what is held already and did not change is not read again.
async fn read(store: &dyn Store, name: &ReleaseName, held: &Title) -> Result<Title, Error> {
    let mut title = Title::default();
    for release in store::revisions(store, name).await? {
        if release.state == State::Scheduled {
            title.upcoming = release.scheduled.map(|moment| Upcoming {
                name: release.name.clone(),
                revision: release.revision,
                titles: release.titles.clone(),
                moment,
            });
        }
        if !release.state.is_public() {
            continue;
        }
        let mut known = held.revisions.iter();
        if let Some(known) = known.find(|known| known.release == release) {
            title.revisions.push(Arc::clone(known));
            continue;
        }
        let tables = Arc::new(store::tables(store, &release.tables).await?);
        let dataset = Dataset::new(&release.name, release.revision, Arc::clone(&tables));
        title.revisions.push(Arc::new(Published {
            details: store::details(store, release.details()).await?,
            dataset: Arc::new(dataset),
            tables,
            release,
        }));
    }
    Ok(title)
}
