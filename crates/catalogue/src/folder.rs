//! The files of an edition, wherever they come from: bundled in the binary or a folder on disk.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::digest::ContentHash;
use crate::fault::{Faults, line_after};

/// The largest file that an edition may hold, but for its categories: 8 MiB.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The largest table of categories: 1 GiB, 128 bytes for each cell that an edition may have.
const CATEGORIES_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The table that grows with the cells of an edition.
const CATEGORIES: &str = "categories.csv";

/// The files that make up an edition; anything else in its folder is left alone.
pub(crate) const FILES: [&str; 13] = [
    "authorities.csv",
    "categories.csv",
    "changes.csv",
    "edition.toml",
    "figures.csv",
    "metrics.csv",
    "outside.csv",
    "population.csv",
    "reasons.csv",
    "release.cy.ftl",
    "release.en.ftl",
    "release.toml",
    "rules.csv",
];

/// The tables that an edition without its own shares with all others.
const SHARED: [&str; 2] = ["authorities.csv", "population.csv"];

static BUNDLED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/editions");

/// The content of an edition's folder, by file name.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    files: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// Reads an edition's files from disk. A folder without `authorities.csv` or `population.csv`
    /// uses the bundled table of the 22 Welsh authorities.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        if !path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder"));
        }
        let mut folder = Self::default();
        for name in FILES {
            let mut file = match std::fs::File::open(path.join(name)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(in_file(name, &error)),
            };
            folder.insert(name, read_up_to(&mut file, name, bytes_max(name))?);
        }
        Ok(folder.with_shared_tables())
    }

    /// The bundled editions.
    pub(crate) fn bundled() -> Vec<Self> {
        let editions = BUNDLED.dirs().flat_map(Dir::dirs);
        editions
            .map(|dir| {
                let mut folder = Self::default();
                for name in FILES {
                    if let Some(file) = dir.get_file(dir.path().join(name)) {
                        folder.insert(name, file.contents().to_vec());
                    }
                }
                folder.with_shared_tables()
            })
            .collect()
    }

    /// Whether the folder has a file.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The text of a file: `None` when absent, or when it is not UTF-8, which is then a fault.
    pub(crate) fn text(&self, name: &str, faults: &mut Faults) -> Option<&str> {
        let bytes = self.files.get(name)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let row = line_after(before);
                faults.at(name, row, "", "not UTF-8: save the file as UTF-8");
                None
            }
        }
    }

    /// The edition's identity: SHA-256 over every file's name, length and content in name order.
    pub(crate) fn digest(&self) -> String {
        let mut hash = ContentHash::default();
        for (name, bytes) in &self.files {
            hash.update(format!("{name}\0{}\0", bytes.len()));
            hash.update(bytes);
        }
        hash.finish()
    }

    fn with_shared_tables(mut self) -> Self {
        for name in SHARED {
            if !self.files.contains_key(name)
                && let Some(file) = BUNDLED.get_file(name)
            {
                self.insert(name, file.contents().to_vec());
            }
        }
        self
    }

    /// Files are kept without byte order mark and with plain line ends, so that the digest does
    /// not depend on the editor that saved them.
    fn insert(&mut self, name: &str, mut bytes: Vec<u8>) {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        // In place: a table may have a gibibyte.
        let mut kept = 0_usize;
        for at in 0..bytes.len() {
            let pair = (bytes.get(at), bytes.get(at.saturating_add(1)));
            if pair != (Some(&b'\r'), Some(&b'\n')) {
                bytes.swap(kept, at);
                kept = kept.saturating_add(1);
            }
        }
        bytes.truncate(kept);
        self.files.insert(name.to_owned(), bytes);
    }
}

/// All of a file that has at most so many bytes.
fn read_up_to(file: &mut impl Read, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| in_file(name, &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("{name} is larger than {bytes_max} bytes"),
        ));
    }
    Ok(bytes)
}

fn bytes_max(name: &str) -> u64 {
    if name == CATEGORIES {
        CATEGORIES_BYTES_MAX
    } else {
        FILE_BYTES_MAX
    }
}

fn in_file(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_categories_has_a_limit_of_its_own_and_each_file_is_read_up_to_its_limit() {
        assert_eq!(bytes_max(CATEGORIES), CATEGORIES_BYTES_MAX);
        for name in FILES.iter().filter(|name| **name != CATEGORIES) {
            assert_eq!(bytes_max(name), FILE_BYTES_MAX, "{name}");
        }
        let read = |bytes: u64| read_up_to(&mut io::repeat(b'x').take(bytes), CATEGORIES, 1_000);
        assert_eq!(read(1_000).expect("read").len(), 1_000);
        let refused = read(1_001).expect_err("refused");
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
