//! How one service reaches another.
//!
//! A channel is lazy: it is made at once although the other service is away, connects at the first
//! call, and connects again after a loss. Keep-alive finds a peer that went without a word. It does
//! not retry calls: only the caller knows whether a call may be repeated.

use std::net::IpAddr;
use std::time::Duration;

use prost::Message;
use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::Scheme;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

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

/// Whether a response fits a message. One that does not is better told by its reason than by what encodes it.
pub fn fits(response: &impl Message) -> bool {
    response.encoded_len() <= MESSAGE_BYTES_MAX
}

/// How long a connection may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a call may wait for the start of its response. A stream may then last for ever.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often an otherwise silent connection is probed.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// How long a probe may stay unanswered before the connection is given up.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What stands for the address of a channel whose connector knows the true one.
const ELSEWHERE: &str = "http://localhost";

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
    /// The address is to be reached by TLS, and nobody said whom to trust.
    #[error("{0} is reached by TLS, and no authority is trusted to vouch for it")]
    NoAuthority(String),
    /// What is sent there could be read on the way.
    #[error("{0} is not on this machine, and is reached by https only")]
    Plain(String),
}

/// Makes a channel to `endpoint` that shows `bearer` with every call, without connecting yet. Must
/// be called inside a tokio runtime.
///
/// An `https` endpoint must show a certificate of its name that is vouched for by whom the bearer
/// trusts. One of another machine is reached in no other way: what is shown there is a secret.
pub fn connect_lazy(endpoint: &str, bearer: Bearer) -> Result<Connection, Error> {
    let invalid = |source| Error::Endpoint {
        endpoint: endpoint.to_owned(),
        source,
    };
    let address = Endpoint::from_shared(endpoint.to_owned()).map_err(invalid)?;
    let uri = address.uri().clone();
    let by_tls = uri.scheme() == Some(&Scheme::HTTPS);
    if !by_tls && !is_here(&uri) {
        return Err(Error::Plain(endpoint.to_owned()));
    }
    let channel = if by_tls {
        let tls = bearer.tls().cloned();
        let tls = tls.ok_or_else(|| Error::NoAuthority(endpoint.to_owned()))?;
        let to = uri.clone();
        let connector = service_fn(move |_| tls.clone().connect(to.clone()));
        // tonic makes `https` secure by itself, which takes no new certificates; this is not that.
        let address = Endpoint::from(Uri::from_static(ELSEWHERE)).origin(uri);
        bounded(address).connect_with_connector_lazy(connector)
    } else {
        bounded(address).connect_lazy()
    };
    Ok(InterceptedService::new(channel, bearer))
}

fn bounded(address: Endpoint) -> Endpoint {
    address
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(RESPONSE_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}

/// Whether what is sent there stays on this machine.
fn is_here(to: &Uri) -> bool {
    let host = to.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<IpAddr>();
    address.map_or_else(|_| host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use tonic::Code;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;

    use super::*;

    #[test]
    fn a_response_fits_a_message_to_the_byte() {
        // Beside its content it has a tag, and a length of four bytes.
        assert!(fits(&vec![7_u8; MESSAGE_BYTES_MAX - 5]));
        assert!(!fits(&vec![7_u8; MESSAGE_BYTES_MAX - 4]));
    }

    #[tokio::test]
    async fn a_service_that_says_nothing_is_waited_for_so_long_and_no_longer() {
        let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let silent = silent.expect("a port");
        let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
        let channel = connect_lazy(&endpoint, Bearer::none()).expect("an address");
        let mut client = HealthClient::new(channel);
        // Nothing else is to come, so the time goes by at once.
        tokio::time::pause();
        let begun = Instant::now();
        let asked = client.check(HealthCheckRequest::default()).await;
        let status = asked.expect_err("no answer");
        assert!(
            matches!(
                status.code(),
                Code::Cancelled | Code::Unavailable | Code::DeadlineExceeded
            ),
            "{status:?}"
        );
        assert_eq!(begun.elapsed().as_secs(), RESPONSE_TIMEOUT.as_secs());
    }

    #[tokio::test]
    async fn an_address_that_is_no_uri_is_refused_before_any_call() {
        let error = connect_lazy("not a uri", Bearer::none()).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "\"not a uri\" is not the address of a service"
        );
        assert!(connect_lazy("http://127.0.0.1:1", Bearer::none()).is_ok());
    }

    #[tokio::test]
    async fn what_leaves_this_machine_goes_by_tls_to_whom_somebody_vouches_for() {
        for here in ["http://localhost:1", "http://[::1]:1", "http://127.9.9.9"] {
            assert!(connect_lazy(here, Bearer::none()).is_ok(), "{here}");
        }
        for away in [
            "http://192.0.2.1:1",
            "http://localhost.example",
            "http://[2001:db8::1]",
        ] {
            let refused = connect_lazy(away, Bearer::none());
            assert!(matches!(refused, Err(Error::Plain(_))), "{away}");
        }
        let refused = connect_lazy("https://localhost", Bearer::none());
        assert!(matches!(refused, Err(Error::NoAuthority(_))));
    }
}
