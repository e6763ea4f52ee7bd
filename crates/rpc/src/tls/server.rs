//! The server's side of a handshake.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mesur_access::watched::{RECHECK_INTERVAL, WatchedFiles};
use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;

use super::files::{authorities, certified, check_secret, provider};
use super::validity::Validity;
use super::{Error, FILE_BYTES_MAX, FileError, Identity};

/// What a server shows, and whose certificates of clients it takes. Cloning it is cheap; its clones read
/// the files once for all.
#[derive(Clone)]
pub struct ServerTls(Arc<WatchedFiles<Configs, Error>>);

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

struct Configs {
    calls: Arc<ServerConfig>,
    pages: Arc<ServerConfig>,
}

impl ServerTls {
    /// Shows the certificate of `identity`. A client need not show one; one that it shows must be
    /// vouched for by the authorities in the file `peers`, or is not asked for without one.
    pub fn open(identity: &Identity, peers: Option<&Path>) -> Result<Self, FileError> {
        let mut paths = vec![identity.certificate.clone(), identity.key.clone()];
        paths.extend(peers.map(Path::to_owned));
        let key: PathBuf = identity.key.clone();
        let parse = move |files: &[Vec<u8>]| {
            check_secret(&key)?;
            let [certificate, key, peers @ ..] = files else {
                return Err(Error::NoCertificate);
            };
            Configs::new(certificate, key, peers.first().map(Vec::as_slice))
        };
        let files = WatchedFiles::open(paths, FILE_BYTES_MAX, RECHECK_INTERVAL, Box::new(parse))?;
        Ok(Self(Arc::new(files)))
    }

    /// For gRPC.
    pub(crate) fn for_calls(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.get().calls)
    }

    /// For pages: HTTP/1.1, and no browser is asked for a certificate.
    pub(crate) fn for_pages(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.get().pages)
    }
}

impl Configs {
    fn new(certificate: &[u8], key: &[u8], peers: Option<&[u8]>) -> Result<Self, Error> {
        let certified = certified(certificate, key)?;
        let validity = Validity::of_chain(&certified.cert);
        let certified = Arc::new(SingleCertAndKey::from(certified));
        let builder = || {
            ServerConfig::builder_with_provider(provider())
                .with_safe_default_protocol_versions()
                .map_err(Error::Protocol)
        };
        let mut pages = builder()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certified) as _);
        pages.alpn_protocols = vec![b"http/1.1".to_vec()];
        let calls = builder()?;
        let calls = match peers {
            None => calls.with_no_client_auth(),
            Some(peers) => {
                let authorities = Arc::new(authorities(peers)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider())
                    .allow_unauthenticated()
                    .build()?;
                calls.with_client_cert_verifier(verifier)
            }
        };
        let mut calls = calls.with_cert_resolver(certified);
        calls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A session that is taken up again does not look at the certificate of the client again.
        calls.session_storage = Arc::new(NoServerSessionStorage {});
        calls.send_tls13_tickets = 0;
        if let Some(validity) = validity {
            validity.tell();
        }
        Ok(Self {
            calls: Arc::new(calls),
            pages: Arc::new(pages),
        })
    }
}
