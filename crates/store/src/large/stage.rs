//! Staging: chunks that nothing refers to yet, and sweeping up those that nothing will.

use super::{
    CHUNK, CHUNK_BYTES, FORMAT, INLINE_CHUNKS, Manifest, chunk_key, expected, generation_key,
    manifest_key, ticket_key,
};
use crate::key::successor;
use crate::{Commit, Error, Expect, Key, KeyRange, Store, Version, record};

/// A value that is being staged, under a generation of its own: the version of the commit that took
/// the ticket, which no other can have.
pub(super) struct Stage<'a> {
    store: &'a dyn Store,
    key: Key,
    ticket: Version,
    /// What the last commit replaces.
    before: Option<(Manifest, Version)>,
    chunks: usize,
}

impl<'a> Stage<'a> {
    /// Takes the ticket, and sweeps up what earlier authors left.
    pub(super) async fn begin(store: &'a dyn Store, key: &[u8]) -> Result<Self, Error> {
        let ticket_key = ticket_key(key);
        // Whoever had it conflicts from now on.
        let ticket = store
            .commit(Commit::new().put(ticket_key.clone(), []))
            .await?;
        let before = Manifest::at(store, key).await?;
        sweep_all_but(
            store,
            key,
            before.as_ref(),
            (ticket_key, Expect::At(ticket)),
        )
        .await?;
        Ok(Self {
            store,
            key: key.to_vec(),
            ticket,
            before,
            chunks: 0,
        })
    }

    pub(super) fn generation(&self) -> u64 {
        self.ticket.get()
    }

    /// Writes a piece, which is whole chunks but for the last one.
    pub(super) async fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut commit = Commit::new().expect(ticket_key(&self.key), Expect::At(self.ticket));
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let key = chunk_key(&self.key, self.generation(), self.chunks);
            commit = commit.put(key, record::seal_bytes(FORMAT, chunk));
            self.chunks += 1;
        }
        self.store.commit(commit).await?;
        Ok(())
    }

    /// Adds to `commit` what makes the value visible.
    pub(super) fn finish(self, commit: Commit, manifest: &Manifest) -> Result<Commit, Error> {
        let (key, ticket) = (manifest_key(&self.key), ticket_key(&self.key));
        let (old_chunks, version) = match &self.before {
            Some((before, version)) => (before.inline_chunks(&key)?, Some(*version)),
            None => (0, None),
        };
        let commit = commit
            .expect(key.clone(), expected(version))
            .put(key, record::seal(FORMAT, manifest))
            .expect(ticket.clone(), Expect::At(self.ticket))
            .delete(ticket);
        Ok((0..old_chunks).fold(commit, |commit, index| {
            commit.delete(chunk_key(&self.key, super::INLINE, index))
        }))
    }
}

/// Frees the room of chunks at `key` that no value refers to: of one that was replaced or deleted,
/// or never made visible. Leaves everything as it is while somebody stages a value there.
pub async fn sweep(store: &dyn Store, key: &[u8]) -> Result<(), Error> {
    let manifest = Manifest::at(store, key).await?;
    let unstaged = (ticket_key(key), Expect::Absent);
    match sweep_all_but(store, key, manifest.as_ref(), unstaged).await {
        Err(Error::Conflict { .. }) => Ok(()),
        swept => swept,
    }
}

/// Deletes the chunks of every generation but that of the manifest, a piece at a time, as long as
/// the manifest and the ticket stay as they are.
async fn sweep_all_but(
    store: &dyn Store,
    key: &[u8],
    manifest: Option<&(Manifest, Version)>,
    ticket: (Key, Expect),
) -> Result<(), Error> {
    let version = manifest.map(|(_, version)| *version);
    let kept = manifest.map(|(manifest, _)| generation_key(key, manifest.generation));
    let rests_on = Commit::new()
        .expect(manifest_key(key), expected(version))
        .expect(ticket.0, ticket.1);
    let all = KeyRange::prefix([key, &[CHUNK]].concat());
    let ranges = match kept {
        None => vec![all],
        Some(kept) => {
            let behind = successor(&kept).map(|behind| KeyRange {
                start: behind,
                end: all.end.clone(),
            });
            let before = KeyRange::new(all.start.clone(), kept);
            std::iter::once(before).chain(behind).collect()
        }
    };
    for mut range in ranges {
        loop {
            let rows = store.scan(range.clone(), INLINE_CHUNKS).await?;
            let Some((last, _)) = rows.last() else { break };
            range = range.clone().after(last);
            let commit = rows
                .into_iter()
                .fold(rests_on.clone(), |commit, (key, _)| commit.delete(key));
            store.commit(commit).await?;
        }
    }
    Ok(())
}
