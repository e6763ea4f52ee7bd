//! Serving pages, by HTTP/1.1 within bounds: so many connections, so long for the head of a request,
//! and so long after the stop.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming as Received;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::util::ServiceExt as _;
use tracing::{debug, info, warn};

use super::incoming::{Incoming, Socket};
use super::measured::MeasuredPages;
use super::readers::Readers;
use super::{Limits, Listener};
use crate::tls::Peer;

/// Bytes of a connection that are held at most, with the head of a request.
pub const PAGE_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How HTTP/2 begins.
const PREFACE: &[u8; 3] = b"PRI";

/// The answer to it.
const ONLY_HTTP_1: &[u8] =
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long to wait when no connection can be taken, because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers those who ask for pages.
pub trait Pages: Clone + Send + Sync + 'static {
    /// The answer where it lies ready, so that nobody is waited for; none where [`answer`](Self::answer) is
    /// to be asked.
    fn at_once<B>(&self, _asked: &Request<B>, _peer: &Peer) -> Option<Response<Body>> {
        None
    }

    /// The answer to somebody.
    fn answer(
        self,
        asked: Request<Body>,
        peer: Peer,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send;
}

/// Its handlers find who asks among the extensions of the request.
impl Pages for Router {
    fn answer(
        self,
        mut asked: Request<Body>,
        peer: Peer,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send {
        asked.extensions_mut().insert(peer);
        self.oneshot(asked)
    }
}

/// Serves `pages` until `stop` is cancelled; what is still open after
/// [`Limits::drain_timeout`] is cut. Who asks faster than [`Limits::page_rate`] is told when to come again.
pub async fn serve_pages<P: Pages>(
    name: &'static str,
    listener: Listener,
    pages: P,
    limits: &Limits,
    stop: CancellationToken,
) {
    info!(server = name, address = %listener.local_addr(), "serving");
    let graceful = GracefulShutdown::new();
    let readers = Arc::new(Readers::within(limits));
    let measured = Arc::new(MeasuredPages::new(name));
    let mut incoming = listener.into_pages().within(limits);
    let mut connections = JoinSet::new();
    while let Some(taken) = stop.run_until_cancelled(next(&mut incoming)).await {
        while connections.try_join_next().is_some() {}
        let Some(mut socket) = taken else {
            continue;
        };
        let reader = Arc::new(Reader {
            pages: pages.clone(),
            peer: socket.peer().clone(),
            readers: Arc::clone(&readers),
            measured: Arc::clone(&measured),
        });
        let service = service_fn(move |asked| {
            let reader = Arc::clone(&reader);
            async move { reader.answer(asked).await }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.first_bytes_timeout)
            .max_buf_size(PAGE_BUFFER_BYTES_MAX);
        let (watcher, stop) = (graceful.watcher(), stop.clone());
        let (age_max, first_bytes_timeout) =
            (limits.connection_age_max, limits.first_bytes_timeout);
        connections.spawn(async move {
            let looked = timeout(first_bytes_timeout, turned_away(&mut socket));
            if stop.run_until_cancelled(looked).await != Some(Ok(false)) {
                return;
            }
            let connection = builder.serve_connection(TokioIo::new(socket), service);
            match timeout(age_max, watcher.watch(connection)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => debug!(%error, "a connection ended"),
                Err(_) => debug!("a connection lasted too long"),
            }
        });
    }
    drop(incoming);
    if timeout(limits.drain_timeout, graceful.shutdown())
        .await
        .is_err()
    {
        warn!(
            server = name,
            "pages took too long to drain, connections were cut"
        );
    }
    connections.shutdown().await;
}

/// Whether the client speaks HTTP/2, as whoever takes a page for a service does, and was told that this is
/// nothing of the kind.
async fn turned_away(socket: &mut Socket) -> bool {
    let mut bytes = [0; PREFACE.len()];
    let is_other = socket.peek(&mut bytes).await.is_ok() && bytes == *PREFACE;
    if is_other && socket.write_all(ONLY_HTTP_1).await.is_ok() {
        // What is not read before the end takes the answer with it.
        let mut rest = [0; 1024];
        while socket.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    }
    is_other
}

/// Who is at the other end of a connection, and what they get.
struct Reader<P> {
    pages: P,
    peer: Peer,
    readers: Arc<Readers>,
    measured: Arc<MeasuredPages>,
}

impl<P: Pages> Reader<P> {
    async fn answer(&self, asked: Request<Received>) -> Result<Response<Body>, Infallible> {
        let begun = Instant::now();
        let refused = self.readers.refusal(&self.peer, asked.headers());
        let at_once = refused.or_else(|| self.pages.at_once(&asked, &self.peer));
        let response = if let Some(response) = at_once {
            response
        } else {
            let answering = self.pages.clone();
            // On its own, so that what is ready is not moved about with room for what is not.
            Box::pin(answering.answer(asked.map(Body::new), self.peer.clone())).await?
        };
        self.measured.note(begun, &response);
        Ok(response)
    }
}

/// The next connection; `None` when one could not be taken.
async fn next(incoming: &mut Incoming) -> Option<Socket> {
    match incoming.accept().await {
        Ok(socket) => Some(socket),
        Err(error) => {
            warn!(%error, "a connection could not be taken");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
