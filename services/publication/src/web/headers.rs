//! What every answer says besides its content.

use std::sync::LazyLock;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

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

/// Sees that an answer says what every one does.
pub(super) fn complete(response: &mut Response, by_tls: bool) {
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
}

/// Tells those who answer that the reader came by TLS: they look for it in one place, whoever ended TLS.
pub(super) fn tell_by_tls(headers: &mut HeaderMap) {
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
}

/// Whether the reader came by TLS, ended here or by a proxy.
pub(super) fn came_by_tls(headers: &HeaderMap) -> bool {
    headers
        .get(FORWARDED_PROTO)
        .is_some_and(|value| value == "https")
}
