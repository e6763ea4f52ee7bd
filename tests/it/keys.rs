//! A provider of identities that changes its keys, or is away, seen by those who call a service.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use mesur_access::dev::Issuer;
use mesur_access::keys::KeySet;
use mesur_access::{KeySource, Renewal, Role, Verifier};
use mesur_proto::catalogue::v1::GetEditionRequest;
use mesur_proto::catalogue::v1::catalogue_service_client::CatalogueServiceClient;
use mesur_proto::submission::v1::GetScheduleRequest;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::connect_lazy;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use tonic::{Code, Status};

use crate::world::{A_DAY, EDITION, World};

/// A provider that has new keys ready for when it is asked.
#[derive(Default)]
struct Provider {
    held: Mutex<Option<Arc<KeySet>>>,
    ready: Mutex<Option<KeySet>>,
    asked: AtomicUsize,
}

struct Source(Arc<Provider>);

impl KeySource for Source {
    fn keys(&self) -> Option<Arc<KeySet>> {
        self.0.held.lock().expect("keys").clone()
    }

    fn renewal(&self) -> Option<Renewal> {
        let ready = self.0.ready.lock().expect("keys").take()?;
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let provider = Arc::clone(&self.0);
        Some(Box::pin(async move {
            tokio::task::yield_now().await;
            *provider.held.lock().expect("keys") = Some(Arc::new(ready));
        }))
    }
}

impl Provider {
    fn publish(&self, issuer: &Issuer) {
        let keys = KeySet::parse(issuer.jwks_json().as_bytes()).expect("keys");
        *self.ready.lock().expect("keys") = Some(keys);
    }
}

async fn start(world: &mut World, verifier: Verifier) {
    let (catalogue, validation) = (Arc::clone(&world.catalogue), world.validation.endpoint());
    let authenticator = Authenticator::new(verifier, Arc::new(SystemClock));
    let run = |store, listener, stop| {
        let config = mesur_submission::Config {
            catalogue,
            store,
            clock: Arc::new(SystemClock),
            validation,
            authenticator,
            bearer: Bearer::none(),
            limits: Limits::default(),
        };
        mesur_submission::run(config, listener, stop)
    };
    world.submission.start(run).await;
}

async fn public(world: &World, bearer: Bearer) -> Result<(), Status> {
    let connection = connect_lazy(&world.submission.endpoint(), bearer).expect("an endpoint");
    let name = EDITION.to_owned();
    let mut client = CatalogueServiceClient::new(connection);
    let asked = client.get_edition(GetEditionRequest { name }).await;
    asked.map(drop)
}

async fn ask(world: &World, issuer: &Issuer) -> Result<(), Status> {
    let connection = connect_lazy(&world.submission.endpoint(), bearer(issuer));
    let name = format!("{EDITION}/schedule");
    let mut client = SubmissionServiceClient::new(connection.expect("an endpoint"));
    let asked = client.get_schedule(GetScheduleRequest { name }).await;
    asked.map(drop)
}

fn bearer(issuer: &Issuer) -> Bearer {
    let now = Timestamp::now();
    let token = issuer.token("somebody", &[Role::Statistician], A_DAY, now);
    Bearer::new(&token).expect("a token")
}

fn is_away(answer: Result<(), Status>) -> bool {
    let status = answer.expect_err("refused");
    let details = String::from_utf8_lossy(status.details()).into_owned();
    let says = details.contains("PROVIDER_UNAVAILABLE") && details.contains("RetryInfo");
    status.code() == Code::Unavailable && says
}

#[tokio::test]
async fn a_call_with_a_new_key_waits_for_it_and_without_keys_only_what_is_public_answers() {
    let mut world = World::new();
    let provider = Arc::<Provider>::default();
    let (first, second) = (Issuer::generate(), Issuer::generate());
    let source = Arc::new(Source(Arc::clone(&provider)));
    start(&mut world, Verifier::from_source(first.settings(), source)).await;

    assert!(is_away(ask(&world, &first).await));
    assert!(is_away(public(&world, bearer(&first)).await));
    public(&world, Bearer::none()).await.expect("for everybody");

    provider.publish(&first);
    ask(&world, &first).await.expect("the first call waits");
    let refused = ask(&world, &second).await.expect_err("another key");
    assert_eq!(refused.code(), Code::Unauthenticated);

    provider.publish(&second);
    ask(&world, &second).await.expect("the first call waits");
    let refused = ask(&world, &first).await.expect_err("its key is gone");
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(provider.asked.load(Ordering::SeqCst), 2);
    world.submission.stop().await;
}
