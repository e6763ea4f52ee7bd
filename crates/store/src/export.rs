//! A whole store as a stream of bytes, independent of the back end: what a backup is, and the way
//! from one back end to another. `docs/store-format.md` is its description.
//!
//! The same state of a store is the same bytes. They are written and read a piece at a time, so
//! neither side holds a store whole. Every byte is in the digest at the end: [`Reading`] gives out
//! rows before it has seen it, and [`load`] ends a load only after it, so a file that is cut or
//! changed never becomes a store that opens.
//!
//! It is neither compressed nor encrypted: what carries or keeps it does that.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use crate::commit::VALUE_BYTES_MAX;
use crate::dump::DUMP_PAGE_ROWS;
use crate::{Dump, DumpRow, Store, Version, layout};

/// The format that is written, and the newest that is read.
pub const FORMAT: u32 = 1;
/// The longest name of a store, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// What every export begins with. A transfer that changes ends of lines, or that is not clean for
/// eight bits, shows here.
const MAGIC: &[u8; 8] = b"\x89Mesur\r\n";
const ROW: u8 = 1;
const END: u8 = 2;
const DIGEST_BYTES: usize = 32;
/// How much is read from a file at a time: 64 KiB.
const READ_BYTES: usize = 64 * 1024;

/// Why an export cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It begins with other bytes.
    #[error("this is no export of a store of Mesur")]
    NotAnExport,
    /// It was written by a newer Mesur.
    #[error("the export has format {found}; this program reads up to {FORMAT}: use a newer one")]
    NewerFormat {
        /// The format found.
        found: u32,
    },
    /// It is not what was written: use another copy of it.
    #[error("the export is damaged at byte {at}: {problem}; use another copy of it")]
    Damaged {
        /// How many bytes before were as they should be.
        at: u64,
        /// What does not fit.
        problem: &'static str,
    },
    /// The store that is exported or loaded failed.
    #[error(transparent)]
    Store(#[from] crate::Error),
    /// The file cannot be read or written.
    #[error("{doing} the export")]
    File {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// What an export says of itself before its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Which store it is of, such as `submission`.
    pub name: String,
    /// The last commit that is in it.
    pub version: Version,
}

/// What a whole export is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What it says of itself.
    pub header: Header,
    /// Keys and log entries.
    pub rows: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// SHA-256 of all bytes but itself, with which it ends.
    pub digest: [u8; DIGEST_BYTES],
}

/// An export as it is made.
pub struct Export {
    dump: Dump,
    name: String,
    state: State,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Done([u8; DIGEST_BYTES]),
}

impl Export {
    /// The store as it is now, under its name of at most [`NAME_BYTES_MAX`] bytes.
    pub async fn of(store: &dyn Store, name: &str) -> Result<Self, Error> {
        crate::commit::within("bytes of a store's name", name.len(), NAME_BYTES_MAX)?;
        Ok(Self {
            dump: store.dump().await?,
            name: name.to_owned(),
            state: State::Header,
            hash: Sha256::new(),
            rows: 0,
            bytes: 0,
        })
    }

    /// The next bytes, a few megabytes at most; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = Vec::new();
        match self.state {
            State::Done(_) => return Ok(None),
            State::Header => {
                bytes.extend_from_slice(MAGIC);
                bytes.extend_from_slice(&FORMAT.to_be_bytes());
                put_short(&mut bytes, self.name.as_bytes());
                bytes.extend_from_slice(&self.dump.version().get().to_be_bytes());
                self.state = State::Rows;
                self.hash.update(&bytes);
            }
            State::Rows => {
                let rows = self.dump.next().await?;
                for row in &rows {
                    bytes.push(ROW);
                    put_short(&mut bytes, &row.key);
                    bytes.extend_from_slice(&row.version.get().to_be_bytes());
                    put_length(&mut bytes, row.value.len());
                    bytes.extend_from_slice(&row.value);
                    self.rows = self.rows.saturating_add(1);
                }
                if rows.is_empty() {
                    bytes.push(END);
                    bytes.extend_from_slice(&self.rows.to_be_bytes());
                }
                self.hash.update(&bytes);
                if rows.is_empty() {
                    let digest: [u8; DIGEST_BYTES] =
                        std::mem::take(&mut self.hash).finalize().into();
                    bytes.extend_from_slice(&digest);
                    self.state = State::Done(digest);
                }
            }
        }
        self.bytes = self.bytes.saturating_add(length(bytes.len()));
        Ok(Some(bytes))
    }

    /// What was made; `None` before the end.
    pub fn contents(&self) -> Option<Contents> {
        let State::Done(digest) = self.state else {
            return None;
        };
        Some(Contents {
            header: Header {
                name: self.name.clone(),
                version: self.dump.version(),
            },
            rows: self.rows,
            bytes: self.bytes,
            digest,
        })
    }
}

