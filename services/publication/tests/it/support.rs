//! The service under test.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::{Catalogue, Edition, EditionName};
use mesur_proto::aggregation::v1::Snapshot;
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_publication::{Calendar, Config, RunError, Signer, Timetable, run};
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_rpc::clock::{Clock as _, SteppedClock};
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_store::{MemoryStore, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::timer::SteppedTimer;
use crate::totals::snapshot;
use crate::upstream::Upstream;

/// When a test begins.
pub(crate) const NOW: &str = "2023-09-05T08:30:00Z";
/// How long the tokens of a test are good.
const LIFETIME: Duration = Duration::from_hours(100 * 24);
/// How long a test waits before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Why a release of a test is published outside the standard time.
pub(crate) const REASON: &str = "The day is today.";
/// The release of most tests.
pub(crate) const RELEASE: &str = "releases/pif-2022-23";

/// How long before publication early access opens in a test.
pub(crate) const EARLY_ACCESS: Duration = Duration::from_hours(24);
/// The days of notice of a test.
pub(crate) const NOTICE_DAYS: u16 = 28;

static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::bundled().expect("the bundled editions")));

/// One key for all, so that the same inputs are the same bytes.
static SIGNER: LazyLock<Arc<Signer>> =
    LazyLock::new(|| Arc::new(Signer::generate().expect("random numbers")));

pub(crate) fn edition(period: &str) -> &'static Edition {
    let name = EditionName::parse(&format!("pif/{period}")).expect("a name");
    CATALOGUE.get(&name).expect("a bundled edition")
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// A request id.
pub(crate) fn id(number: u32) -> String {
    format!("6ba7b810-9dad-41d1-80b4-{number:012}")
}

pub(crate) type Client = PublicationServiceClient<Connection>;

/// A running service, and those who call it.
pub(crate) struct Service {
    pub(crate) statistician: Client,
    pub(crate) publisher: Client,
    pub(crate) public: Client,
    issuer: Issuer,
    pub(crate) address: String,
    pub(crate) web: SocketAddr,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) timer: Arc<SteppedTimer>,
    stop: CancellationToken,
    running: JoinHandle<Result<Drained, RunError>>,
}

impl Service {
    pub(crate) async fn start(store: &Arc<dyn Store>, upstream: &Upstream) -> Self {
        Self::start_with(store, &upstream.address, Limits::default()).await
    }

    pub(crate) async fn start_with(
        store: &Arc<dyn Store>,
        aggregation: &str,
        limits: Limits,
    ) -> Self {
        let now = NOW.parse().expect("a time");
        Self::start_at(now, &CATALOGUE, store, aggregation, limits).await
    }

    /// Starts at an instant, with other editions.
    pub(crate) async fn start_at(
        now: Timestamp,
        catalogue: &Arc<Catalogue>,
        store: &Arc<dyn Store>,
        aggregation: &str,
        limits: Limits,
    ) -> Self {
        let listener = Listener::loopback(0).await.expect("a port");
        let address = format!("http://{}", listener.local_addr());
        let pages = Listener::loopback(0).await.expect("a port");
        let clock = Arc::new(SteppedClock::new(now));
        let timer = Arc::new(SteppedTimer::new());
        let issuer = Issuer::generate();
        let config = Config {
            catalogue: Arc::clone(catalogue),
            store: Arc::clone(store),
            clock: Arc::<SteppedClock>::clone(&clock),
            timer: Arc::<SteppedTimer>::clone(&timer),
            timetable: Timetable {
                calendar: Calendar::bundled().expect("a calendar"),
                notice_days: NOTICE_DAYS,
                early_access: EARLY_ACCESS,
            },
            aggregation: aggregation.to_owned(),
            authenticator: Authenticator::trusting(&issuer, Arc::<SteppedClock>::clone(&clock)),
            bearer: Bearer::none(),
            signer: Arc::clone(&SIGNER),
            limits,
        };
        let stop = CancellationToken::new();
        let client = |identity, role| {
            let token = issuer.token(identity, &[role], LIFETIME, clock.now());
            client(&address, Bearer::new(&token).expect("a token"))
        };
        Self {
            statistician: client("a statistician", Role::Statistician),
            publisher: client("a publisher", Role::Publisher),
            public: self::client(&address, Bearer::none()),
            web: pages.local_addr(),
            clock,
            timer,
            running: tokio::spawn(run(config, listener, pages, stop.clone())),
            stop,
            issuer,
            address,
        }
    }

    /// A client of somebody with these roles.
    pub(crate) fn client_of(&self, identity: &str, roles: &[Role]) -> Client {
        let token = self
            .issuer
            .token(identity, roles, LIFETIME, self.clock.now());
        client(&self.address, Bearer::new(&token).expect("a token"))
    }

    /// A service that has received a snapshot of each edition and of each value.
    pub(crate) async fn with(snapshots: &[(&str, i64)]) -> (Self, Upstream) {
        let upstream = Upstream::start().await;
        for (period, value) in snapshots {
            upstream.make(&snapshot(edition(period), *value));
        }
        let service = Self::start(&memory(), &upstream).await;
        upstream.until_caught_up().await;
        (service, upstream)
    }

