//! Reading a large value, whole or a piece at a time.

use sha2::{Digest, Sha256};

use super::{FORMAT, INLINE, INLINE_CHUNKS, Manifest, generation_key, manifest_key};
use crate::{Entry, Error, Key, KeyRange, Store, Version, record};

/// The large value at `key`, verified.
pub async fn get_large(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    loop {
        let Some(mut reader) = Reader::open(store, key).await? else {
            return Ok(None);
        };
        let mut bytes = Vec::with_capacity(reader.length);
        let read = loop {
            match reader.next().await {
                Ok(Some(piece)) => bytes.extend_from_slice(&piece),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match read {
            // It was replaced while it was read: the new one is read then.
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(Some(bytes)),
        }
    }
}

/// A large value as it is read: it holds [`INLINE_BYTES`](super::INLINE_BYTES) of it at most.
pub struct Reader<'a> {
    store: &'a dyn Store,
    key: Key,
    manifest: Manifest,
    version: Version,
    /// Chunks of a value that was written in one commit: they are read with its manifest, so that
    /// the two belong together.
    inline: Option<Vec<(Key, Entry)>>,
    range: KeyRange,
    hash: Sha256,
    length: usize,
    read: usize,
}

impl<'a> Reader<'a> {
    /// The value at `key`, if there is one.
    pub async fn open(store: &'a dyn Store, key: &[u8]) -> Result<Option<Self>, Error> {
        // One chunk more than there can be, so that it is noticed.
        let rows = store
            .scan(KeyRange::prefix(key), INLINE_CHUNKS.saturating_add(2))
            .await?;
        let mut rows = rows.into_iter();
        let Some((first, entry)) = rows.next() else {
            return Ok(None);
        };
        let manifest_key = manifest_key(key);
        let inline_prefix = generation_key(key, INLINE);
        if first != manifest_key {
            // What was staged and never made visible is no value.
            return if first.starts_with(&inline_prefix) {
                Err(Error::corrupt(key, "chunks without a manifest"))
            } else {
                Ok(None)
            };
        }
        let manifest: Manifest = record::open(FORMAT, &manifest_key, &entry.value)?;
        let inline = (manifest.generation == INLINE).then(|| {
            rows.take_while(|(key, _)| key.starts_with(&inline_prefix))
                .collect()
        });
        Ok(Some(Self {
            store,
            key: key.to_vec(),
            length: manifest.length(&manifest_key)?,
            range: KeyRange::prefix(generation_key(key, manifest.generation)),
            manifest,
            version: entry.version,
            inline,
            hash: Sha256::new(),
            read: 0,
        }))
    }

    /// The next bytes, `None` at the end, by when all are verified.
    ///
    /// Fails with [`Error::Conflict`] where the value was replaced while it was read.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunks = match &mut self.inline {
            Some(chunks) => std::mem::take(chunks),
            None => self.store.scan(self.range.clone(), INLINE_CHUNKS).await?,
        };
        let Some((last, _)) = chunks.last() else {
            return self.verify().await.map(|()| None);
        };
        self.range = self.range.clone().after(last);
        let mut bytes = Vec::new();
        for (key, chunk) in &chunks {
            let (format, chunk) = record::unseal(key, &chunk.value)?;
            if format != FORMAT {
                let problem = format!("unknown record format {format}");
                return Err(Error::corrupt(key, problem));
            }
            bytes.extend_from_slice(chunk);
        }
        self.hash.update(&bytes);
        self.read = self.read.saturating_add(bytes.len());
        Ok(Some(bytes))
    }

    async fn verify(&mut self) -> Result<(), Error> {
        let hash = std::mem::take(&mut self.hash);
        if Manifest::new(self.read, hash, self.manifest.generation) == self.manifest {
            return Ok(());
        }
        let key = manifest_key(&self.key);
        let now = self.store.get(&key).await?;
        if now.map(|entry| entry.version) != Some(self.version) {
            return Err(Error::Conflict { key });
        }
        let problem = "the chunks are not what the manifest says";
        Err(Error::corrupt(&key, problem))
    }
}
