//! Frames: how commits stand in the journal, one behind the other.
//!
//! | bytes | of a frame's head |
//! | --- | --- |
//! | 4 | `MSRF` |
//! | 1 | what it is: [`Kind`] |
//! | 4 | length of the rows |
//! | 4 | CRC-32C of the rows |
//! | 8 | version |
//! | 4 | where its group begins in the file: what is written and synced together |
//! | 4 | CRC-32C of the head so far |
//!
//! | bytes | of a row |
//! | --- | --- |
//! | 1 | `0` deleted, `1` written, `2` appended to a log, `3` as another commit wrote it |
//! | 2 | length of the key |
//! | 4 | length of the value |
//! | 8 | of `3`: the version of that commit |
//! | | the key, without the position of a log entry that is appended; the value |
//!
//! An entry of the chain is an entry of a log with its link in front; the link is filled in last.
//!
//! A frame is whole when both checksums hold, and otherwise it never was. Numbers are big-endian.

use std::ops::Range;

use super::journal::Mark;
use super::row::{Content, INLINE_BYTES_MAX, Place, Row};
use crate::chain::{self, Link};
use crate::layout::{self, Draft, Parts, Reliance};
use crate::{Position, Version};

/// Bytes of a head.
pub(super) const HEAD_BYTES: usize = 29;
/// No head of a frame asks for more: the largest commit and what its rows take besides.
pub(super) const ROWS_BYTES_MAX: usize = 16 * 1024 * 1024;
pub(super) const MAGIC: &[u8; 4] = b"MSRF";

const DELETED: u8 = 0;
const WRITTEN: u8 = 1;
const APPENDED: u8 = 2;
const MOVED: u8 = 3;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A commit; its version is one more than the one before.
    Commit,
    /// Values that were written anew so that an old file can go; no commit.
    Move,
    /// Rows of a dump.
    Load,
    /// The end of a load; its version is the dump's.
    Loaded,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Commit, Self::Move, Self::Load, Self::Loaded];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A value as it stands in a frame that is at no place yet.
#[derive(Debug)]
enum Value {
    Inline(Vec<u8>),
    Apart {
        offset: u32,
        length: u32,
        checksum: u32,
    },
}

/// A row of a frame.
#[derive(Debug)]
struct FrameRow {
    key: Vec<u8>,
    /// The place in the commit, of a log entry that it appends.
    index: Option<u16>,
    /// The commit that wrote it, where that is not the frame's.
    version: Option<Version>,
    value: Option<Value>,
}

/// A frame that is ready to be written, but for its version and the links of the chain.
#[derive(Debug)]
pub(super) struct Frame {
    kind: Kind,
    bytes: Vec<u8>,
    checksum: u32,
    rows: Vec<FrameRow>,
    /// The rows that are entries of the chain without links yet, and where their values stand.
    chained: Vec<(usize, Range<usize>)>,
}

