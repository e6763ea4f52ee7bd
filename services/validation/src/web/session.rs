//! Who looks at the pages: signing in with a token, and out.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use mesur_access::Grant;
use mesur_rpc::access::Error;
use mesur_rpc::tls::Peer;
use mesur_wording::{Language, Wording};
use serde::Deserialize;

use super::page::{self, SignIn};
use super::problem::Problem;
use super::{Choice, Pages};

/// The method whose callers may see the pages.
const METHOD: &str = "/mesur.validation.v1.ValidationService/GetCollectionProgress";

const COOKIE_NAME: &str = "mesur_token";

/// No browser keeps a cookie of more than 4,096 bytes with its name and attributes.
const TOKEN_BYTES_MAX: usize = 3_900;

/// What another site cannot set: where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The form that was sent.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    token: String,
}

/// What the caller may do, by the token in the header or else in the cookie.
pub(super) async fn admit(pages: &Pages, headers: &HeaderMap) -> Result<Grant, Error> {
    match admit_now(pages, headers) {
        Err(error) if pages.authenticator.settle(&error).await => admit_now(pages, headers),
        known => known,
    }
}

fn admit_now(pages: &Pages, headers: &HeaderMap) -> Result<Grant, Error> {
    let shown = headers.get_all(AUTHORIZATION).iter();
    let shown: Vec<&[u8]> = shown.map(HeaderValue::as_bytes).collect();
    if !shown.is_empty() {
        return pages
            .authenticator
            .admit(METHOD, shown.into_iter(), &person());
    }
    match cookie(headers) {
        Some(token) => admit_token(pages, token),
        None => Err(Error::NoToken),
    }
}

fn admit_token(pages: &Pages, token: &str) -> Result<Grant, Error> {
    let header = format!("Bearer {token}");
    let headers = std::iter::once(header.as_bytes());
    pages.authenticator.admit(METHOD, headers, &person())
}

/// People look at pages, and show no certificate.
fn person() -> Peer {
    Peer::default()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| *name == COOKIE_NAME);
    found
        .map(|(_, token)| token)
        .filter(|token| !token.is_empty())
}

/// The answer to a caller who may not see a page.
pub(super) fn refused(refusal: &Error, wording: &Wording) -> Result<Response, Problem> {
    match refusal {
        Error::Denied(_) => {
            let page = page::denied(wording)?.into_string();
            Ok((StatusCode::FORBIDDEN, Html(page)).into_response())
        }
        Error::NoToken
        | Error::NoCertificate
        | Error::Expired(_)
        | Error::InvalidToken(_)
        | Error::InvalidHeader => {
            Ok(Redirect::to(&address("/sign-in", wording.language())).into_response())
        }
        // The provider is away, whose keys tell who calls.
        Error::NoKeys(_) => {
            let soon = [(RETRY_AFTER, HeaderValue::from_static("10"))];
            Ok((StatusCode::SERVICE_UNAVAILABLE, soon).into_response())
        }
    }
}

/// The form to sign in with.
pub(super) async fn form(
    State(pages): State<Arc<Pages>>,
    Query(choice): Query<Choice>,
) -> Result<Response, Problem> {
    let wording = pages.wording(choice.language())?;
    let page = page::sign_in(SignIn::Asked, wording)?.into_string();
    Ok(Html(page).into_response())
}

/// Checks the token that was sent and keeps it in the cookie.
pub(super) async fn sign_in(
    State(pages): State<Arc<Pages>>,
    Query(choice): Query<Choice>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    if is_foreign(&headers) {
        return Err(Problem::Foreign);
    }
    let language = choice.language();
    let wording = pages.wording(language)?;
    let token = sent.token.trim();
    let again = |why: SignIn| {
        let page = page::sign_in(why, wording)?.into_string();
        Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response())
    };
    if token.len() > TOKEN_BYTES_MAX {
        return again(SignIn::TooLong);
    }
    let admitted = match admit_token(&pages, token) {
        Err(error) if pages.authenticator.settle(&error).await => admit_token(&pages, token),
        known => known,
    };
    match admitted {
        Ok(_) => {}
        Err(refusal @ (Error::Denied(_) | Error::NoKeys(_))) => return refused(&refusal, wording),
        Err(_) => return again(SignIn::Refused),
    }
    let to = Redirect::to(&address("/", language));
    let by_tls = if peer.is_by_tls() { "; Secure" } else { "" };
    let kept = format!("{COOKIE_NAME}={token}; HttpOnly; SameSite=Strict; Path=/{by_tls}");
    let mut kept = HeaderValue::from_str(&kept).map_err(|error| Problem::failed(&error))?;
    kept.set_sensitive(true);
    Ok(([(SET_COOKIE, kept)], to).into_response())
}

/// Forgets the token.
pub(super) async fn sign_out(Query(choice): Query<Choice>, headers: HeaderMap) -> Response {
    if is_foreign(&headers) {
        return Problem::Foreign.into_response();
    }
    let to = Redirect::to(&address("/sign-in", choice.language()));
    let gone = format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    ([(SET_COOKIE, gone)], to).into_response()
}

/// Whether a browser says that a request was made by another site.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    !matches!(site, None | Some(b"same-origin" | b"none"))
}

/// A path in a language.
pub(super) fn address(path: &str, language: Language) -> String {
    match language {
        Language::En => path.to_owned(),
        Language::Cy => format!("{path}?lang={}", language.code()),
    }
}
