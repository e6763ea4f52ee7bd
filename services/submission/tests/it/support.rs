//! The service under test, who calls it, and the returns of the samples.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use mesur_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::{Observation, PreviousValue};
use mesur_returns::check_file;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::{Clock, SteppedClock};
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use mesur_submission::{Config, RunError, run};
use mesur_wire::observations_to_wire;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/mesur/samples");

/// Where nobody listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";
/// When a test begins.
pub(crate) const NOW: &str = "2023-06-01T09:00:00Z";
/// How long a test waits before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How long a token is good: also by the clock of the machine.
const LIFETIME: Duration = Duration::from_hours(100 * 365 * 24);

pub(crate) const CONWY: &str = "W06000003";
pub(crate) const GWYNEDD: &str = "W06000002";
/// Who sends in most tests.
pub(crate) const SENDER: &str = "ann@conwy";
/// Who signs in most tests.
pub(crate) const SIGNER: &str = "bob@conwy";

pub(crate) static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::bundled().expect("the bundled editions")));
pub(crate) static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::generate);

pub(crate) type Client = SubmissionServiceClient<Connection>;

pub(crate) fn edition(period: &str) -> &'static Edition {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    CATALOGUE.get(&name).expect("a bundled edition")
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

pub(crate) fn bearer(identity: &str, roles: &[Role]) -> Bearer {
    let now = NOW.parse().expect("a time");
    Bearer::new(&ISSUER.token(identity, roles, LIFETIME, now)).expect("a token")
}

fn of_all(role: fn(AuthorityCode) -> Role) -> Vec<Role> {
    let authorities = edition("2022-23").authorities().iter();
    authorities
        .map(|authority| role(authority.code.clone()))
        .collect()
}

pub(crate) fn role(text: &str) -> Role {
    Role::parse(text).expect("a role")
}

/// A sample return as it is in its file.
pub(crate) fn sample_file(authority: &str, period: &str) -> Vec<u8> {
    let file = Path::new(SAMPLES)
        .join(period)
        .join(format!("{authority}.csv"));
    fs::read(file).expect("a sample")
}

pub(crate) fn return_name(authority: &str, period: &str) -> String {
    format!("authorities/{authority}/returns/pif-{period}")
}

/// A sample return as its authority sends it.
pub(crate) fn sample(authority: &str, period: &str) -> pb::DataReturn {
    let edition = edition(period);
    let bytes = sample_file(authority, period);
    let checked = check_file(&bytes, edition, &CATALOGUE, None);
    let content = checked.data_return().expect("a whole return");
    pb::DataReturn {
        name: return_name(authority, period),
        observations: observations_to_wire(edition, content.cells()),
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

/// The time so many days after a test begins.
pub(crate) fn day(day: i64) -> jiff::Timestamp {
    let now: jiff::Timestamp = NOW.parse().expect("a time");
    let after = jiff::SignedDuration::from_hours(24 * day);
    now.checked_add(after).expect("a time")
}

/// A running service.
pub(crate) struct Service {
    /// Submits for every authority.
    pub(crate) client: Client,
    /// Approves for every authority.
    pub(crate) approver: Client,
    pub(crate) statistician: Client,
    pub(crate) catalogue: CatalogueServiceClient<Connection>,
    pub(crate) clock: Arc<SteppedClock>,
    address: String,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, validation: &str) -> Self {
        Self::start_with(Arc::clone(&CATALOGUE), store, validation, Limits::default()).await
    }

    pub(crate) async fn start_with(
        catalogue: Arc<Catalogue>,
        store: &Arc<dyn Store>,
        validation: &str,
        limits: Limits,
    ) -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let clock = Arc::new(SteppedClock::new(NOW.parse().expect("a time")));
        let told: Arc<dyn Clock> = Arc::<SteppedClock>::clone(&clock);
        let config = Config {
            catalogue,
            store: Arc::clone(store),
            clock: Arc::clone(&told),
            validation: validation.to_owned(),
            authenticator: Authenticator::trusting(&ISSUER, told),
            bearer: bearer("submission", &[Role::Service]),
            limits,
        };
        let stop = CancellationToken::new();
        let public = connect_lazy(&address, Bearer::none()).expect("a uri");
        Self {
            client: client(&address, SENDER, &of_all(Role::Submitter)),
            approver: client(&address, SIGNER, &of_all(Role::Approver)),
            statistician: client(&address, "sue@wales", &[Role::Statistician]),
            catalogue: CatalogueServiceClient::new(public),
            clock,
            running: tokio::spawn(run(config, listener, stop.clone())),
            address,
            stop,
        }
    }

    /// A service with an empty store and without validation.
    pub(crate) async fn alone() -> Self {
        Self::start(&memory(), NOBODY).await
    }

    /// A client with roles such as `submitter/W06000003`.
    pub(crate) fn caller(&self, identity: &str, roles: &[&str]) -> Client {
        let roles: Vec<Role> = roles.iter().map(|text| role(text)).collect();
        client(&self.address, identity, &roles)
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
        let response = send(&self.client, data_return, request_id, false).await?;
        Ok(response.data_return.expect("a return"))
    }

    /// Keeps a draft.
    pub(crate) async fn draft(
        &self,
        data_return: pb::DataReturn,
    ) -> Result<pb::DataReturn, Status> {
        let response = send(&self.client, data_return, "", true).await?;
        Ok(response.data_return.expect("a return"))
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
        get(&self.client, name).await
    }

    pub(crate) async fn sign_off(
        &self,
        seen: &pb::DataReturn,
        request_id: &str,
    ) -> Result<pb::DataReturn, Status> {
        sign_off(&self.approver, seen, request_id).await
    }

    pub(crate) async fn reopen(
        &self,
        seen: &pb::DataReturn,
        reason: &str,
        request_id: &str,
    ) -> Result<pb::DataReturn, Status> {
        let request = pb::ReopenReturnRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            reason: reason.to_owned(),
            request_id: request_id.to_owned(),
        };
        let response = self.approver.clone().reopen_return(request).await?;
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

    /// The earlier values for a return, after a look that a stream of them tells the same.
    pub(crate) async fn previous(&self, name: &str) -> Result<pb::PreviousValues, Status> {
        let streamed = self.previous_stream(name).await;
        let name = name.to_owned();
        let request = pb::GetPreviousValuesRequest { name };
        let whole = self.client.clone().get_previous_values(request).await;
        let whole = whole.map(tonic::Response::into_inner);
        match (&whole, streamed) {
            (Ok(whole), Ok(mut streamed)) => {
                let codes = |one: &PreviousValue| (one.metric.clone(), one.category.clone());
                streamed.values.sort_by_key(codes);
                assert_eq!(*whole, streamed);
            }
            (Err(refused), Err(other)) => {
                let told = |status: &Status| (status.code(), status.message().to_owned());
                assert_eq!(told(refused), told(&other));
            }
            (whole, streamed) => panic!("{whole:?} and {streamed:?}"),
        }
        whole
    }

    async fn previous_stream(&self, name: &str) -> Result<pb::PreviousValues, Status> {
        let name = name.to_owned();
        let request = pb::ReadPreviousValuesRequest { name };
        let stream = self.client.clone().read_previous_values(request).await?;
        let mut stream = stream.into_inner();
        let first = stream.message().await?.expect("a message");
        assert!(first.values.is_empty());
        let mut all = first.previous_values.expect("what they are of");
        assert!(all.values.is_empty());
        while let Some(message) = stream.message().await? {
            assert!(message.previous_values.is_none());
            assert!((1..=1_000).contains(&message.values.len()));
            all.values.extend(message.values);
        }
        Ok(all)
    }

    /// Checks that nothing at all is kept.
    pub(crate) async fn expect_nothing_kept(&self) {
        for client in [&self.client, &self.statistician] {
            assert_eq!(list(client).await, [""; 0]);
        }
    }
}

