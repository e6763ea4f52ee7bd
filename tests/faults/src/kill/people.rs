//! The clients of the four services, each as one person.

use std::path::{Path, PathBuf};

use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};

use crate::kill::services::Service;

/// Where the services are, and where everybody's tokens.
#[derive(Debug, Clone)]
pub(crate) struct World {
    endpoints: Vec<String>,
    access: PathBuf,
}

impl World {
    pub(crate) fn new(services: &[Service], folder: &Path) -> Self {
        Self {
            endpoints: services.iter().map(Service::endpoint).collect(),
            access: folder.join("access"),
        }
    }

    /// The services at these addresses, in the order of the data's way.
    pub(crate) fn at(endpoints: Vec<String>, folder: &Path) -> Self {
        Self {
            endpoints,
            access: folder.join("access"),
        }
    }

    /// The clients of somebody who has a token.
    pub(crate) fn person(&self, name: &str) -> anyhow::Result<Person> {
        let token = self.access.join(format!("{name}.token"));
        let bearer = Bearer::from_file(&token)?;
        let [submission, validation, aggregation, publication] = self.endpoints.as_slice() else {
            anyhow::bail!("there are four services");
        };
        let connect = |endpoint: &str| connect_lazy(endpoint, bearer.clone());
        Ok(Person {
            submission: SubmissionServiceClient::new(connect(submission)?)
                .max_encoding_message_size(MESSAGE_BYTES_MAX)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            validation: ValidationServiceClient::new(connect(validation)?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            aggregation: AggregationServiceClient::new(connect(aggregation)?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            publication: PublicationServiceClient::new(connect(publication)?)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
        })
    }
}

/// A client of each service, as one person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) submission: SubmissionServiceClient<Connection>,
    pub(crate) validation: ValidationServiceClient<Connection>,
    pub(crate) aggregation: AggregationServiceClient<Connection>,
    pub(crate) publication: PublicationServiceClient<Connection>,
}
