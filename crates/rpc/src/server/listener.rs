//! A bound address: binding comes first at start-up, so that a taken port is found before any work.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::Error;

/// A listening socket that accepts nothing yet.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    socket: TcpListener,
}

impl Listener {
    /// Listens on `address`. Port 0 lets the system choose; see [`Listener::local_addr`].
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        Ok(Self {
            address: socket.local_addr().map_err(failed)?,
            socket,
        })
    }

    /// Listens on `127.0.0.1`, where only this machine can connect.
    pub async fn loopback(port: u16) -> Result<Self, Error> {
        Self::bind((Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// The address a client connects to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn into_socket(self) -> TcpListener {
        self.socket
    }
}
