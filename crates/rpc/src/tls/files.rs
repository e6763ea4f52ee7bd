//! Reading PEM: certificates, keys and authorities.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::Error;

/// What everybody may do with a file, among the bits of its mode.
#[cfg(unix)]
const EVERYBODY: u32 = 0o007;

/// The one cryptography that is used.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A certificate with its chain, and the key that must be its own.
pub(super) fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, Error> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(Error::Pem)?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(Error::Pair)
}

/// Those who vouch for others.
pub(super) fn authorities(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(pem)? {
        authorities.add(certificate).map_err(Error::Authority)?;
    }
    Ok(authorities)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(Error::Pem)?;
    if found.is_empty() {
        return Err(Error::NoCertificate);
    }
    Ok(found)
}

/// Refuses a key that is no secret on this machine.
#[cfg(unix)]
pub(super) fn check_secret(key: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    let about = fs::metadata(key).map_err(|error| Error::NoKey(key.to_owned(), error))?;
    if about.mode() & EVERYBODY == 0 {
        Ok(())
    } else {
        Err(Error::OpenKey(key.to_owned()))
    }
}

/// Who may read a file is not said by a mode here.
#[cfg(not(unix))]
pub(super) fn check_secret(key: &Path) -> Result<(), Error> {
    let about = fs::metadata(key).map_err(|error| Error::NoKey(key.to_owned(), error))?;
    drop(about);
    Ok(())
}
