//! The contents of returns, each under the digest that submission told of it: what two returns or
//! snapshots have in common is held once.

use mesur_catalogue::{AuthorityCode, Edition};
use mesur_returns::{Cells, DataReturn};
use mesur_store::{Commit, Key, KeyBuilder, KeyRange, KeyReader, Store, large};
use mesur_wire::{ContentReader, content_frames};

use super::{CONTENT, FREED, SCAN, corrupt};
use crate::error::Error;

fn content_key(digest: &str) -> Key {
    KeyBuilder::new(CONTENT).text(digest).build()
}

fn freed_key(digest: &str) -> Key {
    KeyBuilder::new(FREED).text(digest).build()
}

/// Whether a content is held.
pub(super) async fn is_held(store: &dyn Store, digest: &str) -> Result<bool, Error> {
    let key = content_key(digest);
    Ok(large::Reader::open(store, &key).await?.is_some())
}

/// Adds a content to a commit.
pub(super) async fn put_content(
    store: &dyn Store,
    commit: Commit,
    digest: &str,
    cells: &Cells,
) -> Result<Commit, Error> {
    let mut writer = large::Writer::new(store, &content_key(digest));
    for frame in content_frames(cells) {
        writer.write(&frame).await?;
    }
    Ok(writer.finish(commit.delete(freed_key(digest))).await?)
}

/// Adds to a commit that a content is held no more; [`sweep_freed`] then frees its room.
pub(super) async fn delete_content(
    store: &dyn Store,
    commit: Commit,
    digest: &str,
) -> Result<Commit, Error> {
    let commit = commit.put(freed_key(digest), Vec::new());
    Ok(large::delete_large(store, commit, &content_key(digest)).await?)
}

/// Frees the room of the contents that are held no more.
pub(crate) async fn sweep_freed(store: &dyn Store) -> Result<(), Error> {
    let freed = KeyRange::prefix(KeyBuilder::new(FREED).build());
    loop {
        let rows = store.scan(freed.clone(), SCAN).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::new();
        for (key, _) in rows {
            let mut reader = KeyReader::new(&key);
            reader.kind()?;
            large::sweep(store, &content_key(&reader.text()?)).await?;
            commit = commit.delete(key);
        }
        store.commit(commit).await?;
    }
}

/// The return with a content, read a piece at a time; `None` where the content is not held.
pub(crate) async fn content(
    store: &dyn Store,
    edition: &Edition,
    authority: &AuthorityCode,
    digest: &str,
) -> Result<Option<DataReturn>, Error> {
    let problem = |error: &dyn std::fmt::Display| {
        let item = format!("{} of {authority}, {digest}", edition.name());
        corrupt(&item, &error.to_string())
    };
    let Some(mut value) = large::Reader::open(store, &content_key(digest)).await? else {
        return Ok(None);
    };
    let mut content = ContentReader::new(edition.cells().len());
    while let Some(bytes) = value.next().await? {
        content.take(&bytes).map_err(|error| problem(&error))?;
    }
    let cells = content.finish().map_err(|error| problem(&error))?;
    let data_return = DataReturn::new(edition, authority.clone(), cells);
    Ok(Some(data_return.ok_or_else(|| {
        problem(&"it is not whole in the edition")
    })?))
}
