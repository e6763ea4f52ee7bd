//! The web: published files as they were rendered, what leads to them, and what readers send back.
//!
//! What is not published is not there: its address answers as one that never was, by the same bytes. The
//! address of a revision keeps its files for ever, that of a release has those of its current revision.
//! Every answer says that scripts, frames and foreign content are not allowed. There are no cookies, and
//! nothing is kept of who reads.
//!
//! Deliberately not here: connections and their limits, what a release says.

mod feed;
mod feedback;
mod files;
mod find;
mod headers;
mod index;
mod missing;

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Response;
use axum::routing::{get, post};
use mesur_rpc::server::{Limits, Listener, Pages, serve_pages};
use mesur_rpc::tls::Peer;
use mesur_wording::{Language, Wording};
use tokio_util::sync::CancellationToken;
use tower::util::ServiceExt as _;

use crate::cache;
use crate::feedback::Inbox;
use crate::releases::Releases;
use files::Served;
use missing::Missing;

/// The largest body of a request: the longest feedback, with every character written out.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the pages are made with.
struct Site {
    releases: Arc<Releases>,
    inbox: Inbox,
    english: Wording,
    welsh: Wording,
    /// Files as they are sent, by their digest.
    ready: cache::Files<Arc<Served>>,
    style: Served,
    missing: Served,
    away: Served,
}

impl Site {
    fn new(releases: Arc<Releases>) -> Result<Self, mesur_wording::Error> {
        let english = Wording::new(Language::En, None)?;
        let welsh = Wording::new(Language::Cy, None)?;
        Ok(Self {
            style: files::style(),
            missing: missing::page("missing", [&english, &welsh])?,
            away: missing::page("away", [&english, &welsh])?,
            releases,
            inbox: Inbox::default(),
            english,
            welsh,
            ready: cache::files(),
        })
    }

    fn wording(&self, language: Language) -> &Wording {
        match language {
            Language::En => &self.english,
            Language::Cy => &self.welsh,
        }
    }
}

/// Serves the pages until `stop` is cancelled; what is still open after the drain is cut.
pub(crate) async fn serve(
    listener: Listener,
    releases: Arc<Releases>,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let site = Arc::new(Site::new(releases).map_err(io::Error::other)?);
    let router = router(Arc::clone(&site));
    let pages = Public { site, router };
    serve_pages("publication pages", listener, pages, &limits, stop).await;
    Ok(())
}

/// The pages, for everybody.
#[derive(Clone)]
struct Public {
    site: Arc<Site>,
    router: Router,
}

impl Pages for Public {
    fn at_once<B>(&self, asked: &axum::http::Request<B>, peer: &Peer) -> Option<Response> {
        let mut response = files::at_once(&self.site, asked)?;
        let by_tls = peer.is_by_tls() || headers::came_by_tls(asked.headers());
        headers::complete(&mut response, by_tls);
        Some(response)
    }

    async fn answer(self, mut asked: Request, peer: Peer) -> Result<Response, Infallible> {
        if peer.is_by_tls() {
            headers::tell_by_tls(asked.headers_mut());
        }
        let by_tls = headers::came_by_tls(asked.headers());
        asked.extensions_mut().insert(peer);
        let mut response = self.router.oneshot(asked).await?;
        headers::complete(&mut response, by_tls);
        Ok(response)
    }
}

fn router(site: Arc<Site>) -> Router {
    let body_max = DefaultBodyLimit::max(BODY_BYTES_MAX);
    Router::new()
        .route("/", get(|site| ready(index::page(site, Language::En))))
        .route("/cy/", get(|site| ready(index::page(site, Language::Cy))))
        .route(
            "/feed.atom",
            get(|site| ready(feed::atom(site, Language::En))),
        )
        .route(
            "/cy/feed.atom",
            get(|site| ready(feed::atom(site, Language::Cy))),
        )
        .route("/sitemap.xml", get(feed::sitemap))
        .route("/robots.txt", get(feed::robots))
        .route("/find", get(find::page))
        .route("/feedback", post(feedback::take).layer(body_max))
        .route("/{file}", get(files::shared))
        .route("/releases/{release}", get(files::front))
        .route("/releases/{release}/", get(files::front))
        .route("/releases/{release}/{file}", get(files::current))
        .route(
            "/releases/{release}/revisions/{revision}/",
            get(files::front_of_revision),
        )
        .route(
            "/releases/{release}/revisions/{revision}/{file}",
            get(files::of_revision),
        )
        .fallback(missing::answer)
        .with_state(site)
}
