//! The four services in one process on loopback, each with its own store, speaking the same gRPC
//! as in containers. `mesur up` is this, and so is the suite that a rehearsal or a test runs in.
//!
//! Nothing here knows what a service does: it binds, starts and stops them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use mesur_catalogue::Catalogue;
use mesur_rpc::clock::Clock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where the stores are.
#[derive(Debug, Clone)]
pub enum Stores {
    /// A folder for each service under this one.
    Folder(PathBuf),
    /// Gone with the process.
    Memory,
}

/// The ports of the suite on loopback; 0 lets the system choose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The web page.
    pub web: u16,
    /// The submission service.
    pub submission: u16,
    /// The validation service.
    pub validation: u16,
    /// The aggregation service.
    pub aggregation: u16,
    /// The publication service.
    pub publication: u16,
}

/// What the suite runs with.
pub struct Config {
    /// The editions.
    pub catalogue: Arc<Catalogue>,
    /// Where the stores are.
    pub stores: Stores,
    /// The ports.
    pub ports: Ports,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What a client of a service may hold.
    pub limits: Limits,
}

/// Where the services of a running suite are, `http://127.0.0.1:port`.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The web page.
    pub web: String,
    /// The submission service.
    pub submission: String,
    /// The validation service.
    pub validation: String,
    /// The aggregation service.
    pub aggregation: String,
    /// The publication service.
    pub publication: String,
}

/// A running suite.
pub struct Suite {
    endpoints: Endpoints,
    stop: CancellationToken,
    services: JoinSet<anyhow::Result<Drained>>,
}

impl Suite {
    /// Starts the four services; they answer when this returns. They stop when `stop` is
    /// cancelled, or by [`Suite::stop`].
    pub async fn start(config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let submission = Listener::loopback(config.ports.submission).await?;
        let validation = Listener::loopback(config.ports.validation).await?;
        let aggregation = Listener::loopback(config.ports.aggregation).await?;
        let publication = Listener::loopback(config.ports.publication).await?;
        let web = bind_web(config.ports.web).await?;
        let at = |address: SocketAddr| format!("http://{address}");
        let endpoints = Endpoints {
            web: at(web.local_addr()?),
            submission: at(submission.local_addr()),
            validation: at(validation.local_addr()),
            aggregation: at(aggregation.local_addr()),
            publication: at(publication.local_addr()),
        };
        let mut services = JoinSet::new();
        let task = mesur_submission::run(
            mesur_submission::Config {
                catalogue: Arc::clone(&config.catalogue),
                store: store(&config.stores, "submission")?,
                clock: Arc::clone(&config.clock),
                validation: endpoints.validation.clone(),
                limits: config.limits.clone(),
            },
            submission,
            stop.clone(),
        );
        services.spawn(async { task.await.context("submission") });
        let task = mesur_validation::run(
            mesur_validation::Config {
                catalogue: Arc::clone(&config.catalogue),
                store: store(&config.stores, "validation")?,
                clock: Arc::clone(&config.clock),
                submission: endpoints.submission.clone(),
                limits: config.limits.clone(),
            },
            validation,
            stop.clone(),
        );
        services.spawn(async { task.await.context("validation") });
        let task = mesur_aggregation::run(
            mesur_aggregation::Config {
                catalogue: Arc::clone(&config.catalogue),
                store: store(&config.stores, "aggregation")?,
                clock: Arc::clone(&config.clock),
                submission: endpoints.submission.clone(),
                limits: config.limits.clone(),
            },
            aggregation,
            stop.clone(),
        );
        services.spawn(async { task.await.context("aggregation") });
        let task = mesur_publication::run(
            mesur_publication::Config {
                catalogue: Arc::clone(&config.catalogue),
                store: store(&config.stores, "publication")?,
                clock: Arc::clone(&config.clock),
                aggregation: endpoints.aggregation.clone(),
                limits: config.limits.clone(),
            },
            publication,
            web,
            stop.clone(),
        );
        services.spawn(async { task.await.context("publication") });
        Ok(Self {
            endpoints,
            stop,
            services,
        })
    }

    /// Where the services are.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Waits until a service fails or all have stopped. One that fails stops the others.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        let mut first = Ok(());
        while let Some(ended) = self.services.join_next().await {
            let ended = ended
                .context("a service panicked")
                .and_then(|result| result);
            if let Err(error) = ended {
                self.stop.cancel();
                first = first.and(Err(error));
            }
        }
        first
    }

    /// Stops the services, each within its drain time.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.ended().await
    }
}

async fn bind_web(port: u16) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))
}

fn store(stores: &Stores, service: &str) -> anyhow::Result<Arc<dyn Store>> {
    match stores {
        Stores::Folder(folder) => mesur_process::open_store(&folder.join(service)),
        Stores::Memory => Ok(Arc::new(MemoryStore::new())),
    }
}
