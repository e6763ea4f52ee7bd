//! The aggregation service: adds the signed-off returns of the authorities up, with the coverage
//! of every figure, and freezes the result.
//!
//! It follows submission and keeps the content of every return that was signed off, checked
//! against its own edition. It follows validation for the marks of values that are not robust: they
//! are added up, and not told of their authority. Live totals are over what is held now, and a return
//! more or less costs one return's work. A snapshot never changes: its name comes from the digest of its
//! inputs, and the same inputs have the same bytes, on every machine and in whatever order the returns
//! arrived. It names its returns, whose contents stay, and can be added up again from them.
//!
//! Where to look: `domain` is the arithmetic, `message` its result as it is served and stored,
//! `follower` takes returns in, `marks` what is not robust, `live` keeps the totals, `recount` adds an
//! edition up from the store, `snapshots` are the use cases, with `decisions`, `reading`, `verify` and
//! `compare`, `api` the transport, `store` the keys and records. Which figures there are is said by the
//! edition; nothing here knows a metric.
//!
//! Deliberately not here: estimates for what is missing, disclosure control, words. What may be
//! published, and how it is said, is publication's to decide.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm
)]

mod api;
mod compare;
mod decisions;
mod domain;
mod error;
mod follower;
mod frozen;
mod live;
mod marks;
mod message;
pub mod process;
mod reading;
mod recount;
mod snapshots;
mod store;
mod verify;
mod whole;

use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::aggregation::v1::aggregation_service_server::{self, AggregationServiceServer};
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
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use store::{FOLLOWING_KINDS, check_store, compact_store, followed, has_event, request_days};

/// What the service runs with.
pub struct Config {
    /// The editions that it knows.
    pub catalogue: Arc<Catalogue>,
    /// Where returns and snapshots are kept; no other service reads it.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where submission is, `http://host:port`. It need not be there yet.
    pub submission: String,
    /// Where validation is, `http://host:port`. It need not be there yet.
    pub validation: String,
    /// Who is let in.
    pub authenticator: Authenticator,
    /// The service's own token.
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
    /// The address of another service is not one.
    #[error("the address of another service")]
    Address(#[from] channel::Error),
    /// The server failed.
    #[error("serving")]
    Server(#[from] server::Error),
}

/// Serves, and follows submission and validation, until `stop` is cancelled and the calls are drained.
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    migrate(&*config.store, &[]).await?;
    let tokens = Tokens::load(&*config.store, &store::page_key()).await?;
    let submission = follower::Submission(channel::connect_lazy(
        &config.submission,
        config.bearer.clone(),
    )?);
    let live = Arc::new(live::Live::new(&config.store, &config.catalogue));
    live.load().await;
    let validation = channel::connect_lazy(&config.validation, config.bearer.clone())?;
    let validation = marks::Validation(validation);
    let exports = operations::store_service("aggregation", Arc::clone(&config.store), stop.clone());
    let duties = [
        tokio::spawn(sweeping(&config.store, &config.clock, &stop)),
        tokio::spawn(following(&config, &submission, &live, &stop)),
        tokio::spawn(following_marks(&config.store, &validation, &live, &stop)),
    ];
    let api = api::Api {
        snapshots: Arc::new(snapshots::Snapshots {
            store: config.store,
            catalogue: config.catalogue,
            clock: config.clock,
            live,
            submission: submission.clone(),
        }),
        tokens,
        stop: stop.clone(),
    };
    let routes = routes(api).add_service(exports);
    let served = server::serve(
        "aggregation",
        listener,
        routes,
        contract(),
        config.authenticator,
        config.limits,
        stop,
    )
    .await;
    // It has had the time of the drain to finish; a commit that is dropped half-way still happens
    // wholly, with its cursor, or not at all. Waiting sees it let go of the store.
    for duty in duties {
        duty.abort();
        let _ = duty.await;
    }
    Ok(served?)
}

/// Takes out what is remembered of requests that are past their time.
fn sweeping(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let clock = Arc::clone(clock);
    duty(
        "making the store smaller",
        Arc::clone(store),
        stop.clone(),
        move |store, stop| {
            let (days, clock) = (request_days(), Arc::clone(&clock));
            let compact =
                |store: Arc<dyn Store>, old| async move { compact_store(&*store, old).await };
            compact_daily(store, days, clock, compact, stop)
        },
    )
}

/// Keeps the returns that submission tells of.
fn following(
    config: &Config,
    submission: &follower::Submission,
    live: &Arc<live::Live>,
    stop: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let catalogue = Arc::clone(&config.catalogue);
    let (submission, live) = (submission.clone(), Arc::clone(live));
    duty(
        "following submission",
        Arc::clone(&config.store),
        stop.clone(),
        move |store, stop| {
            let keeper = follower::Keeper {
                submission: submission.clone(),
                store,
                catalogue: Arc::clone(&catalogue),
                live: Arc::clone(&live),
            };
            let following = Following {
                service: "aggregation",
                upstream: "submission",
            };
            let backoff = Backoff::default();
            follow(following, submission.clone(), keeper, stop, backoff)
        },
    )
}

/// Keeps the marks that validation tells of.
fn following_marks(
    store: &Arc<dyn Store>,
    validation: &marks::Validation,
    live: &Arc<live::Live>,
    stop: &CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let (validation, live) = (validation.clone(), Arc::clone(live));
    duty(
        "following validation",
        Arc::clone(store),
        stop.clone(),
        move |store, stop| {
            let live = Arc::clone(&live);
            let keeper = marks::MarkKeeper { store, live };
            let following = Following {
                service: "aggregation",
                upstream: "validation",
            };
            let backoff = Backoff::default();
            follow(following, validation.clone(), keeper, stop, backoff)
        },
    )
}

fn routes(api: api::Api) -> Routes {
    Routes::new(
        AggregationServiceServer::new(api)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    )
}

fn contract() -> Contract {
    Contract {
        service_names: vec![
            aggregation_service_server::SERVICE_NAME,
            operations::SERVICE_NAME,
        ],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    }
}
