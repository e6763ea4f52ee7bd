//! Serving HTTP/1.1 within bounds: so many connections, so long for the head of a request, and so
//! long after the stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// Open connections at most; one more waits.
const CONNECTIONS_MAX: usize = 256;

/// How long the head of a request may take to come.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a connection that are held at most, with the head of a request.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How long to wait when no connection can be taken, because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `stop` is cancelled; what is still open after `drain_timeout` is cut.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    drain_timeout: Duration,
    stop: CancellationToken,
) {
    if let Ok(address) = listener.local_addr() {
        info!(server = "validation pages", %address, "serving");
    }
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    while let Some(taken) = stop.run_until_cancelled(next(&listener, &places)).await {
        while connections.try_join_next().is_some() {}
        let Some((stream, place)) = taken else {
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(drain_timeout, graceful.shutdown()).await.is_err() {
        warn!("pages took too long to drain, connections were cut");
    }
    connections.shutdown().await;
}

/// The next connection with its place; `None` when one could not be taken.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    // The semaphore is never closed.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            warn!(%error, "a connection could not be taken");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
