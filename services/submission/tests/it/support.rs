//! The service under test, and the returns of the samples.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::Observation;
use mesur_returns::check_file;
use mesur_rpc::channel::{MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::SteppedClock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use mesur_submission::{Config, RunError, run};
use mesur_wire::observations_to_wire;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mesur/samples");

/// Where nobody listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";
/// When a test begins.
pub(crate) const NOW: &str = "2023-06-01T09:00:00Z";
/// How long a test waits before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const CONWY: &str = "W06000003";
pub(crate) const GWYNEDD: &str = "W06000002";

pub(crate) static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::bundled().expect("the bundled editions")));

pub(crate) fn edition(period: &str) -> &'static Edition {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    CATALOGUE.get(&name).expect("a bundled edition")
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// A sample return as its authority sends it.
pub(crate) fn sample(authority: &str, period: &str) -> pb::DataReturn {
    let edition = edition(period);
    let file = Path::new(SAMPLES)
        .join(period)
        .join(format!("{authority}.csv"));
    let bytes = fs::read(file).expect("a sample");
    let checked = check_file(&bytes, edition, &CATALOGUE, None);
    let content = checked.data_return().expect("a whole return");
    pb::DataReturn {
        name: format!("authorities/{authority}/returns/pif-{period}"),
        observations: observations_to_wire(edition, content),
        ..pb::DataReturn::default()
    }
}

/// The observation of a cell.
pub(crate) fn observation<'a>(
    data_return: &'a mut pb::DataReturn,
    metric: &str,
    category: &str,
) -> &'a mut Observation {
    let mut all = data_return.observations.iter_mut();
    let found = all.find(|one| one.metric == metric && one.category == category);
    found.expect("an observation")
}

/// The sample with another value in one cell.
pub(crate) fn amended(data_return: &pb::DataReturn) -> pb::DataReturn {
    let mut amended = data_return.clone();
    let observation = observation(&mut amended, "AD/002", "");
    observation.value = observation.value.map(|value| value + 1);
    amended
}

/// A request id.
pub(crate) fn id(number: u32) -> String {
    format!("6ba7b810-9dad-41d1-80b4-{number:012}")
}

/// A running service.
pub(crate) struct Service {
    pub(crate) client: SubmissionServiceClient<Channel>,
    pub(crate) catalogue: CatalogueServiceClient<Channel>,
    pub(crate) clock: Arc<SteppedClock>,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, validation: &str) -> Self {
        Self::start_with(Arc::clone(&CATALOGUE), store, validation).await
    }

    pub(crate) async fn start_with(
        catalogue: Arc<Catalogue>,
        store: &Arc<dyn Store>,
        validation: &str,
    ) -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let channel = connect_lazy(&address).expect("a uri");
        let clock = Arc::new(SteppedClock::new(NOW.parse().expect("a time")));
        let config = Config {
            catalogue,
            store: Arc::clone(store),
            clock: Arc::<SteppedClock>::clone(&clock),
            validation: validation.to_owned(),
            limits: Limits::default(),
        };
        let stop = CancellationToken::new();
        Self {
            client: SubmissionServiceClient::new(channel.clone())
                .max_encoding_message_size(MESSAGE_BYTES_MAX)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            catalogue: CatalogueServiceClient::new(channel),
            clock,
            running: tokio::spawn(run(config, listener, stop.clone())),
            stop,
        }
    }

    /// A service with an empty store and without validation.
    pub(crate) async fn alone() -> Self {
        Self::start(&memory(), NOBODY).await
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let drained = self.running.await.expect("no panic").expect("no failure");
        assert_eq!(drained, Drained { connections_cut: 0 });
    }

    pub(crate) async fn submit(
        &self,
        data_return: pb::DataReturn,
    ) -> Result<pb::DataReturn, Status> {
        self.submit_as(data_return, "").await
    }

    pub(crate) async fn submit_as(
        &self,
        data_return: pb::DataReturn,
        request_id: &str,
    ) -> Result<pb::DataReturn, Status> {
        let request = pb::SubmitReturnRequest {
            data_return: Some(data_return),
            request_id: request_id.to_owned(),
            ..pb::SubmitReturnRequest::default()
        };
        let response = self.client.clone().submit_return(request).await?;
        Ok(response.into_inner().data_return.expect("a return"))
    }

    pub(crate) async fn validate(
        &self,
        data_return: pb::DataReturn,
        language_code: &str,
    ) -> Result<pb::SubmitReturnResponse, Status> {
        let request = pb::SubmitReturnRequest {
            data_return: Some(data_return),
            validate_only: true,
            language_code: language_code.to_owned(),
            ..pb::SubmitReturnRequest::default()
        };
        let response = self.client.clone().submit_return(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn get(&self, name: &str) -> Result<pb::DataReturn, Status> {
        let name = name.to_owned();
        let request = pb::GetReturnRequest { name };
        let response = self.client.clone().get_return(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn sign_off(
        &self,
        seen: &pb::DataReturn,
        request_id: &str,
    ) -> Result<pb::DataReturn, Status> {
        let request = pb::SignOffReturnRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            request_id: request_id.to_owned(),
        };
        let response = self.client.clone().sign_off_return(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn record(
        &self,
        values: &pb::PreviousValues,
        request_id: &str,
    ) -> Result<pb::PreviousValues, Status> {
        let request = pb::RecordPreviousValuesRequest {
            previous_values: Some(values.clone()),
            request_id: request_id.to_owned(),
        };
        let response = self.client.clone().record_previous_values(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn previous(&self, name: &str) -> Result<pb::PreviousValues, Status> {
        let name = name.to_owned();
        let request = pb::GetPreviousValuesRequest { name };
        let response = self.client.clone().get_previous_values(request).await?;
        Ok(response.into_inner())
    }

    /// Checks that nothing at all is kept.
    pub(crate) async fn expect_nothing_kept(&self) {
        let request = pb::ListReturnsRequest {
            parent: "authorities/-".to_owned(),
            ..pb::ListReturnsRequest::default()
        };
        let listed = self.client.clone().list_returns(request).await;
        assert_eq!(listed.expect("a list").into_inner().data_returns, []);
    }
}

/// Checks the code and the stable reason of a refusal; gives its details.
pub(crate) fn refused<T: std::fmt::Debug>(
    result: Result<T, Status>,
    code: Code,
    reason: &str,
) -> ErrorDetails {
    let status = result.expect_err("a refusal");
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    assert_eq!(
        (status.code(), info.reason.as_str()),
        (code, reason),
        "{status}"
    );
    assert_eq!(info.domain, "submission.mesur");
    details
}

/// The fields that a refusal names.
pub(crate) fn fields(details: &ErrorDetails) -> Vec<&str> {
    let violations = details.bad_request().map(|one| &one.field_violations);
    violations
        .into_iter()
        .flatten()
        .map(|violation| violation.field.as_str())
        .collect()
}
