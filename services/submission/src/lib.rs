//! The submission service: takes in the returns of the authorities, keeps every revision, and
//! signs them off. It is also the catalogue's public face.
//!
//! A return that is whole is taken in and durable although validation is away. Only signing off
//! needs validation: its report says whether errors or unexplained warnings are open. What
//! happened stands in an ordered log, written in the same commit as the change, which the other
//! services follow.
//!
//! Where to look: `api` is the transport, `returns` the use cases, `domain` the states of a
//! return, `store` the keys and records.

mod api;
mod domain;
mod error;
mod previous;
mod returns;
mod store;
mod validation;

use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::catalogue::v1::catalogue_service_server::{self, CatalogueServiceServer};
use mesur_proto::submission::v1::submission_service_server::{self, SubmissionServiceServer};
use mesur_rpc::channel::{self, MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use mesur_rpc::clock::Clock;
use mesur_rpc::page::Tokens;
use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use mesur_store::Store;
use mesur_wire::Wordings;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

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

/// Serves until `stop` is cancelled and the calls are drained.
pub async fn run(
    config: Config,
    listener: Listener,
    stop: CancellationToken,
) -> Result<Drained, RunError> {
    let tokens = Tokens::load(&*config.store, &store::page_key()).await?;
    let wordings = Arc::new(Wordings::house()?);
    let reports = validation::ValidationReports(channel::connect_lazy(&config.validation)?);
    let catalogue = api::CatalogueApi {
        catalogue: Arc::clone(&config.catalogue),
        tokens: tokens.clone(),
    };
    let returns = Arc::new(returns::Returns {
        store: config.store,
        catalogue: config.catalogue,
        clock: config.clock,
        reports: Arc::new(reports),
    });
    let submission = api::Api {
        returns,
        wordings,
        tokens,
        stop: stop.clone(),
    };
    let routes = Routes::new(
        SubmissionServiceServer::new(submission)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    )
    .add_service(
        CatalogueServiceServer::new(catalogue)
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX),
    );
    let contract = Contract {
        service_names: vec![
            submission_service_server::SERVICE_NAME,
            catalogue_service_server::SERVICE_NAME,
        ],
        descriptor_sets: vec![mesur_proto::FILE_DESCRIPTOR_SET],
    };
    Ok(server::serve(
        "submission",
        listener,
        routes,
        contract,
        config.limits,
        stop,
    )
    .await?)
}
