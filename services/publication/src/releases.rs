//! The use cases: compile from a snapshot, have it reviewed and approved, publish it on its day,
//! hand out what is published.
//!
//! Everybody reads from the [`shelf`] alone, which has what is published and nothing else; what is
//! worked on is read from the store, by those who work on it. So what is not published cannot come out
//! by any way that is for everybody, and comes in on all of them at the same moment.

mod auditing;
mod changes;
mod compiling;
mod early;
mod moving;
mod provenance;
mod reading;
mod shelf;
mod sweeping;

use std::sync::Arc;

use jiff::Timestamp;
use mesur_access::Grant;
use mesur_catalogue::{Catalogue, EditionName};
use mesur_outputs::bundle::Signer;
use mesur_rpc::clock::Clock;
use mesur_store::Store;
use mesur_wire::{ReleaseName, SnapshotName};
use tokio::sync::{Mutex, Notify};

use crate::domain::{State, UpdateNote};
use crate::error::Error;
use crate::scheduler::TrustedClock;
use crate::store;
use crate::timetable::Timetable;

pub(crate) use early::{Candidate, Viewer, Window};
pub(crate) use moving::{Move, Step};
pub(crate) use provenance::Subject;
pub(crate) use shelf::{Published, Shelf, Upcoming};

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

/// A file of a release, apart from its content.
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

/// What is long of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Details {
    /// The files, in the order of their names.
    pub(crate) files: Vec<FileFacts>,
    /// What is held in English only.
    pub(crate) language_gaps: Vec<Gap>,
    /// Statements that are left out.
    pub(crate) omitted_statements: Vec<String>,
}

impl Details {
    /// A file by its name.
    pub(crate) fn file(&self, name: &str) -> Option<&FileFacts> {
        let place = self
            .files
            .binary_search_by(|file| file.name.as_str().cmp(name));
        self.files.get(place.ok()?)
    }
}

/// A revision of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    /// The name of the release.
    pub(crate) name: ReleaseName,
    /// The revision, from 1.
    pub(crate) revision: u32,
    /// Where it is in its life.
    pub(crate) state: State,
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
    /// The digest of its details as it was compiled: what is reviewed.
    pub(crate) compiled_details: String,
    /// The digest of its details as it is or is going to be published; empty before.
    pub(crate) published_details: String,
    /// The digest of its tables.
    pub(crate) tables: String,
    /// When it was compiled.
    pub(crate) compiled: Timestamp,
    /// Who compiled it.
    pub(crate) compiled_by: String,
    /// Who approved it; empty before.
    pub(crate) approved_by: String,
    /// When it is or was to be published; `None` when it is on no calendar.
    pub(crate) scheduled: Option<Timestamp>,
    /// When it was published.
    pub(crate) published: Option<Timestamp>,
    /// Who published or scheduled it; empty before.
    pub(crate) published_by: String,
    /// Why it was published outside the standard time; empty when it was not.
    pub(crate) exception_reason: String,
    /// What changed in it and why; from the second revision on.
    pub(crate) update_note: Option<UpdateNote>,
}

impl Release {
    /// What a caller saw: changes with every change of the revision.
    pub(crate) fn etag(&self) -> String {
        let record = store::record_of(self);
        mesur_rpc::etag::etag([record.as_slice()])
    }

    /// The digest of its details.
    pub(crate) fn details(&self) -> &str {
        match self.published_details.as_str() {
            "" => &self.compiled_details,
            digest => digest,
        }
    }
}

/// For whom a release is read: what is told of the people who worked on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Everybody: a release that is not published is not there.
    Public,
    /// Those who work on releases.
    Staff,
}

impl Reader {
    /// For whom a caller reads.
    pub(crate) fn of(by: &Grant) -> Self {
        if by.is_by_role() {
            Self::Staff
        } else {
            Self::Public
        }
    }
}

/// The releases of all editions.
pub(crate) struct Releases {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    clock: Arc<dyn Clock>,
    timetable: Timetable,
    trusted: TrustedClock,
    shelf: Shelf,
    signer: Arc<Signer>,
    /// Held while a revision is made: one at a time has the processor and the memory for it.
    making: Mutex<()>,
    /// Told when the calendar of releases changes.
    pub(crate) rescheduled: Notify,
}

impl Releases {
    /// The releases in a store, with everything published on the shelf; what readers ask for is in memory
    /// if the store may be away.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        catalogue: Arc<Catalogue>,
        trusted: TrustedClock,
        timetable: Timetable,
        signer: Arc<Signer>,
    ) -> Result<Self, Error> {
        let shelf = Shelf::load(&*store).await?;
        shelf.stock(&*store).await?;
        let heads = store::heads(&*store).await?;
        let last = heads.iter().filter_map(|(_, head)| head.last_event).max();
        trusted.expect_after(last);
        let releases = Self {
            store,
            catalogue,
            clock: trusted.wall(),
            timetable,
            trusted,
            shelf,
            signer,
            making: Mutex::new(()),
            rescheduled: Notify::new(),
        };
        releases.sweep().await;
        Ok(releases)
    }

    /// The time by the wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The editions.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What everybody may see.
    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Where everything is kept.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The instant that has come by both clocks; `None` while the wall clock is not believed.
    pub(crate) fn reached(&self) -> Option<Timestamp> {
        self.trusted.reached()
    }

    /// The published revision of a release.
    pub(crate) fn published(&self, name: &ReleaseName) -> Option<Arc<Published>> {
        self.shelf.current(name)
    }

    /// The content of a published file.
    pub(crate) async fn content(&self, file: &FileFacts) -> Result<bytes::Bytes, Error> {
        self.shelf.content(&*self.store, file).await
    }
}
