//! Writing a large value, whole or as it comes.

use sha2::{Digest, Sha256};

use super::stage::Stage;
use super::{
    CHUNK_BYTES, FORMAT, INLINE, INLINE_BYTES, LARGE_BYTES_MAX, Manifest, chunk_key, expected,
    manifest_key,
};
use crate::commit::within;
use crate::{Commit, Error, Key, Store, record};

/// Adds to `commit` the writing of `bytes` at `key`, in place of what is there.
///
/// The commit conflicts if what is there changes before it happens. A value over
/// [`INLINE_BYTES`] is staged by then, and all but visible.
pub async fn put_large(
    store: &dyn Store,
    commit: Commit,
    key: &[u8],
    bytes: &[u8],
) -> Result<Commit, Error> {
    within("bytes of a large value", bytes.len(), LARGE_BYTES_MAX)?;
    let mut writer = Writer::new(store, key);
    writer.write(bytes).await?;
    writer.finish(commit).await
}

/// A large value on its way into the store: it holds [`INLINE_BYTES`] of it at most.
pub struct Writer<'a> {
    store: &'a dyn Store,
    key: Key,
    hash: Sha256,
    length: usize,
    held: Vec<u8>,
    stage: Option<Stage<'a>>,
}

impl<'a> Writer<'a> {
    /// Nothing written yet.
    pub fn new(store: &'a dyn Store, key: &[u8]) -> Self {
        Self {
            store,
            key: key.to_vec(),
            hash: Sha256::new(),
            length: 0,
            held: Vec::new(),
            stage: None,
        }
    }

    /// Adds bytes at the end.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.length = self.length.saturating_add(bytes.len());
        within("bytes of a large value", self.length, LARGE_BYTES_MAX)?;
        self.hash.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            // Only with more to come is a piece written: what fits one commit is never staged.
            if self.held.len() == INLINE_BYTES {
                self.put_held().await?;
            }
            let (next, behind) = rest.split_at(rest.len().min(INLINE_BYTES - self.held.len()));
            self.held.extend_from_slice(next);
            rest = behind;
        }
        Ok(())
    }

    /// Adds to `commit` what makes the value visible.
    pub async fn finish(mut self, commit: Commit) -> Result<Commit, Error> {
        if self.stage.is_none() {
            return self.inline(commit).await;
        }
        self.put_held().await?;
        let Self {
            key,
            hash,
            length,
            stage,
            ..
        } = self;
        match stage {
            Some(stage) => {
                let manifest = Manifest::new(length, hash, stage.generation());
                stage.finish(commit, &manifest)
            }
            None => Err(Error::corrupt(&key, "a value was staged nowhere")),
        }
    }

    async fn put_held(&mut self) -> Result<(), Error> {
        let held = std::mem::take(&mut self.held);
        let stage = match self.stage.take() {
            Some(stage) => stage,
            None => Stage::begin(self.store, &self.key).await?,
        };
        self.stage.insert(stage).put(&held).await?;
        self.held = held;
        self.held.clear();
        Ok(())
    }

    /// The whole value in the commit, in place of what is there.
    async fn inline(self, commit: Commit) -> Result<Commit, Error> {
        let key = self.key;
        let manifest_key = manifest_key(&key);
        let before = Manifest::at(self.store, &key).await?;
        let old_chunks = match &before {
            Some((manifest, _)) => manifest.inline_chunks(&manifest_key)?,
            None => 0,
        };
        let manifest = Manifest::new(self.length, self.hash, INLINE);
        let mut commit = commit
            .expect(
                manifest_key.clone(),
                expected(before.map(|(_, version)| version)),
            )
            .put(manifest_key, record::seal(FORMAT, &manifest));
        let chunks = self.held.chunks(CHUNK_BYTES);
        for index in chunks.len()..old_chunks {
            commit = commit.delete(chunk_key(&key, INLINE, index));
        }
        for (index, chunk) in chunks.enumerate() {
            let sealed = record::seal_bytes(FORMAT, chunk);
            commit = commit.put(chunk_key(&key, INLINE, index), sealed);
        }
        Ok(commit)
    }
}
