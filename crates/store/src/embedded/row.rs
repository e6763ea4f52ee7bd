//! A row of the store: which commit wrote it, and its value or the place of it in the journal.
//!
//! | in the index | holds |
//! | --- | --- |
//! | key or log entry | version, `0`, the value |
//! | key or log entry | version, `1`, file, offset, length and checksum of the value in the journal |

use sled::IVec;

use crate::Version;

/// The longest value that the index holds itself: one short enough to be written several times.
pub(super) const INLINE_BYTES_MAX: usize = 512;

const INLINE: u8 = 0;
const APART: u8 = 1;

/// Where a value stands in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the file.
    pub(super) file: u32,
    /// Bytes before the value in that file.
    pub(super) offset: u32,
    /// Bytes of the value.
    pub(super) length: u32,
    /// CRC-32C of the value.
    pub(super) checksum: u32,
}

/// A value, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Inline(Vec<u8>),
    Apart(Place),
}

/// What a key or a log entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: Version,
    pub(super) content: Content,
}

impl Row {
    /// Where its value is, if it is in the journal.
    pub(super) fn place(&self) -> Option<Place> {
        match self.content {
            Content::Apart(place) => Some(place),
            Content::Inline(_) => None,
        }
    }

    pub(super) fn to_bytes(&self) -> IVec {
        let version = self.version.get().to_be_bytes();
        match &self.content {
            Content::Inline(value) => [&version[..], &[INLINE], value].concat().into(),
            Content::Apart(place) => {
                let parts = [place.file, place.offset, place.length, place.checksum];
                let parts = parts.map(u32::to_be_bytes);
                [&version[..], &[APART], parts.as_flattened()]
                    .concat()
                    .into()
            }
        }
    }

    /// Reads a row; `None` when it is not one.
    pub(super) fn from_bytes(row: &[u8]) -> Option<Self> {
        let (version, rest) = row.split_first_chunk::<8>()?;
        let content = match rest.split_first()? {
            (&INLINE, value) => Content::Inline(value.to_vec()),
            (&APART, place) => {
                let (parts, []) = place.as_chunks::<4>() else {
                    return None;
                };
                let [file, offset, length, checksum] = <[[u8; 4]; 4]>::try_from(parts)
                    .ok()?
                    .map(u32::from_be_bytes);
                Content::Apart(Place {
                    file,
                    offset,
                    length,
                    checksum,
                })
            }
            _ => return None,
        };
        let version = Version::new(u64::from_be_bytes(*version));
        Some(Self { version, content })
    }
}
