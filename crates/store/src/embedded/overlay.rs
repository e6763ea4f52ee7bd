//! The rows that are in the journal and not yet in the index.
//!
//! Two layers: the upper one takes in what is committed, the lower one is on its way into the index.
//! A key in a layer hides the layers below it, so what readers see does not depend on how far the
//! index has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::frame::Kind;
use super::journal::Mark;
use super::row::Row;
use crate::Version;

/// Keys and what they have; `None` was deleted.
pub(super) type Layer = BTreeMap<Vec<u8>, Option<Row>>;

/// How far the store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// The last commit.
    pub(super) version: Version,
    /// The end of the journal.
    pub(super) mark: Mark,
    /// Whether rows of a dump have been put in and their end has not been told.
    pub(super) is_loading: bool,
}

impl Reached {
    pub(super) const NOTHING: Self = Self {
        version: Version::ZERO,
        mark: Mark::FIRST,
        is_loading: false,
    };

    /// With a frame of so many bytes more.
    pub(super) fn after(self, kind: Kind, version: Version, bytes: usize) -> Self {
        let (version, is_loading) = match kind {
            Kind::Commit => (version, self.is_loading),
            Kind::Move => (self.version, self.is_loading),
            Kind::Load => (self.version, true),
            Kind::Loaded => (version, false),
        };
        Self {
            version,
            mark: self.mark.after(bytes),
            is_loading,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [u8::from(self.is_loading); 17];
        let version = self.version.get().to_be_bytes();
        let file = self.mark.file.to_be_bytes();
        let offset = self.mark.offset.to_be_bytes();
        let parts = version.into_iter().chain(file).chain(offset);
        for (place, byte) in bytes.iter_mut().zip(parts) {
            *place = byte;
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let (file, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let is_loading = match rest {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Self {
            version: Version::new(u64::from_be_bytes(*version)),
            mark: Mark {
                file: u32::from_be_bytes(*file),
                offset: u32::from_be_bytes(*offset),
            },
            is_loading,
        })
    }
}

/// Both layers, and what they come to.
pub(super) struct Overlay {
    pub(super) upper: Layer,
    pub(super) lower: Arc<Layer>,
    pub(super) reached: Reached,
}

impl Overlay {
    pub(super) fn new(reached: Reached) -> Self {
        Self {
            upper: Layer::new(),
            lower: Arc::default(),
            reached,
        }
    }

    /// What the key has, if either layer knows.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Option<Row>> {
        self.upper.get(key).or_else(|| self.lower.get(key))
    }
}
