//! The cells of revisions: written and read a part at a time, so that beside the cells of a very large
//! return little memory is taken.

use mesur_returns::Cells;
use mesur_store::{Commit, Store, large};
use mesur_wire::{
    ContentError, ContentReader, Frames, RevisionName, cells_of_part, content_frames,
};

use super::{corrupt, keys};
use crate::error::Error;

/// Adds to a commit that a revision has these cells.
pub(crate) async fn put(
    store: &dyn Store,
    commit: Commit,
    name: &RevisionName,
    cells: &Cells,
) -> Result<Commit, Error> {
    let key = keys::content(name);
    let mut writer = large::Writer::new(store, &key);
    for frame in content_frames(cells) {
        writer.write(&frame).await?;
    }
    Ok(writer.finish(commit).await?)
}

/// The cells of a revision, of which there are so many.
pub(crate) async fn get(
    store: &dyn Store,
    name: &RevisionName,
    cells: usize,
) -> Result<Cells, Error> {
    let unreadable = unreadable(name);
    let mut stored = open(store, name).await?;
    let mut reader = ContentReader::new(cells);
    while let Some(bytes) = stored.next().await? {
        reader.take(&bytes).map_err(&unreadable)?;
    }
    reader.finish().map_err(&unreadable)
}

/// The cells of a revision as they are read, in catalogue order.
pub(crate) struct Parts<'a> {
    stored: large::Reader<'a>,
    frames: Frames,
    name: &'a RevisionName,
    read: usize,
}

impl<'a> Parts<'a> {
    /// Before the first part.
    pub(crate) async fn open(store: &'a dyn Store, name: &'a RevisionName) -> Result<Self, Error> {
        Ok(Self {
            stored: open(store, name).await?,
            frames: Frames::default(),
            name,
            read: 0,
        })
    }

    /// The next cells, and the number of the first of them; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<(usize, Cells)>, Error> {
        let unreadable = unreadable(self.name);
        loop {
            if let Some(part) = self.frames.message().map_err(&unreadable)? {
                let first = self.read;
                let cells = cells_of_part(first, part).map_err(&unreadable)?;
                self.read = first.saturating_add(cells.len());
                return Ok(Some((first, cells)));
            }
            let Some(bytes) = self.stored.next().await? else {
                let frames = std::mem::take(&mut self.frames);
                return frames.finish().map(|()| None).map_err(&unreadable);
            };
            self.frames.push(&bytes);
        }
    }
}

async fn open<'a>(store: &'a dyn Store, name: &RevisionName) -> Result<large::Reader<'a>, Error> {
    let stored = large::Reader::open(store, &keys::content(name)).await?;
    stored.ok_or_else(|| corrupt(&name.to_string(), "no content"))
}

fn unreadable(name: &RevisionName) -> impl Fn(ContentError) -> Error + use<> {
    let name = name.to_string();
    move |error| corrupt(&name, &error.to_string())
}
