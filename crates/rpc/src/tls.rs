//! Certificates: how a server and a client of it know that they speak with whom they mean.
//!
//! Both sides take TLS 1.2 or 1.3 with ring's cryptography, and nothing older. Certificates, keys and
//! authorities are PEM files that are looked at again for each handshake, at most once a second: what
//! changed counts for the connections that are made from then on, and those that are open go on. Files
//! that make no sense, or a certificate with the key of another, are not taken; the log says so and
//! what was read before still counts.
//!
//! A key that everybody on the machine can read is refused, that of a group is not: secrets that a
//! platform mounts belong to a group.
//!
//! Deliberately not here: revocation. A certificate counts until it expires, so an authority should give
//! short ones; taking the authority out of the file ends all that it vouched for.

mod client;
mod files;
mod peer;
mod server;
mod validity;

use std::path::PathBuf;

use mesur_access::watched;

pub use client::{ClientTls, ConnectError};
pub use peer::{NameError, Peer, peer_name};
pub use rustls::pki_types::CertificateDer;
pub use server::ServerTls;

/// Bytes of a file with certificates or a key at most: 1 MiB, four times the authorities of a platform.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// A certificate and what proves that it is one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and after it those between it and the authority, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// Why files cannot be used.
pub type FileError = watched::Error<Error>;

/// Why the content of files makes no sense. It repeats nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not PEM, or not of what it says.
    #[error("it is not PEM as it should be")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// PEM of something else.
    #[error("it holds no certificate")]
    NoCertificate,
    /// Everybody on the machine can read the key.
    #[error("{} can be read by everybody; let only its owner and its group read it", .0.display())]
    OpenKey(PathBuf),
    /// The key's file is not there.
    #[error("{} cannot be looked at", .0.display())]
    NoKey(PathBuf, #[source] std::io::Error),
    /// The certificate is not one, or the key is that of another.
    #[error("the certificate and the key cannot be used together")]
    Pair(#[source] rustls::Error),
    /// A certificate of the authorities is not one.
    #[error("an authority cannot be used")]
    Authority(#[source] rustls::Error),
    /// The authorities cannot vouch for anybody.
    #[error("the authorities cannot be used")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
    /// The cryptography does not have what TLS needs.
    #[error("this TLS cannot be spoken")]
    Protocol(#[source] rustls::Error),
}
