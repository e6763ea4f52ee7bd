//! Reading the journal back.
//!
//! Commits are written behind one another and synced a group at a time, and no group is written before
//! the one before it is on disk. So a crash can only tear the last group: the store goes on in front of
//! the first frame that is not whole; zeros that were to be written over ([`journal`](super::journal)) are
//! none. A frame that is not whole with a later group behind it, or in a
//! file that is not the last, was whole once: that is damage, and nothing is opened.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::files::{self, Files, damaged};
use super::frame::{Frame, HEAD_BYTES, Head, MAGIC};
use super::journal::Mark;
use crate::Error;

/// What stands at a place of a file.
pub(super) enum Next {
    /// A whole frame.
    Frame(Head, Frame),
    /// The end of the file.
    End,
    /// Something else.
    Torn,
}

/// What stands at `offset` of a file of `length` bytes.
pub(super) fn next(file: &File, offset: u32, length: u64) -> Result<Next, Error> {
    let offset = u64::from(offset);
    let left = length.saturating_sub(offset);
    if left == 0 {
        return Ok(Next::End);
    }
    let mut head = [0; HEAD_BYTES];
    if left < head.len() as u64 {
        return Ok(Next::Torn);
    }
    read_at(file, &mut head, offset)?;
    let Some(head) = Head::read(&head) else {
        return Ok(Next::Torn);
    };
    let start = offset + HEAD_BYTES as u64;
    if start + u64::from(head.length) > length {
        return Ok(Next::Torn);
    }
    let mut rows = vec![0; head.length as usize];
    read_at(file, &mut rows, start)?;
    let frame = head.frame(&rows);
    Ok(frame.map_or(Next::Torn, |frame| Next::Frame(head, frame)))
}

fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> Result<(), Error> {
    file.read_exact_at(bytes, offset)
        .map_err(|e| Error::backend("reading the journal", e))
}

/// Hands over every whole frame from `from` on, with its place; where the journal goes on. What a
/// crash left of a group behind it is cut off.
pub(super) fn replay(
    files: &Files,
    from: Mark,
    mut take: impl FnMut(Head, Frame, Mark) -> Result<(), Error>,
) -> Result<Mark, Error> {
    let mut numbers = files.numbers();
    numbers.retain(|number| *number >= from.file);
    if let Some(last) = numbers.last().copied()
        && last > from.file
        && was_being_made(files, last)?
    {
        files.remove(last)?;
        numbers.pop();
    }
    let mut mark = from;
    let last = numbers.last().copied().unwrap_or(from.file);
    for number in from.file..=last {
        let path = files.path(number);
        let length = files.bytes(number)?;
        if number > from.file {
            mark = Mark {
                file: number,
                ..Mark::FIRST
            };
        }
        if !files.is_begun(number) || length < u64::from(mark.offset) {
            return Err(damaged(&path, "it was cut short or written over"));
        }
        let Some(file) = files.get(number) else {
            return Err(damaged(&path, "it is missing"));
        };
        loop {
            match next(&file, mark.offset, length)? {
                Next::End => break,
                Next::Frame(head, frame) => {
                    let bytes = frame_bytes(head);
                    take(head, frame, mark)?;
                    mark = mark.after(bytes);
                }
                Next::Torn => {
                    if number != last || is_followed(&file, mark.offset, length)? {
                        let problem = format!("it is damaged at byte {}", mark.offset);
                        return Err(damaged(&path, problem));
                    }
                    let cut = file.set_len(mark.offset.into());
                    cut.map_err(|e| Error::backend("cutting off what a crash left", e))?;
                    break;
                }
            }
        }
    }
    let file = files.get(last);
    let file = file.ok_or_else(|| damaged(&files.path(last), "it is missing"))?;
    // What the crash of the process alone left may be more than is on disk.
    file.sync_all()
        .map_err(|e| Error::backend("syncing the journal", e))?;
    Ok(mark)
}

/// Whether the file is what a crash leaves of one that was being made; nothing was ever in it.
fn was_being_made(files: &Files, number: u32) -> Result<bool, Error> {
    Ok(files.bytes(number)? <= files::START.into() && !files.is_begun(number))
}

/// Bytes of the frame with this head.
pub(super) fn frame_bytes(head: Head) -> usize {
    HEAD_BYTES + head.length as usize
}

/// Whether a whole frame of a later group stands behind the torn one at `torn`.
fn is_followed(file: &File, torn: u32, length: u64) -> Result<bool, Error> {
    let mut rest = vec![0; usize::try_from(length - u64::from(torn)).unwrap_or_default()];
    read_at(file, &mut rest, torn.into())?;
    for (start, window) in rest.windows(HEAD_BYTES).enumerate().skip(1) {
        let Some(head) = window.first_chunk().filter(|_| window.starts_with(MAGIC)) else {
            continue;
        };
        let Some(head) = Head::read(head).filter(|head| head.group > torn) else {
            continue;
        };
        let offset = torn.saturating_add(u32::try_from(start).unwrap_or(u32::MAX));
        if head.group <= offset && matches!(next(file, offset, length)?, Next::Frame(..)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether anything was ever committed to a journal that has no index.
pub(super) fn holds_frames(files: &Files) -> Result<bool, Error> {
    for number in files.numbers() {
        let length = files.bytes(number)?;
        let Some(file) = files.get(number) else {
            continue;
        };
        if matches!(next(&file, files::START, length)?, Next::Frame(..)) {
            return Ok(true);
        }
    }
    Ok(false)
}
