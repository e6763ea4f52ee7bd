//! The service under test, and the returns of the samples.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use mesur_access::Role;
use mesur_aggregation::{Config, RunError, run};
use mesur_catalogue::{Catalogue, CellId, Edition, EditionName};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed, check_file};
use mesur_rpc::channel::{self, Connection, MESSAGE_BYTES_MAX};
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::upstream::Upstream;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mesur/samples");

static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::bundled().expect("the bundled editions")));

pub(crate) fn edition(period: &str) -> &'static Edition {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    CATALOGUE.get(&name).expect("a bundled edition")
}

/// The sample returns of a period, in the order of the edition's authorities.
pub(crate) fn samples(period: &str) -> Vec<DataReturn> {
    let edition = edition(period);
    let returns = edition.authorities().iter().map(|authority| {
        let file = format!("{}.csv", authority.code);
        let bytes = fs::read(Path::new(SAMPLES).join(period).join(file)).expect("a sample");
        let checked = check_file(&bytes, edition, &CATALOGUE, None);
        checked.data_return().cloned().expect("a whole return")
    });
    returns.collect()
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// A running service.
pub(crate) struct Service {
    pub(crate) client: AggregationServiceClient<Connection>,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, upstream: &Upstream) -> Self {
        Self::start_with(&CATALOGUE, store, upstream).await
    }

    pub(crate) async fn start_with(
        catalogue: &Arc<Catalogue>,
        store: &Arc<dyn Store>,
        upstream: &Upstream,
    ) -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let config = Config {
            catalogue: Arc::clone(catalogue),
            store: Arc::clone(store),
            clock: upstream.clock(),
            submission: upstream.address().to_owned(),
            validation: upstream.address().to_owned(),
            authenticator: upstream.authenticator(),
            bearer: upstream.bearer("aggregation", Role::Service),
            limits: Limits::default(),
        };
        let stop = CancellationToken::new();
        let bearer = upstream.bearer("a statistician", Role::Statistician);
        let connection = channel::connect_lazy(&address, bearer).expect("a uri");
        Self {
            running: tokio::spawn(run(config, listener, stop.clone())),
            client: AggregationServiceClient::new(connection)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            stop,
        }
    }

    /// A service that has taken the returns in, in this order, each as revision 1.
    pub(crate) async fn with(period: &str, returns: &[DataReturn]) -> (Self, Upstream) {
        let upstream = Upstream::start().await;
        for data_return in returns {
            upstream.sign_off(edition(period), data_return, 1);
        }
        let service = Self::start(&memory(), &upstream).await;
        upstream.until_caught_up().await;
        (service, upstream)
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = self.running.await.expect("no panic").expect("no failure");
        assert_eq!(ended.connections_cut, 0);
    }

    pub(crate) async fn totals(&self, period: &str) -> pb::Totals {
        let edition = format!("collections/pif/editions/{period}");
        let request = pb::GetTotalsRequest { edition };
        let response = self.client.clone().get_totals(request).await;
        response.expect("totals").into_inner()
    }

    pub(crate) async fn create(
        &self,
        period: &str,
        returns: &[&str],
    ) -> Result<pb::Snapshot, Status> {
        self.create_once(period, returns, "").await
    }

    pub(crate) async fn create_once(
        &self,
        period: &str,
        returns: &[&str],
        request_id: &str,
    ) -> Result<pb::Snapshot, Status> {
        let request = pb::CreateSnapshotRequest {
            edition: format!("collections/pif/editions/{period}"),
            returns: returns.iter().map(|name| (*name).to_owned()).collect(),
            request_id: request_id.to_owned(),
        };
        let response = self.client.clone().create_snapshot(request).await;
        response.map(Response::into_inner)
    }
}

/// Every message of a stream.
pub(crate) async fn all<M>(stream: Result<Response<Streaming<M>>, Status>) -> Vec<M> {
    let mut stream = stream.expect("a stream").into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await.expect("no failure") {
        messages.push(message);
    }
    messages
}

/// The return with another value in its first cell.
pub(crate) fn with_one_more(edition: &Edition, data_return: &DataReturn) -> DataReturn {
    let value = data_return.cells().values()[0] + 1;
    let mut changed = CellsBuilder::new(1);
    changed.set(CellId(0), Observation::of(Observed::Provided(value)));
    let cells = data_return.cells().with(&changed.finish());
    DataReturn::new(edition, data_return.authority.clone(), cells).expect("a whole return")
}

/// The stable reason of a refusal, with all its details.
pub(crate) fn refusal(status: &Status) -> (String, ErrorDetails) {
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    (info.reason.clone(), details)
}
