//! The check of a bundle.
//!
//! The form of the archive is checked last and by writing it again from what was found: a byte that no
//! digest covers would make other bytes.

use std::collections::BTreeMap;

use mesur_catalogue::ContentHash;

use super::{Entry, FORMAT, KEY, MANIFEST, Manifest, PublicKey, SIGNATURE, packed_name};
use crate::archive;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the bundle says of itself, where it can be read.
    pub manifest: Option<Manifest>,
    /// The key that it was signed with, where it can be read.
    pub key: Option<PublicKey>,
    /// What is known of that key.
    pub trust: Trust,
    /// Every file that the manifest names, in its order.
    pub files: Vec<CheckedFile>,
    /// Everything that is wrong; empty for a sound bundle.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What is known of the key that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It is the one that the reader trusts.
    Trusted,
    /// The reader named none: the bundle holds together, and anybody may have signed it.
    Unknown,
    /// It is another than the one that the reader trusts.
    Refused,
}

/// A file of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// What the manifest says of it.
    pub entry: Entry,
    /// The digest that it has; `None` when it is not there.
    pub found: Option<String>,
}

impl CheckedFile {
    /// Whether it is what was signed.
    pub fn is_sound(&self) -> bool {
        self.found.as_deref() == Some(self.entry.digest.as_str())
    }
}

/// Something wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes are no bundle.
    #[error("this is not a release bundle")]
    NotABundle,
    /// A file that must be there is not.
    #[error("{name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A file is there that the manifest does not name, or one stands twice.
    #[error("{name} does not belong to the bundle")]
    Unexpected {
        /// Its name.
        name: String,
    },
    /// The manifest cannot be read.
    #[error("the manifest cannot be read")]
    Manifest,
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Key,
    /// The key is not the trusted one.
    #[error("the bundle was signed with another key, {fingerprint}")]
    OtherKey {
        /// The fingerprint of the key that it was signed with.
        fingerprint: String,
    },
    /// The signature is not one of the manifest.
    #[error("the manifest is not what was signed")]
    Signature,
    /// A file is not what was signed.
    #[error("{name} is not what was signed: its digest is {found}")]
    Digest {
        /// Its name.
        name: String,
        /// The digest that it has.
        found: String,
    },
    /// A file has another length than the manifest says.
    #[error("{name} has another length than was signed")]
    Length {
        /// Its name.
        name: String,
    },
    /// All files are right, and other bytes are not: in heads, between files or behind them.
    #[error("the archive has bytes that do not belong to it")]
    Form,
}

/// Checks the bytes of a bundle.
pub(super) fn report(bytes: &[u8], trusted: Option<&PublicKey>) -> Report {
    let mut report = Report {
        manifest: None,
        key: None,
        trust: Trust::Unknown,
        files: Vec::new(),
        problems: Vec::new(),
    };
    let Some(packed) = archive::read(bytes).filter(|packed| !packed.is_empty()) else {
        report.problems.push(Problem::NotABundle);
        return report;
    };
    let mut contents: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for (name, range) in &packed {
        let content = bytes.get(range.clone()).unwrap_or_default();
        if contents.insert(name, content).is_some() {
            report
                .problems
                .push(Problem::Unexpected { name: name.clone() });
        }
    }
    let mut form = Vec::new();
    let mut take = |name: &str, report: &mut Report| {
        let content = contents.remove(name);
        match content {
            Some(content) => form.push((name.to_owned(), content)),
            None => report.problems.push(Problem::Missing {
                name: name.to_owned(),
            }),
        }
        content
    };
    let manifest = take(MANIFEST, &mut report).unwrap_or_default();
    let signature = take(SIGNATURE, &mut report).unwrap_or_default();
    let pem = take(KEY, &mut report).unwrap_or_default();
    check_signature(&mut report, manifest, signature, (pem, trusted));
    report.manifest = serde_json::from_slice(manifest)
        .ok()
        .filter(|manifest: &Manifest| manifest.format == FORMAT);
    if report.manifest.is_none() {
        report.problems.push(Problem::Manifest);
    }
    let entries = report.manifest.iter().flat_map(|manifest| &manifest.files);
    for entry in entries.cloned().collect::<Vec<_>>() {
        let content = take(&packed_name(&entry.name), &mut report);
        check_file(&mut report, entry, content);
    }
    for name in contents.into_keys() {
        let name = name.to_owned();
        report.problems.push(Problem::Unexpected { name });
    }
    let form: Vec<_> = form
        .iter()
        .map(|(name, content)| (name.as_str(), *content))
        .collect();
    if report.is_sound() && archive::write(&form).ok().as_deref() != Some(bytes) {
        report.problems.push(Problem::Form);
    }
    report
}

fn check_signature(
    report: &mut Report,
    manifest: &[u8],
    signature: &[u8],
    (pem, trusted): (&[u8], Option<&PublicKey>),
) {
    let key = std::str::from_utf8(pem).ok().and_then(|pem| {
        PublicKey::from_pem(pem)
            .ok()
            .filter(|key| key.to_pem() == pem)
    });
    let Some(key) = key else {
        report.problems.push(Problem::Key);
        return;
    };
    report.key = Some(key);
    if let Some(trusted) = trusted {
        report.trust = if *trusted == key {
            Trust::Trusted
        } else {
            let fingerprint = key.fingerprint();
            report.problems.push(Problem::OtherKey { fingerprint });
            Trust::Refused
        };
    }
    if !key.is_signature(signature, manifest) {
        report.problems.push(Problem::Signature);
    }
}

fn check_file(report: &mut Report, entry: Entry, content: Option<&[u8]>) {
    let found = content.map(ContentHash::of);
    let file = CheckedFile { entry, found };
    if let (Some(found), false) = (&file.found, file.is_sound()) {
        report.problems.push(Problem::Digest {
            name: file.entry.name.clone(),
            found: found.clone(),
        });
    }
    let length = content.map(|content| u64::try_from(content.len()).unwrap_or(u64::MAX));
    if length.is_some_and(|length| length != file.entry.size_bytes) {
        report.problems.push(Problem::Length {
            name: file.entry.name.clone(),
        });
    }
    report.files.push(file);
}
