//! What a file is, by its content: names and endings are not to be relied on.

use memchr::memmem;

use crate::file::Refusal;
use crate::file::container::{protected, unsupported};

/// Begins a packed file, and one that is empty.
const PACKED: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// Begins a compound file: the spreadsheets of before 2007, and those with a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// The part of a compound file that holds what a password protects, in UTF-16.
const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// What some files begin with that are taken for a return by mistake.
const OTHERS: [(&[u8], &str); 9] = [
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
];

/// A kind of file that may be a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text, which CSV has no mark to tell it by.
    Text,
    /// A spreadsheet, packed.
    Packed,
}

/// The format of a file, or why it is none that is read.
pub(crate) fn of(bytes: &[u8]) -> Result<Format, Refusal> {
    if PACKED.iter().any(|mark| bytes.starts_with(mark)) {
        return Ok(Format::Packed);
    }
    if bytes.starts_with(COMPOUND) {
        return Err(if memmem::find(bytes, ENCRYPTED).is_some() {
            protected()
        } else {
            unsupported("XLS")
        });
    }
    match OTHERS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        Some((_, kind)) => Err(unsupported(kind)),
        None => Ok(Format::Text),
    }
}
