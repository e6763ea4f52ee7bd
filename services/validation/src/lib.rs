//! The validation service: checks every return against the rules of its edition, and keeps the
//! reports and the authorities' answers to their warnings.
//!
//! It follows submission: a revision that was taken in while validation was away is validated
//! when it comes back. A report, its event and the place in submission's log are one commit, so
//! each revision has one report, made once. Nothing is asked of a caller to have a return
//! validated, and nothing here stops a return from being taken in; submission asks for the report
//! when somebody signs the return off.
//!
//! Where to look: `api` is the transport, `validator` follows submission, `reports` has the use
//! cases, `domain` what a report is and which answers it takes, `store` the keys and records.

mod api;
mod domain;
mod error;
mod reports;
mod store;
mod submission;
mod validator;

use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::validation::v1::validation_service_server::{self, ValidationServiceServer};
use mesur_rpc::channel::{self, MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use mesur_rpc::clock::Clock;
use mesur_rpc::follow::{Backoff, follow};
use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use mesur_store::Store;
use mesur_wire::Wordings;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

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
    /// What a client may hold.
    pub limits: Limits,
}

/// Why the service ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The house wording has a fault.
    #[error("reading the wording")]
    Wording(#[from] mesur_wording::Error),
    /// The address of submission is not one.
    #[error("the address of submission")]
    Submission(#[from] channel::Error),
    /// The server failed.
    #[error("serving")]
    Server(#[from] server::Error),
}

/// Serves and follows submission until `stop` is cancelled; then the calls are drained and the
/// commit at hand is waited for. Nothing uses the store after that.
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    let wordings = Wordings::house()?;
    let submission = submission::Submission(channel::connect_lazy(&config.submission)?);
    let reports = Arc::new(reports::Reports {
        store: config.store,
        catalogue: config.catalogue,
        clock: config.clock,
    });
    let following = stop.child_token();
    let validator = validator::Validator {
        submission: submission.clone(),
        reports: Arc::clone(&reports),
        stop: following.clone(),
    };
    let tasks = TaskTracker::new();
    tasks.spawn(follow(
        "submission",
        submission,
        validator,
        following.clone(),
        Backoff::default(),
    ));
    tasks.close();
    let api = api::Api {
        reports,
        wordings,
        stop: stop.clone(),
    };
    let routes = Routes::new(
        ValidationServiceServer::new(api)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    );
    let contract = Contract {
        service_names: vec![validation_service_server::SERVICE_NAME],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    };
    let served = server::serve(
        "validation",
        listener,
        routes,
        contract,
        config.limits,
        stop,
    )
    .await;
    // A server that failed was not asked to stop: the follower ends with it.
    following.cancel();
    tasks.wait().await;
    Ok(served?)
}
