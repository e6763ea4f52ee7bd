//! Clients that send too much, or too many of what is small.

use std::time::Duration;

use mesur_rpc::server::{FRAME_BYTES_MAX, Limits, REQUEST_HEADER_BYTES_MAX};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::frames::{
    self, CONTINUATION, Client, DATA, END_HEADERS, END_STREAM, HEADERS, HELLO, PING, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, call as headers, frame, header, setting,
};
use crate::probe::{Server, call};

/// The code with which HTTP/2 says that a client is a nuisance.
const ENHANCE_YOUR_CALM: u32 = 11;
/// The code with which it says that a frame is too long.
const FRAME_SIZE_ERROR: u32 = 6;

async fn server(limits: Limits) -> Server {
    Server::start(limits, |text| async { Ok(text) }).await
}

async fn answers(server: &Server) {
    assert_eq!(call(server.channel(), "hello").await.unwrap(), "hello");
}

#[tokio::test]
async fn calls_that_are_reset_as_soon_as_made_end_the_connection() {
    let server = server(Limits::default()).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    let mut flood = Vec::new();
    for id in (1..20_001).step_by(2) {
        flood.extend(frame(HEADERS, END_HEADERS, id, &headers()));
        flood.extend(frame(RST_STREAM, 0, id, &[0, 0, 0, 8]));
    }
    client.send(&flood).await;
    assert_eq!(client.closed().await, ENHANCE_YOUR_CALM);
    answers(&server).await;
}

#[tokio::test]
async fn headers_that_go_on_for_ever_end_the_connection() {
    let server = server(Limits::default()).await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    client
        .send(&frame(HEADERS, END_STREAM, 1, &headers()))
        .await;
    let more = header("a", &"x".repeat(1_000)).repeat(16);
    let mut sent = 0_usize;
    while client.send(&frame(CONTINUATION, 0, 1, &more)).await {
        sent += more.len();
        assert!(sent < 64 * 1024 * 1024, "they are still read");
    }
    answers(&server).await;
}

/// The headers of a call, filled up to `bytes` as HTTP/2 counts them.
fn headers_of(bytes: usize) -> Vec<u8> {
    // Each header counts 32 bytes beside its own.
    let path = format!("/{}/GetRelease", crate::probe::NAME);
    let own: usize = [
        ":methodPOST",
        ":schemehttp",
        ":path",
        &path,
        ":authoritylocalhost",
        "content-typeapplication/grpc",
        "tetrailers",
        "a",
    ]
    .iter()
    .map(|text| text.len())
    .sum();
    let filling = bytes - own - 7 * 32;
    [headers(), header("a", &"x".repeat(filling))].concat()
}

#[tokio::test]
async fn headers_at_their_limit_are_read_and_a_byte_more_is_refused() {
    let server = server(Limits::default()).await;
    let limit = usize::try_from(REQUEST_HEADER_BYTES_MAX).unwrap();
    for (bytes, status) in [(limit, &b"200"[..]), (limit + 1, b"431")] {
        let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
        let block = headers_of(bytes);
        let (first, rest) = block.split_at(16_000);
        client.send(&frame(HEADERS, 0, 1, first)).await;
        client
            .send(&frame(CONTINUATION, END_HEADERS, 1, rest))
            .await;
        client.send(&frame(DATA, END_STREAM, 1, HELLO)).await;
        let answer = client.next_of(HEADERS).await.unwrap();
        // 200 stands in the table of HTTP/2 and 431 does not.
        let is_200 = answer.payload.contains(&0x88);
        assert_eq!(is_200, status == b"200", "{bytes}: {answer:?}");
    }
    answers(&server).await;
}

