//! How a server is run, and how it ends.
//!
//! [`serve`] adds health and reflection to a service's own methods, bounds what a client may hold,
//! and returns within a bounded time of being asked to stop: health says `NOT_SERVING`, nothing more
//! is accepted, calls in flight finish, and what is still connected after
//! [`Limits::drain_timeout`] is cut. The bound is needed: a client that connects and never speaks
//! would otherwise hold the server for ever.
//!
//! A stream without an end must end itself: give the service a clone of the `stop` token and end
//! its `Watch…` streams when it is cancelled, or each of them costs the whole drain.
//!
//! Every call to the service itself is let in by an [`Authenticator`], or refused; health and
//! reflection are for everybody. A browser speaks gRPC-Web, also over HTTP/1.1. There are no CORS
//! headers: only pages of the same origin can call, and a page elsewhere needs a proxy that allows it.
//!
//! TLS comes with the [`Listener`]. It knows nothing of what is served.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use tower::util::MapRequestLayer;
use tower_http::auth::AsyncRequireAuthorizationLayer;
use tracing::{info, warn};

mod admission;
mod answer;
mod connection;
mod deadline;
mod gate;
mod gathered;
mod incoming;
mod limits;
mod listener;
mod measured;
mod methods;
mod pages;
mod patience;
mod places;
mod rates;
mod readers;
mod shedding;
mod waiting;

use crate::access::Authenticator;
use crate::tls::Peer;
use connection::Connections;
use gate::Gate;
pub use incoming::{HANDSHAKE_TIMEOUT, HANDSHAKES_MAX, Incoming, Socket};
pub use limits::{FRAME_BYTES_MAX, Limits, REQUEST_HEADER_BYTES_MAX};
pub use listener::Listener;
use measured::Measure;
pub use pages::{PAGE_BUFFER_BYTES_MAX, Pages, serve_pages};
pub(crate) use patience::Given;
pub use rates::{BUCKETS_MAX, Rate};
pub use readers::reader;
use shedding::Shedding;

/// How long a cut connection may take to notice.
const CUT_TIMEOUT: Duration = Duration::from_secs(1);

/// What a server says of itself to health and reflection clients.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    /// Full names of the services served, `mesur.submission.v1.SubmissionService`.
    pub service_names: Vec<&'static str>,
    /// Encoded `FileDescriptorSet`s that describe them, each file once.
    pub descriptor_sets: Vec<&'static [u8]>,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still open when the time was up; zero when all calls finished.
    pub connections_cut: usize,
}

/// Why a server could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("listening on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A descriptor set does not decode, or describes a name twice.
    #[error("describing the services for reflection")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// tonic gave up.
    #[error("serving {name}")]
    Transport {
        /// The server's name.
        name: &'static str,
        /// What tonic says.
        #[source]
        source: tonic::transport::Error,
    },
}

/// Serves `routes` on `listener` until `stop` is cancelled and the calls are drained.
///
/// Everything the service needs must be ready: health says `SERVING` from the first moment.
/// Returns at the latest a second after [`Limits::drain_timeout`]. `routes` must have neither health
/// nor reflection: they are added here.
pub async fn serve(
    name: &'static str,
    listener: Listener,
    routes: Routes,
    contract: Contract,
    authenticator: Authenticator,
    limits: Limits,
    stop: CancellationToken,
) -> Result<Drained, Error> {
    let (address, begun) = (listener.local_addr(), listener.serving());
    let (mut reporter, health) = tonic_health::server::health_reporter();
    for service in &contract.service_names {
        reporter
            .set_service_status(service, ServingStatus::Serving)
            .await;
    }
    let mut reflection = tonic_reflection::server::Builder::configure()
        .with_service_name("grpc.health.v1.Health")
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    for service in &contract.service_names {
        reflection = reflection.with_service_name(*service);
    }
    for set in &contract.descriptor_sets {
        reflection = reflection.register_encoded_file_descriptor_set(set);
    }
    let reflection = reflection.build_v1().map_err(Error::Reflection)?;

    let connections = Connections::default();
    let gate = Gate::new(name, &contract.service_names, authenticator);
    let shedding = Shedding::new(name, &limits);
    let server = builder(&limits)
        .accept_http1(true)
        .layer(MapRequestLayer::new(Peer::tell))
        .layer(GrpcWebLayer::new())
        .layer(Measure::new(name))
        .layer(shedding.by_address())
        .layer(AsyncRequireAuthorizationLayer::new(gate))
        .layer(shedding.by_caller())
        .add_routes(routes)
        .add_service(health)
        .add_service(reflection);
    let stopping = async {
        stop.cancelled().await;
        info!(server = name, "draining");
        leave(&mut reporter, &contract.service_names).await;
    };
    let incoming = connections.accept(listener, &limits, stop.clone());
    let mut serving = pin!(server.serve_with_incoming_shutdown(incoming, stopping));
    let time_up = async {
        stop.cancelled().await;
        sleep(limits.drain_timeout).await;
    };
    info!(server = name, %address, "serving");
    begun.cancel();
    tokio::select! {
        ended = &mut serving => {
            ended.map_err(|source| Error::Transport { name, source })?;
            info!(server = name, "drained");
            Ok(Drained { connections_cut: 0 })
        }
        () = time_up => {
            let connections_cut = connections.cut();
            warn!(server = name, connections_cut, "drain took too long, connections were cut");
            // Cut connections end by themselves; waiting sees the service dropped. Should one not,
            // the bound matters more than the reason.
            let _ = timeout(CUT_TIMEOUT, &mut serving).await;
            Ok(Drained { connections_cut })
        }
    }
}

fn builder(limits: &Limits) -> Server {
    Server::builder()
        .concurrency_limit_per_connection(limits.calls_per_connection_max)
        .load_shed(true)
        .max_concurrent_streams(limits.streams_per_connection_max)
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
        .max_frame_size(Some(FRAME_BYTES_MAX))
        // What it is given is the first length that is refused.
        .http2_max_header_list_size(REQUEST_HEADER_BYTES_MAX.saturating_add(1))
        .max_connection_age(limits.connection_age_max)
}

/// Tells health clients that the server goes, and ends their streams: health watches have no end of
/// their own and would hold the drain.
async fn leave(reporter: &mut HealthReporter, service_names: &[&'static str]) {
    for service in service_names.iter().chain(&[""]) {
        reporter
            .set_service_status(service, ServingStatus::NotServing)
            .await;
        reporter.clear_service_status(service).await;
    }
}
