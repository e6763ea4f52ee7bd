//! The floor under a page: axum with one answer, whatever is asked for.
//!
//! It looks nothing up, has no other headers than those it needs, and keeps the bytes in memory.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Context;
use axum::Router;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves the bytes of a file on a free port until `stop` is cancelled; `ready` is told where.
pub(crate) async fn serve(
    file: &Path,
    ready: impl FnOnce(String) -> anyhow::Result<()>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let content = Bytes::from(std::fs::read(file).context("what is to be served")?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    ready(format!("http://{}", listener.local_addr()?))?;
    let listener = listener.tap_io(|stream| {
        // A connection that is gone by now is found out by whoever writes to it.
        let _ = stream.set_nodelay(true);
    });
    let answer = move || {
        let headers: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "text/html; charset=utf-8")];
        std::future::ready((headers, content.clone()).into_response())
    };
    let router = Router::new().fallback(answer);
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    Ok(serving.await?)
}
