//! The contents of files under their digests: as they were written, and packed after a while.
//!
//! Compiling writes a file as it is, and [`pack_files`] packs it later, each file once: what is in the
//! packed form is DEFLATE, RFC 1951, of the content. It is unpacked and compared first, and takes the place
//! of the other form in one commit, so whoever reads finds the one or the other.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use mesur_store::{
    Commit, Error as StoreError, IsConflict as _, Key, KeyBuilder, KeyRange, KeyReader, Store,
    Version, large,
};
use tokio::task::spawn_blocking;

use super::{FILE, PACKED, corrupt, name_files};
use crate::error::Error;

/// Behind every row of a large value.
const BEHIND: &[u8] = &[u8::MAX];

/// Where a file's content stands as it was written.
pub(super) fn content_key(digest: &str) -> Key {
    KeyBuilder::new(FILE).text(digest).build()
}

fn packed_key(digest: &str) -> Key {
    KeyBuilder::new(PACKED).text(digest).build()
}

/// The content of a file, if it is there.
pub(crate) async fn content(store: &dyn Store, digest: &str) -> Result<Option<Vec<u8>>, Error> {
    // One that is packed in between is found below.
    if let Some(content) = large::get_large(store, &content_key(digest)).await? {
        return Ok(Some(content));
    }
    let Some(packed) = large::get_large(store, &packed_key(digest)).await? else {
        return Ok(None);
    };
    let content = spawn_blocking(move || unpacked(&packed)).await;
    let content = content.map_err(Error::Task)?;
    let content = content.map_err(|error| corrupt(digest, &error.to_string()))?;
    Ok(Some(content))
}

/// Whether the content of a file is there.
pub(super) async fn is_held(store: &dyn Store, digest: &str) -> Result<bool, StoreError> {
    for key in [content_key(digest), packed_key(digest)] {
        if large::Reader::open(store, &key).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes the content of every file whose digest is not among those that were named at `version`;
/// answers how many there were. It conflicts as soon as somebody names others.
pub(crate) async fn sweep_content(
    store: &dyn Store,
    named: &BTreeSet<String>,
    mut version: Option<Version>,
) -> Result<usize, Error> {
    let mut count = 0_usize;
    for kind in [FILE, PACKED] {
        let mut files = Files::of(kind);
        while let Some((key, digest)) = files.next(store).await? {
            if named.contains(&digest) {
                continue;
            }
            let commit = large::delete_large(store, Commit::new(), &key).await?;
            version = Some(store.commit(name_files(commit, version)).await?);
            large::sweep(store, &key).await?;
            count = count.saturating_add(1);
        }
    }
    Ok(count)
}

/// Packs every file that is not packed yet; answers how many there were.
pub(super) async fn pack_files(store: &dyn Store) -> Result<u64, StoreError> {
    let mut files = Files::of(FILE);
    let mut count = 0_u64;
    while let Some((key, digest)) = files.next(store).await? {
        if let Some(content) = large::get_large(store, &key).await?
            && let Some(packed) = packed(content).await
        {
            match replace(store, &key, &packed_key(&digest), &packed).await {
                // It is deleted, or another packs it.
                Err(error) if error.is_conflict() => continue,
                done => done?,
            }
            count = count.saturating_add(1);
        }
        // What is left of it, or of another time.
        if large::Reader::open(store, &key).await?.is_none() {
            large::sweep(store, &key).await?;
        }
    }
    Ok(count)
}

async fn replace(
    store: &dyn Store,
    key: &[u8],
    packed_key: &[u8],
    packed: &[u8],
) -> Result<(), StoreError> {
    let commit = large::delete_large(store, Commit::new(), key).await?;
    let commit = large::put_large(store, commit, packed_key, packed).await?;
    store.commit(commit).await.map(drop)
}

/// A content packed, if it comes out again; packing takes a processor for a while.
async fn packed(content: Vec<u8>) -> Option<Vec<u8>> {
    let packing = spawn_blocking(move || {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content).ok()?;
        let packed = encoder.finish().ok()?;
        (unpacked(&packed).ok()? == content).then_some(packed)
    });
    let packed = packing.await.ok().flatten();
    packed.filter(|packed| packed.len() <= large::LARGE_BYTES_MAX)
}

fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
    let longest = u64::try_from(large::LARGE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    let decoder = DeflateDecoder::new(packed);
    decoder.take(longest).read_to_end(&mut content)?;
    Ok(content)
}

/// The files of a kind, one after another.
struct Files {
    range: KeyRange,
}

impl Files {
    fn of(kind: u8) -> Self {
        let range = KeyRange::prefix(KeyBuilder::new(kind).build());
        Self { range }
    }

    /// The key of the next one and its digest; `None` at the end.
    async fn next(&mut self, store: &dyn Store) -> Result<Option<(Key, String)>, StoreError> {
        let rows = store.scan(self.range.clone(), 1).await?;
        let Some((row, _)) = rows.first() else {
            return Ok(None);
        };
        let mut reader = KeyReader::new(row);
        let kind = reader.kind()?;
        let digest = reader.text()?;
        let key = KeyBuilder::new(kind).text(&digest).build();
        // A content has many rows, and its key is in each: the next one is behind them all.
        self.range = self.range.clone().after(&[key.as_slice(), BEHIND].concat());
        Ok(Some((key, digest)))
    }
}
