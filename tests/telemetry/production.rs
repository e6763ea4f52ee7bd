//! A small production, from two returns to a release that comes out by itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mesur_access::Role;
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::publication::v1 as publication;
use mesur_proto::submission::v1::ListReturnsRequest;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_publication::{Signer, Timer, Timetable};
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::connect_lazy;
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_rpc::server::{Limits, Listener};
use tokio::sync::watch;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::world::{
    AUTHORITIES, World, explain_warnings, freeze, sign_off, submit, until, wait_for_reports,
};

/// Why a query is raised on nothing: what is asked is refused.
const NOTHING: &str = "snapshots/none";

/// Time that begins now and then passes as the test says, for publication.
#[derive(Clone)]
pub(crate) struct Hand {
    start: Timestamp,
    passed: watch::Sender<Duration>,
}

impl Hand {
    fn new() -> Self {
        Self {
            start: SystemClock.now(),
            passed: watch::Sender::new(Duration::ZERO),
        }
    }

    fn step(&self, by: Duration) {
        self.passed.send_modify(|passed| *passed += by);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        self.start + *self.passed.borrow()
    }
}

#[async_trait]
impl Timer for Hand {
    fn elapsed(&self) -> Duration {
        *self.passed.borrow()
    }

    async fn sleep_until(&self, until: Duration) {
        let mut passed = self.passed.subscribe();
        let reached = passed.wait_for(|passed| *passed >= until).await;
        reached.expect("time goes on");
    }
}

/// The services, each on a store of its own in `folder`.
pub(crate) async fn start(folder: &Path) -> (World, Hand) {
    let mut world = World::new();
    for (name, service) in [
        ("submission", &mut world.submission),
        ("validation", &mut world.validation),
        ("aggregation", &mut world.aggregation),
        ("publication", &mut world.publication),
    ] {
        service.store = mesur_process::open_store(&folder.join(name)).expect("a store");
    }
    world.start_submission().await;
    world.start_validation().await;
    world.start_aggregation().await;
    let hand = Hand::new();
    let config = |store, bearer| mesur_publication::Config {
        catalogue: Arc::clone(&world.catalogue),
        store,
        clock: Arc::new(hand.clone()),
        timer: Arc::new(hand.clone()),
        timetable: Timetable {
            notice_days: 0,
            ..Timetable::bundled().expect("a timetable")
        },
        aggregation: world.aggregation.endpoint(),
        authenticator: world.authenticator(),
        bearer,
        signer: Arc::new(Signer::generate().expect("random numbers")),
        limits: Limits::default(),
    };
    let config = config(
        Arc::clone(&world.publication.store),
        world.bearer(Role::Service),
    );
    let pages = Listener::loopback(0).await.expect("a port");
    world.pages.push(pages.local_addr());
    let run = |_, listener, stop| mesur_publication::run(config, listener, pages, stop);
    world.publication.start(run).await;
    (world, hand)
}

/// Two returns are sent, reported on, explained, signed off and added up; a release is made of them and
/// comes out on its day.
pub(crate) async fn produce(world: &World, hand: &Hand) {
    let sent = submit(world).await;
    wait_for_reports(world).await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        explain_warnings(world, authority, data_return).await;
        let signed = sign_off(world, authority, data_return).await;
        signed.expect("signed off");
    }
    let snapshot = freeze(world, &sent).await;
    let request = aggregation::GetSnapshotRequest {
        name: NOTHING.to_owned(),
    };
    let refused = world.totals().get_snapshot(request).await;
    refused.expect_err("there is none");
    let compiled = until(|| {
        let mut releases = world.releases();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            ..publication::CompileReleaseRequest::default()
        };
        async move { releases.compile_release(request).await }
    });
    let compiled = compiled.await.into_inner();
    let name = compiled.name.clone();
    let request = publication::SubmitReleaseRequest {
        name: name.clone(),
        etag: compiled.etag,
        ..publication::SubmitReleaseRequest::default()
    };
    let submitted = world.releases().submit_release(request).await;
    let request = publication::ApproveReleaseRequest {
        name: name.clone(),
        etag: submitted.expect("submitted").into_inner().etag,
        ..publication::ApproveReleaseRequest::default()
    };
    let mut office = world.releases_of(Role::Publisher);
    let approved = office.approve_release(request).await;
    let etag = approved.expect("approved").into_inner().etag;
    schedule(world, hand, &name, &etag).await;
    hand.step(Duration::from_hours(24 * 40));
    until_published(world, &name).await;
}

/// Calls a path that is no method, and one that is without a token.
pub(crate) async fn stray(world: &World) {
    let endpoint = world.submission.endpoint();
    let public = || connect_lazy(&endpoint, Bearer::none()).expect("an endpoint");
    let mut stranger = Grpc::new(public());
    stranger.ready().await.expect("connected");
    let path = PathAndQuery::from_static("/ann.jones/Secrets");
    let codec = ProstCodec::<(), ()>::default();
    let stray = stranger.unary(Request::new(()), path, codec).await;
    assert_eq!(stray.expect_err("refused").code(), Code::Unimplemented);
    let mut public = SubmissionServiceClient::new(public());
    let refused = public.list_returns(ListReturnsRequest::default()).await;
    assert_eq!(refused.expect_err("refused").code(), Code::Unauthenticated);
}

/// Schedules a release on the first working day that is taken.
async fn schedule(world: &World, hand: &Hand, name: &str, etag: &str) {
    let today = hand.now().to_zoned(TimeZone::UTC).date();
    for days in 14..30 {
        let day = today + i64::from(days).days();
        let request = publication::ScheduleReleaseRequest {
            name: name.to_owned(),
            etag: etag.to_owned(),
            publish_date: day.to_string(),
            ..publication::ScheduleReleaseRequest::default()
        };
        let mut office = world.releases_of(Role::Publisher);
        if office.schedule_release(request).await.is_ok() {
            return;
        }
    }
    panic!("there is a working day among sixteen");
}

async fn until_published(world: &World, name: &str) {
    until(|| {
        let mut readers = world.releases_of(Role::Reader);
        let name = name.to_owned();
        async move {
            let request = publication::GetReleaseRequest { name };
            match readers.get_release(request).await {
                Err(status) if status.code() == Code::NotFound => {
                    Err(Status::failed_precondition("not yet"))
                }
                answer => answer,
            }
        }
    })
    .await;
}
