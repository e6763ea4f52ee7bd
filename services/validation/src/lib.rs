//! The validation service: checks every return against the rules of its edition, and holds the
//! conversation about what was found.
//!
//! It follows submission: a revision that was taken in while validation was away is validated
//! when it comes back. A report, its event and the place in submission's log are one commit, so
//! each revision has one report, made once. Nothing is asked of a caller to have a return
//! validated, and nothing here stops a return from being taken in; submission asks for the report
//! when somebody signs the return off.
//!
//! What is said about a return is kept as remarks, which are only added; where a finding or a query
//! stands is worked out from them. Nothing is copied from one revision to the next.
//!
//! Where to look: `api` is the gRPC transport and `web` the page for statisticians, `validator`
//! follows submission, `reports`, `remarks`, `queries`, `marks` and `progress` have the use cases,
//! `domain` decides, `store` has the keys and records.

mod api;
mod domain;
mod error;
mod marks;
pub mod process;
mod progress;
mod queries;
mod remarks;
mod reports;
mod store;
mod submission;
mod validator;
mod web;

use std::io;
use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::validation::v1::validation_service_server::{self, ValidationServiceServer};
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
use mesur_wire::Wordings;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

pub use store::{FOLLOWING_KINDS, check_store, compact_store, followed, has_event, request_days};

/// What the service runs with.
pub struct Config {
    /// The editions that it knows.
    pub catalogue: Arc<Catalogue>,
    /// Where reports are kept; no other service reads it.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where submission is, `http://host:port`. It need not be there yet.
    pub submission: String,
    /// Finds out who calls.
    pub authenticator: Authenticator,
    /// What the service shows to submission.
    pub bearer: Bearer,
    /// What a client may hold.
    pub limits: Limits,
    /// Where the page for statisticians is served; `None` for nowhere.
    pub web: Option<Listener>,
}

/// Why the service ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The house wording has a fault.
    #[error("reading the wording")]
    Wording(#[from] mesur_wording::Error),
    /// The store failed at the start.
    #[error("opening the store")]
    Store(#[from] mesur_store::Error),
    /// The address of submission is not one.
    #[error("the address of submission")]
    Submission(#[from] channel::Error),
    /// The server failed.
    #[error("serving")]
    Server(#[from] server::Error),
    /// The web server failed.
    #[error("serving the web page")]
    Web(#[from] io::Error),
}

/// Serves and follows submission until `stop` is cancelled; then the calls are drained and the
/// commit at hand is waited for. Nothing uses the store after that.
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    let wordings = Arc::new(Wordings::house()?);
    migrate(&*config.store, &[]).await?;
    let tokens = Tokens::load(&*config.store, &store::page_key()).await?;
    let submission =
        submission::Submission(channel::connect_lazy(&config.submission, config.bearer)?);
    // A server that failed was not asked to stop: the others end with it.
    let stop = stop.child_token();
    let exports = operations::store_service("validation", Arc::clone(&config.store), stop.clone());
    let validation = Arc::new(reports::Validation {
        store: config.store,
        catalogue: config.catalogue,
        clock: config.clock,
        tokens,
        stop: stop.clone(),
    });
    let tasks = TaskTracker::new();
    spawn_duties(&tasks, &submission, &validation, &stop);
    if let Some(listener) = config.web {
        let pages = web::Pages {
            validation: Arc::clone(&validation),
            wordings: Arc::clone(&wordings),
            authenticator: config.authenticator.clone(),
        };
        let limits = config.limits.clone();
        tasks.spawn(web::serve(listener, pages, limits, stop.clone()));
    }
    tasks.close();
    let api = api::Api {
        validation,
        wordings,
    };
    let routes = Routes::new(
        ValidationServiceServer::new(api)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    )
    .add_service(exports);
    let contract = Contract {
        service_names: vec![
            validation_service_server::SERVICE_NAME,
            operations::SERVICE_NAME,
        ],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    };
    let served = server::serve(
        "validation",
        listener,
        routes,
        contract,
        config.authenticator,
        config.limits,
        stop.clone(),
    )
    .await;
    stop.cancel();
    tasks.wait().await;
    Ok(served?)
}

/// What one replica does in the background.
fn spawn_duties(
    tasks: &TaskTracker,
    submission: &submission::Submission,
    validation: &Arc<reports::Validation>,
    stop: &CancellationToken,
) {
    let clock = Arc::clone(&validation.clock);
    tasks.spawn(duty(
        "making the store smaller",
        Arc::clone(&validation.store),
        stop.clone(),
        move |store, stop| {
            let (days, clock) = (request_days(), Arc::clone(&clock));
            let compact =
                |store: Arc<dyn Store>, before| async move { compact_store(&*store, before).await };
            compact_daily(store, days, clock, compact, stop)
        },
    ));
    let (submission, validation) = (submission.clone(), Arc::clone(validation));
    tasks.spawn(duty(
        "following submission",
        Arc::clone(&validation.store),
        stop.clone(),
        move |store, stop| {
            let validator = validator::Validator {
                submission: submission.clone(),
                validation: validation.writing_to(store),
                stop: stop.clone(),
            };
            let following = Following {
                service: "validation",
                upstream: "submission",
            };
            let backoff = Backoff::default();
            follow(following, submission.clone(), validator, stop, backoff)
        },
    ));
}
