//! Taking in what a reader sends with the form of a page.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use maud::html;
use mesur_rpc::server::reader;
use mesur_rpc::tls::Peer;
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
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let headers = request.headers();
    if headers
        .get(FETCH_SITE)
        .is_some_and(|from| from == "cross-site")
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let peer = peer.address().map_or(unknown, |peer| peer.ip());
    let address = reader(peer, headers);
    let fields = match in_time(Form::from_request(request, &())).await {
        Ok(Ok(Form(fields))) => fields,
        Ok(Err(rejection)) => return rejection.status().into_response(),
        Err(late) => return late.into_response(),
    };
    match received(&site, address, fields).await {
        Ok(response) => response,
        Err(missing) => missing.answer(&site),
    }
}

/// What comes of taking a form in, which must be there in time.
async fn in_time<T>(taking: impl Future<Output = T>) -> Result<T, StatusCode> {
    let taken = timeout(BODY_TIMEOUT, taking).await;
    taken.map_err(|_| StatusCode::REQUEST_TIMEOUT)
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

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_form_may_come_until_its_time_is_up() {
        let late = BODY_TIMEOUT + Duration::from_millis(1);
        assert_eq!(in_time(sleep(BODY_TIMEOUT)).await, Ok(()));
        assert_eq!(in_time(sleep(late)).await, Err(StatusCode::REQUEST_TIMEOUT));
    }
}
