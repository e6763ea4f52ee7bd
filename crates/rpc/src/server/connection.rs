//! Connections that can be cut.
//!
//! tonic runs each connection in a task of its own that nothing can end from outside. Here the
//! socket itself fails on demand, so the task, and with it the service it holds, ends. A client that
//! has not said a word by the stop has no call to finish, and is cut then.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tracing::warn;

use super::Listener;

/// Wait after a failed accept. It fails at once again while the process has no file handles left,
/// and would keep a core busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// All connections of one server.
#[derive(Default)]
pub(super) struct Connections {
    cut: CancellationToken,
    /// Held by each open connection, to count them.
    open: Arc<()>,
}

impl Connections {
    /// The connections clients make to `listener`, as they come.
    pub(super) fn accept(
        &self,
        listener: Listener,
        stop: CancellationToken,
    ) -> impl Stream<Item = io::Result<Connection>> + use<> {
        let cut = self.cut.clone();
        // Weak: the accept loop itself is no open connection.
        let open = Arc::downgrade(&self.open);
        TcpListenerStream::new(listener.into_socket()).then(move |accepted| {
            let connection = accepted.map(|stream| {
                // Small answers must not wait for large ones; failing to say so is no harm.
                let _ = stream.set_nodelay(true);
                Connection {
                    stream,
                    is_cut: Box::pin(cut.clone().cancelled_owned()),
                    cut: cut.clone(),
                    silent: Some(Box::pin(stop.clone().cancelled_owned())),
                    _open: open.upgrade(),
                }
            });
            async {
                if let Err(error) = &connection {
                    warn!(%error, "accepting a connection failed");
                    sleep(ACCEPT_PAUSE).await;
                }
                connection
            }
        })
    }

    /// Ends all connections and says how many there were.
    pub(super) fn cut(&self) -> usize {
        let open = Arc::strong_count(&self.open).saturating_sub(1);
        self.cut.cancel();
        open
    }
}

/// A TCP connection that fails once it is cut.
pub(super) struct Connection {
    stream: TcpStream,
    cut: CancellationToken,
    is_cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The stop of the server, until the client has said something.
    silent: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    _open: Option<Arc<()>>,
}

impl Connection {
    /// Fails when cut, and otherwise sees that the task is woken when that happens.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.is_cancelled() || self.is_cut.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if let Some(stop) = &mut self.silent
            && stop.as_mut().poll(context).is_ready()
        {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.silent = None;
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
