//! What stands where nothing is published, and where a page cannot be served: each one page in both
//! languages, the same for every address.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use maud::html;
use mesur_rpc::{Kind, Reason};
use mesur_wording::{Args, Wording};

use super::Site;
use super::files::{HTML, Served};
use crate::error::Error;
use crate::render::{STYLE_FILE, SiteFrame, feed, frame, home, other};

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing is published at the address.
    NotFound,
    /// The store is away, and what is asked for not in memory: it may be asked for again after so long.
    Away(Duration),
    /// The service is wrong; the log says how.
    Failed,
}

impl Missing {
    /// Answers: nothing in it depends on the address.
    pub(super) fn answer(self, site: &Site) -> Response {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, site.missing.whole()).into_response(),
            Self::Away(wait) => {
                let wait = [(RETRY_AFTER, wait.as_secs().max(1).to_string())];
                let page = site.away.whole();
                (StatusCode::SERVICE_UNAVAILABLE, wait, page).into_response()
            }
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, site.away.whole()).into_response(),
        }
    }
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        let chain = mesur_rpc::chain::Chain(&error);
        match error.kind() {
            Kind::NotFound => Self::NotFound,
            Kind::Unavailable => {
                tracing::warn!(error = %chain, "a page cannot be served for now");
                Self::Away(error.retry_after())
            }
            _ => {
                tracing::error!(error = %chain, "a page cannot be served");
                Self::Failed
            }
        }
    }
}

impl From<mesur_wording::Error> for Missing {
    fn from(error: mesur_wording::Error) -> Self {
        Error::Render(error.into()).into()
    }
}

/// Answers where no route leads.
pub(super) async fn answer(State(site): State<Arc<Site>>) -> Response {
    Missing::NotFound.answer(&site)
}

/// Writes the page for one of both, `missing` or `away`.
pub(super) fn page(
    about: &str,
    [english, welsh]: [&Wording; 2],
) -> Result<Served, mesur_wording::Error> {
    let label = |wording: &Wording, id: &str| wording.text(id, &Args::new());
    let [heading, text] = ["heading", "text"].map(|part| format!("{about}-{part}"));
    let language = english.language();
    let main = html! {
        div.wide.page {
            h1 { (label(english, &heading)?) }
            p { (label(english, &text)?) }
            p { a href=(home(language)) { (label(english, "index-heading")?) } }
            div lang=(welsh.language().code()) {
                h2 { (label(welsh, &heading)?) }
                p { (label(welsh, &text)?) }
                p { a href=(home(welsh.language())) { (label(welsh, "index-heading")?) } }
            }
        }
    };
    let page = frame(&SiteFrame {
        wording: english,
        style: &format!("/{}", *STYLE_FILE),
        other: home(other(language)),
        title: html! { (label(english, &heading)?) },
        title_language: None,
        feed: feed(language),
        main,
        footer: html! { p { (label(english, "licence")?) } },
    })?;
    Ok(Served::new(page.into_string().into(), HTML, None))
}
