//! How one service reaches another.
//!
//! A channel is lazy: it is made at once although the other service is away, connects at the first
//! call, and connects again after a loss. Keep-alive finds a peer that went without a word. It does
//! not retry calls: only the caller knows whether a call may be repeated.

use std::time::Duration;

use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

use crate::access::Bearer;

/// A channel that shows a token with every call.
pub type Connection = InterceptedService<Channel, Bearer>;

/// Largest request that a service decodes: 4 MiB. What a stranger may make a service hold is a
/// multiple of this, because small messages within it take more memory than bytes.
///
/// tonic sets limits on each generated client and server, not on the channel; give this one to
/// `max_decoding_message_size` of every server.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Largest response that a service encodes and a client decodes: 16 MiB.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a connection may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may wait for the start of its response. A stream may then last for ever.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an otherwise silent connection is probed.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// How long a probe may stay unanswered before the connection is given up.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why no channel could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not a URI such as `http://127.0.0.1:5001`.
    #[error("{endpoint:?} is not the address of a service")]
    Endpoint {
        /// The address as it was given.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        source: tonic::transport::Error,
    },
}

/// Makes a channel to `endpoint` that shows `bearer` with every call, without connecting yet. Must
/// be called inside a tokio runtime.
pub fn connect_lazy(endpoint: &str, bearer: Bearer) -> Result<Connection, Error> {
    let invalid = |source| Error::Endpoint {
        endpoint: endpoint.to_owned(),
        source,
    };
    let channel = Endpoint::from_shared(endpoint.to_owned())
        .map_err(invalid)?
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(RESPONSE_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .connect_lazy();
    Ok(InterceptedService::new(channel, bearer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_no_uri_is_refused_before_any_call() {
        let error = connect_lazy("not a uri", Bearer::none()).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "\"not a uri\" is not the address of a service"
        );
        assert!(connect_lazy("http://127.0.0.1:1", Bearer::none()).is_ok());
    }
}
