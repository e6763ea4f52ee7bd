//! Connections that can be cut.
//!
//! tonic runs each connection in a task of its own that nothing can end from outside. Here the
//! socket itself fails on demand, so the task, and with it the service it holds, ends. A client that
//! has not said a word by the stop has no call to finish, and is cut then.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mesur_telemetry::{Held, table};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;
use tracing::warn;

use super::gathered::Gathered;
use super::incoming::{Incoming, Socket};
use super::{Limits, Listener};
use crate::tls::Peer;

/// Wait after a failed accept. It fails at once again while the process has no file handles left,
/// and would keep a core busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// All connections of one server.
#[derive(Default)]
pub(super) struct Connections {
    cut: CancellationToken,
    /// Set before that is cancelled: a look at it costs nothing.
    is_cut: Arc<AtomicBool>,
    /// Held by each open connection, to count them.
    open: Arc<()>,
}

impl Connections {
    /// The connections clients make to `listener`, as they come.
    pub(super) fn accept(
        &self,
        listener: Listener,
        limits: &Limits,
        stop: CancellationToken,
    ) -> impl Stream<Item = io::Result<Connection>> + use<> {
        let cut = self.cut.clone();
        let is_cut = Arc::clone(&self.is_cut);
        table::CONNECTIONS_CUT.add([], 0);
        // Weak: the accept loop itself is no open connection.
        let open = Arc::downgrade(&self.open);
        Accepting(listener.into_calls().within(limits)).then(move |accepted| {
            let connection = accepted.map(|stream| Connection {
                stream: Gathered::new(stream),
                is_cut: Arc::clone(&is_cut),
                cut: Box::pin(cut.clone().cancelled_owned()),
                waker: None,
                silent: Some(Box::pin(stop.clone().cancelled_owned())),
                _open: open.upgrade(),
                _told: told(),
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
        self.is_cut.store(true, Ordering::Release);
        self.cut.cancel();
        table::CONNECTIONS_CUT.add([], u64::try_from(open).unwrap_or(u64::MAX));
        open
    }
}

/// Tells of one more connection, which is open until what this answers is dropped.
fn told() -> Held {
    table::CONNECTIONS.one([]);
    table::CONNECTIONS_OPEN.of([]).held()
}

/// Accepting as the stream that tonic takes.
struct Accepting(Incoming);

impl Stream for Accepting {
    type Item = io::Result<Socket>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_accept(context).map(Some)
    }
}

/// A connection that fails once it is cut.
pub(super) struct Connection {
    stream: Gathered<Socket>,
    is_cut: Arc<AtomicBool>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Whom the cut wakes.
    waker: Option<Waker>,
    /// The stop of the server, until the client has said something.
    silent: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    _open: Option<Arc<()>>,
    _told: Held,
}

impl Connection {
    /// Fails when cut, and otherwise sees that the task is woken when that happens.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.is_cut.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let woken = self.waker.as_ref();
        if !woken.is_some_and(|waker| waker.will_wake(context.waker())) {
            if self.cut.as_mut().poll(context).is_ready() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.waker = Some(context.waker().clone());
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
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.stream.get_ref().peer().clone()
    }
}
