//! Whoever may not do something learns nothing by asking: the answer is the same, to the byte, about
//! what is there and what is not, and no store is read before it is given, so its time tells nothing
//! either. The second is shown by holding the stores: nothing is read from them meanwhile, and whoever
//! is refused is answered all the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use mesur_access::table::{ROWS, Row};
use mesur_access::{Role, Scope};
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::connect_lazy;
use mesur_store::{Call, Error, Front, MemoryStore, Store};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::Code;

use crate::permissions::{REQUESTS, call, methods, request, told_of};
use crate::world::{A_DAY, AUTHORITIES, Service, WAIT, World, code, submit, wait_for_reports};

/// The authority of the callers that have one: not one of those that sent a return.
const OWN: &str = "W06000001";
/// A code of the right form that is no authority's of any edition.
const INVENTED: &str = "W06999999";

/// A store that can be held: whatever is asked of it then waits.
struct Held {
    store: MemoryStore,
    shut: watch::Sender<bool>,
    waiting: AtomicUsize,
}

impl Held {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            store: MemoryStore::new(),
            shut: watch::Sender::new(false),
            waiting: AtomicUsize::new(0),
        })
    }
}

#[async_trait]
impl Front for Held {
    fn behind(&self) -> &dyn Store {
        &self.store
    }

    async fn pass(&self, call: Call) -> Result<(), Error> {
        let mut shut = self.shut.subscribe();
        if !matches!(call, Call::Lease | Call::Load) && *shut.borrow_and_update() {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let _ = shut.wait_for(|shut| !shut).await;
        }
        Ok(())
    }
}

/// Who calls: a name, the one role that they have, and their token.
type Caller = (String, Option<Role>, Bearer);

/// Everybody but a supplier: what was delegated to them is read first, the same whatever they ask
/// about.
fn callers(world: &World) -> Vec<Caller> {
    let roles = [
        Role::Submitter(code(OWN)),
        Role::Approver(code(OWN)),
        Role::Submitter(code(INVENTED)),
        Role::Statistician,
        Role::Publisher,
        Role::Reader,
        Role::Operator,
        Role::Service,
    ];
    let token = |roles: &[Role]| {
        let token = world
            .issuer
            .token("somebody", roles, A_DAY, Timestamp::now());
        Bearer::new(&token).expect("a token")
    };
    let mut callers = vec![
        ("the public".to_owned(), None, Bearer::none()),
        ("nobody".to_owned(), None, token(&[])),
    ];
    for role in roles {
        let bearer = token(std::slice::from_ref(&role));
        callers.push((role.to_string(), Some(role), bearer));
    }
    callers
}

fn service<'a>(world: &'a World, path: &str) -> &'a Service {
    match path.split('.').nth(1) {
        Some("catalogue" | "submission") => &world.submission,
        Some("validation") => &world.validation,
        Some("aggregation") => &world.aggregation,
        _ => &world.publication,
    }
}

/// Lets nothing be read from the stores, or everything again.
fn hold(stores: &[Arc<Held>; 4], shut: bool) {
    for store in stores {
        store.shut.send_replace(shut);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_is_told_the_same_of_what_is_there_and_what_is_not_and_no_store_is_read() {
    let mut world = World::new();
    let stores: [Arc<Held>; 4] = std::array::from_fn(|_| Held::new());
    let [submission, validation, aggregation, publication] = stores.clone();
    world.submission.store = submission;
    world.validation.store = validation;
    world.aggregation.store = aggregation;
    world.publication.store = publication;
    world.start().await;
    submit(&world).await;
    wait_for_reports(&world).await;

    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let methods = methods(&pool);
    hold(&stores, true);
    let mut compared = 0;
    for caller in callers(&world) {
        for (path, row) in ROWS {
            compared += refused(&world, &caller, path, *row, &methods[*path]).await;
        }
    }
    assert!(compared > 1_500, "{compared} answers compared");
    who_may_ask_waits(&world, &stores, &methods).await;
    world.stop().await;
}

/// How many answers to a method are the same refusal; none where the caller is let in.
async fn refused(
    world: &World,
    (name, role, bearer): &Caller,
    path: &'static str,
    row: Row,
    method: &MethodDescriptor,
) -> usize {
    let found = REQUESTS.iter().find(|(named, _)| *named == method.name());
    let (_, template) = found.expect("a request");
    let scope = role.as_ref().and_then(|role| row.who.scope(role));
    let is_named = template.contains("{a}") || template.contains("{r}");
    if row.who.public || scope == Some(Scope::All) || (scope.is_some() && !is_named) {
        return 0;
    }
    let endpoint = service(world, path).endpoint();
    let connection = connect_lazy(&endpoint, bearer.clone()).expect("an endpoint");
    let ask = async |authority: &str, period: &str| {
        let request = request(method, template, authority, period);
        let answer = timeout(WAIT, call(&connection, path, method, &request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{name} {path} waits for a store"));
        told_of(&answer).unwrap_or_else(|| panic!("{name} {path} is let in"))
    };
    let of_what_is_there = ask(AUTHORITIES[0], "2022-23").await;
    let is_refusal = matches!(
        of_what_is_there.0,
        Code::PermissionDenied | Code::Unauthenticated
    );
    assert!(is_refusal, "{name} {path}: {of_what_is_there:?}");
    let mut compared = 0;
    for (authority, period) in [
        (AUTHORITIES[1], "2022-23"),
        (AUTHORITIES[0], "2020-21"),
        ("W06000024", "2022-23"),
        (INVENTED, "1999-00"),
    ] {
        // Whose own it is may ask, and learns that it is not there.
        if scope == Some(Scope::Own) && name.contains(authority) {
            continue;
        }
        let of_another = ask(authority, period).await;
        assert_eq!(of_what_is_there, of_another, "{name} {path} {authority}");
        compared += 1;
    }
    compared
}

/// Who may ask does wait for the stores, so they were held; then they are let go.
async fn who_may_ask_waits(
    world: &World,
    stores: &[Arc<Held>; 4],
    methods: &BTreeMap<String, MethodDescriptor>,
) {
    let path = "/mesur.submission.v1.SubmissionService/ListRevisions";
    let method = &methods[path];
    let before = stores[0].waiting.load(Ordering::SeqCst);
    let connection = world.connection(&world.submission, Role::Statistician);
    let parent = r#"{"parent":"{r}"}"#;
    let message = request(method, parent, AUTHORITIES[0], "2022-23");
    let asking = call(&connection, path, method, &message);
    let letting_go = async {
        while stores[0].waiting.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        hold(stores, false);
    };
    let both = timeout(WAIT, async { tokio::join!(asking, letting_go) }).await;
    let (answer, ()) = both.expect("in time");
    answer.expect("let in");
}
