//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConnection;
use rustls::pki_types::DnsName;
use tonic::codegen::http::Request;
use tonic::transport::server::TcpConnectInfo;
use webpki::EndEntityCert;

use crate::server::Given;

/// What is known of the other end of a connection without a call; every request of it carries this, and
/// tonic's `TcpConnectInfo` too.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    local_address: Option<SocketAddr>,
    address: Option<SocketAddr>,
    is_by_tls: bool,
    names: Arc<[String]>,
    given: Given,
}

impl Peer {
    /// Somebody without TLS.
    pub(crate) fn plain(local_address: Option<SocketAddr>, address: Option<SocketAddr>) -> Self {
        Self {
            local_address,
            address,
            ..Self::default()
        }
    }

    /// Somebody after the handshake, which checked the certificate if there is one.
    pub(crate) fn by_tls(self, connection: &ServerConnection) -> Self {
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        let parsed = certificate.and_then(|found| EndEntityCert::try_from(found).ok());
        let names = parsed
            .iter()
            .flat_map(|certificate| certificate.valid_dns_names());
        Self {
            is_by_tls: true,
            names: names.map(str::to_ascii_lowercase).collect(),
            ..self
        }
    }

    /// Where the connection comes from.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Whether the connection is by TLS that ends here.
    pub fn is_by_tls(&self) -> bool {
        self.is_by_tls
    }

    /// The DNS names of the certificate that was shown and checked, in lower case; none without one. A
    /// wildcard is none of them: it is the name of nobody.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What was sent over the connection and not taken yet.
    pub(crate) fn given(&self) -> &Given {
        &self.given
    }

    /// Leaves with a request of the connection what tonic's own connections leave there.
    pub(crate) fn tell<B>(mut request: Request<B>) -> Request<B> {
        if let Some(peer) = request.extensions().get::<Self>() {
            let told = TcpConnectInfo {
                local_addr: peer.local_address,
                remote_addr: peer.address,
            };
            request.extensions_mut().insert(told);
        }
        request
    }
}

/// A text that no certificate can have as its one DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a peer is named by a DNS name without wildcard")]
pub struct NameError;

/// The name of a peer as [`Peer::names`] has it.
pub fn peer_name(text: &str) -> Result<String, NameError> {
    DnsName::try_from(text).map_err(|_| NameError)?;
    Ok(text.to_ascii_lowercase())
}
