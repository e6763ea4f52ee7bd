//! A bound address: binding comes first at start-up, so that a taken port is found before any work.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::incoming::{Incoming, Use};
use crate::tls::ServerTls;

/// A listening socket that accepts nothing yet.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    socket: TcpListener,
    tls: Option<ServerTls>,
    serving: CancellationToken,
}

impl Listener {
    /// Listens on `address`. Port 0 lets the system choose; see [`Listener::local_addr`].
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        Ok(Self {
            address: socket.local_addr().map_err(failed)?,
            socket,
            tls: None,
            serving: CancellationToken::new(),
        })
    }

    /// Takes connections by TLS, and no others.
    #[must_use]
    pub fn with_tls(self, tls: ServerTls) -> Self {
        let tls = Some(tls);
        Self { tls, ..self }
    }

    /// Listens on `127.0.0.1`, where only this machine can connect.
    pub async fn loopback(port: u16) -> Result<Self, Error> {
        Self::bind((Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// The address a client connects to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Cancelled when calls are taken: whoever listens before that is not ready yet.
    pub fn serving(&self) -> CancellationToken {
        self.serving.clone()
    }

    /// Whether connections are by TLS.
    pub fn is_by_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The connections of readers of pages, who speak HTTP/1.1 and show no certificate.
    pub fn into_pages(self) -> Incoming {
        Incoming::new(self, Use::Pages)
    }

    pub(super) fn into_calls(self) -> Incoming {
        Incoming::new(self, Use::Calls)
    }

    pub(super) fn into_parts(self) -> (TcpListener, Option<ServerTls>) {
        (self.socket, self.tls)
    }
}