impl Frame {
    /// A frame with no rows.
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            bytes: vec![0; HEAD_BYTES],
            checksum: 0,
            rows: Vec::new(),
            chained: Vec::new(),
        }
    }

    /// The frame of a commit, and what the commit relies on.
    pub(super) fn of(draft: Draft<Vec<u8>>) -> (Self, Reliance) {
        let Parts {
            reliance,
            writes,
            appends,
            chained,
        } = draft.into_parts();
        let mut frame = Self::new(Kind::Commit);
        let values = writes.iter().filter_map(|(_, value)| value.as_ref());
        let values = values.chain(appends.iter().map(|(_, value)| value));
        frame
            .bytes
            .reserve(values.map(|value| value.len() + 64).sum());
        for (key, value) in writes {
            match value {
                Some(value) => frame.push(WRITTEN, key, None, None, value),
                None => frame.push_deleted(key),
            }
        }
        let mut indices = 0u16..;
        for (log, value) in appends {
            frame.push(APPENDED, log, indices.next(), None, value);
        }
        for entry in chained {
            let value = chain::unlinked(&entry);
            let length = value.len();
            frame.push(APPENDED, layout::chain_row(), indices.next(), None, value);
            let end = frame.bytes.len();
            let row = frame.rows.len().saturating_sub(1);
            frame.chained.push((row, end.saturating_sub(length)..end));
        }
        (frame.close(), reliance)
    }

    /// Adds a row as another commit wrote it.
    pub(super) fn push_moved(&mut self, key: Vec<u8>, version: Version, value: Vec<u8>) {
        self.push(MOVED, key, None, Some(version), value);
    }

    fn push_deleted(&mut self, key: Vec<u8>) {
        self.head(DELETED, &key, 0);
        self.bytes.extend_from_slice(&key);
        self.rows.push(FrameRow {
            key,
            index: None,
            version: None,
            value: None,
        });
    }

    fn push(
        &mut self,
        tag: u8,
        key: Vec<u8>,
        index: Option<u16>,
        version: Option<Version>,
        value: Vec<u8>,
    ) {
        self.head(tag, &key, value.len());
        if let Some(version) = version {
            self.bytes.extend_from_slice(&version.get().to_be_bytes());
        }
        self.bytes.extend_from_slice(&key);
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(&value);
        self.rows.push(FrameRow {
            key,
            index,
            version,
            value: Some(Value::new(offset, value)),
        });
    }

    fn head(&mut self, tag: u8, key: &[u8], value_bytes: usize) {
        self.bytes.push(tag);
        let key_bytes = u16::try_from(key.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&key_bytes.to_be_bytes());
        self.bytes
            .extend_from_slice(&narrow(value_bytes).to_be_bytes());
    }

    /// What it is.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it adds to the chain.
    pub(super) fn is_chained(&self) -> bool {
        !self.chained.is_empty()
    }

    /// Works out the checksum of the rows, so that whoever seals the frame need not, unless it adds to
    /// the chain.
    pub(super) fn close(mut self) -> Self {
        if !self.is_chained() {
            self.sum();
        }
        self
    }

    fn sum(&mut self) {
        self.checksum = crc32c::crc32c(self.bytes.get(HEAD_BYTES..).unwrap_or_default());
    }

    /// Gives what it adds to the chain its links behind `head`, which is the last of them then. It must
    /// be sealed afterwards, with the same version.
    pub(super) fn link(&mut self, version: Version, head: &mut Link) {
        for (row, place) in &self.chained {
            let value = self.bytes.get_mut(place.clone());
            if let Some((row, value)) = self.rows.get_mut(*row).zip(value) {
                let position = Position::new(version, row.index.unwrap_or_default());
                chain::seal(value, position, head);
                row.value = Some(Value::new(place.start, value.to_vec()));
            }
        }
        self.sum();
    }

    /// Gives it its version, and its group's beginning in the file. It must be closed.
    pub(super) fn seal(&mut self, version: Version, group: u32) {
        let head = Head {
            kind: self.kind,
            length: narrow(self.bytes.len().saturating_sub(HEAD_BYTES)),
            checksum: self.checksum,
            version,
            group,
        };
        if let Some(place) = self.bytes.first_chunk_mut() {
            *place = head.to_bytes();
        }
    }

    /// What to write, once it is sealed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The keys of its rows; of log entries that it appends without their position.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.iter().map(|row| row.key.as_slice())
    }

    /// Its rows, as it stands at `mark` with this version. They are gone from it afterwards.
    pub(super) fn take_rows(
        &mut self,
        version: Version,
        mark: Mark,
    ) -> impl Iterator<Item = (Vec<u8>, Option<Row>)> + use<> {
        let rows = std::mem::take(&mut self.rows).into_iter();
        rows.map(move |row| row.at(version, mark))
    }
}

impl Value {
    fn new(offset: usize, value: Vec<u8>) -> Self {
        if value.len() <= INLINE_BYTES_MAX {
            return Self::Inline(value);
        }
        Self::Apart {
            offset: narrow(offset),
            length: narrow(value.len()),
            checksum: crc32c::crc32c(&value),
        }
    }
}

impl FrameRow {
    fn at(self, version: Version, mark: Mark) -> (Vec<u8>, Option<Row>) {
        let Self { mut key, value, .. } = self;
        if let Some(index) = self.index {
            key.extend_from_slice(&Position::new(version, index).to_bytes());
        }
        let version = self.version.unwrap_or(version);
        let row = value.map(|value| Row {
            version,
            content: match value {
                Value::Inline(value) => Content::Inline(value),
                Value::Apart {
                    offset,
                    length,
                    checksum,
                } => Content::Apart(Place {
                    file: mark.file,
                    offset: mark.offset.saturating_add(offset),
                    length,
                    checksum,
                }),
            },
        });
        (key, row)
    }
}

/// Limits keep every frame far below 4 GiB.
fn narrow(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The head of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// Bytes of the rows.
    pub(super) length: u32,
    pub(super) version: Version,
    pub(super) group: u32,
    checksum: u32,
}

