//! gRPC-Web over HTTP/1.1, as a browser speaks it.

use std::time::Duration;

use jiff::Timestamp;
use mesur_access::Role;
use mesur_rpc::server::{Drained, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::probe::{NAME, Server};

/// An answer: its status line and headers in small letters, and its frames.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// The frames: a first byte, which is 0 before a message and 128 before the trailers.
    fn frames(&self) -> Vec<(u8, Vec<u8>)> {
        let mut frames = Vec::new();
        let mut rest = self.body.as_slice();
        while let [kind, a, b, c, d, after @ ..] = rest {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            frames.push((*kind, after[..length].to_vec()));
            rest = &after[length..];
        }
        frames
    }
}

/// Takes the chunks of a body apart.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = std::str::from_utf8(&rest[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let chunk = &rest[end + 2..];
        body.extend_from_slice(&chunk[..length]);
        rest = &chunk[length + 2..];
        if length == 0 {
            break;
        }
    }
    body
}

async fn send(server: &Server, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(answer[..end].to_vec())
        .unwrap()
        .to_lowercase();
    let body = &answer[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") {
        joined(body)
    } else {
        body.to_vec()
    };
    Answer { head, body }
}

const WEB: &str = "content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n";

/// A frame with the message `hello`: field 1, a text of 5 bytes.
const HELLO: &[u8] = b"\0\0\0\0\x07\x0a\x05hello";

async fn server() -> Server {
    Server::start(Limits::default(), |text| async move {
        Ok(format!("{text}, you"))
    })
    .await
}

#[tokio::test]
async fn a_browser_calls_over_http_1_and_reads_the_trailers_from_the_body() {
    let server = server().await;
    let path = format!("/{NAME}/GetRelease");
    let answer = send(&server, "POST", &path, WEB, HELLO).await;
    assert!(
        answer.head.starts_with("http/1.1 200 ok"),
        "{}",
        answer.head
    );
    assert!(
        answer.head.contains("content-type: application/grpc-web"),
        "{}",
        answer.head
    );
    let frames = answer.frames();
    let [(0, message), (128, trailers)] = frames.as_slice() else {
        panic!("a message and trailers: {frames:?}")
    };
    assert_eq!(message, b"\x0a\x0ahello, you");
    let trailers = String::from_utf8(trailers.clone()).unwrap();
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { connections_cut: 0 });
}

#[tokio::test]
async fn a_browser_is_let_in_and_refused_like_everybody() {
    let server = server().await;
    let path = format!("/{NAME}/PublishRelease");
    let answer = send(&server, "POST", &path, WEB, HELLO).await;
    // A status alone travels in the headers, which every gRPC-Web client reads as well.
    assert!(answer.head.contains("grpc-status: 16"), "{}", answer.head);
    let token = server.issuer.token(
        "somebody",
        &[Role::Publisher],
        Duration::from_hours(1),
        Timestamp::now(),
    );
    let headers = format!("{WEB}authorization: Bearer {token}\r\n");
    let answer = send(&server, "POST", &path, &headers, HELLO).await;
    assert_eq!(answer.frames().len(), 2, "{}", answer.head);
}

#[tokio::test]
async fn a_page_of_another_origin_is_given_no_leave_and_plain_http_no_answer() {
    let server = server().await;
    let path = format!("/{NAME}/GetRelease");
    let origin = "origin: https://evil.example\r\n";
    let ask = format!(
        "{origin}access-control-request-method: POST\r\n\
         access-control-request-headers: content-type,x-grpc-web\r\n"
    );
    let web = format!("{WEB}{origin}");
    for (method, headers, status) in [
        ("OPTIONS", ask.as_str(), "http/1.1 400"),
        ("GET", "", "http/1.1 400"),
        ("POST", "content-type: application/grpc\r\n", "http/1.1 400"),
        ("POST", "content-type: text/plain\r\n", "http/1.1 400"),
        ("GET", WEB, "http/1.1 405"),
        ("POST", web.as_str(), "http/1.1 200"),
    ] {
        let answer = send(&server, method, &path, headers, HELLO).await;
        assert!(
            answer.head.starts_with(status),
            "{method} {headers}: {}",
            answer.head
        );
        // Without this header a browser shows the answer to no page of another origin.
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
    }
}
