//! A release as one signed file, and the check of it that needs nothing else.
//!
//! A bundle is a zip archive of `manifest.json`, `manifest.sig`, `signing-key.pem` and, under `files/`,
//! every file of the release. The manifest says what the release is made from and has the digest of
//! every file; the signature is Ed25519 over the bytes of the manifest. Both can be checked by hand with
//! `openssl pkeyutl -verify -pubin -inkey signing-key.pem -rawin -in manifest.json -sigfile manifest.sig`.
//!
//! Promises: the same release and key are the same bytes; no byte of a bundle can be another without
//! [`verify`] finding it; what is not found to be wrong is what the holder of the key signed. Whose
//! key it is a bundle cannot say: that is for the key that the reader trusts.
//!
//! Deliberately not here: making and keeping the key of a publisher, which comes in.

mod key;
mod report;

use std::io::{self, Read};

use mesur_catalogue::ContentHash;
use serde::{Deserialize, Serialize};

use crate::archive;
use crate::error::Error;
use crate::file::File;

pub use key::{KeyError, PublicKey, Signer};
pub use report::{CheckedFile, Problem, Report, Trust};

/// The name of the bundle among the files of a release.
pub const FILE: &str = "bundle.zip";
const MEDIA_TYPE: &str = "application/zip";

/// What this module writes and reads.
const FORMAT: &str = "mesur-release-bundle/1";

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
const KEY: &str = "signing-key.pem";
const FOLDER: &str = "files/";

/// A return that is in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// The authority's code.
    pub authority: String,
    /// `authorities/{authority}/returns/{return}/revisions/{revision}`.
    pub name: String,
    /// The digest of its content.
    pub digest: String,
}

/// What a release is and what it is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// `releases/{release}/revisions/{revision}`.
    pub release: String,
    /// The reference; empty when there is none.
    pub reference: String,
    /// The revision, from 1.
    pub revision: u32,
    /// The title in English.
    pub title: String,
    /// The title in Welsh; empty where it is not held.
    pub title_cy: String,
    /// The day of publication, ISO 8601; absent where none is set.
    pub publish_day: Option<String>,
    /// `collections/{collection}/editions/{period}`.
    pub edition: String,
    /// The digest of the edition.
    pub edition_digest: String,
    /// `snapshots/{snapshot}`.
    pub snapshot: String,
    /// The digest of the snapshot.
    pub snapshot_digest: String,
    /// The returns, in the order of the edition's authorities.
    pub returns: Vec<Return>,
    /// The decisions in force, by their names.
    pub decisions: Vec<String>,
}

/// A file by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name within the release.
    pub name: String,
    /// The media type.
    pub media_type: String,
    /// The length.
    pub size_bytes: u64,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `mesur-release-bundle/1`.
    pub format: String,
    /// The release.
    pub release: Facts,
    /// Its files, in the order of their names.
    pub files: Vec<Entry>,
}

/// Puts the files of a release into a bundle and signs it.
pub fn write(facts: Facts, files: &[File], signer: &Signer) -> Result<File, Error> {
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let entries = files.iter().map(|file| Entry {
        name: file.name.clone(),
        media_type: file.media_type.to_owned(),
        size_bytes: u64::try_from(file.content.len()).unwrap_or(u64::MAX),
        digest: ContentHash::of(&file.content),
    });
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        release: facts,
        files: entries.collect(),
    };
    let mut text = serde_json::to_vec_pretty(&manifest)?;
    text.push(b'\n');
    let signature = signer.sign(&text);
    let key = signer.public_key().to_pem();
    let names: Vec<String> = files.iter().map(|file| packed_name(&file.name)).collect();
    let mut packed: Vec<(&str, &[u8])> = vec![
        (MANIFEST, &text),
        (SIGNATURE, &signature),
        (KEY, key.as_bytes()),
    ];
    let contents = files.iter().map(|file| file.content.as_slice());
    packed.extend(names.iter().map(String::as_str).zip(contents));
    Ok(File::new(FILE, MEDIA_TYPE, archive::write(&packed)?))
}

fn packed_name(name: &str) -> String {
    format!("{FOLDER}{name}")
}

/// Checks a bundle down to each digest. With a key, that it is the one that signed.
///
/// Fails only when the bundle cannot be read; whatever is wrong with it is in the report, all of it.
pub fn verify(mut bundle: impl Read, trusted: Option<&PublicKey>) -> io::Result<Report> {
    let mut bytes = Vec::new();
    bundle.read_to_end(&mut bytes)?;
    Ok(report::report(&bytes, trusted))
}
