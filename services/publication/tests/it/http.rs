//! HTTP/1.1 by hand: what goes over the wire, with nothing tidied up.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::PATIENCE;

/// A response as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case, without the date, in order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of the header, which stands at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// Checks that no script, frame or foreign content is allowed.
    pub(crate) fn expect_safe(&self) {
        let policy = self.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
        assert!(policy.contains("style-src 'self'") && policy.contains("frame-ancestors 'none'"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(self.header(name), Some(value), "{self:?}");
        }
    }
}

/// Sends a request with some more header lines, and reads the response to its end.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Response {
    send_with(address, method, target, headers, "").await
}

/// Sends the fields of a form as a browser does.
pub(crate) async fn post(
    address: SocketAddr,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let length = body.len().to_string();
    let about = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", length.as_str()),
    ];
    let headers: Vec<_> = about.iter().chain(headers).copied().collect();
    send_with(address, "POST", target, &headers, body).await
}

async fn send_with(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let mut lines = vec![format!("{method} {target} HTTP/1.1")];
    for (name, value) in [("host", "mesur"), ("connection", "close")]
        .iter()
        .chain(headers)
    {
        lines.push(format!("{name}: {value}"));
    }
    let request = lines.join("\r\n") + "\r\n\r\n" + body;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    reading.expect("in time").expect("a response");
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let body = bytes.split_off(end.expect("a head") + 4);
    let head = String::from_utf8(bytes).expect("a head in ASCII");
    let mut lines = head.trim_end().lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Response {
        status: status.expect("a status").parse().expect("a number"),
        headers: headers.filter(|(name, _)| name != "date").collect(),
        body,
    }
}

pub(crate) async fn get(address: SocketAddr, target: &str) -> Response {
    send(address, "GET", target, &[]).await
}
