//! The publication service: compiles releases from snapshots, publishes them and serves them.
//!
//! It follows aggregation and keeps every snapshot, so it goes on while aggregation is away. A
//! release is compiled from a snapshot and the statements of its edition, reviewed as it was
//! rendered, approved by somebody else, and published on its day by itself; from then on serving is
//! handing out bytes. Nothing of a release that is not published can be had as a file or on the web,
//! and only those who work on releases are told that there is one, and early readers by name.
//!
//! Where to look: `domain` compiles and has the table of a release's life, `render` words and writes,
//! `releases` has the use cases, `scheduler` the clocks, `follower` takes snapshots in, `api` is the
//! gRPC transport, `web` the pages, `store` the keys and records.
#![deny(clippy::float_arithmetic)]

mod api;
mod cache;
mod dataset;
mod domain;
mod error;
mod feedback;
mod follower;
pub mod process;
mod releases;
mod render;
mod scheduler;
mod signing;
mod store;
mod texts;
mod timetable;
mod web;

use std::io;
use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::publication::v1::publication_service_server;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel;
use mesur_rpc::clock::Clock;
use mesur_rpc::compaction::compact_daily;
use mesur_rpc::duty::duty;
use mesur_rpc::follow::{Backoff, Following, follow};
use mesur_rpc::operations;
use mesur_rpc::page::Tokens;
use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use mesur_store::Store;
use mesur_store::migrate::migrate;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

pub use domain::{Calendar, CalendarError, DataRow, TotalsError, data_rows};
pub use mesur_outputs::bundle::Signer;
pub use render::write_data_csv;
pub use scheduler::{SystemTimer, Timer};
pub use signing::{SigningKeyError, signer_from_file, signer_kept_at};
pub use store::{FOLLOWING_KINDS, check_store, compact_store, followed, request_days};
pub use timetable::{Timetable, TimetableError, TimetableOptions};

/// What the service runs with.
pub struct Config {
    /// The editions that it knows.
    pub catalogue: Arc<Catalogue>,
    /// Where snapshots and releases are kept; no other service reads it.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What counts the time that passes.
    pub timer: Arc<dyn Timer>,
    /// When releases come out, and who sees them before.
    pub timetable: Timetable,
    /// Where aggregation is, `http://host:port`. It need not be there yet.
    pub aggregation: String,
    /// Who is let in.
    pub authenticator: Authenticator,
    /// The service's own token.
    pub bearer: Bearer,
    /// What signs the bundles of releases.
    pub signer: Arc<Signer>,
    /// What a client may hold.
    pub limits: Limits,
}

/// Why the service ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed at the start.
    #[error("opening the store")]
    Store(#[from] mesur_store::Error),
    /// The releases in the store cannot be read.
    #[error("reading the releases")]
    Releases(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The settings of when a release comes out cannot be used.
    #[error("the timetable of releases")]
    Timetable(#[source] TimetableError),
    /// The key that signs bundles cannot be had.
    #[error("the key that signs bundles")]
    SigningKey(#[from] SigningKeyError),
    /// The address of aggregation is not one.
    #[error("the address of aggregation")]
    Aggregation(#[from] channel::Error),
    /// The server failed.
    #[error("serving")]
    Server(#[from] server::Error),
    /// The web server failed.
    #[error("serving the web page")]
    Web(#[from] io::Error),
}

/// Serves gRPC on `listener` and the web page on `web`, and follows aggregation, until `stop` is
/// cancelled and the calls are drained. Nothing uses the store after that.
pub async fn run(
    config: Config,
    listener: Listener,
    web: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    migrate(&*config.store, &[]).await?;
    let tokens = Tokens::load(&*config.store, &store::page_key()).await?;
    let aggregation = channel::connect_lazy(&config.aggregation, config.bearer)?;
    let aggregation = follower::Aggregation(aggregation);
    // A server that failed was not asked to stop: the others end with it.
    let stop = stop.child_token();
    let exports = operations::store_service("publication", Arc::clone(&config.store), stop.clone());
    let last_change = store::last_change(&*config.store).await;
    let last_change = last_change.map_err(|error| RunError::Releases(error.into()))?;
    let clock = Arc::clone(&config.clock);
    let timer = config.timer;
    let trusted = scheduler::TrustedClock::new(config.clock, Arc::clone(&timer));
    let releases = releases::Releases::open(
        config.store,
        Arc::clone(&config.catalogue),
        trusted,
        config.timetable,
        config.signer,
    );
    let releases = releases.await;
    let releases = Arc::new(releases.map_err(|error| RunError::Releases(error.into()))?);
    let api = api::Api {
        texts: texts::Texts {
            store: Arc::clone(releases.store()),
            catalogue: config.catalogue,
        },
        releases: Arc::clone(&releases),
        tokens,
    };
    let routes = Routes::new(api::PublicationServer::new(api)).add_service(exports);
    let tasks = TaskTracker::new();
    spawn_duties(&tasks, &releases, &aggregation, &clock, &timer, &stop);
    let replica = Arc::clone(&releases);
    let kept_up = stop.clone();
    tasks.spawn(async move { replica.keep_up(last_change, kept_up).await });
    let pages = web::serve(web, releases, config.limits.clone(), stop.clone());
    // Without its pages, however they ended, the service stops.
    let ended = stop.clone().drop_guard();
    let pages = tasks.spawn(async move {
        let _ended = ended;
        pages.await
    });
    tasks.close();
    let name = "publication";
    let served = server::serve(
        name,
        listener,
        routes,
        contract(),
        config.authenticator,
        config.limits,
        stop.clone(),
    )
    .await;
    stop.cancel();
    tasks.wait().await;
    // A panic of the pages is one of this service.
    pages.await.map_err(io::Error::other)??;
    Ok(served?)
}

/// What one replica does in the background.
fn spawn_duties(
    tasks: &TaskTracker,
    releases: &Arc<releases::Releases>,
    aggregation: &follower::Aggregation,
    clock: &Arc<dyn Clock>,
    timer: &Arc<dyn Timer>,
    stop: &CancellationToken,
) {
    let store = releases.store();
    let clock = Arc::clone(clock);
    tasks.spawn(duty(
        "making the store smaller",
        Arc::clone(store),
        stop.clone(),
        move |store, stop| {
            let (days, clock) = (request_days(), Arc::clone(&clock));
            let compact =
                |store: Arc<dyn Store>, before| async move { compact_store(&*store, before).await };
            compact_daily(store, days, clock, compact, stop)
        },
    ));
    let aggregation = aggregation.clone();
    tasks.spawn(duty(
        "following aggregation",
        Arc::clone(store),
        stop.clone(),
        move |store, stop| {
            let keeper = follower::Keeper {
                aggregation: aggregation.clone(),
                store,
                stop: stop.clone(),
            };
            let following = Following {
                service: "publication",
                upstream: "aggregation",
            };
            let backoff = Backoff::default();
            follow(following, aggregation.clone(), keeper, stop, backoff)
        },
    ));
    let (releases, timer) = (Arc::clone(releases), Arc::clone(timer));
    tasks.spawn(duty(
        "publishing",
        Arc::clone(store),
        stop.clone(),
        move |store, stop| {
            let (releases, timer) = (Arc::clone(&releases), Arc::clone(&timer));
            scheduler::run(releases, store, timer, stop)
        },
    ));
}

fn contract() -> Contract {
    Contract {
        service_names: vec![
            publication_service_server::SERVICE_NAME,
            operations::SERVICE_NAME,
        ],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    }
}
