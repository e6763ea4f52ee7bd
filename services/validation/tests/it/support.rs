//! The service running, and returns to send it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesur_catalogue::{Catalogue, CellRef, Edition, EditionName};
use mesur_proto::submission::v1 as submission;
use mesur_proto::types::v1::PreviousValue;
use mesur_proto::validation::v1 as pb;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_returns::{DataReturn, Observation, Observed, Previous, check_file};
use mesur_rpc::channel::{MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::SteppedClock;
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::Store;
use mesur_validation::{Config, RunError, run};
use mesur_wire::observations_to_wire;
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

/// When every report of these tests is made.
pub(crate) const NOW: &str = "2023-06-01T09:00:00Z";

/// The longest that a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The service on a port of its own.
pub(crate) struct Service {
    pub(crate) client: ValidationServiceClient<Channel>,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, submission: &str) -> Self {
        let listener = Listener::loopback(0).await.unwrap();
        let channel = connect_lazy(&format!("http://{}", listener.local_addr())).unwrap();
        let stop = CancellationToken::new();
        let config = Config {
            catalogue: Arc::new(Catalogue::bundled().unwrap()),
            store: Arc::clone(store),
            clock: Arc::new(SteppedClock::new(NOW.parse().unwrap())),
            submission: submission.to_owned(),
            limits: Limits::default(),
        };
        Self {
            client: ValidationServiceClient::new(channel)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            running: tokio::spawn(run(config, listener, stop.clone())),
            stop,
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let drained = self.running.await.unwrap().unwrap();
        assert_eq!(drained, Drained { connections_cut: 0 });
    }

    /// The reports from the first on, as they are made.
    pub(crate) async fn reports(&self) -> Made {
        let request = pb::WatchReportsRequest::default();
        Made(
            self.client
                .clone()
                .watch_reports(request)
                .await
                .unwrap()
                .into_inner(),
        )
    }

    pub(crate) async fn report(&self, name: &str, language_code: &str) -> pb::Report {
        self.try_report(name, language_code).await.unwrap()
    }

    pub(crate) async fn try_report(
        &self,
        name: &str,
        language_code: &str,
    ) -> Result<pb::Report, Status> {
        let request = pb::GetReportRequest {
            name: name.to_owned(),
            language_code: language_code.to_owned(),
        };
        let response = self.client.clone().get_report(request).await?;
        Ok(response.into_inner())
    }
}

/// The names of reports as they are made.
pub(crate) struct Made(Streaming<pb::WatchReportsResponse>);

impl Made {
    pub(crate) async fn next(&mut self) -> String {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("a report in time").unwrap().unwrap().name
    }
}

/// The stable reason of a refusal.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("a reason").reason
}

/// A sample return and its edition, for a test to change.
pub(crate) struct Sample {
    catalogue: Catalogue,
    edition: EditionName,
    pub(crate) content: DataReturn,
}

impl Sample {
    pub(crate) fn of(authority: &str, period: &str) -> Self {
        let catalogue = Catalogue::bundled().unwrap();
        let name = EditionName::parse(&format!("pif/{period}")).unwrap();
        let edition = catalogue.get(&name).unwrap();
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mesur/samples");
        let file = Path::new(samples)
            .join(period)
            .join(format!("{authority}.csv"));
        let checked = check_file(&std::fs::read(file).unwrap(), edition, &catalogue, None);
        let content = checked.data_return().unwrap().clone();
        Self {
            catalogue,
            edition: name,
            content,
        }
    }

    pub(crate) fn edition(&self) -> &Edition {
        self.catalogue.get(&self.edition).unwrap()
    }

    fn place(&self, cell: &str) -> usize {
        let cell = CellRef::parse(cell).unwrap();
        self.edition().cell_id(&cell).unwrap().index()
    }

    fn observation(&mut self, cell: &str) -> &mut Observation {
        let place = self.place(cell);
        self.content.observations.get_mut(place).unwrap()
    }

    /// With a total in which one finding is an error: above the base that it is part of.
    pub(crate) fn with_error(mut self) -> Self {
        let base = self.observation("AD/012").value.value().unwrap();
        self.observation("AD/013").value = Observed::Provided(base + 1);
        self
    }

    /// With a comment that one finding warns of: it begins like a formula.
    pub(crate) fn with_warning(mut self) -> Self {
        "=1+1".clone_into(&mut self.observation("AD/001[a]").comment);
        self
    }

    /// `authorities/{authority}/returns/{return}/revisions/{revision}`.
    pub(crate) fn revision(&self, revision: u32) -> String {
        format!("{}/revisions/{revision}", self.name())
    }

    fn name(&self) -> String {
        let (authority, period) = (&self.content.authority, &self.edition.period);
        format!("authorities/{authority}/returns/pif-{period}")
    }

    /// As submission gives it.
    pub(crate) fn message(&self) -> submission::DataReturn {
        submission::DataReturn {
            name: self.name(),
            edition_digest: self.content.edition_digest.clone(),
            observations: observations_to_wire(self.edition(), &self.content),
            digest: self.content.digest(),
            ..submission::DataReturn::default()
        }
    }

    /// As submission gives it to compare a later period with.
    pub(crate) fn previous_message(&self) -> submission::PreviousValues {
        let previous = Previous::from_return(self.edition(), &self.content);
        let values = previous.values.iter();
        let values = values.map(|(cell, value)| PreviousValue {
            metric: cell.metric.to_string(),
            category: cell.category_str().to_owned(),
            value: value.value,
            decimals: value.decimals.into(),
        });
        let (authority, period) = (&self.content.authority, &self.edition.period);
        submission::PreviousValues {
            name: format!("authorities/{authority}/previousValues/pif-{period}"),
            values: values.collect(),
        }
    }

    /// As a caller sends it to have it validated.
    pub(crate) fn request(&self) -> pb::ValidateReturnRequest {
        pb::ValidateReturnRequest {
            parent: format!("authorities/{}", self.content.authority),
            edition: format!("collections/pif/editions/{}", self.edition.period),
            edition_digest: self.content.edition_digest.clone(),
            observations: observations_to_wire(self.edition(), &self.content),
            ..pb::ValidateReturnRequest::default()
        }
    }
}
