//! What callers and readers may ask of one server, and hold of it. `docs/limits.md` has the whole list.

use std::time::Duration;

use super::rates::Rate;

/// Bytes of request headers at most, counted as HTTP/2 counts them: 16 KiB.
pub const REQUEST_HEADER_BYTES_MAX: u32 = 16 * 1024;

/// Bytes of a frame of HTTP/2 that a client may send: 64 KiB, no fewer than it may send of a call before it
/// is told to go on. A return of a thousand cells and more goes into one frame.
pub const FRAME_BYTES_MAX: u32 = 64 * 1024;

/// What a client may hold, and for how long.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; one more is closed at once.
    pub connections_max: usize,
    /// Open connections from one address; one more is closed at once.
    pub connections_per_address_max: usize,
    /// How long a connection may take until the head of its first request, or the preface of HTTP/2, is
    /// there; for pages, until the head of each.
    pub first_bytes_timeout: Duration,
    /// How long a client may take to take in what was sent: a piece of a stream, or a whole answer.
    /// One of 16 MiB comes through a line of 1.2 Mbit/s in time.
    pub send_timeout: Duration,
    /// Calls at work at one time on one connection; one more is refused with `RESOURCE_EXHAUSTED`.
    pub calls_per_connection_max: usize,
    /// Open HTTP/2 streams on one connection: calls at work and streams being sent.
    pub streams_per_connection_max: u32,
    /// Calls at work at one time on the whole server, until their response begins.
    pub calls_max: usize,
    /// Calls that wait for their turn while so many are at work; one more is refused at once.
    pub waiting_calls_max: usize,
    /// How long a call waits for its turn at most.
    pub waiting_timeout: Duration,
    /// Calls of the whole server from their beginning until their answer is sent, streams too.
    pub open_calls_max: usize,
    /// The same of one identity, or of one address without one; services have no such limit.
    pub open_calls_per_caller_max: usize,
    /// How fast one identity may call; none for as fast as it can. Services have no such limit.
    pub identity_rate: Option<Rate>,
    /// How fast one address may call, whoever calls; none for as fast as it can.
    pub address_rate: Option<Rate>,
    /// How fast one address may ask for pages; none for as fast as it can.
    pub page_rate: Option<Rate>,
    /// Whether what is limited by address is also limited for callers on this machine. What speaks
    /// from there is the operator's own, or a proxy that speaks for everybody.
    pub limit_loopback: bool,
    /// How long a call may take until its response begins. A stream may then last on.
    pub call_timeout: Duration,
    /// How often a silent connection is probed.
    pub keepalive_interval: Duration,
    /// How long a probe may stay unanswered.
    pub keepalive_timeout: Duration,
    /// How long a connection lasts before its client is asked to open another.
    pub connection_age_max: Duration,
    /// How long the calls of such a connection may still last.
    pub connection_age_grace: Duration,
    /// How long calls may last after the stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 2_048,
            connections_per_address_max: 256,
            first_bytes_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_mins(2),
            calls_per_connection_max: 128,
            streams_per_connection_max: 256,
            calls_max: 256,
            waiting_calls_max: 256,
            waiting_timeout: Duration::from_secs(1),
            open_calls_max: 4_096,
            open_calls_per_caller_max: 512,
            identity_rate: Some(Rate {
                per_second: 1_000,
                burst: 20_000,
            }),
            address_rate: Some(Rate {
                per_second: 4_000,
                burst: 40_000,
            }),
            page_rate: Some(Rate {
                per_second: 1_000,
                burst: 10_000,
            }),
            limit_loopback: false,
            call_timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(10),
            connection_age_max: Duration::from_mins(30),
            connection_age_grace: Duration::from_mins(1),
            drain_timeout: Duration::from_secs(5),
        }
    }
}
