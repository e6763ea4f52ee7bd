//! The four services in one process on loopback, each with its own store, speaking the same gRPC
//! as in containers. `mesur up` is this, and so is the suite that a rehearsal or a test runs in.
//!
//! It makes an issuer of tokens of its own, whose key ends with it: the services let in whom that
//! issuer names, and show tokens of it to one another.
//!
//! Nothing here knows what a service does: it binds, starts and stops them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::Catalogue;
use mesur_process::Etcd;
use mesur_publication::{Signer, SystemTimer, Timetable, signer_kept_at};
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::Clock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the tokens of a suite are good: a hundred years, so that its clock may be put to any day
/// of a collection. Their key ends with the process.
const TOKEN_LIFETIME: Duration = Duration::from_hours(100 * 366 * 24);

/// Where the stores are.
#[derive(Debug, Clone)]
pub enum Stores {
    /// A folder for each service under this one.
    Folder(PathBuf),
    /// In etcd; what else is kept is in the folder.
    Etcd(Box<Etcd>, PathBuf),
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
    /// The page for statisticians.
    pub statisticians: u16,
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
    /// When releases come out, and who sees them before.
    pub timetable: Timetable,
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
    /// The page for statisticians.
    pub statisticians: String,
}

/// A running suite.
pub struct Suite {
    endpoints: Endpoints,
    issuer: Issuer,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    services: JoinSet<anyhow::Result<Drained>>,
}

impl Suite {
    /// Starts the four services; they answer when this returns. They stop when `stop` is
    /// cancelled, or by [`Suite::stop`].
    pub async fn start(config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let sockets = Sockets::bind(config.ports).await?;
        let endpoints = sockets.endpoints();
        let issuer = Issuer::generate();
        let clock = Arc::clone(&config.clock);
        let mut services = JoinSet::new();
        let stores = Opened::open(&config.stores).await?;
        start_services(
            &mut services,
            &config,
            stores,
            sockets,
            &endpoints,
            &issuer,
            &stop,
        )?;
        Ok(Self {
            endpoints,
            issuer,
            clock,
            stop,
            services,
        })
    }

    /// Who issues the tokens that the services take.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// What somebody with these roles shows to the services.
    pub fn bearer(&self, identity: &str, roles: &[Role]) -> anyhow::Result<Bearer> {
        bearer(&self.issuer, identity, roles, &*self.clock)
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

/// What the services listen on, before any of them is started.
struct Sockets {
    submission: Listener,
    validation: Listener,
    aggregation: Listener,
    publication: Listener,
    web: Listener,
    statisticians: Listener,
}

impl Sockets {
    async fn bind(ports: Ports) -> anyhow::Result<Self> {
        Ok(Self {
            submission: Listener::loopback(ports.submission).await?,
            validation: Listener::loopback(ports.validation).await?,
            aggregation: Listener::loopback(ports.aggregation).await?,
            publication: Listener::loopback(ports.publication).await?,
            web: Listener::loopback(ports.web).await?,
            statisticians: Listener::loopback(ports.statisticians).await?,
        })
    }

    fn endpoints(&self) -> Endpoints {
        let at = |address: SocketAddr| format!("http://{address}");
        Endpoints {
            web: at(self.web.local_addr()),
            submission: at(self.submission.local_addr()),
            validation: at(self.validation.local_addr()),
            aggregation: at(self.aggregation.local_addr()),
            publication: at(self.publication.local_addr()),
            statisticians: at(self.statisticians.local_addr()),
        }
    }
}

/// The stores of the services.
struct Opened {
    submission: Arc<dyn Store>,
    validation: Arc<dyn Store>,
    aggregation: Arc<dyn Store>,
    publication: Arc<dyn Store>,
}

impl Opened {
    async fn open(stores: &Stores) -> anyhow::Result<Self> {
        Ok(Self {
            submission: store(stores, "submission").await?,
            validation: store(stores, "validation").await?,
            aggregation: store(stores, "aggregation").await?,
            publication: store(stores, "publication").await?,
        })
    }
}

fn start_services(
    services: &mut JoinSet<anyhow::Result<Drained>>,
    config: &Config,
    stores: Opened,
    sockets: Sockets,
    at: &Endpoints,
    issuer: &Issuer,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let authenticator = Authenticator::trusting(issuer, Arc::clone(&config.clock));
    let shown = |name: &str| bearer(issuer, name, &[Role::Service], &*config.clock);
    let submission = mesur_submission::Config {
        catalogue: Arc::clone(&config.catalogue),
        store: stores.submission,
        clock: Arc::clone(&config.clock),
        validation: at.validation.clone(),
        authenticator: authenticator.clone(),
        bearer: shown("submission")?,
        limits: config.limits.clone(),
    };
    let validation = mesur_validation::Config {
        catalogue: Arc::clone(&config.catalogue),
        store: stores.validation,
        clock: Arc::clone(&config.clock),
        submission: at.submission.clone(),
        authenticator: authenticator.clone(),
        bearer: shown("validation")?,
        limits: config.limits.clone(),
        web: Some(sockets.statisticians),
    };
    let aggregation = mesur_aggregation::Config {
        catalogue: Arc::clone(&config.catalogue),
        store: stores.aggregation,
        clock: Arc::clone(&config.clock),
        submission: at.submission.clone(),
        validation: at.validation.clone(),
        authenticator: authenticator.clone(),
        bearer: shown("aggregation")?,
        limits: config.limits.clone(),
    };
    let publication = mesur_publication::Config {
        catalogue: Arc::clone(&config.catalogue),
        store: stores.publication,
        clock: Arc::clone(&config.clock),
        timer: Arc::new(SystemTimer::start()),
        timetable: config.timetable.clone(),
        aggregation: at.aggregation.clone(),
        authenticator,
        bearer: shown("publication")?,
        signer: Arc::new(signer(&config.stores)?),
        limits: config.limits.clone(),
    };
    let task = mesur_submission::run(submission, sockets.submission, stop.clone());
    services.spawn(async { task.await.context("submission") });
    let task = mesur_validation::run(validation, sockets.validation, stop.clone());
    services.spawn(async { task.await.context("validation") });
    let task = mesur_aggregation::run(aggregation, sockets.aggregation, stop.clone());
    services.spawn(async { task.await.context("aggregation") });
    let (listener, web) = (sockets.publication, sockets.web);
    let task = mesur_publication::run(publication, listener, web, stop.clone());
    services.spawn(async { task.await.context("publication") });
    Ok(())
}

fn bearer(
    issuer: &Issuer,
    identity: &str,
    roles: &[Role],
    clock: &dyn Clock,
) -> anyhow::Result<Bearer> {
    let token = issuer.token(identity, roles, TOKEN_LIFETIME, clock.now());
    Ok(Bearer::new(&token)?)
}

/// What signs bundles: a key of its own beside the stores, or for as long as they are in memory.
fn signer(stores: &Stores) -> anyhow::Result<Signer> {
    match stores {
        Stores::Folder(folder) | Stores::Etcd(_, folder) => {
            Ok(signer_kept_at(&folder.join("signing-key.pem"))?)
        }
        Stores::Memory => Ok(Signer::generate()?),
    }
}

async fn store(stores: &Stores, service: &str) -> anyhow::Result<Arc<dyn Store>> {
    match stores {
        Stores::Etcd(etcd, _) => etcd.open(service).await,
        Stores::Folder(folder) => mesur_process::open_store(&folder.join(service)),
        Stores::Memory => Ok(Arc::new(MemoryStore::new())),
    }
}
