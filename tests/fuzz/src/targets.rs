//! The readers, each as a function of bytes that answers which outcome it was.

mod editions;
mod files;
mod stored;
mod tokens;
mod wire;

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// One reader.
pub(crate) struct Target {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Reads the bytes; inputs of the same outcome are told as one.
    pub(crate) run: fn(&[u8]) -> u64,
    /// What our own code writes for it.
    pub(crate) seeds: fn() -> anyhow::Result<Vec<Vec<u8>>>,
    /// Words that it knows.
    pub(crate) words: &'static [&'static str],
}

/// All of them.
pub(crate) const TARGETS: [Target; 15] = [
    files::CSV,
    files::XLSX,
    files::ODS,
    files::PACKED,
    editions::FOLDER,
    editions::TEXTS,
    tokens::PAGE,
    tokens::JWKS,
    tokens::BEARER,
    stored::KEY,
    stored::EXPORT,
    stored::JOURNAL,
    wire::SUBMITTED,
    wire::CONTENT,
    wire::NAMES,
];

fn outcome(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
