//! Readers who get a page again and again over one connection.
//!
//! The requests are written by hyper on a connection that is kept by hand; what comes back is read to
//! its end and thrown away. What that costs is the same whoever answers.

use std::future::poll_fn;
use std::pin::Pin;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HOST};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::load::Work;

/// Whether a reader takes a page compressed, as browsers do, or as it is, as programs often do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Compressed,
    Plain,
}

/// One reader of one page.
pub(crate) struct Reader {
    sender: SendRequest<String>,
    request: Request<String>,
    /// Bytes of the body that was read first; every other must be as long.
    length: Option<usize>,
}

impl Reader {
    /// Connects to whoever has the page.
    pub(crate) async fn connect(page: &str, taken: Taken) -> anyhow::Result<Self> {
        let uri = Uri::from_str(page)?;
        let authority = uri.authority().context("an address")?.to_string();
        let stream = TcpStream::connect(&authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // What goes wrong with the connection is told to who sends on it.
        tokio::spawn(connection);
        let path = uri.path_and_query().context("a path")?.as_str();
        let mut request = Request::get(path).header(HOST, authority);
        if taken == Taken::Compressed {
            request = request.header(ACCEPT_ENCODING, "gzip, deflate, br");
        }
        Ok(Self {
            sender,
            request: request.body(String::new())?,
            length: None,
        })
    }

    /// The body of the page as it comes, and whether it is compressed.
    pub(crate) async fn page(&mut self) -> anyhow::Result<(Vec<u8>, bool)> {
        let mut answer = self.asked().await?;
        let compressed = answer.headers().contains_key(CONTENT_ENCODING);
        let mut body = Vec::new();
        while let Some(piece) = piece(&mut answer).await? {
            body.extend_from_slice(&piece);
        }
        Ok((body, compressed))
    }

    /// How long it takes until the first byte of the page is there. The rest is read too.
    pub(crate) async fn first_byte(&mut self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut answer = self.asked().await?;
        let first = piece(&mut answer).await?;
        let took = start.elapsed();
        let mut length = first.context("a page without a byte")?.len();
        while let Some(piece) = piece(&mut answer).await? {
            length += piece.len();
        }
        let before = *self.length.get_or_insert(length);
        ensure!(
            length == before,
            "a page of {before} bytes came with {length}"
        );
        Ok(took)
    }

    async fn asked(&mut self) -> anyhow::Result<Response<Incoming>> {
        self.sender.ready().await?;
        let answer = self.sender.send_request(self.request.clone()).await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(answer)
    }
}

impl Work for Reader {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.first_byte().await?;
        Ok(())
    }
}

/// The next piece of a body.
async fn piece(answer: &mut Response<Incoming>) -> anyhow::Result<Option<Bytes>> {
    loop {
        let frame = poll_fn(|context| Pin::new(answer.body_mut()).poll_frame(context)).await;
        match frame {
            None => return Ok(None),
            Some(frame) => {
                if let Ok(data) = frame?.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
