//! Taking in what a reader sends with the form of a page.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{ConnectInfo, FromRequest as _, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use mesur_wording::{Args, Language};
use serde::Deserialize;
use tokio::time::timeout;

use super::files::HTML;
use super::{Missing, Site};
use crate::error::Error;
use crate::feedback::{Feedback, Refusal, safe_page};
use crate::render::{STYLE_FILE, SiteFrame, feed, frame, home, other};

/// How long a reader may take to send the form.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// Set by a proxy on this machine: whom it speaks for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Set by browsers: whether a page of another site sends the form.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    text: String,
    page: String,
    lang: String,
    /// Nobody sees this field: a program filled it in.
    website: String,
}

/// Takes feedback in, and says whether it was.
pub(super) async fn take(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let headers = request.headers();
    if headers
        .get(FETCH_SITE)
        .is_some_and(|from| from == "cross-site")
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let address = address(peer.ip(), headers);
    let fields = match timeout(BODY_TIMEOUT, Form::from_request(request, &())).await {
        Ok(Ok(Form(fields))) => fields,
        Ok(Err(rejection)) => return rejection.status().into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    match received(&site, address, fields).await {
        Ok(response) => response,
        Err(missing) => missing.answer(&site),
    }
}

async fn received(site: &Site, address: IpAddr, fields: Fields) -> Result<Response, Missing> {
    let language = Language::parse(&fields.lang).unwrap_or(Language::En);
    let back = safe_page(&fields.page)
        .unwrap_or_else(|| home(language))
        .to_owned();
    let sent = Feedback {
        time: site.releases.now(),
        page: fields.page,
        text: fields.text,
        language: language.code().to_owned(),
    };
    // A program is thanked like everybody, and learns nothing.
    let taken = if fields.website.is_empty() {
        site.inbox
            .take(&**site.releases.store(), address, sent)
            .await?
    } else {
        Ok(())
    };
    let (status, message) = match taken {
        Ok(()) => (StatusCode::OK, "feedback-thanks"),
        Err(Refusal::Empty) => (StatusCode::UNPROCESSABLE_ENTITY, "feedback-empty"),
        Err(Refusal::TooLong) => (StatusCode::UNPROCESSABLE_ENTITY, "feedback-too-long"),
        Err(Refusal::TooMany) => (StatusCode::TOO_MANY_REQUESTS, "feedback-too-many"),
    };
    let wording = site.wording(language);
    let label = |id: &str| {
        wording
            .text(id, &Args::new())
            .map_err(|error| Error::Render(error.into()))
    };
    let main = html! {
        div.wide.page {
            h1 { (label(message)?) }
            p { a href=(back) { (label("feedback-back")?) } }
        }
    };
    let page = frame(&SiteFrame {
        wording,
        style: &format!("/{}", *STYLE_FILE),
        other: home(other(language)),
        title: html! { (label(message)?) },
        title_language: None,
        feed: feed(language),
        main,
        footer: html! { p { (label("licence")?) } },
    })?;
    Ok((status, [(CONTENT_TYPE, HTML)], page.into_string()).into_response())
}

/// Who sends: whom a proxy on this machine speaks for, or the peer itself.
fn address(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !peer.is_loopback() {
        return peer;
    }
    // The last entry is the proxy's own; those before it are what the reader claims.
    let last = headers.get_all(FORWARDED_FOR).iter().next_back();
    let last = last
        .and_then(|list| list.to_str().ok())
        .and_then(|list| list.rsplit(',').next());
    last.and_then(|text| text.trim().parse().ok())
        .unwrap_or(peer)
}
