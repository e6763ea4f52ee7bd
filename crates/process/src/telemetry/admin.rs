//! The port for operators: probes and metrics, by plain HTTP/1.1.
//!
//! A connection has one request, no body of it is read, and it is cut after ten seconds whatever it
//! does. Nothing can be changed here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{interval, sleep, timeout};
use tracing::{debug, warn};

use super::probes::Probes;
use super::recorder::{Recorder, UPKEEP_INTERVAL};

/// Open connections at most; one more waits.
const CONNECTIONS_MAX: usize = 16;
/// How long the head of a request may take to come.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may last.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request that are held at most.
const BUFFER_BYTES_MAX: usize = 16 * 1024;
/// How long to wait when no connection can be taken, because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The format in which Prometheus reads metrics.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers until the process ends.
pub(super) async fn serve(listener: TcpListener, recorder: Recorder, probes: Probes) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut upkeep = interval(UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            accepted = next(&listener, &places) => {
                let Some((stream, place)) = accepted else { continue };
                let (recorder, probes) = (recorder.clone(), probes.clone());
                tokio::spawn(async move {
                    connection(stream, recorder, probes).await;
                    drop(place);
                });
            }
            _ = upkeep.tick() => recorder.tidy(),
        }
    }
}

/// The next connection with its place; `None` when one could not be taken. Dropping this loses neither.
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

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    recorder: Recorder,
    probes: Probes,
) {
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let response = answer(request.method(), request.uri().path(), &recorder, &probes);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "a connection ended"),
        Err(_) => debug!("a connection was cut after its time"),
    }
}

fn answer(method: &Method, path: &str, recorder: &Recorder, probes: &Probes) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match path {
        "/livez" => text(StatusCode::OK, "live\n"),
        "/startupz" if probes.has_started() => text(StatusCode::OK, "started\n"),
        "/readyz" if probes.is_ready() => text(StatusCode::OK, "ready\n"),
        "/readyz" if probes.has_started() => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        "/startupz" | "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        "/metrics" => {
            let metrics = recorder.render(probes.is_ready());
            respond(StatusCode::OK, METRICS, metrics)
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "/livez, /startupz, /readyz and /metrics are here\n",
        ),
    }
}

fn text(status: StatusCode, words: &'static str) -> Response<Body> {
    respond(status, TEXT, words)
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const GET: &str = "GET /livez HTTP/1.1\r\nhost: a\r\n";

    /// Serves a connection whose other end is given; what is on its way has room for so many bytes.
    fn served(room: usize) -> (DuplexStream, impl Future<Output = ()>) {
        let (client, server) = duplex(room);
        let stop = CancellationToken::new();
        let probes = Probes::new(stop.clone(), stop);
        (client, connection(server, Recorder::unseen(), probes))
    }

    #[tokio::test]
    async fn so_many_connections_are_open_and_the_next_waits_for_a_place() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (mut clients, mut held) = (Vec::new(), Vec::new());
        for _ in 0..CONNECTIONS_MAX {
            clients.push(TcpStream::connect(address).await.unwrap());
            held.push(next(&listener, &places).await.unwrap());
        }
        clients.push(TcpStream::connect(address).await.unwrap());
        tokio::select! {
            biased;
            _ = next(&listener, &places) => panic!("one too many is taken"),
            () = std::future::ready(()) => {}
        }
        held.pop();
        assert!(next(&listener, &places).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_may_come_until_its_time_is_up() {
        for (after, is_answered) in [
            (
                HEADER_TIMEOUT.saturating_sub(Duration::from_millis(1)),
                true,
            ),
            (
                HEADER_TIMEOUT.saturating_add(Duration::from_millis(1)),
                false,
            ),
        ] {
            let (mut client, serving) = served(1024);
            let sending = async {
                client.write_all(GET.as_bytes()).await.unwrap();
                sleep(after).await;
                let _ = client.write_all(b"\r\n").await;
                let mut said = String::new();
                client.read_to_string(&mut said).await.unwrap();
                said
            };
            let (said, ()) = tokio::join!(sending, serving);
            assert_eq!(said.starts_with("HTTP/1.1 200"), is_answered, "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_lasts_so_long_and_no_longer() {
        let begun = Instant::now();
        // The answer is never taken, and does not fit on the way.
        let (mut client, serving) = served(8);
        let sending = async {
            client.write_all(GET.as_bytes()).await.unwrap();
            client.write_all(b"\r\n").await.unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = sending => {}
            () = serving => {}
        }
        assert_eq!(begun.elapsed().as_secs(), CONNECTION_TIMEOUT.as_secs());
    }

    #[tokio::test]
    async fn a_head_has_so_many_bytes_and_no_more() {
        for (bytes, status) in [(BUFFER_BYTES_MAX, "200"), (BUFFER_BYTES_MAX + 1, "431")] {
            let (mut client, serving) = served(64 * 1024);
            let filling = bytes - GET.len() - "a: \r\n\r\n".len();
            let head = format!("{GET}a: {}\r\n\r\n", "x".repeat(filling));
            let asking = async {
                client.write_all(head.as_bytes()).await.unwrap();
                let mut said = String::new();
                client.read_to_string(&mut said).await.unwrap();
                said
            };
            let (said, ()) = tokio::join!(asking, serving);
            assert!(
                said.starts_with(&format!("HTTP/1.1 {status}")),
                "{bytes}: {said}"
            );
        }
    }
}