impl Head {
    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = MAGIC.to_vec();
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&self.length.to_be_bytes());
        bytes.extend_from_slice(&self.checksum.to_be_bytes());
        bytes.extend_from_slice(&self.version.get().to_be_bytes());
        bytes.extend_from_slice(&self.group.to_be_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        let mut head = [0; HEAD_BYTES];
        for (place, byte) in head.iter_mut().zip(bytes) {
            *place = byte;
        }
        head
    }

    /// Reads a head back; `None` when it is not one.
    pub(super) fn read(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(body) != u32::from_be_bytes(*checksum) {
            return None;
        }
        let body = body.strip_prefix(MAGIC)?;
        let (kind, body) = body.split_first()?;
        let (length, body) = body.split_first_chunk()?;
        let (checksum, body) = body.split_first_chunk()?;
        let (version, group) = body.split_first_chunk()?;
        let length = u32::from_be_bytes(*length);
        let head = Self {
            kind: Kind::from_byte(*kind)?,
            length,
            checksum: u32::from_be_bytes(*checksum),
            version: Version::new(u64::from_be_bytes(*version)),
            group: u32::from_be_bytes(group.try_into().ok()?),
        };
        (usize::try_from(length).ok()? <= ROWS_BYTES_MAX).then_some(head)
    }

    /// The frame with this head; `None` when these are not its rows.
    pub(super) fn frame(&self, rows: &[u8]) -> Option<Frame> {
        if crc32c::crc32c(rows) != self.checksum {
            return None;
        }
        let mut frame = Frame::new(self.kind);
        let mut index = 0u16;
        let mut rest = rows;
        while let Some((tag, behind)) = rest.split_first() {
            let (key_bytes, behind) = behind.split_first_chunk()?;
            let (value_bytes, mut behind) = behind.split_first_chunk()?;
            let mut version = None;
            if *tag == MOVED {
                let (bytes, more) = behind.split_first_chunk()?;
                version = Some(Version::new(u64::from_be_bytes(*bytes)));
                behind = more;
            }
            let key_bytes = usize::from(u16::from_be_bytes(*key_bytes));
            let (key, behind) = behind.split_at_checked(key_bytes)?;
            let value_bytes = usize::try_from(u32::from_be_bytes(*value_bytes)).ok()?;
            let (value, behind) = behind.split_at_checked(value_bytes)?;
            let offset = HEAD_BYTES + (rows.len() - behind.len() - value_bytes);
            let is_appended = *tag == APPENDED;
            frame.rows.push(FrameRow {
                key: key.to_vec(),
                index: is_appended.then_some(index),
                version,
                value: match *tag {
                    DELETED => None,
                    WRITTEN | APPENDED | MOVED => Some(Value::new(offset, value.to_vec())),
                    _ => return None,
                },
            });
            index = index.saturating_add(u16::from(is_appended));
            rest = behind;
        }
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Commit, Log};

    fn frame() -> Vec<u8> {
        let commit = Commit::new()
            .put("short", "value")
            .put("long", vec![7; INLINE_BYTES_MAX + 1])
            .delete("gone")
            .append(&Log::new("log"), "entry")
            .append(&Log::new("log"), vec![8; INLINE_BYTES_MAX + 1])
            .chain("linked");
        let (mut frame, _) = Frame::of(Draft::new(commit, |value| value));
        frame.push_moved(b"\x01moved".to_vec(), Version::new(2), b"there".to_vec());
        let mut frame = frame.close();
        frame.link(Version::new(7), &mut Link::START.clone());
        frame.seal(Version::new(7), 16);
        frame.bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Vec<(Vec<u8>, Option<Row>)>> {
        let (head, rows) = bytes.split_first_chunk()?;
        let head = Head::read(head)?;
        assert_eq!((head.kind, head.version), (Kind::Commit, Version::new(7)));
        let rows = rows.get(..usize::try_from(head.length).ok()?)?;
        let mark = Mark {
            file: 3,
            offset: 100,
        };
        Some(head.frame(rows)?.take_rows(head.version, mark).collect())
    }

    #[test]
    fn a_frame_is_read_back_as_it_was_written() {
        let bytes = frame();
        let rows = read(&bytes).unwrap();
        assert_eq!(rows.len(), 7);
        for (key, row) in rows {
            let Some(row) = row else {
                assert_eq!(key, b"\x01gone");
                continue;
            };
            let moved = key == b"\x01moved";
            assert_eq!(row.version.get(), if moved { 2 } else { 7 });
            if let Some(place) = row.place() {
                let start = usize::try_from(place.offset - 100).unwrap();
                let value = &bytes[start..=(start + INLINE_BYTES_MAX)];
                assert!(value.iter().all(|byte| *byte == value[0] && *byte >= 7));
                assert_eq!((place.file, place.checksum), (3, crc32c::crc32c(value)));
            }
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_of_a_frame_is_no_frame() {
        let bytes = frame();
        for byte in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[byte] ^= 1 << bit;
                assert!(read(&damaged).is_none(), "byte {byte} bit {bit}");
            }
            assert!(read(&bytes[..byte]).is_none(), "cut at {byte}");
        }
    }
}
