//! The client's side of a handshake, and the connector of a channel over it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use mesur_access::watched::{RECHECK_INTERVAL, WatchedFiles};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::http::Uri;

use super::files::{authorities, certified, check_secret, provider};
use super::{Error, FILE_BYTES_MAX, FileError, Identity};

/// The protocol of a channel.
const PROTOCOL: &[u8] = b"h2";

/// The port of an `https` address that names none.
const PORT: u16 = 443;

/// Whom a client trusts, and which certificate it shows. Cloning it is cheap; its clones read the files
/// once for all.
#[derive(Clone)]
pub struct ClientTls(Source);

#[derive(Clone)]
enum Source {
    Fixed(Arc<ClientConfig>),
    Files(Arc<WatchedFiles<Arc<ClientConfig>, Error>>),
}

/// Why no secure connection could be made. The reason is in the text, because a status of gRPC has nothing
/// else of it.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address names no host.
    #[error("{0} names no server")]
    NoName(Uri),
    /// Nobody answers there.
    #[error("connecting to {host}: {reason}")]
    Connect {
        /// The host and the port.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// The server is not who it should be, or does not take us.
    #[error("making the connection to {host} secure: {reason}")]
    Handshake {
        /// The host and the port.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The server speaks no HTTP/2.
    #[error("{host} does not speak HTTP/2")]
    Protocol {
        /// The host and the port.
        host: String,
    },
}

impl ClientTls {
    /// Trusts servers that the authorities in a file vouch for, and shows a certificate if it has one.
    pub fn open(authorities: &Path, identity: Option<&Identity>) -> Result<Self, FileError> {
        let mut paths = vec![authorities.to_owned()];
        if let Some(Identity { certificate, key }) = identity {
            paths.extend([certificate.clone(), key.clone()]);
        }
        let key: Option<PathBuf> = identity.map(|identity| identity.key.clone());
        let parse = move |files: &[Vec<u8>]| {
            if let Some(key) = &key {
                check_secret(key)?;
            }
            match files {
                [trusted] => config(self::authorities(trusted)?, None),
                [trusted, certificate, key] => {
                    config(self::authorities(trusted)?, Some((certificate, key)))
                }
                _ => Err(Error::NoCertificate),
            }
        };
        let files = WatchedFiles::open(paths, FILE_BYTES_MAX, RECHECK_INTERVAL, Box::new(parse))?;
        Ok(Self(Source::Files(Arc::new(files))))
    }

    /// Trusts servers that these authorities vouch for, and shows nothing. What is no certificate of an
    /// authority is left out: a platform's store may hold what nobody can use.
    pub fn trusting(
        trusted: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted);
        if roots.is_empty() {
            return Err(Error::NoCertificate);
        }
        Ok(Self(Source::Fixed(config(roots, None)?)))
    }

    fn config(&self) -> Arc<ClientConfig> {
        match &self.0 {
            Source::Fixed(config) => Arc::clone(config),
            Source::Files(files) => Arc::clone(&files.get()),
        }
    }

    /// Connects to the host of an address, whose certificate must be of that name.
    pub(crate) async fn connect(
        self,
        to: Uri,
    ) -> Result<TokioIo<TlsStream<TcpStream>>, ConnectError> {
        let no_name = || ConnectError::NoName(to.clone());
        let name = to.host().ok_or_else(no_name)?;
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let port = to.port_u16().unwrap_or(PORT);
        let expected = ServerName::try_from(name.to_owned()).map_err(|_| no_name())?;
        let host = format!("{}:{port}", to.host().unwrap_or_default());
        let stream = TcpStream::connect((name, port)).await;
        let stream = stream.map_err(|error| ConnectError::Connect {
            host: host.clone(),
            reason: error.to_string(),
        })?;
        // Small requests must not wait for large ones; failing to say so is no harm.
        let _ = stream.set_nodelay(true);
        let stream = TlsConnector::from(self.config()).connect(expected, stream);
        let stream = stream.await.map_err(|error| ConnectError::Handshake {
            host: host.clone(),
            reason: error.to_string(),
        })?;
        if stream.get_ref().1.alpn_protocol() != Some(PROTOCOL) {
            return Err(ConnectError::Protocol { host });
        }
        Ok(TokioIo::new(stream))
    }
}

fn config(
    trusted: RootCertStore,
    identity: Option<(&Vec<u8>, &Vec<u8>)>,
) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(Error::Protocol)?
        .with_root_certificates(trusted);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certified = SingleCertAndKey::from(certified(certificate, key)?);
            builder.with_client_cert_resolver(Arc::new(certified))
        }
    };
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // A connection lasts long, and each is to show what is in the files now.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
