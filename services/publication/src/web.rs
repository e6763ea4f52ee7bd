//! The web: published files as they were rendered, and a page that lists the releases.
//!
//! What is not published is not there: its address answers as one that never was. Every answer
//! says that scripts, frames and foreign content are not allowed. A file never changes, so its
//! digest is its entity tag.

mod index;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mesur_rpc::{Kind, Reason};
use mesur_wire::ReleaseName;
use mesur_wording::Language;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::releases::Releases;

/// Styles stand in the page itself; nothing else is loaded, and no script runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
form-action 'none'; frame-ancestors 'none'";

/// Serves the pages until `stop` is cancelled; what is still open after `drain_timeout` is cut.
pub(crate) async fn serve(
    listener: TcpListener,
    releases: Arc<Releases>,
    drain_timeout: Duration,
    stop: CancellationToken,
) -> io::Result<()> {
    let router = Router::new()
        .route("/", get(|state| index::page(state, Language::En)))
        .route("/cy/", get(|state| index::page(state, Language::Cy)))
        .route("/releases/{release}/", get(front))
        .route("/releases/{release}/{file}", get(file))
        .layer(map_response(with_safe_headers))
        .with_state(releases);
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let serving = serving.into_future();
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        () = stop.cancelled() => {}
    }
    // A client that connects and never speaks must not hold the stop.
    timeout(drain_timeout, serving).await.unwrap_or(Ok(()))
}

/// The address of a release leads to its English page.
async fn front(
    State(releases): State<Arc<Releases>>,
    Path(release): Path<String>,
) -> Result<Response, Missing> {
    let name = name_of(&release)?;
    releases.file(&name, "release.en.html").await?;
    Ok((StatusCode::FOUND, [(LOCATION, "release.en.html")]).into_response())
}

async fn file(
    State(releases): State<Arc<Releases>>,
    Path((release, file_name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Missing> {
    let file = releases.file(&name_of(&release)?, &file_name).await?;
    let tag = format!("\"{}\"", file.digest);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let content = releases.content(&file).await?;
    let about = [(CONTENT_TYPE, file.media_type), (ETAG, tag)];
    Ok((about, content).into_response())
}

/// Whether the reader has the content of a tag. Tags are compared weakly, as RFC 9110 asks: a
/// proxy that compresses marks the tag that it passes on as weak.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    known.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

fn name_of(release: &str) -> Result<ReleaseName, Missing> {
    ReleaseName::parse(&format!("releases/{release}")).map_err(|_| Missing::NotFound)
}

async fn with_safe_headers(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why there is no page.
enum Missing {
    /// Nothing is published at the address.
    NotFound,
    /// The service is wrong; the log says how.
    Failed,
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        if error.kind() == Kind::NotFound {
            return Self::NotFound;
        }
        tracing::error!(error = %mesur_rpc::chain::Chain(&error), "a page cannot be served");
        Self::Failed
    }
}

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        let code = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        code.into_response()
    }
}
