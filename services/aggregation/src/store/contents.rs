//! The contents of returns, each under its authority and the digest that submission told of it: what
//! two revisions or snapshots have in common is held once, and those of an authority stand together, in
//! the order in which an edition is added up.

use mesur_catalogue::{AuthorityCode, Edition, EditionName};
use mesur_returns::{Cells, DataReturn};
use mesur_store::{Commit, Key, KeyBuilder, KeyRange, KeyReader, Store, large};
use mesur_wire::{ContentReader, ReturnName, content_frames};

use super::{CONTENT, FREED, corrupt, edition_parts};
use crate::error::Error;

/// How many contents are swept up with one commit.
const SWEEP: usize = 100;

fn key(kind: u8, edition: &EditionName, authority: &AuthorityCode, digest: &str) -> Key {
    let own = edition_parts(kind, edition).text(authority.as_str());
    own.text(digest).build()
}

fn content_key(name: &ReturnName, digest: &str) -> Key {
    key(CONTENT, &name.edition, &name.authority, digest)
}

fn freed_key(name: &ReturnName, digest: &str) -> Key {
    key(FREED, &name.edition, &name.authority, digest)
}

/// Whether a content is held.
pub(super) async fn is_held(
    store: &dyn Store,
    name: &ReturnName,
    digest: &str,
) -> Result<bool, Error> {
    let key = content_key(name, digest);
    Ok(large::Reader::open(store, &key).await?.is_some())
}

/// Adds a content to a commit.
pub(super) async fn put_content(
    store: &dyn Store,
    commit: Commit,
    (name, digest): (&ReturnName, &str),
    cells: &Cells,
) -> Result<Commit, Error> {
    let mut writer = large::Writer::new(store, &content_key(name, digest));
    for frame in content_frames(cells) {
        writer.write(&frame).await?;
    }
    Ok(writer
        .finish(commit.delete(freed_key(name, digest)))
        .await?)
}

/// Adds to a commit that a content is held no more; [`sweep_freed`] then frees its room.
pub(super) async fn delete_content(
    store: &dyn Store,
    commit: Commit,
    name: &ReturnName,
    digest: &str,
) -> Result<Commit, Error> {
    let commit = commit.put(freed_key(name, digest), Vec::new());
    let key = content_key(name, digest);
    Ok(large::delete_large(store, commit, &key).await?)
}

/// Frees the room of the contents that are held no more.
pub(crate) async fn sweep_freed(store: &dyn Store) -> Result<(), Error> {
    let freed = KeyRange::prefix(KeyBuilder::new(FREED).build());
    loop {
        let rows = store.scan(freed.clone(), SWEEP).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut commit = Commit::new();
        for (freed, _) in rows {
            let mut reader = KeyReader::new(&freed);
            reader.kind()?;
            let [collection, period, authority, digest] = [
                reader.text()?,
                reader.text()?,
                reader.text()?,
                reader.text()?,
            ];
            let parts = [period, authority, digest];
            let content = KeyBuilder::new(CONTENT).text(&collection);
            let content = parts.iter().fold(content, |key, part| key.text(part));
            large::sweep(store, &content.build()).await?;
            commit = commit.delete(freed);
        }
        store.commit(commit).await?;
    }
}

/// The cells of a content, of whatever edition; `None` where it is not held.
pub(super) async fn cells(
    store: &dyn Store,
    name: &ReturnName,
    digest: &str,
) -> Result<Option<Cells>, Error> {
    let problem = |error: &dyn std::fmt::Display| corrupt(digest, &error.to_string());
    let Some(mut value) = large::Reader::open(store, &content_key(name, digest)).await? else {
        return Ok(None);
    };
    let mut content = ContentReader::new(0);
    while let Some(bytes) = value.next().await? {
        content.take(&bytes).map_err(|error| problem(&error))?;
    }
    Ok(Some(content.finish().map_err(|error| problem(&error))?))
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
    let key = key(CONTENT, edition.name(), authority, digest);
    let Some(mut value) = large::Reader::open(store, &key).await? else {
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
