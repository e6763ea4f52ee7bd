//! Writing the journal: frames at the end of its last file, on disk before anybody is answered.
//!
//! Behind the last frame of the file that is written there may be **room**: zeros that are on disk already.
//! What is written over them changes neither the length of the file nor where it stands on the disk, so
//! a sync of it has one thing to write where it had two or three. Small groups make room for those behind
//! them; large ones gain nothing by it. A crash leaves room behind, which is cut off like a torn group.

use std::fs::File;
use std::io::{self, IoSlice, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::frame::Frame;
use super::shared::Shared;
use super::{files, point};
use crate::Error;
use crate::told;

/// The most buffers that one call hands to the operating system.
const BUFFERS_MAX: usize = 1024;

/// How much room is made at a time.
static ROOM: [u8; 256 * 1024] = [0; 256 * 1024];
/// A group of more bytes than this makes none: a quarter of it.
const ROOM_GROUP_BYTES_MAX: usize = ROOM.len() / 4;

/// Where a frame stands: the file and the bytes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) file: u32,
    pub(super) offset: u32,
}

impl Mark {
    /// Of the first frame of a new journal.
    pub(super) const FIRST: Self = Self {
        file: 1,
        offset: files::START,
    };

    /// Behind so many bytes more in the same file.
    pub(super) fn after(self, bytes: usize) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            offset: self.offset.saturating_add(bytes),
            ..self
        }
    }
}

/// Why frames were not written.
pub(super) enum Fault {
    /// The journal is as it was; the next attempt may succeed.
    Undone(Error),
    /// It is unknown what is on disk.
    Unknown(Error),
}

/// The end of the journal.
pub(super) struct Journal {
    shared: Arc<Shared>,
    file: Arc<File>,
    end: Mark,
    /// What the file is not longer than; zeros stand between the end and there.
    length: u64,
    file_bytes: u32,
}

impl Journal {
    /// Goes on at `end`, in the last file. A file that has come to `file_bytes` is followed by
    /// another.
    pub(super) fn new(shared: Arc<Shared>, file: Arc<File>, end: Mark, file_bytes: u32) -> Self {
        Self {
            shared,
            file,
            end,
            length: end.offset.into(),
            file_bytes,
        }
    }

    /// The file that is written.
    pub(super) fn file(&self) -> u32 {
        self.end.file
    }

    /// Where the next frame will stand; in a new file if the last one is full.
    pub(super) fn end(&mut self) -> Result<Mark, Error> {
        if self.end.offset >= self.file_bytes {
            // Only the last file may have room behind its frames.
            self.cut_room()
                .and_then(|()| self.file.sync_all())
                .map_err(|e| Error::backend("ending a file of the journal", e))?;
            let number = self.end.file.saturating_add(1);
            self.file = self.shared.files.make(number)?;
            point!("journal-made");
            self.end = Mark {
                file: number,
                ..Mark::FIRST
            };
            self.length = self.end.offset.into();
        }
        Ok(self.end)
    }

    fn cut_room(&mut self) -> io::Result<()> {
        let end = self.end.offset.into();
        if self.length > end {
            self.file.set_len(end)?;
            self.length = end;
        }
        Ok(())
    }

    /// Makes room behind a group that does not fit into what there is.
    fn make_room(&mut self, group_end: u64, group_bytes: usize) {
        if group_end <= self.length {
            return;
        }
        self.length = group_end;
        if group_bytes > ROOM_GROUP_BYTES_MAX || group_end >= self.file_bytes.into() {
            return;
        }
        // What does not get onto a full disk is no fault of this group, which is written.
        self.length = match self.file.write_all_at(&ROOM, group_end) {
            Ok(()) => group_end.saturating_add(ROOM.len() as u64),
            Err(_) => u64::MAX,
        };
        point!("journal-room-made");
    }

    /// Writes sealed frames; they are on disk afterwards.
    pub(super) fn append(&mut self, frames: &[&Frame]) -> Result<(), Fault> {
        let bytes = frames.iter().map(|frame| frame.bytes().len()).sum();
        point!("journal-before-write");
        if let Err(error) = self.write(frames) {
            let error = Error::backend("writing to the journal", error);
            // Something of it may stand in the room, or behind it.
            self.length = u64::MAX;
            return Err(match self.cut_room() {
                Ok(()) => Fault::Undone(error),
                Err(_) => self.unknown(error),
            });
        }
        let end = self.end.after(bytes);
        self.make_room(end.offset.into(), bytes);
        point!("journal-before-sync");
        // A sync that succeeds after one that failed says nothing about what that one lost.
        if let Err(error) = self.file.sync_data() {
            let error = Error::backend("syncing the journal", error);
            return Err(self.unknown(error));
        }
        point!("journal-after-sync");
        self.end = end;
        told::journal(bytes);
        Ok(())
    }

    /// What is on disk is left as it is from now on.
    fn unknown(&mut self, error: Error) -> Fault {
        self.length = self.end.offset.into();
        Fault::Unknown(error)
    }

    fn write(&self, frames: &[&Frame]) -> io::Result<()> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.end.offset.into()))?;
        for frames in frames.chunks(BUFFERS_MAX) {
            let mut buffers: Vec<_> = frames
                .iter()
                .map(|frame| IoSlice::new(frame.bytes()))
                .collect();
            let mut left = buffers.as_mut_slice();
            while !left.is_empty() {
                match file.write_vectored(left) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(written) => IoSlice::advance_slices(&mut left, written),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // What stays is cut off when the folder is opened.
        let _ = self.cut_room();
    }
}
