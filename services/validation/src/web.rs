//! The page for statisticians: how far the collection of each edition has come.
//!
//! It shows what `GetCollectionProgress` answers, to those who may call that method. Whoever calls
//! shows the same token as there, in an `Authorization` header or, after signing in, in a cookie
//! that no script can read and no other site can send. Every answer says that scripts, frames and
//! foreign content are not allowed, and that nothing is to be kept. A refusal is a page too.
//!
//! Deliberately not here: anything that changes what is held.

mod page;
mod problem;
mod session;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;
use mesur_catalogue::{CollectionId, EditionName, Period};
use mesur_rpc::access::Authenticator;
use mesur_rpc::server::{Limits, Listener, serve_pages};
use mesur_rpc::tls::Peer;
use mesur_wire::Wordings;
use mesur_wording::{Language, Wording};
use serde::Deserialize;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::problem::Problem;
use crate::domain::ShownState;
use crate::reports::Validation;

/// The style stands in a file of its own; nothing else is loaded, and no script runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
base-uri 'none'; frame-ancestors 'none'";

/// The largest body of a request: a token and what is around it.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// How long an answer may take, with the time in which the body comes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// What the pages are made with.
pub(crate) struct Pages {
    pub(crate) validation: Arc<Validation>,
    pub(crate) wordings: Arc<Wordings>,
    pub(crate) authenticator: Authenticator,
}

/// Serves the pages until `stop` is cancelled; what is still open after the drain is cut.
pub(crate) async fn serve(
    listener: Listener,
    pages: Pages,
    limits: Limits,
    stop: CancellationToken,
) {
    let pages = Arc::new(pages);
    let router = Router::new()
        .route("/", get(index))
        .route("/progress/{collection}/{period}", get(progress))
        .route("/sign-in", get(session::form).post(session::sign_in))
        .route("/sign-out", post(session::sign_out))
        .route("/style.css", get(style))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(Arc::clone(&pages), problem::in_words))
        .layer(map_response(with_safe_headers))
        .layer(from_fn(strictly_by_tls))
        .with_state(pages);
    serve_pages("validation pages", listener, router, &limits, stop).await;
}

/// What an address may say besides its path.
#[derive(Debug, Clone, Default, Deserialize)]
struct Choice {
    /// `en` or `cy`; English otherwise.
    #[serde(default)]
    lang: String,
    /// Only authorities in this state.
    #[serde(default)]
    state: String,
    /// `1` loads the page again every half minute.
    #[serde(default)]
    watch: String,
}

impl Choice {
    fn language(&self) -> Language {
        Language::parse(&self.lang).unwrap_or(Language::En)
    }

    fn state(&self) -> Option<ShownState> {
        let states = page::STATES.iter();
        let named = states.filter(|(_, id)| *id == self.state);
        named.map(|(state, _)| *state).next()
    }

    fn is_watched(&self) -> bool {
        self.watch == "1"
    }
}

impl Pages {
    fn wording(&self, language: Language) -> Result<&Wording, Problem> {
        self.wordings
            .of(language.code())
            .map_err(|error| Problem::failed(&error))
    }
}

async fn index(
    State(pages): State<Arc<Pages>>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = choice.language();
    let wording = pages.wording(language)?;
    if let Err(refusal) = session::admit(&pages, &headers).await {
        return session::refused(&refusal, wording);
    }
    let editions = pages.validation.catalogue.editions();
    let names: Vec<EditionName> = editions.map(|edition| edition.name().clone()).collect();
    Ok(html(page::index(&names, wording)?))
}

async fn progress(
    State(pages): State<Arc<Pages>>,
    Path((collection, period)): Path<(String, String)>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = choice.language();
    let wording = pages.wording(language)?;
    if let Err(refusal) = session::admit(&pages, &headers).await {
        return session::refused(&refusal, wording);
    }
    let name = EditionName {
        collection: CollectionId::parse(&collection).map_err(|_| Problem::NotFound)?,
        period: Period::parse(&period).map_err(|_| Problem::NotFound)?,
    };
    let progress = pages.validation.collection_progress(&name).await?;
    let shown = page::Shown {
        state: choice.state(),
        is_watched: choice.is_watched(),
    };
    Ok(html(page::progress(&progress, shown, wording)?))
}

async fn style() -> Response {
    let about = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    (about, include_str!("web/style.css")).into_response()
}

fn html(markup: Markup) -> Response {
    Html(markup.into_string()).into_response()
}

async fn in_time(request: Request, next: Next) -> Response {
    answered_in_time(next.run(request)).await
}

async fn answered_in_time(answer: impl Future<Output = Response>) -> Response {
    let answered = timeout(ANSWER_TIMEOUT, answer).await;
    answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

async fn with_safe_headers(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Says to whoever came by TLS to come by nothing else for a year.
async fn strictly_by_tls(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    let by_tls = peer.is_some_and(Peer::is_by_tls);
    let mut response = next.run(request).await;
    if by_tls {
        let year = HeaderValue::from_static("max-age=31536000");
        response
            .headers_mut()
            .insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_page_may_be_answered_until_its_time_is_up() {
        let late = ANSWER_TIMEOUT + Duration::from_millis(1);
        for (after, status) in [(ANSWER_TIMEOUT, 200), (late, 408)] {
            let answer = async {
                sleep(after).await;
                StatusCode::OK.into_response()
            };
            assert_eq!(answered_in_time(answer).await.status(), status);
        }
    }
}
