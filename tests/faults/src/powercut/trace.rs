//! Reads what the recorder writes; `recorder/trace.h` says what a record is.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

const HEADER_BYTES: usize = 24;

/// One thing that the writer did to its files, or a note of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    Open {
        fd: i32,
        path: PathBuf,
        is_new: bool,
        emptied: bool,
    },
    Close {
        fd: i32,
    },
    Write {
        fd: i32,
        offset: u64,
        bytes: Vec<u8>,
    },
    SetLength {
        fd: i32,
        length: u64,
    },
    SyncStart {
        fd: i32,
        sync: u64,
    },
    SyncEnd {
        sync: u64,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    MakeFolder {
        path: PathBuf,
    },
    /// A note of the writer.
    Mark {
        text: String,
    },
    Duplicate {
        fd: i32,
        made: i32,
    },
    /// The writer was started, again if it died before.
    Start,
}

impl Record {
    /// Whether a disk may have more, or must have more, after this record.
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::SyncStart { .. } | Self::SyncEnd { .. })
    }
}

/// Reads a whole trace. A record that is cut short at the end is that of a writer that was ended in
/// the middle of it, and is left out.
pub(crate) fn read(mut bytes: &[u8]) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) {
        let number = |at: usize| -> anyhow::Result<[u8; 4]> {
            let bytes = header.get(at..).and_then(<[u8]>::first_chunk);
            bytes.copied().context("a header is cut short")
        };
        let operation = u32::from_ne_bytes(number(0)?);
        let fd = i32::from_ne_bytes(number(4)?);
        let wide = header.get(8..).and_then(<[u8]>::first_chunk);
        let wide = u64::from_ne_bytes(*wide.context("a header is cut short")?);
        let first = usize::try_from(u32::from_ne_bytes(number(16)?))?;
        let second = usize::try_from(u32::from_ne_bytes(number(20)?))?;
        let Some((first, rest)) = rest.split_at_checked(first) else {
            break;
        };
        let Some((second, rest)) = rest.split_at_checked(second) else {
            break;
        };
        records.push(record(operation, fd, wide, first, second)?);
        bytes = rest;
    }
    ensure!(!records.is_empty(), "the trace is empty");
    Ok(records)
}

fn record(
    operation: u32,
    fd: i32,
    number: u64,
    first: &[u8],
    second: &[u8],
) -> anyhow::Result<Record> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).context("a path is not UTF-8");
    Ok(match operation {
        1 => Record::Open {
            fd,
            path: text(first)?.into(),
            is_new: number & 1 != 0,
            emptied: number & 2 != 0,
        },
        2 => Record::Close { fd },
        3 => Record::Write {
            fd,
            offset: number,
            bytes: first.to_vec(),
        },
        4 => Record::SetLength { fd, length: number },
        5 => Record::SyncStart { fd, sync: number },
        6 => Record::SyncEnd { sync: number },
        7 => Record::Rename {
            from: text(first)?.into(),
            to: text(second)?.into(),
        },
        8 => Record::Unlink {
            path: text(first)?.into(),
        },
        9 => Record::MakeFolder {
            path: text(first)?.into(),
        },
        10 => Record::Mark { text: text(first)? },
        11 => Record::Duplicate {
            fd,
            made: i32::try_from(number)?,
        },
        12 => bail!(
            "the store used {}, which no trace can tell of",
            text(first)?
        ),
        13 => Record::Start,
        _ => bail!("a record of the unknown operation {operation}"),
    })
}
