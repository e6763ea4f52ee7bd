//! Clients that keep the server waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mesur_rpc::server::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::frames::{
    self, ACK, Client, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, HELLO, PING,
    RST_STREAM, call as headers, frame, setting,
};
use crate::probe::{Server, call};

const SHORT: Duration = Duration::from_millis(800);

/// Nothing here lasts as long without a limit.
const LONG: Duration = Duration::from_secs(30);

/// All limits of time are short.
fn hurried() -> Limits {
    Limits {
        first_bytes_timeout: SHORT,
        send_timeout: SHORT,
        call_timeout: SHORT,
        keepalive_interval: SHORT,
        keepalive_timeout: SHORT,
        ..Limits::default()
    }
}

/// A server whose answer is as long as is asked for, `"1000000"`.
async fn server(limits: Limits) -> Server {
    let length = |text: String| "x".repeat(text.parse().unwrap_or(1));
    Server::start(limits, move |text| async move { Ok(length(text)) }).await
}

async fn answers(server: &Server) {
    assert_eq!(call(server.channel(), "2").await.unwrap(), "xx");
}

#[tokio::test]
async fn a_client_that_does_not_come_to_the_end_of_its_first_head_is_let_go() {
    let server = server(hurried()).await;
    let start = Instant::now();
    for said in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\n",
        b"\x16\x03\x01",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        answers(&server).await;
        frames::closed(&mut stream).await;
    }
    assert!(start.elapsed() < LONG);
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_no_excuse() {
    let server = server(hurried()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let start = Instant::now();
    let head = b"POST / HTTP/1.1\r\n"
        .iter()
        .chain(b"a: b\r\n".iter().cycle());
    for byte in head {
        // Until the server has closed: writing fails then.
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        assert!(start.elapsed() < LONG, "it is still heard");
        tokio::task::yield_now().await;
    }
    answers(&server).await;
}

#[tokio::test]
async fn a_client_that_is_gone_without_a_word_is_found_by_a_ping() {
    let server = server(hurried()).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client.send(&frame(frames::SETTINGS, ACK, 0, &[])).await;
    // It reads, and answers nothing, as one whose machine is gone.
    assert!(client.next_of(PING).await.is_some());
    client.closed().await;
    answers(&server).await;
}

#[tokio::test]
async fn headers_that_are_begun_and_not_ended_hold_the_connection_no_longer_than_a_ping() {
    let server = server(hurried()).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client
        .send(&frame(HEADERS, END_STREAM, 1, &headers()))
        .await;
    // No frame may stand in between: a ping cannot be answered.
    client.closed().await;
    answers(&server).await;
}

#[tokio::test]
async fn a_body_that_never_ends_ends_with_the_call() {
    let server = server(hurried()).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &headers()))
        .await;
    client.send(&frame(DATA, 0, 1, &HELLO[..7])).await;
    let status = client.next_of(HEADERS).await.unwrap();
    assert_eq!((status.id, status.flags & END_STREAM), (1, END_STREAM));
    answers(&server).await;
    // The same over HTTP/1.1, with a length that is never reached.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /{}/GetRelease HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\ncontent-length: 1000\r\n\r\n",
        crate::probe::NAME
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let said = frames::closed(&mut stream).await;
    assert!(said.starts_with(b"HTTP/1.1 200"), "a status of gRPC-Web");
    answers(&server).await;
}

#[tokio::test]
async fn a_call_whose_response_does_not_begin_is_cut_with_a_reason_and_its_handler_dropped() {
    let held = Arc::new(Semaphore::new(1));
    let of_call = Arc::clone(&held);
    let server = Server::start(hurried(), move |text| {
        let held = Arc::clone(&of_call);
        async move {
            let _held = held.acquire_owned().await.unwrap();
            if text == "never" {
                std::future::pending::<()>().await;
            }
            Ok(text)
        }
    })
    .await;
    assert_eq!(call(server.channel(), "soon").await.unwrap(), "soon");
    let cut = call(server.channel(), "never").await.unwrap_err();
    assert_eq!(cut.code(), Code::DeadlineExceeded);
    let details = cut.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "CALL_TOO_SLOW");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    assert_eq!(held.available_permits(), 1);
    assert_eq!(call(server.channel(), "again").await.unwrap(), "again");
}

/// Answers pings until the server closes, and takes in nothing else.
async fn talk_on(client: &mut Client) {
    while let Some(Frame {
        kind,
        flags,
        payload,
        ..
    }) = client.next().await
    {
        if kind == PING && flags & ACK == 0 {
            client.send(&frame(PING, ACK, 0, &payload)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up_though_the_client_talks_on() {
    let (gone, mut dropped) = mpsc::unbounded_channel();
    let gone = Arc::new(gone);
    let server = Server::start(hurried(), move |text| {
        let gone = Arc::clone(&gone);
        async move {
            gone.send(()).unwrap();
            Ok("x".repeat(text.parse().unwrap_or(5_000_000)))
        }
    })
    .await;
    // The window of every stream is closed from the beginning.
    let mut client = Client::connect(server.address, &setting(4, 0)).await;
    for id in [1, 3, 5] {
        client
            .send(&frame(HEADERS, END_HEADERS, id, &headers()))
            .await;
        client.send(&frame(DATA, END_STREAM, id, HELLO)).await;
        dropped.recv().await.unwrap();
    }
    let start = Instant::now();
    talk_on(&mut client).await;
    assert!(start.elapsed() < LONG);
    answers(&server).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_at_all_is_let_go() {
    let limits = Limits {
        keepalive_interval: LONG,
        ..hurried()
    };
    let server = server(limits).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let message = b"\0\0\0\0\x0a\x0a\x0864000000";
    let head = format!(
        "POST /{}/GetRelease HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\ncontent-length: {}\r\n\r\n",
        crate::probe::NAME,
        message.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(message).await.unwrap();
    // Until the sockets are full and for a while: nothing is read here.
    let start = Instant::now();
    while stream.write_all(b"x").await.is_ok() && start.elapsed() < LONG {
        answers(&server).await;
    }
    assert!(start.elapsed() < LONG, "it is still held");
}

#[tokio::test]
async fn a_connection_that_is_old_is_asked_to_be_made_again_and_then_cut() {
    let limits = Limits {
        connection_age_max: SHORT,
        connection_age_grace: 2 * SHORT,
        call_timeout: LONG,
        ..Limits::default()
    };
    let server = server(limits).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &headers()))
        .await;
    assert!(client.next_of(GOAWAY).await.is_some());
    // The call is not at its end, and is not waited for.
    client.closed().await;
    answers(&server).await;
}

#[tokio::test]
async fn a_stream_with_nothing_to_say_lasts() {
    use tokio_stream::StreamExt as _;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    let limits = Limits {
        keepalive_timeout: LONG,
        ..hurried()
    };
    let server = server(limits).await;
    let mut watch = HealthClient::new(server.channel())
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    watch.next().await.unwrap().unwrap();
    let silent = tokio::time::timeout(5 * SHORT, watch.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    // A frame of another kind would be the end of the stream.
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client.send(&frame(RST_STREAM, 0, 1, &[0; 4])).await;
    assert_ne!(
        client.closed().await,
        0,
        "what was never open cannot be reset"
    );
}