/// A short text or key behind two bytes of length; both have limits far below.
fn put_short(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    to.extend_from_slice(&length.to_be_bytes());
    to.extend_from_slice(bytes);
}

fn put_length(to: &mut Vec<u8>, length: usize) {
    // A value has a limit far below.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    to.extend_from_slice(&length.to_be_bytes());
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// An export as it is read, of bytes as they come.
#[derive(Default)]
pub struct Reading {
    held: Vec<u8>,
    hash: Sha256,
    read: u64,
    header: Option<Header>,
    rows: u64,
    last: Vec<u8>,
    digest: Option<[u8; DIGEST_BYTES]>,
}

impl Reading {
    /// What the export says of itself, once that has been read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Takes bytes; answers with the rows that are whole with them. Nothing may rest on them before
    /// [`Reading::finish`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<DumpRow>, Error> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut rest = Rest(&held);
        let mut rows = Vec::new();
        let mut taken = 0;
        // One item at a time: what is not there whole waits for more bytes.
        while let Some(item) = self.item(&mut rest)? {
            let end = held.len().saturating_sub(rest.0.len());
            let bytes = held.get(taken..end).unwrap_or_default();
            if self.digest.is_none() {
                self.hash.update(bytes);
            }
            self.read = self.read.saturating_add(length(bytes.len()));
            taken = end;
            if let Item::Row(row) = item {
                rows.push(row);
            }
        }
        self.held = held.get(taken..).unwrap_or_default().to_vec();
        Ok(rows)
    }

    /// The next item; `None` while it is not there whole.
    fn item(&mut self, rest: &mut Rest<'_>) -> Result<Option<Item>, Error> {
        if self.digest.is_some() {
            return match rest.0 {
                [] => Ok(None),
                _ => Err(self.damaged("there is something behind its end")),
            };
        }
        let before = *rest;
        let item = if self.header.is_none() {
            self.take_header(rest)?
        } else {
            match rest.bytes(1) {
                Some([ROW]) => self.take_row(rest)?,
                Some([END]) => self.take_end(before, rest)?,
                Some(_) => return Err(self.damaged("neither a row nor the end")),
                None => None,
            }
        };
        if item.is_none() {
            *rest = before;
        }
        Ok(item)
    }

    fn take_header(&mut self, rest: &mut Rest<'_>) -> Result<Option<Item>, Error> {
        let shown = rest.0.len().min(MAGIC.len());
        if rest.0.get(..shown) != MAGIC.get(..shown) {
            return Err(Error::NotAnExport);
        }
        if rest.bytes(MAGIC.len()).is_none() {
            return Ok(None);
        }
        let Some(found) = rest.array().map(u32::from_be_bytes) else {
            return Ok(None);
        };
        match found {
            FORMAT => {}
            0 => return Err(self.damaged("it has no format")),
            _ => return Err(Error::NewerFormat { found }),
        }
        let Some(name) = rest.short() else {
            return Ok(None);
        };
        let name = str::from_utf8(name)
            .ok()
            .filter(|name| name.len() <= NAME_BYTES_MAX);
        let name = name.ok_or_else(|| self.damaged("the store's name"))?;
        let Some(version) = rest.version() else {
            return Ok(None);
        };
        self.header = Some(Header {
            name: name.to_owned(),
            version,
        });
        Ok(Some(Item::Frame))
    }

    fn take_row(&mut self, rest: &mut Rest<'_>) -> Result<Option<Item>, Error> {
        let Some(key) = rest.short() else {
            return Ok(None);
        };
        if !layout::is_dumped(key) {
            return Err(self.damaged("the key of a row"));
        }
        if self.rows > 0 && key <= self.last.as_slice() {
            return Err(self.damaged("rows are not in order"));
        }
        let Some(version) = rest.version() else {
            return Ok(None);
        };
        let last = self.header.as_ref().map(|header| header.version);
        if version == Version::ZERO || Some(version) > last {
            return Err(self.damaged("the version of a row"));
        }
        let Some(length) = rest.array().map(u32::from_be_bytes) else {
            return Ok(None);
        };
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= VALUE_BYTES_MAX);
        let length = length.ok_or_else(|| self.damaged("the length of a value"))?;
        let Some(value) = rest.bytes(length) else {
            return Ok(None);
        };
        self.last = key.to_vec();
        self.rows = self.rows.saturating_add(1);
        Ok(Some(Item::Row(DumpRow {
            key: key.to_vec(),
            version,
            value: value.to_vec(),
        })))
    }

    fn take_end(&mut self, before: Rest<'_>, rest: &mut Rest<'_>) -> Result<Option<Item>, Error> {
        let Some(rows) = rest.array().map(u64::from_be_bytes) else {
            return Ok(None);
        };
        let hashed = before.0.len().saturating_sub(rest.0.len());
        let Some(digest) = rest.array::<DIGEST_BYTES>() else {
            return Ok(None);
        };
        if rows != self.rows {
            return Err(self.damaged("it has another number of rows than it says"));
        }
        self.hash.update(before.0.get(..hashed).unwrap_or_default());
        let found: [u8; DIGEST_BYTES] = std::mem::take(&mut self.hash).finalize().into();
        if found != digest {
            return Err(self.damaged("its digest is another than it says"));
        }
        self.digest = Some(digest);
        Ok(Some(Item::Frame))
    }

    /// What was read, if it was all of it and as it was written.
    pub fn finish(self) -> Result<Contents, Error> {
        match (&self.header, self.digest) {
            (Some(header), Some(digest)) => Ok(Contents {
                header: header.clone(),
                rows: self.rows,
                bytes: self.read,
                digest,
            }),
            _ => Err(self.damaged("it is cut short")),
        }
    }

    fn damaged(&self, problem: &'static str) -> Error {
        Error::Damaged {
            at: self.read,
            problem,
        }
    }
}

