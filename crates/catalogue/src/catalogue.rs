//! All editions that a process knows.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::edition::Edition;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CollectionId, EditionName, MetricCode};
use crate::load::load;

/// Why an edition could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder could not be read.
    #[error("reading the edition in {}", folder.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The tables have faults.
    #[error("the edition in {folder} has faults")]
    Faults {
        /// The folder, or `bundled`.
        folder: String,
        /// Every fault.
        #[source]
        source: Faults,
    },
}

/// The editions by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    editions: BTreeMap<EditionName, Arc<Edition>>,
}

impl Catalogue {
    /// The editions that come with Mesur.
    pub fn bundled() -> Result<Self, Error> {
        let mut catalogue = Self::default();
        for folder in Folder::bundled() {
            let edition = load(&folder).map_err(|source| Error::Faults {
                folder: "bundled".to_owned(),
                source,
            })?;
            catalogue.insert(edition);
        }
        Ok(catalogue)
    }

    /// Adds the edition in a folder and returns it. It takes the place of a bundled edition of
    /// the same name: the digest tells the two apart everywhere.
    pub fn add_folder(&mut self, path: &Path) -> Result<Arc<Edition>, Error> {
        let folder = Folder::read(path).map_err(|source| Error::Read {
            folder: path.to_owned(),
            source,
        })?;
        let edition = load(&folder).map_err(|source| Error::Faults {
            folder: path.display().to_string(),
            source,
        })?;
        Ok(self.insert(edition))
    }

    /// An edition by name.
    pub fn get(&self, name: &EditionName) -> Option<&Arc<Edition>> {
        self.editions.get(name)
    }

    /// The editions in the order of their names.
    pub fn editions(&self) -> impl Iterator<Item = &Arc<Edition>> {
        self.editions.values()
    }

    /// The edition of the same collection for the latest period before: what changes are told from.
    pub fn previous(&self, name: &EditionName) -> Option<&Arc<Edition>> {
        let mut before = self.editions.range(..name);
        let (_, edition) = before.next_back()?;
        Some(edition).filter(|edition| edition.name().collection == name.collection)
    }

    /// Another edition of the same collection that has the metric: it tells a code that was
    /// never known from one that is not collected this time.
    pub fn other_edition_with(
        &self,
        collection: &CollectionId,
        metric: &MetricCode,
    ) -> Option<&Arc<Edition>> {
        self.editions.values().find(|edition| {
            &edition.name().collection == collection && edition.metric(metric).is_some()
        })
    }

    fn insert(&mut self, edition: Edition) -> Arc<Edition> {
        let edition = Arc::new(edition);
        self.editions
            .insert(edition.name().clone(), Arc::clone(&edition));
        edition
    }
}
