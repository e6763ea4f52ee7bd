//! What every answer says besides its content.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use mesur_rpc::tls::Peer;

/// Styles come from this site, forms go to it; nothing else is loaded, and no script runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
base-uri 'none'; frame-ancestors 'none'";
/// A reader who came by TLS comes by TLS for a year.
const BY_TLS: &str = "max-age=31536000";
/// Set by a proxy on this machine that ends TLS before this process, and here otherwise.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Adds what every answer says.
pub(super) async fn safe(mut request: Request, next: Next) -> Response {
    if request.extensions().get().is_some_and(Peer::is_by_tls) {
        // What comes after looks for it in one place, whoever ended TLS.
        let https = HeaderValue::from_static("https");
        request.headers_mut().insert(FORWARDED_PROTO, https);
    }
    let by_tls = came_by_tls(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if by_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(BY_TLS));
    }
    response
}

/// Whether the reader came by TLS, ended here or by a proxy.
pub(super) fn came_by_tls(headers: &HeaderMap) -> bool {
    headers
        .get(FORWARDED_PROTO)
        .is_some_and(|value| value == "https")
}