/// What an export is made of.
enum Item {
    /// A row.
    Row(DumpRow),
    /// The header or the end.
    Frame,
}

/// What is not read yet.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn version(&mut self) -> Option<Version> {
        Some(Version::new(u64::from_be_bytes(self.array()?)))
    }

    fn short(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.array()?);
        self.bytes(length.into())
    }
}

/// Writes the store as it is now.
pub async fn write(store: &dyn Store, name: &str, to: &mut impl Write) -> Result<Contents, Error> {
    let mut export = Export::of(store, name).await?;
    while let Some(bytes) = export.next().await? {
        to.write_all(&bytes).map_err(file("writing"))?;
    }
    to.flush().map_err(file("writing"))?;
    export.contents().ok_or(Error::Damaged {
        at: 0,
        problem: "it has no end",
    })
}

/// Reads an export to its end, and keeps nothing of it.
pub fn check(from: &mut impl Read) -> Result<Contents, Error> {
    let mut reading = Reading::default();
    while let Some(rows) = next(from, &mut reading)? {
        drop(rows);
    }
    reading.finish()
}

/// Loads an export into a store that is new and that nobody else uses. After a failure the store
/// is of no use; one in a folder is refused when it is opened.
pub async fn load(from: &mut impl Read, store: &dyn Store) -> Result<Contents, Error> {
    let mut reading = Reading::default();
    let mut page = Vec::new();
    while let Some(rows) = next(from, &mut reading)? {
        for row in rows {
            page.push(row);
            if page.len() == DUMP_PAGE_ROWS {
                store.load(std::mem::take(&mut page)).await?;
            }
        }
    }
    let contents = reading.finish()?;
    store.load(page).await?;
    store.finish_load(contents.header.version).await?;
    Ok(contents)
}

/// The rows of the next bytes of a file; `None` at its end.
fn next(from: &mut impl Read, reading: &mut Reading) -> Result<Option<Vec<DumpRow>>, Error> {
    let mut piece = Vec::with_capacity(READ_BYTES);
    let limit = length(READ_BYTES);
    let read = from.by_ref().take(limit).read_to_end(&mut piece);
    match read.map_err(file("reading"))? {
        0 => Ok(None),
        _ => reading.push(&piece).map(Some),
    }
}

fn file(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::File { doing, source }
}
