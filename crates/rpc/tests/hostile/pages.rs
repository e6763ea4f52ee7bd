//! The same harm done to pages.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use mesur_rpc::server::{Limits, Listener, PAGE_BUFFER_BYTES_MAX, Rate, serve_pages};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::frames;

const SHORT: Duration = Duration::from_millis(800);

/// Where pages are served until the guard is dropped.
async fn pages(limits: Limits) -> (SocketAddr, DropGuard) {
    let listener = Listener::loopback(0).await.unwrap();
    let address = listener.local_addr();
    let router = Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/large", get(|| async { vec![b'x'; 64 * 1024 * 1024] }))
        .route("/form", post(|text: String| async { text }));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move { serve_pages("pages", listener, router, &limits, stopped).await });
    (address, stop.drop_guard())
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8_lossy(&frames::closed(&mut stream).await).into_owned()
}

async fn answers(address: SocketAddr) {
    let answer = ask(
        address,
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn hurried() -> Limits {
    Limits {
        first_bytes_timeout: SHORT,
        send_timeout: SHORT,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_reader_who_does_not_come_to_the_end_of_a_head_is_let_go() {
    let (address, _stop) = pages(hurried()).await;
    let first = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        for before in ["", first] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(before.as_bytes()).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            answers(address).await;
            frames::closed(&mut stream).await;
        }
    }
}

#[tokio::test]
async fn a_reader_who_does_not_read_is_let_go() {
    let (address, _stop) = pages(hurried()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let start = std::time::Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        assert!(start.elapsed() < Duration::from_secs(20), "still held");
        answers(address).await;
    }
}

#[tokio::test]
async fn connections_of_one_address_beyond_its_limit_are_closed() {
    let (address, _stop) = pages(Limits {
        connections_per_address_max: 2,
        limit_loopback: true,
        ..Limits::default()
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let mut some = [0; 16];
        stream.read_exact(&mut some).await.unwrap();
        open.push(stream);
    }
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(frames::closed(&mut stream).await, b"");
    }
}

#[tokio::test]
async fn a_reader_who_asks_too_fast_is_told_when_to_come_again() {
    let (address, _stop) = pages(Limits {
        page_rate: Some(Rate {
            per_second: 1,
            burst: 2,
        }),
        ..Limits::default()
    })
    .await;
    // For themselves, those on this machine have no limit; a proxy there speaks for its readers.
    let of = |reader: &str| {
        format!(
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-forwarded-for: 198.51.100.9, {reader}\r\n\r\n"
        )
    };
    for _ in 0..2 {
        assert!(
            ask(address, &of("192.0.2.1"))
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
    let refused = ask(address, &of("192.0.2.1")).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    assert!(
        ask(address, &of("192.0.2.2"))
            .await
            .starts_with("HTTP/1.1 200")
    );
    for _ in 0..5 {
        answers(address).await;
    }
}

#[tokio::test]
async fn what_two_readers_could_take_for_two_requests_is_none() {
    let (address, _stop) = pages(Limits::default()).await;
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: +5\r\n",
        "content-length: 5, 6\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "content-length : 5\r\n",
    ] {
        let request = format!(
            "POST /form HTTP/1.1\r\nhost: a\r\n{headers}\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        );
        let said = ask(address, &request).await;
        assert!(
            !said.contains("a page"),
            "{headers:?} smuggles a request: {said}"
        );
    }
    answers(address).await;
}

#[tokio::test]
async fn the_head_of_a_request_may_have_so_many_bytes_and_no_more() {
    let (address, _stop) = pages(Limits::default()).await;
    let (begin, end) = (
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\na: ",
        "\r\n\r\n",
    );
    let filled = PAGE_BUFFER_BYTES_MAX - begin.len() - end.len();
    let said = ask(address, &format!("{begin}{}{end}", "x".repeat(filled))).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    // As many bytes and no end: whatever comes would be one more.
    let long = format!("{begin}{}", "x".repeat(filled + end.len()));
    let said = ask(address, &long).await;
    assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    answers(address).await;
}
