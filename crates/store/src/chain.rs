//! The chain: a log in which every entry vouches for all before it.
//!
//! A store has one, which [`Commit::chain`](crate::Commit::chain) adds to. The link of an entry is
//! SHA-256 of the link before it, the entry's [`Position`] in its stored form, and the entry; before the
//! first stands [`Link::START`]. It is made where commits get their order, so entries of commits
//! that run at once are linked as they came to be, and a commit that is refused leaves none.
//!
//! Whoever knows one link knows whether everything up to it is as it was. An entry that is changed,
//! left out, moved or put in breaks the link behind it; only what is cut off at the end is not
//! noticed by the chain itself, and is noticed by whoever kept a later link.
//!
//! It does not keep out who can write the whole chain anew: for that a link is kept elsewhere.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::check::Entries;
use crate::log::POSITION_BYTES;
use crate::{DumpRow, Error, Log, Position, Store, VALUE_BYTES_MAX};

/// Bytes of a link.
pub const LINK_BYTES: usize = 32;
/// The longest entry of a chain, in bytes.
pub const CHAINED_BYTES_MAX: usize = VALUE_BYTES_MAX - LINK_BYTES;

/// The name of the log that is the chain; a service has no log of this name.
const NAME: &str = "chain";

/// What an entry of a chain, and all before it, come to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; LINK_BYTES]);

impl Link {
    /// What stands before the first entry.
    pub const START: Self = Self([0; LINK_BYTES]);

    /// The link of an entry at `position` behind the one with this link.
    #[must_use]
    pub fn next(self, position: Position, entry: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(position.to_bytes());
        hash.update(entry);
        Self(hash.finalize().into())
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; LINK_BYTES] {
        self.0
    }

    /// The link with these bytes; `None` when there are more or fewer.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return None;
        };
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        Self::from_bytes(&bytes?)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

/// An entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Where it stands.
    pub position: Position,
    /// The link that it was given.
    pub link: Link,
    /// What was added.
    pub entry: Vec<u8>,
}

impl Linked {
    /// The entry of a dump's row that [is one](crate::DumpRow::is_chained).
    pub fn of_row(row: &DumpRow) -> Result<Self, Error> {
        let position = row.key.last_chunk::<POSITION_BYTES>();
        let position = position.and_then(|bytes| Position::from_bytes(bytes));
        let position =
            position.ok_or_else(|| Error::corrupt(&row.key, "an entry without a position"))?;
        linked(position, &row.value)
    }
}

/// The first entry whose link is not the one that it must have: it, or something before it, was
/// changed, left out, moved or put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the chain is broken at entry {number}, of commit {}: this entry, or what stood before it, is not \
     as it was written",
    position.version().get()
)]
pub struct Broken {
    /// Which entry it is, from 1.
    pub number: u64,
    /// Where it stands.
    pub position: Position,
}

/// Goes along a chain, and says where it is broken.
#[derive(Debug, Clone, Copy)]
pub struct Verifier {
    link: Link,
    entries: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            link: Link::START,
            entries: 0,
        }
    }
}

impl Verifier {
    /// Takes the next entry. After a break every further answer means nothing.
    pub fn take(&mut self, linked: &Linked) -> Result<(), Broken> {
        let due = self.link.next(linked.position, &linked.entry);
        let number = self.entries.saturating_add(1);
        if due != linked.link {
            return Err(Broken {
                number,
                position: linked.position,
            });
        }
        self.link = due;
        self.entries = number;
        Ok(())
    }

    /// The link of the last entry that was taken and held; it stands for all of them.
    pub fn head(&self) -> Link {
        self.link
    }

    /// How many entries were taken and held.
    pub fn entries(&self) -> u64 {
        self.entries
    }
}

/// The entries of a store's chain, some at a time.
pub struct Pages(Entries);

impl Default for Pages {
    fn default() -> Self {
        Self(Entries::of(log()))
    }
}

impl Pages {
    /// The next ones in order; none at the end.
    pub async fn next(&mut self, store: &dyn Store) -> Result<Vec<Linked>, Error> {
        let entries = self.0.next(store).await?;
        let entries = entries.into_iter();
        let linked = entries.map(|entry| linked(entry.position, &entry.value));
        linked.collect()
    }
}

/// The log that is the chain.
pub(crate) fn log() -> Log {
    Log::new(NAME)
}

/// Reads an entry of the log.
fn linked(position: Position, value: &[u8]) -> Result<Linked, Error> {
    let (link, entry) = opened(value).ok_or_else(|| {
        let problem = format!(
            "the entry of commit {} has no link",
            position.version().get()
        );
        Error::corrupt(log().prefix(), problem)
    })?;
    Ok(Linked {
        position,
        link,
        entry: entry.to_vec(),
    })
}

/// The link and the entry in a value of the log.
pub(crate) fn opened(value: &[u8]) -> Option<(Link, &[u8])> {
    let (link, entry) = value.split_first_chunk()?;
    Some((Link(*link), entry))
}

/// What the log holds of an entry whose link is not known yet: room for it, and the entry.
pub(crate) fn unlinked(entry: &[u8]) -> Vec<u8> {
    [&Link::START.0, entry].concat()
}

/// Puts the link behind `before` into the room of such a value; it is `before` then.
pub(crate) fn seal(value: &mut [u8], position: Position, before: &mut Link) {
    if let Some((room, entry)) = value.split_first_chunk_mut() {
        *before = before.next(position, entry);
        *room = before.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    #[test]
    fn a_link_is_what_anybody_works_out_with_sha_256() {
        // sha256(32 zero bytes, commit 7 in eight bytes, place 1 in two, "entry")
        let link = Link::START.next(Position::new(Version::new(7), 1), b"entry");
        let mut bytes = vec![0; 32];
        bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 7, 0, 1]);
        bytes.extend_from_slice(b"entry");
        assert_eq!(link.to_bytes(), <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(Link::parse(&link.to_string()), Some(link));
        for wrong in ["", "0", "zz", &"0".repeat(63), &"g".repeat(64)] {
            assert_eq!(Link::parse(wrong), None, "{wrong}");
        }
    }
}
