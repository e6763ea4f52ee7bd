//! The cells of revisions. Those of an ordinary return stand in the row of their revision; those of a
//! very large one are written and read a part at a time, so that beside the cells little memory is
//! taken.

use mesur_returns::Cells;
use mesur_store::{Commit, Store, Version, large};
use mesur_wire::{
    ContentError, ContentReader, Frames, RevisionName, cells_of_part, content_frames,
};

use super::revisions;
use super::{corrupt, keys, packing};
use crate::domain::{Move, Revision};
use crate::error::Error;

/// The most bytes of cells that stand in the row of their revision: 16 KiB, half of what a row takes.
pub(super) const INLINE_BYTES: usize = 16 * 1024;

/// Adds a new revision with its first move and its cells to a commit that relies on the head at
/// `version`.
pub(crate) async fn put_revision(
    store: &dyn Store,
    commit: Commit,
    (revision, first): (&Revision, &Move),
    cells: &Cells,
    version: Option<Version>,
) -> Result<Commit, Error> {
    let mut frames = content_frames(cells).peekable();
    let inline = frames.next_if(|frame| frame.len() <= INLINE_BYTES);
    let is_whole = inline.is_some() && frames.peek().is_none();
    if is_whole {
        return Ok(revisions::put_made(
            commit,
            (revision, first),
            inline,
            version,
        ));
    }
    let key = keys::content(&revision.name);
    let mut writer = large::Writer::new(store, &key);
    for frame in inline.into_iter().chain(frames) {
        writer.write(&frame).await?;
    }
    let commit = writer.finish(commit).await?;
    Ok(revisions::put_made(
        commit,
        (revision, first),
        None,
        version,
    ))
}

/// The cells of a revision, of which there are so many.
pub(crate) async fn get(
    store: &dyn Store,
    name: &RevisionName,
    cells: usize,
) -> Result<Cells, Error> {
    let unreadable = unreadable(name);
    let mut stored = Stored::open(store, name).await?;
    let mut reader = ContentReader::new(cells);
    while let Some(bytes) = stored.next().await? {
        reader.take(&bytes).map_err(&unreadable)?;
    }
    reader.finish().map_err(&unreadable)
}

/// The stored bytes of a content.
enum Stored<'a> {
    Inline(Option<Vec<u8>>),
    Large(Box<large::Reader<'a>>),
}

impl<'a> Stored<'a> {
    async fn open(store: &'a dyn Store, name: &RevisionName) -> Result<Self, Error> {
        let missing = || corrupt(&name.to_string(), "no content");
        let made = revisions::made(store, name).await?;
        let made = made.ok_or_else(missing)?;
        if let Some((packed, against)) = &made.packed {
            let whole = RevisionName {
                revision: *against,
                ..name.clone()
            };
            let whole = revisions::made(store, &whole).await?;
            let whole = whole.and_then(|whole| whole.content);
            let content = whole.and_then(|whole| packing::unpacked(packed, &whole));
            let problem = format!("it cannot be unpacked by revision {against}");
            let content = content.ok_or_else(|| corrupt(&name.to_string(), &problem))?;
            return Ok(Self::Inline(Some(content)));
        }
        if made.content.is_some() {
            return Ok(Self::Inline(made.content));
        }
        let stored = large::Reader::open(store, &keys::content(name)).await?;
        Ok(Self::Large(Box::new(stored.ok_or_else(missing)?)))
    }

    /// The next bytes, `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Inline(bytes) => Ok(bytes.take()),
            Self::Large(reader) => Ok(reader.next().await?),
        }
    }
}

/// The cells of a revision as they are read, in catalogue order.
pub(crate) struct Parts<'a> {
    stored: Stored<'a>,
    frames: Frames,
    name: &'a RevisionName,
    read: usize,
}

impl<'a> Parts<'a> {
    /// Before the first part.
    pub(crate) async fn open(store: &'a dyn Store, name: &'a RevisionName) -> Result<Self, Error> {
        Ok(Self {
            stored: Stored::open(store, name).await?,
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

fn unreadable(name: &RevisionName) -> impl Fn(ContentError) -> Error + use<> {
    let name = name.to_string();
    move |error| corrupt(&name, &error.to_string())
}