fn client(address: &str, identity: &str, roles: &[Role]) -> Client {
    let connection = connect_lazy(address, bearer(identity, roles)).expect("a uri");
    SubmissionServiceClient::new(connection)
        .max_encoding_message_size(MESSAGE_BYTES_MAX)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
}

pub(crate) async fn send(
    client: &Client,
    data_return: pb::DataReturn,
    request_id: &str,
    draft: bool,
) -> Result<pb::SubmitReturnResponse, Status> {
    let request = pb::SubmitReturnRequest {
        data_return: Some(data_return),
        request_id: request_id.to_owned(),
        draft,
        ..pb::SubmitReturnRequest::default()
    };
    Ok(client.clone().submit_return(request).await?.into_inner())
}

pub(crate) async fn get(client: &Client, name: &str) -> Result<pb::DataReturn, Status> {
    let name = name.to_owned();
    let request = pb::GetReturnRequest { name };
    Ok(client.clone().get_return(request).await?.into_inner())
}

pub(crate) async fn sign_off(
    client: &Client,
    seen: &pb::DataReturn,
    request_id: &str,
) -> Result<pb::DataReturn, Status> {
    let request = pb::SignOffReturnRequest {
        name: seen.name.clone(),
        etag: seen.etag.clone(),
        request_id: request_id.to_owned(),
    };
    Ok(client.clone().sign_off_return(request).await?.into_inner())
}

/// The names of all returns that a client sees.
pub(crate) async fn list(client: &Client) -> Vec<String> {
    let request = pb::ListReturnsRequest {
        parent: "authorities/-".to_owned(),
        ..pb::ListReturnsRequest::default()
    };
    let listed = client.clone().list_returns(request).await.expect("a list");
    let listed = listed.into_inner().data_returns.into_iter();
    listed.map(|one| one.name).collect()
}

pub(crate) async fn watch(
    client: &Client,
    cursor: &[u8],
) -> Result<Streaming<pb::WatchReturnsResponse>, Status> {
    let cursor = cursor.to_vec();
    let request = pb::WatchReturnsRequest { cursor };
    Ok(client.clone().watch_returns(request).await?.into_inner())
}

pub(crate) async fn next(
    stream: &mut Streaming<pb::WatchReturnsResponse>,
) -> pb::WatchReturnsResponse {
    let next = tokio::time::timeout(PATIENCE, stream.message());
    let next = next.await.expect("in time");
    next.expect("no failure").expect("an event")
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

/// Checks that the caller may not do this.
pub(crate) fn denied<T: std::fmt::Debug>(result: Result<T, Status>) {
    refused(result, Code::PermissionDenied, "PERMISSION_DENIED");
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
