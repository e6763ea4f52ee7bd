//! What every answer says besides its content.

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use mesur_rpc::tls::Peer;
use tower::util::ServiceExt as _;

/// Styles come from this site, forms go to it; nothing else is loaded, and no script runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
base-uri 'none'; frame-ancestors 'none'";
/// A reader who came by TLS comes by TLS for a year.
const BY_TLS: &str = "max-age=31536000";
/// Set by a proxy on this machine that ends TLS before this process, and here otherwise.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What every answer says.
static EVERY: LazyLock<HeaderMap> = LazyLock::new(|| {
    let every = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    let every = every.map(|(name, value)| (name, HeaderValue::from_static(value)));
    every.into_iter().collect()
});

/// What every answer says, for answers that are kept ready.
pub(super) fn every() -> HeaderMap {
    EVERY.clone()
}

/// Answers, and sees that the answer says what every one does.
pub(super) async fn safe(mut request: Request, pages: Router) -> Result<Response, Infallible> {
    if request.extensions().get().is_some_and(Peer::is_by_tls) {
        // What comes after looks for it in one place, whoever ended TLS.
        let https = HeaderValue::from_static("https");
        request.headers_mut().insert(FORWARDED_PROTO, https);
    }
    let by_tls = came_by_tls(request.headers());
    let mut response = pages.oneshot(request).await?;
    let headers = response.headers_mut();
    // An answer that was kept ready has the others too.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        for (name, value) in &*EVERY {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
    if by_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(BY_TLS));
    }
    Ok(response)
}

/// Whether the reader came by TLS, ended here or by a proxy.
pub(super) fn came_by_tls(headers: &HeaderMap) -> bool {
    headers
        .get(FORWARDED_PROTO)
        .is_some_and(|value| value == "https")
}
