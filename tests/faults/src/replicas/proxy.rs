//! What stands between the services and a member, so that the way can be cut.
//!
//! A way that is cut is silent, as a network is: what was sent stays on it, and arrives late, when it is
//! mended.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Bytes that are taken at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// A way to one address that can be cut.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it is entered.
    pub(crate) address: SocketAddr,
    is_open: watch::Sender<bool>,
    passing: JoinHandle<()>,
}

impl Proxy {
    /// A way to `to`, which need not be there yet.
    pub(crate) async fn to(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (is_open, watched) = watch::channel(true);
        Ok(Self {
            address: listener.local_addr()?,
            is_open,
            passing: tokio::spawn(pass(listener, to, watched)),
        })
    }

    /// Cuts the way, or mends it.
    pub(crate) fn open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass(listener: TcpListener, to: SocketAddr, open: watch::Receiver<bool>) {
    // Ended with the way.
    let mut ways = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while ways.try_join_next().is_some() {}
        let open = open.clone();
        ways.spawn(async move {
            // Who is not there is not reached: the near side sees its connection closed.
            let Ok(far) = TcpStream::connect(to).await else {
                return;
            };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            tokio::select! {
                () = forward(near_read, far_write, open.clone()) => {}
                () = forward(far_read, near_write, open) => {}
            }
        });
    }
}

/// Passes on what comes until one side is gone.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut buffer = vec![0; PIECE_BYTES];
    while let Ok(length) = from.read(&mut buffer).await {
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else {
            return;
        };
        if open.wait_for(|open| *open).await.is_err() || to.write_all(piece).await.is_err() {
            return;
        }
    }
}
