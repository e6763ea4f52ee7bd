//! A zip archive of one form only: files as they are, one after the other, in the order of their
//! names, with nothing that could be otherwise.
//!
//! Any program unpacks it. It is our own because every byte of a bundle has to be one that verification
//! can tell: no library promises the same heads over its versions, and none refuses a comment, a time
//! or a gap that no digest covers. Reading takes the files by their heads and then writes the archive
//! again; what comes out must be what came in.
//!
//! Deliberately not here: compression, archives of more than 4 GiB or 65,535 files.

use std::ops::Range;

use flate2::Crc;

use crate::error::Error;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;

/// What a reader of the format must know: 1.0, the least.
const VERSION: u16 = 10;
/// The name is UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1 January 1980, the earliest day that the format has.
const DAY: u16 = 0x21;

/// The lengths of the heads, without names.
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;

/// Packs files, in the order in which they come.
pub(crate) fn write(files: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = number(archive.len())?;
        let head = head(name, content)?;
        archive.extend(LOCAL.to_le_bytes());
        archive.extend(&head);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&head);
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).map_err(|_| Error::TooLarge)?;
    let (offset, length) = (number(archive.len())?, number(directory.len())?);
    archive.extend(directory);
    archive.extend(END.to_le_bytes());
    archive.extend([0; 4]);
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(offset.to_le_bytes());
    archive.extend([0; 2]);
    number(archive.len())?;
    Ok(archive)
}

fn number(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|_| Error::TooLarge)
}

/// What stands in both heads of a file: from the version to the length of what is added to the name.
fn head(name: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
    let length = number(content.len())?;
    let name_length = u16::try_from(name.len()).map_err(|_| Error::TooLarge)?;
    let mut crc = Crc::new();
    crc.update(content);
    let mut head = Vec::with_capacity(LOCAL_BYTES);
    for half in [VERSION, FLAGS, 0, 0, DAY] {
        head.extend(half.to_le_bytes());
    }
    for word in [crc.sum(), length, length] {
        head.extend(word.to_le_bytes());
    }
    head.extend(name_length.to_le_bytes());
    head.extend([0; 2]);
    Ok(head)
}

/// The files of an archive, each a name and where its content lies; `None` when it is not an archive of
/// this form. What is read need not be what [`write`] makes of it: the caller compares.
pub(crate) fn read(archive: &[u8]) -> Option<Vec<(String, Range<usize>)>> {
    let mut files = Vec::new();
    let mut at = 0_usize;
    while u32_at(archive, at)? == LOCAL {
        let length = usize::try_from(u32_at(archive, at.checked_add(18)?)?).ok()?;
        let name_length = usize::from(u16_at(archive, at.checked_add(26)?)?);
        let name_at = at.checked_add(LOCAL_BYTES)?;
        let content_at = name_at.checked_add(name_length)?;
        let end = content_at.checked_add(length)?;
        let name = String::from_utf8(archive.get(name_at..content_at)?.to_vec()).ok()?;
        archive.get(content_at..end)?;
        files.push((name, content_at..end));
        at = end;
    }
    // Enough of a directory for all of them.
    let directory = files.len().checked_mul(CENTRAL_BYTES)?;
    archive.get(at..at.checked_add(directory)?)?;
    Some(files)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}