    /// A service with the release published from the snapshot with this value.
    pub(crate) async fn published(value: i64) -> (Self, pb::Release) {
        let (service, _) = Self::with(&[("2022-23", value)]).await;
        let snapshot = snapshot(edition("2022-23"), value);
        let compiled = service.compile(&snapshot, "").await.expect("compiled");
        let published = service.publish(&compiled, "").await.expect("published");
        (service, published)
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let drained = self.running.await.expect("no panic").expect("no failure");
        assert_eq!(drained, Drained { connections_cut: 0 });
    }

    /// Lets time pass by both clocks.
    pub(crate) fn step(&self, by: Duration) {
        self.clock.step(by);
        self.timer.step(by);
    }

    /// Lets time pass by both clocks until an instant, and waits until everybody has noticed.
    pub(crate) async fn step_to(&self, instant: Timestamp) {
        let by = instant.duration_since(self.clock.now());
        self.step(by.try_into().expect("time goes forward"));
        self.timer.until_asleep().await;
    }

    pub(crate) async fn compile(
        &self,
        snapshot: &Snapshot,
        request_id: &str,
    ) -> Result<pb::Release, Status> {
        self.compile_update(snapshot, request_id, None).await
    }

    /// Compiles with a note of what changes and why.
    pub(crate) async fn compile_update(
        &self,
        snapshot: &Snapshot,
        request_id: &str,
        update_note: Option<pb::UpdateNote>,
    ) -> Result<pb::Release, Status> {
        let request = pb::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: request_id.to_owned(),
            update_note,
        };
        let response = self.statistician.clone().compile_release(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn submit(&self, seen: &pb::Release) -> Result<pb::Release, Status> {
        let request = pb::SubmitReleaseRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            request_id: String::new(),
        };
        let response = self.statistician.clone().submit_release(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn reject(&self, seen: &pb::Release) -> Result<pb::Release, Status> {
        let request = pb::RejectReleaseRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            reason: "A title is wrong.".to_owned(),
            request_id: String::new(),
        };
        let response = self.publisher.clone().reject_release(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn approve(&self, seen: &pb::Release) -> Result<pb::Release, Status> {
        let request = pb::ApproveReleaseRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            request_id: String::new(),
        };
        let response = self.publisher.clone().approve_release(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn schedule(
        &self,
        seen: &pb::Release,
        day: &str,
    ) -> Result<pb::Release, Status> {
        let request = pb::ScheduleReleaseRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            publish_date: day.to_owned(),
            request_id: String::new(),
        };
        let response = self.publisher.clone().schedule_release(request).await?;
        Ok(response.into_inner())
    }

    /// Publishes at once; a release that was just compiled is submitted and approved before.
    pub(crate) async fn publish(
        &self,
        seen: &pb::Release,
        request_id: &str,
    ) -> Result<pb::Release, Status> {
        let mut seen = seen.clone();
        if seen.state() == pb::release::State::Compiled {
            seen = self.submit(&seen).await?;
            seen = self.approve(&seen).await?;
        }
        let request = pb::PublishReleaseRequest {
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            request_id: request_id.to_owned(),
            reason: REASON.to_owned(),
        };
        let response = self.publisher.clone().publish_release(request).await?;
        Ok(response.into_inner())
    }

    /// The release of a snapshot, compiled and approved.
    pub(crate) async fn approved(&self, snapshot: &Snapshot) -> pb::Release {
        let compiled = self.compile(snapshot, "").await.expect("compiled");
        let submitted = self.submit(&compiled).await.expect("submitted");
        self.approve(&submitted).await.expect("approved")
    }

    pub(crate) async fn get(&self, name: &str) -> Result<pb::Release, Status> {
        let name = name.to_owned();
        let request = pb::GetReleaseRequest { name };
        let response = self.statistician.clone().get_release(request).await?;
        Ok(response.into_inner())
    }

    /// The pieces of a file.
    pub(crate) async fn download(
        &self,
        name: &str,
        file_name: &str,
    ) -> Result<Vec<Vec<u8>>, Status> {
        let request = pb::DownloadFileRequest {
            name: name.to_owned(),
            file_name: file_name.to_owned(),
        };
        let mut stream = self
            .public
            .clone()
            .download_file(request)
            .await?
            .into_inner();
        let mut pieces = Vec::new();
        while let Some(piece) = stream.message().await? {
            pieces.push(piece.content);
        }
        Ok(pieces)
    }
}

fn client(address: &str, bearer: Bearer) -> Client {
    Client::new(connect_lazy(address, bearer).expect("a uri"))
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
    assert_eq!(info.domain, "publication.mesur");
    details
}

/// The fields that a refusal names.
pub(crate) fn fields(details: &ErrorDetails) -> Vec<&str> {
    let violations = details.bad_request().map(|one| &one.field_violations);
    let violations = violations.into_iter().flatten();
    violations
        .map(|violation| violation.field.as_str())
        .collect()
}
