//! Connections as clients make them, by TLS where the listener has it.
//!
//! Handshakes run beside each other and beside accepting, so that a slow one delays nobody else. So
//! many are at work at most: the one that has taken longest gives way to the next, so that clients who
//! never finish one cannot keep others out.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::admission::Admission;
use super::patience::Patience;
use super::places::Place;
use super::{Limits, Listener};
use crate::tls::{Peer, ServerTls};

/// How long a handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Handshakes at work at one time on one listener; one more ends the oldest.
pub const HANDSHAKES_MAX: usize = 128;

/// What a listener is for, which says what is spoken on its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Calls,
    Pages,
}

/// The connections of a listener.
pub struct Incoming {
    socket: TcpListener,
    tls: Option<ServerTls>,
    used_for: Use,
    admission: Admission,
    handshakes: JoinSet<Option<Socket>>,
    /// Those at work, the oldest first, among some that have ended.
    order: VecDeque<AbortHandle>,
}

impl Incoming {
    pub(super) fn new(listener: Listener, used_for: Use) -> Self {
        let (socket, tls) = listener.into_parts();
        Self {
            socket,
            tls,
            used_for,
            admission: Admission::within(&Limits::default()),
            handshakes: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    /// The same, with as many connections and as much patience as `limits` say.
    #[must_use]
    pub fn within(self, limits: &Limits) -> Self {
        let admission = Admission::within(limits);
        Self { admission, ..self }
    }

    /// The next connection; a connection whose handshake fails is none. It may be given up and asked
    /// again.
    pub async fn accept(&mut self) -> io::Result<Socket> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    pub(super) fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        loop {
            match self.handshakes.poll_join_next(context) {
                Poll::Ready(Some(Ok(Some(socket)))) => return Poll::Ready(Ok(socket)),
                Poll::Ready(Some(_)) => continue,
                Poll::Ready(None) | Poll::Pending => {}
            }
            let (stream, address) = ready!(self.socket.poll_accept(context))?;
            let Some(place) = self.admission.enter(address.ip()) else {
                continue;
            };
            // Small answers must not wait for large ones; failing to say so is no harm.
            let _ = stream.set_nodelay(true);
            let peer = Peer::plain(stream.local_addr().ok(), Some(address));
            let Some(tls) = &self.tls else {
                let stream = Stream::Plain(stream);
                let patience = self.admission.patience(&peer);
                return Poll::Ready(Ok(Socket {
                    stream,
                    peer,
                    patience,
                    _place: place,
                }));
            };
            let config = match self.used_for {
                Use::Calls => tls.for_calls(),
                Use::Pages => tls.for_pages(),
            };
            self.make_room();
            let handshake = self.handshakes.spawn(handshake(
                config,
                stream,
                peer,
                (self.admission.clone(), place),
            ));
            self.order.push_back(handshake);
        }
    }

    fn make_room(&mut self) {
        if self.order.len() < HANDSHAKES_MAX {
            return;
        }
        self.order.retain(|handshake| !handshake.is_finished());
        if self.order.len() >= HANDSHAKES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            debug!("a handshake gave way to a newer one");
            oldest.abort();
        }
    }
}

async fn handshake(
    config: Arc<ServerConfig>,
    stream: TcpStream,
    peer: Peer,
    (admission, place): (Admission, Place),
) -> Option<Socket> {
    let address = peer.address();
    let made = TlsAcceptor::from(config).accept(stream);
    match timeout(HANDSHAKE_TIMEOUT, made).await {
        Ok(Ok(stream)) => Some(Socket {
            patience: admission.patience(&peer),
            _place: place,
            peer: peer.by_tls(stream.get_ref().1),
            stream: Stream::Tls(Box::new(stream)),
        }),
        Ok(Err(error)) => {
            debug!(?address, %error, "a handshake failed");
            None
        }
        Err(_) => {
            debug!(?address, "a handshake took too long");
            None
        }
    }
}

/// An open connection.
pub struct Socket {
    stream: Stream,
    peer: Peer,
    patience: Patience,
    _place: Place,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Looks at the first bytes, which stay to be read. By TLS there are none to see: what is spoken was
    /// agreed on in the handshake.
    pub(super) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match &self.stream {
            Stream::Plain(stream) => stream.peek(bytes).await,
            Stream::Tls(_) => Ok(0),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.patience.check(context)?;
        let before = buffer.filled().len();
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if let Some(heard) = buffer.filled().get(before..) {
            self.patience.heard(heard);
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.patience.check(context)?;
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        self.patience.wrote(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.patience.check(context)?;
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        };
        self.patience.wrote(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.patience.check(context)?;
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        };
        self.patience.wrote(&polled);
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
