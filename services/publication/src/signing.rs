//! The key that signs bundles, as a file.
//!
//! A publisher's key is given; on a desk it is made when it is not there yet. Readers trust the key,
//! so a file that is there and cannot be read is an error, and never replaced by a new key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use mesur_outputs::bundle::{KeyError, Signer};

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file cannot be read or written.
    #[error("the signing key {path}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file has no such key.
    #[error("the signing key {path}")]
    Key {
        /// Where it is.
        path: PathBuf,
        /// The cause.
        #[source]
        source: KeyError,
    },
}

/// The key in a file, as `openssl genpkey -algorithm ed25519` writes it.
pub fn signer_from_file(path: &Path) -> Result<Signer, SigningKeyError> {
    let pem = fs::read_to_string(path).map_err(file_error(path))?;
    Signer::from_pem(&pem).map_err(|source| SigningKeyError::Key {
        path: path.to_owned(),
        source,
    })
}

/// The key in a file; a new one, which only the owner can read, where there is no file. Its public key
/// is put beside it, with the ending `.pub.pem`, for those who check bundles.
pub fn signer_kept_at(path: &Path) -> Result<Signer, SigningKeyError> {
    if !path.try_exists().map_err(file_error(path))? {
        make(path)?;
    }
    let signer = signer_from_file(path)?;
    let public = path.with_extension("pub.pem");
    let pem = signer.public_key().to_pem();
    fs::write(&public, pem).map_err(file_error(&public))?;
    Ok(signer)
}

/// Written beside its place and linked there, so that half a key is never there, and of several processes
/// that make one the first has made it for all.
fn make(path: &Path) -> Result<(), SigningKeyError> {
    let pem = Signer::generate_pem().map_err(|source| SigningKeyError::Key {
        path: path.to_owned(),
        source,
    })?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // One that a killed process left could be open to others: make it anew.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file: File = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    write().map_err(file_error(path))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> SigningKeyError {
    let path = path.to_owned();
    |source| SigningKeyError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_one_that_is_broken_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys/signing-key.pem");
        let public_key = signer_kept_at(&path).expect("a key").public_key();
        assert_eq!(
            signer_kept_at(&path).expect("a key").public_key(),
            public_key
        );
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let beside = fs::read_to_string(path.with_extension("pub.pem")).expect("a file");
        assert_eq!(beside, public_key.to_pem());
        // Another process saw no key, and was slower.
        make(&path).expect("made");
        let kept = signer_from_file(&path).expect("a key").public_key();
        assert_eq!(kept, public_key);
        let names = fs::read_dir(folder.path().join("keys")).expect("a folder");
        assert_eq!(names.count(), 2);
        fs::write(&path, "half").expect("written");
        let refused = signer_kept_at(&path);
        assert!(
            matches!(refused, Err(SigningKeyError::Key { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read_to_string(&path).expect("a file"), "half");
    }
}
