//! Writing the journal: frames at the end of its last file, on disk before anybody is answered.

use std::fs::File;
use std::io::{self, IoSlice, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use super::frame::Frame;
use super::shared::Shared;
use super::{files, point};
use crate::Error;
use crate::told;

/// The most buffers that one call hands to the operating system.
const BUFFERS_MAX: usize = 1024;

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
            let number = self.end.file.saturating_add(1);
            self.file = self.shared.files.make(number)?;
            point!("journal-made");
            self.end = Mark {
                file: number,
                ..Mark::FIRST
            };
        }
        Ok(self.end)
    }

    /// Writes sealed frames; they are on disk afterwards.
    pub(super) fn append(&mut self, frames: &[&Frame]) -> Result<(), Fault> {
        let bytes = frames.iter().map(|frame| frame.bytes().len()).sum();
        point!("journal-before-write");
        if let Err(error) = self.write(frames) {
            let error = Error::backend("writing to the journal", error);
            let start = u64::from(self.end.offset);
            return Err(match self.file.set_len(start) {
                Ok(()) => Fault::Undone(error),
                Err(_) => Fault::Unknown(error),
            });
        }
        point!("journal-before-sync");
        // A sync that succeeds after one that failed says nothing about what that one lost.
        if let Err(error) = self.file.sync_data() {
            let error = Error::backend("syncing the journal", error);
            return Err(Fault::Unknown(error));
        }
        point!("journal-after-sync");
        self.end = self.end.after(bytes);
        told::journal(bytes);
        Ok(())
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
