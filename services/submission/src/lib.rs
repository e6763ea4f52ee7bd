//! The submission service: takes in the returns of the authorities, keeps every revision, and
//! signs them off. It is also the catalogue's public face.
//!
//! A return that is whole is taken in and durable although validation is away. Only signing off
//! needs validation: its report says whether anything is open. Queries that validation tells of
//! move a return's state when they come. What happened stands in an ordered log, written in the
//! same commit as the change, which the other services follow.
//!
//! Where to look: `api` is the transport; `returns`, `schedules` and `delegations` are the use
//! cases; `sight` says what a caller may see and send; `domain/life_cycle` says why a move is refused;
//! `follower` takes validation's events in; `store` has the keys and records.

mod api;
mod delegations;
mod domain;
mod error;
mod follower;
pub mod process;
mod recent;
mod repeats;
mod returns;
mod schedules;
mod sight;
mod store;
mod turns;
mod validation;

use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::catalogue::v1::catalogue_service_server::{self, CatalogueServiceServer};
use mesur_proto::submission::v1::submission_service_server;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{self, MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use mesur_rpc::clock::Clock;
use mesur_rpc::compaction::compact_daily;
use mesur_rpc::duty::duty;
use mesur_rpc::follow::{Backoff, Following, follow};
use mesur_rpc::operations;
use mesur_rpc::page::Tokens;
use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use mesur_store::Store;
use mesur_store::migrate::migrate;
use mesur_wire::{Openings, Wordings};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

pub use store::{FOLLOWING_KINDS, check_store, compact_store, followed, has_event, request_days};

/// What the service runs with.
pub struct Config {
    /// The editions that it knows.
    pub catalogue: Arc<Catalogue>,
    /// Where returns are kept; no other service reads it.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where validation is, `http://host:port`. It need not be there yet.
    pub validation: String,
    /// Finds out who calls.
    pub authenticator: Authenticator,
    /// What the service shows of itself to validation.
    pub bearer: Bearer,
    /// What a client may hold.
    pub limits: Limits,
}

/// Why the service ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed at the start.
    #[error("opening the store")]
    Store(#[from] mesur_store::Error),
    /// The house wording has a fault.
    #[error("reading the wording")]
    Wording(#[from] mesur_wording::Error),
    /// The address of validation is not one.
    #[error("the address of validation")]
    Validation(#[from] channel::Error),
    /// The server failed.
    #[error("serving")]
    Server(#[from] server::Error),
}

/// Serves and follows validation until `stop` is cancelled; then the calls are drained and the
/// commit at hand is waited for. Nothing uses the store after that.
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    migrate(&*config.store, &[]).await?;
    let tokens = Tokens::load(&*config.store, &store::keys::page_key()).await?;
    let wordings = Arc::new(Wordings::house()?);
    let connection = channel::connect_lazy(&config.validation, config.bearer)?;
    let reports = validation::ValidationReports(connection);
    let (store, catalogue, clock) = (config.store, config.catalogue, config.clock);
    let exports = operations::store_service("submission", Arc::clone(&store), stop.clone());
    let returns = Arc::new(returns::Returns {
        store: Arc::clone(&store),
        catalogue: Arc::clone(&catalogue),
        clock: Arc::clone(&clock),
        reports: Arc::new(reports.clone()),
        turns: turns::Turns::default(),
        earlier_values: returns::EarlierValues::default(),
    });
    let following = stop.child_token();
    let tasks = TaskTracker::new();
    spawn_duties(&tasks, &reports, &returns, &following);
    tasks.close();
    let submission = api::Api {
        returns: Arc::clone(&returns),
        schedules: schedules::Schedules {
            store: Arc::clone(&store),
            catalogue: Arc::clone(&catalogue),
            clock: Arc::clone(&clock),
        },
        delegations: delegations::Delegations {
            store,
            catalogue: Arc::clone(&catalogue),
            clock,
        },
        room: api::Room::default(),
        wordings,
        openings: Openings::of(&catalogue),
        tokens: tokens.clone(),
        stop: stop.clone(),
    };
    let face = api::CatalogueApi { catalogue, tokens };
    let served = server::serve(
        "submission",
        listener,
        routes(submission, face).add_service(exports),
        contract(),
        config.authenticator,
        config.limits,
        stop,
    )
    .await;
    // A server that failed was not asked to stop: the follower ends with it.
    following.cancel();
    tasks.wait().await;
    Ok(served?)
}

fn routes(submission: api::Api, face: api::CatalogueApi) -> Routes {
    Routes::new(api::ApiServer::new(submission)).add_service(
        CatalogueServiceServer::new(face)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    )
}

fn contract() -> Contract {
    Contract {
        service_names: vec![
            submission_service_server::SERVICE_NAME,
            catalogue_service_server::SERVICE_NAME,
            operations::SERVICE_NAME,
        ],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    }
}

/// What one replica does in the background.
fn spawn_duties(
    tasks: &TaskTracker,
    reports: &validation::ValidationReports,
    returns: &Arc<returns::Returns>,
    stop: &CancellationToken,
) {
    let clock = Arc::clone(&returns.clock);
    tasks.spawn(duty(
        "making the store smaller",
        Arc::clone(&returns.store),
        stop.clone(),
        move |store, stop| {
            let (days, clock) = (request_days(), Arc::clone(&clock));
            let compact =
                |store: Arc<dyn Store>, before| async move { compact_store(&*store, before).await };
            compact_daily(store, days, clock, compact, stop)
        },
    ));
    let (reports, returns) = (reports.clone(), Arc::clone(returns));
    tasks.spawn(duty(
        "following validation",
        Arc::clone(&returns.store),
        stop.clone(),
        move |store, stop| {
            let mover = follower::Mover(returns.writing_to(store));
            let following = Following {
                service: "submission",
                upstream: "validation",
            };
            let backoff = Backoff::default();
            follow(following, reports.clone(), mover, stop, backoff)
        },
    ));
}