#[tokio::test]
async fn a_frame_at_its_limit_is_read_and_a_byte_more_ends_the_connection() {
    let server = server(Limits::default()).await;
    let limit = usize::try_from(FRAME_BYTES_MAX).unwrap();
    let unknown = |bytes| frame(0xfa, 0, 0, &vec![0; bytes]);
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    // What nobody knows is passed over, and the call behind it answered.
    client.send(&unknown(limit)).await;
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &headers()))
        .await;
    client.send(&frame(DATA, END_STREAM, 1, HELLO)).await;
    assert!(client.next_of(HEADERS).await.is_some());
    client.send(&unknown(limit + 1)).await;
    assert_eq!(client.closed().await, FRAME_SIZE_ERROR);
    answers(&server).await;
}

#[tokio::test]
async fn a_flood_of_what_costs_nothing_to_send_holds_nobody_up() {
    let server = server(Limits::default()).await;
    let data = [
        frame(HEADERS, END_HEADERS, 1, &headers()),
        frame(DATA, 0, 1, &[]).repeat(50_000),
    ]
    .concat();
    for flood in [
        frame(SETTINGS, 0, 0, &[]).repeat(50_000),
        frame(PING, 0, 0, &[0; 8]).repeat(50_000),
        frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]).repeat(50_000),
        data,
        // Priorities, and frames of a kind that nobody knows.
        frame(2, 0, 1, &[0; 5]).repeat(50_000),
        frame(99, 0, 0, &[0; 8]).repeat(50_000),
    ] {
        let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
        let (mut reader, mut writer) = client.stream.split();
        let flooding = async {
            let _ = writer.write_all(&flood).await;
        };
        let others = async {
            for _ in 0..20 {
                answers(&server).await;
            }
        };
        let read = async {
            let mut taken = [0; 4096];
            while reader.read(&mut taken).await.is_ok_and(|count| count > 0) {}
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(flooding, others) } => {}
            // A server that closes on a flood is right too; the others are still answered.
            () = read => answers(&server).await,
        }
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_one_that_ends_makes_room() {
    let limits = Limits {
        connections_max: 8,
        connections_per_address_max: 4,
        limit_loopback: true,
        ..Limits::default()
    };
    let server = server(limits).await;
    let channel = server.channel();
    assert_eq!(call(channel.clone(), "hello").await.unwrap(), "hello");
    // With the channel's there are four.
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
        assert!(client.next_of(SETTINGS).await.is_some());
        open.push(client);
    }
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        assert_eq!(frames::closed(&mut stream).await, b"");
    }
    assert_eq!(call(channel, "hello").await.unwrap(), "hello");
    drop(open);
    // As soon as the server has seen that they are gone.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while call(server.channel(), "hello").await.is_err() {
        assert!(std::time::Instant::now() < deadline, "no room came back");
    }
}

#[tokio::test]
async fn streams_beyond_those_of_a_connection_are_refused() {
    const REFUSED_STREAM: u8 = 7;
    let server = server(Limits {
        streams_per_connection_max: 2,
        ..Limits::default()
    })
    .await;
    let mut client = Client::connect(server.address, &setting(4, 65_535)).await;
    // Three calls whose messages do not come.
    for id in [1, 3, 5] {
        client
            .send(&frame(HEADERS, END_HEADERS, id, &headers()))
            .await;
    }
    let refused = client.next_of(RST_STREAM).await.unwrap();
    assert_eq!((refused.id, refused.payload[3]), (5, REFUSED_STREAM));
    client.send(&frame(DATA, END_STREAM, 1, HELLO)).await;
    let answer = client.next_of(HEADERS).await.unwrap();
    assert_eq!(answer.id, 1);
    answers(&server).await;
}

#[tokio::test]
async fn what_two_readers_could_take_for_two_requests_is_none() {
    let server = server(Limits::default()).await;
    let path = format!("/{}/GetRelease", crate::probe::NAME);
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: +5\r\n",
        "content-length: 5, 6\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "content-length : 5\r\n",
        "content-length: 5\r\n transfer-encoding: chunked\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web\r\n{headers}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = frames::closed(&mut stream).await;
        let said = String::from_utf8_lossy(&said);
        let answers = said.matches("HTTP/1.1 ").count();
        assert!(
            answers <= 1,
            "{headers:?} was read as {answers} requests: {said}"
        );
    }
    answers(&server).await;
}
