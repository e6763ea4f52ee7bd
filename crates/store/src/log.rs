//! Ordered logs: what followers of a store read.

use crate::{Key, KeyBuilder, Version};

/// Bytes of a position in their stored form.
pub(crate) const POSITION_BYTES: usize = 10;

/// The name of an ordered log; entries are appended by commits and never change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Log {
    prefix: Key,
}

impl Log {
    /// The log with this name. Two logs are the same when their names are equal; no name gets in
    /// the way of another that it begins.
    pub fn new(name: &str) -> Self {
        Self {
            prefix: KeyBuilder::from_prefix(Key::new()).text(name).build(),
        }
    }

    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }
}

/// Where an entry stands in its log: the commit that wrote it, and its place in that commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    version: Version,
    index: u16,
}

impl Position {
    pub(crate) fn new(version: Version, index: u16) -> Self {
        Self { version, index }
    }

    /// The commit that wrote the entry.
    pub fn version(self) -> Version {
        self.version
    }

    /// The stored form; sorts as the positions do.
    pub fn to_bytes(self) -> [u8; POSITION_BYTES] {
        let mut bytes = [0; POSITION_BYTES];
        let (version, index) = bytes.split_at_mut(8);
        version.copy_from_slice(&self.version.get().to_be_bytes());
        index.copy_from_slice(&self.index.to_be_bytes());
        bytes
    }

    /// Reads the stored form; `None` when the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, index) = bytes.split_first_chunk::<8>()?;
        let index = u16::from_be_bytes(index.try_into().ok()?);
        Some(Self {
            version: Version::new(u64::from_be_bytes(*version)),
            index,
        })
    }
}

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Where it stands.
    pub position: Position,
    /// What was appended.
    pub value: Vec<u8>,
}
