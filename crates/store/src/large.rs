//! Values too long for one key, such as the cells of a return or a rendered release.
//!
//! | key | value |
//! | --- | --- |
//! | `key`, 0 | the manifest: how long the value is, its SHA-256, and its generation |
//! | `key`, 1, generation, index | a chunk |
//! | `key`, 2 | the ticket of a value that is being staged |
//!
//! A value of up to [`INLINE_BYTES`] has generation 0 and is written in the commit that it is put
//! into. A longer one is staged: its chunks are written before, a piece at a time, so that neither
//! its author nor the store ever holds it whole, under a generation that no manifest names; the last
//! commit, with the manifest, makes it visible. So a reader gets one whole value or a clear error,
//! and a value is there wholly or not at all whatever happens on the way.
//!
//! What is left of a value that was never made visible, or that has been replaced, is in nobody's
//! way. It is swept up when the key is staged next, or by [`sweep`]. One author stages at a key at a
//! time: the ticket is his who took it last, and every piece and the last commit rest on it, so that
//! of two at once the first conflicts and nothing of his can come behind the sweep.
//!
//! No other key may begin with `key`.

mod read;
mod stage;
mod write;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::{Commit, Error, Expect, Key, Store, Version, record};

pub use read::{Reader, get_large};
pub use stage::sweep;
pub use write::{Writer, put_large};

/// The longest large value: 64 MiB.
pub const LARGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The longest value that is written in one commit with what it is put beside: 256 KiB. It is also
/// how much of a longer one is written and read at a time.
pub const INLINE_BYTES: usize = 256 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks of a value that is written in one commit.
const INLINE_CHUNKS: usize = INLINE_BYTES / CHUNK_BYTES;
/// The generation of a value that is written in one commit.
const INLINE: u64 = 0;
const FORMAT: u8 = 1;

const MANIFEST: u8 = 0;
const CHUNK: u8 = 1;
const TICKET: u8 = 2;

#[derive(Clone, PartialEq, Message)]
struct Manifest {
    #[prost(uint64, tag = "1")]
    length_bytes: u64,
    #[prost(bytes = "vec", tag = "2")]
    sha256: Vec<u8>,
    #[prost(uint64, tag = "3")]
    generation: u64,
}

impl Manifest {
    fn new(length_bytes: usize, hash: Sha256, generation: u64) -> Self {
        Self {
            length_bytes: u64::try_from(length_bytes).unwrap_or(u64::MAX),
            sha256: hash.finalize().to_vec(),
            generation,
        }
    }

    /// The manifest at a key, with the version that a change of it must expect.
    async fn at(store: &dyn Store, key: &[u8]) -> Result<Option<(Self, Version)>, Error> {
        let key = manifest_key(key);
        match store.get(&key).await? {
            Some(entry) => Ok(Some((
                record::open(FORMAT, &key, &entry.value)?,
                entry.version,
            ))),
            None => Ok(None),
        }
    }

    /// Bytes of the value.
    fn length(&self, key: &[u8]) -> Result<usize, Error> {
        usize::try_from(self.length_bytes)
            .ok()
            .filter(|length| *length <= LARGE_BYTES_MAX)
            .ok_or_else(|| Error::corrupt(key, "the manifest's length is over the limit"))
    }

    /// Chunks of it that are written in the commit of their manifest; none of a staged value.
    fn inline_chunks(&self, key: &[u8]) -> Result<usize, Error> {
        let length = self.length(key)?;
        Ok(match self.generation {
            INLINE => length.div_ceil(CHUNK_BYTES),
            _ => 0,
        })
    }
}

/// Adds to `commit` the deleting of the large value at `key`, if there is one; the commit conflicts
/// if it changes before that happens. [`sweep`] then frees the room of a staged one.
pub async fn delete_large(store: &dyn Store, commit: Commit, key: &[u8]) -> Result<Commit, Error> {
    let manifest_key = manifest_key(key);
    let Some((manifest, version)) = Manifest::at(store, key).await? else {
        return Ok(commit.expect(manifest_key, Expect::Absent));
    };
    let chunks = 0..manifest.inline_chunks(&manifest_key)?;
    let commit = commit
        .expect(manifest_key.clone(), Expect::At(version))
        .delete(manifest_key);
    Ok(chunks.fold(commit, |commit, index| {
        commit.delete(chunk_key(key, INLINE, index))
    }))
}

/// A row of a large value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Manifest,
    Chunk,
    Ticket,
}

/// Which row of a large value has a key that ends so.
pub(crate) fn part_of(tail: &[u8]) -> Option<Part> {
    const CHUNK_TAIL_BYTES: usize = 13;
    match tail {
        [MANIFEST] => Some(Part::Manifest),
        [CHUNK, ..] if tail.len() == CHUNK_TAIL_BYTES => Some(Part::Chunk),
        [TICKET] => Some(Part::Ticket),
        _ => None,
    }
}

fn expected(version: Option<Version>) -> Expect {
    version.map_or(Expect::Absent, Expect::At)
}

fn manifest_key(key: &[u8]) -> Key {
    [key, &[MANIFEST]].concat()
}

fn ticket_key(key: &[u8]) -> Key {
    [key, &[TICKET]].concat()
}

fn generation_key(key: &[u8], generation: u64) -> Key {
    [key, &[CHUNK], &generation.to_be_bytes()].concat()
}

fn chunk_key(key: &[u8], generation: u64, index: usize) -> Key {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let mut chunk = generation_key(key, generation);
    chunk.extend_from_slice(&index.to_be_bytes());
    chunk
}
