//! Values too long for one key, such as a rendered release.
//!
//! The bytes stand in chunks under `key | 1 | index`, and a manifest under `key | 0` says how long
//! they are and their SHA-256. All of it is written in one commit, and read in one scan, so a
//! reader gets one whole value or a clear error. No other key may begin with `key`.

use prost::Message;
use sha2::{Digest, Sha256};

use crate::commit::within;
use crate::{Commit, Error, Expect, Key, KeyRange, Store, record};

/// The longest large value, in bytes.
pub const LARGE_BYTES_MAX: usize = 8 * 1024 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;
const CHUNKS_MAX: usize = LARGE_BYTES_MAX / CHUNK_BYTES;
const FORMAT: u8 = 1;

#[derive(Clone, PartialEq, Message)]
struct Manifest {
    #[prost(uint64, tag = "1")]
    length_bytes: u64,
    #[prost(bytes = "vec", tag = "2")]
    sha256: Vec<u8>,
}

impl Manifest {
    fn of(bytes: &[u8]) -> Self {
        let sha256 = Sha256::digest(bytes).to_vec();
        Self {
            length_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256,
        }
    }

    /// Chunks that hold the value.
    fn chunk_count(&self, key: &[u8]) -> Result<usize, Error> {
        usize::try_from(self.length_bytes)
            .ok()
            .filter(|length| *length <= LARGE_BYTES_MAX)
            .map(|length| length.div_ceil(CHUNK_BYTES))
            .ok_or_else(|| Error::corrupt(key, "the manifest's length is over the limit"))
    }
}

/// Adds to `commit` the writing of `bytes` at `key`, in place of what is there.
///
/// Reads how long the present value is, so that none of it is left over; the commit conflicts if
/// that changes before it happens.
pub async fn put_large(
    store: &dyn Store,
    commit: Commit,
    key: &[u8],
    bytes: &[u8],
) -> Result<Commit, Error> {
    within("bytes of a large value", bytes.len(), LARGE_BYTES_MAX)?;
    let manifest_key = manifest_key(key);
    let (expect, old_chunk_count) = match store.get(&manifest_key).await? {
        None => (Expect::Absent, 0),
        Some(entry) => {
            let old: Manifest = record::open(FORMAT, &manifest_key, &entry.value)?;
            (Expect::At(entry.version), old.chunk_count(&manifest_key)?)
        }
    };
    let manifest = record::seal(FORMAT, &Manifest::of(bytes));
    let mut commit = commit
        .expect(manifest_key.clone(), expect)
        .put(manifest_key, manifest);
    let chunks = bytes.chunks(CHUNK_BYTES);
    for index in chunks.len()..old_chunk_count {
        commit = commit.delete(chunk_key(key, index));
    }
    for (index, chunk) in chunks.enumerate() {
        commit = commit.put(chunk_key(key, index), record::seal_bytes(FORMAT, chunk));
    }
    Ok(commit)
}

/// Adds to `commit` the deleting of the large value at `key`, if there is one; the commit conflicts
/// if it changes before that happens.
pub async fn delete_large(store: &dyn Store, commit: Commit, key: &[u8]) -> Result<Commit, Error> {
    let manifest_key = manifest_key(key);
    let Some(entry) = store.get(&manifest_key).await? else {
        return Ok(commit.expect(manifest_key, Expect::Absent));
    };
    let manifest: Manifest = record::open(FORMAT, &manifest_key, &entry.value)?;
    let chunk_count = manifest.chunk_count(&manifest_key)?;
    let commit = commit
        .expect(manifest_key.clone(), Expect::At(entry.version))
        .delete(manifest_key);
    let chunks = 0..chunk_count;
    Ok(chunks.fold(commit, |commit, index| commit.delete(chunk_key(key, index))))
}

/// The large value at `key`, verified.
pub async fn get_large(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    // One more than there can be, so that a chunk too many is noticed.
    let entries = store.scan(KeyRange::prefix(key), CHUNKS_MAX + 2).await?;
    let Some(((manifest_key, manifest), chunks)) = entries.split_first() else {
        return Ok(None);
    };
    if *manifest_key != self::manifest_key(key) {
        return Err(Error::corrupt(key, "chunks without a manifest"));
    }
    let manifest: Manifest = record::open(FORMAT, manifest_key, &manifest.value)?;
    let chunk_count = manifest.chunk_count(manifest_key)?;
    let mut bytes = Vec::with_capacity(chunk_count * CHUNK_BYTES);
    for (chunk_key, chunk) in chunks {
        let (format, chunk) = record::unseal(chunk_key, &chunk.value)?;
        if format != FORMAT {
            return Err(Error::corrupt(
                chunk_key,
                format!("unknown record format {format}"),
            ));
        }
        bytes.extend_from_slice(chunk);
    }
    if Manifest::of(&bytes) != manifest {
        return Err(Error::corrupt(
            manifest_key,
            "the chunks are not what the manifest says",
        ));
    }
    Ok(Some(bytes))
}

fn manifest_key(key: &[u8]) -> Key {
    [key, &[0]].concat()
}

fn chunk_key(key: &[u8], index: usize) -> Key {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    [key, &[1], &index.to_be_bytes()].concat()
}
