//! How fast readers may ask for pages.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{HeaderMap, HeaderName, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use tokio::time::Instant;
use tracing::debug;

use super::Limits;
use super::rates::{Buckets, network};
use crate::tls::Peer;

/// Set by a proxy on this machine: whom it speaks for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A bucket for each reader.
pub(super) struct Readers {
    buckets: Option<Buckets>,
    limit_loopback: bool,
    start: Instant,
}

impl Readers {
    pub(super) fn within(limits: &Limits) -> Self {
        Self {
            buckets: limits.page_rate.map(Buckets::new),
            limit_loopback: limits.limit_loopback,
            start: Instant::now(),
        }
    }

    /// The answer to a request that comes too fast, which says when to come again; none to any other.
    pub(super) fn refusal(&self, peer: &Peer, headers: &HeaderMap) -> Option<Response<Body>> {
        let (Some(buckets), Some(peer)) = (&self.buckets, peer.address()) else {
            return None;
        };
        let reader = reader(peer.ip().to_canonical(), headers);
        if reader.is_loopback() && !self.limit_loopback {
            return None;
        }
        let taken = buckets.take(&network(reader), self.start.elapsed());
        let wait = taken.err()?;
        debug!(%reader, "a reader asks too fast");
        Some(too_many(wait))
    }
}

fn too_many(wait: Duration) -> Response<Body> {
    let seconds = wait.as_secs().saturating_add(1);
    let mut response = Response::new(Body::from("Too many requests.\n"));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// Who reads: whom a proxy on this machine speaks for, or the peer itself.
pub fn reader(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
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
