//! Roles and states together, over the wire: whoever may not do something with a return is told the same
//! in whatever state it is; whoever may is let in, or refused with the reason, as the table of permissions
//! says; and a draft is nothing to all who do not act for its authority.

mod cells;

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesur_access::table::{ROWS, Row};
use mesur_access::{ReturnState, Role, Scope};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::collection_progress::authority_progress::State as Known;
use mesur_proto::validation::v1::resolve_query_request::Resolution;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::connect_lazy;
use prost_reflect::DescriptorPool;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::permissions::{REQUESTS, Told, call, methods, request, told_of};
use crate::world::{A_DAY, EDITION, WAIT, World, code, explain_warnings, sample, until};

const PERIOD: &str = "2022-23";
/// An authority of which no return is looked at.
const OTHER: &str = "W06000001";

/// The states, each with the authority whose return is in it.
const STATES: [(ReturnState, &str); 6] = [
    (ReturnState::Nothing, "W06000002"),
    (ReturnState::Draft, "W06000003"),
    (ReturnState::Submitted, "W06000004"),
    (ReturnState::Queried, "W06000005"),
    (ReturnState::SignedOff, "W06000006"),
    (ReturnState::Reopened, "W06000008"),
];
/// Authorities of which nothing was sent, one for each cell that changes that.
const SPARE: [&str; 4] = ["W06000009", "W06000010", "W06000011", "W06000012"];

/// Who calls about an authority.
pub(crate) struct Caller {
    pub(crate) name: &'static str,
    pub(crate) role: Option<Role>,
    pub(crate) bearer: Bearer,
    pub(crate) is_public: bool,
    /// Whether the authority is their own, or delegated to them.
    acts: bool,
}

impl Caller {
    pub(crate) fn may(&self, row: Row) -> bool {
        let scope = self.role.as_ref().and_then(|role| row.who.scope(role));
        let in_reach = self.acts && matches!(scope, Some(Scope::Own | Scope::Delegated));
        row.who.public || scope == Some(Scope::All) || in_reach
    }
}

pub(crate) fn callers(world: &World, authority: &str) -> Vec<Caller> {
    let caller = |name, identity: &str, role: Option<Role>, acts| {
        let token = world
            .issuer
            .token(identity, role.as_slice(), A_DAY, Timestamp::now());
        Caller {
            name,
            bearer: Bearer::new(&token).expect("a token"),
            role,
            is_public: false,
            acts,
        }
    };
    let own = |name, role: fn(_) -> Role| {
        let role = role(code(authority));
        caller(name, &role.to_string(), Some(role), true)
    };
    let other = |name, role: Role| caller(name, &role.to_string(), Some(role), false);
    vec![
        Caller {
            name: "the public",
            role: None,
            bearer: Bearer::none(),
            is_public: true,
            acts: false,
        },
        caller("nobody", "nobody", None, false),
        own("its submitter", Role::Submitter),
        own("its approver", Role::Approver),
        other("another submitter", Role::Submitter(code(OTHER))),
        other("another approver", Role::Approver(code(OTHER))),
        caller("its supplier", "supplier", Some(Role::Supplier), true),
        caller("another supplier", "another", Some(Role::Supplier), false),
        other("a statistician", Role::Statistician),
        other("a publisher", Role::Publisher),
        other("a reader", Role::Reader),
        other("an operator", Role::Operator),
        other("a service", Role::Service),
    ]
}

/// A client of submission for somebody with a role.
fn returns_as(
    world: &World,
    identity: &str,
    role: Role,
) -> SubmissionServiceClient<mesur_rpc::channel::Connection> {
    let token = world
        .issuer
        .token(identity, &[role], A_DAY, Timestamp::now());
    let bearer = Bearer::new(&token).expect("a token");
    let connection = connect_lazy(&world.submission.endpoint(), bearer);
    SubmissionServiceClient::new(connection.expect("an endpoint"))
}

/// Sends a return, or keeps a draft that lacks a cell. Its approver sends it: so whoever signs it off is
/// refused for that, and for nothing before.
async fn send(world: &World, authority: &str, draft: bool) -> pb::DataReturn {
    let mut data_return = sample(&world.catalogue, authority);
    if draft {
        data_return.observations.pop();
    }
    let request = pb::SubmitReturnRequest {
        data_return: Some(data_return),
        draft,
        ..pb::SubmitReturnRequest::default()
    };
    let identity = Role::Approver(code(authority)).to_string();
    let mut returns = returns_as(world, &identity, Role::Submitter(code(authority)));
    let sent = returns.submit_return(request).await.expect("taken in");
    sent.into_inner().data_return.expect("a return")
}

async fn delegate(world: &World, authority: &str, supplier: &str) {
    let delegation = pb::CreateDelegationRequest {
        parent: format!("authorities/{authority}"),
        supplier: supplier.to_owned(),
        edition: EDITION.to_owned(),
        ..pb::CreateDelegationRequest::default()
    };
    let mut returns = world.returns(Role::Approver(code(authority)));
    let made = returns.create_delegation(delegation).await;
    made.expect("delegated");
}

/// Signs a return off, as somebody who did not send it.
async fn sign(world: &World, authority: &str) {
    let data_return = seen(world, authority).await;
    let request = pb::SignOffReturnRequest {
        name: data_return.name,
        etag: data_return.etag,
        request_id: String::new(),
    };
    let client = returns_as(world, "another", Role::Approver(code(authority)));
    let signing = until(|| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.sign_off_return(request).await }
    });
    signing.await;
}

/// Asks about a return; its name is that of the query.
async fn raise(world: &World, data_return: &str) -> String {
    let query = validation::RaiseQueryRequest {
        parent: data_return.to_owned(),
        text: "Is this right?".to_owned(),
        ..validation::RaiseQueryRequest::default()
    };
    let raised = world.reports(Role::Statistician).raise_query(query).await;
    raised.expect("a query").into_inner().name
}

/// Has a query asked, answered and closed, and waits until submission knows.
async fn talk(world: &World, authority: &str, data_return: &str) {
    let name = raise(world, data_return).await;
    let answer = validation::AnswerQueryRequest {
        name: name.clone(),
        text: "It is.".to_owned(),
        request_id: String::new(),
    };
    let mut officer = world.reports(Role::Submitter(code(authority)));
    officer.answer_query(answer).await.expect("answered");
    let accept = validation::ResolveQueryRequest {
        name,
        resolution: Resolution::Accept.into(),
        reason: "It is.".to_owned(),
        request_id: String::new(),
    };
    let mut statistician = world.reports(Role::Statistician);
    statistician.resolve_query(accept).await.expect("closed");
    let coming = async {
        while seen(world, authority).await.history.len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT, coming).await.expect("it is settled");
}

/// A return in each state, a query about each that was handed in, a supplier who acts for each authority,
/// and a last event for everybody who may watch.
async fn prepare(world: &World) {
    let authorities = STATES.map(|(_, authority)| authority);
    let all = || authorities.into_iter().chain(SPARE);
    for authority in all() {
        delegate(world, authority, "supplier").await;
    }
    let [_, draft, submitted, queried, signed, reopened] = authorities;
    send(world, draft, true).await;
    let mut sent = BTreeMap::new();
    for authority in [submitted, queried, signed, reopened] {
        sent.insert(authority, send(world, authority, false).await);
    }
    let mut reports = world.reports(Role::Statistician);
    let watch = validation::WatchReportsRequest { cursor: Vec::new() };
    let mut made = reports
        .watch_reports(watch)
        .await
        .expect("a stream")
        .into_inner();
    for _ in &sent {
        let event = timeout(WAIT, made.message()).await.expect("in time");
        assert!(event.expect("an event").is_some());
    }
    let round = validation::OpenRoundRequest {
        parent: EDITION.to_owned(),
        due_date: "2099-12-31".to_owned(),
        request_id: String::new(),
    };
    reports.open_round(round).await.expect("a round");
    for (authority, data_return) in &sent {
        talk(world, authority, &data_return.name).await;
    }
    for authority in [signed, reopened] {
        explain_warnings(world, authority, &sent[authority]).await;
        sign(world, authority).await;
    }
    let reopen = pb::ReopenReturnRequest {
        name: sent[reopened].name.clone(),
        etag: seen(world, reopened).await.etag,
        reason: "a slip".to_owned(),
        request_id: String::new(),
    };
    let mut statistician = world.returns(Role::Statistician);
    statistician.reopen_return(reopen).await.expect("reopened");
    raise(world, &sent[queried].name).await;
    until_known(world).await;
    for authority in all() {
        delegate(world, authority, "marker").await;
    }
    delegate(world, OTHER, "another").await;
}

/// Waits until submission and validation have each return in its state.
async fn until_known(world: &World) {
    let mut reports = world.reports(Role::Statistician);
    let asked = validation::GetCollectionProgressRequest {
        name: format!("{EDITION}/progress"),
    };
    let coming = async {
        loop {
            let progress = reports.get_collection_progress(asked.clone()).await;
            let progress = progress.expect("progress").into_inner();
            let is_known = |(state, authority): &(ReturnState, &str)| {
                let mut all = progress.authorities.iter();
                let found = all.find(|one| one.authority == *authority);
                found.is_some_and(|one| one.state() == known(*state))
            };
            let found = found_states(world).await;
            // Whose nothing was sent may have sent something since.
            if STATES.iter().all(is_known) && found[1..] == STATES.map(told)[1..] {
                return;
            }
        }
    };
    timeout(WAIT, coming).await.expect("the states are known");
}

/// A state as validation tells it.
fn known(state: ReturnState) -> Known {
    match state {
        ReturnState::Nothing | ReturnState::Draft => Known::NotSent,
        ReturnState::Submitted => Known::Submitted,
        ReturnState::Queried => Known::Queried,
        ReturnState::SignedOff => Known::SignedOff,
        ReturnState::Reopened => Known::Reopened,
    }
}

/// A state as submission tells it.
fn told((state, _): (ReturnState, &str)) -> State {
    match state {
        ReturnState::Nothing => State::Unspecified,
        ReturnState::Draft => State::Draft,
        ReturnState::Submitted => State::Submitted,
        ReturnState::Queried => State::Queried,
        ReturnState::SignedOff => State::SignedOff,
        ReturnState::Reopened => State::Reopened,
    }
}

/// The return of an authority as its submitter sees it; empty where there is none.
async fn seen(world: &World, authority: &str) -> pb::DataReturn {
    let name = format!("authorities/{authority}/returns/pif-{PERIOD}");
    let request = pb::GetReturnRequest { name: name.clone() };
    let mut returns = world.returns(Role::Submitter(code(authority)));
    match returns.get_return(request).await {
        Ok(found) => found.into_inner(),
        Err(status) => {
            assert_eq!(status.code(), Code::NotFound, "{status}");
            let etag = "0123".to_owned();
            pb::DataReturn {
                name,
                etag,
                ..pb::DataReturn::default()
            }
        }
    }
}

async fn found_states(world: &World) -> [State; 6] {
    let mut found = [State::Unspecified; 6];
    for (found, (_, authority)) in found.iter_mut().zip(STATES) {
        *found = seen(world, authority).await.state();
    }
    found
}

/// What somebody is told, without the name of the authority.
fn nameless(told: Option<Told>, authority: &str) -> Option<Told> {
    let bytes = |bytes: Vec<u8>| {
        // Codes are of one length, so no length before one changes.
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        text.replace(authority, OTHER).into_bytes()
    };
    let (code, message, details, headers) = told?;
    let headers = headers
        .into_iter()
        .map(|(name, value)| (name, bytes(value)));
    let headers = headers
        .filter(|(name, _)| name != "grpc-status-details-bin")
        .collect();
    // What an error names stands in no order.
    let mut details = bytes(details);
    details.sort_unstable();
    Some((code, message.replace(authority, OTHER), details, headers))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_caller_is_told_depends_on_the_state_only_where_the_caller_may_act() {
    let mut world = World::new();
    world.start().await;
    prepare(&world).await;
    every_method_in_every_state(&world).await;
    assert_eq!(
        found_states(&world).await,
        STATES.map(told),
        "nothing was moved"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table_about_a_return_holds_in_every_state() {
    let mut world = World::new();
    world.start().await;
    prepare(&world).await;
    cells::walk(&world).await;
    world.stop().await;
}

async fn every_method_in_every_state(world: &World) {
    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let methods = methods(&pool);
    let named = REQUESTS
        .iter()
        .filter(|(_, template)| template.contains("{r}"));
    let named: BTreeMap<_, _> = named.copied().collect();
    // What was told first, by caller and method: to those who may not, and of what is not there.
    let mut refused: BTreeMap<(&str, &str), Told> = BTreeMap::new();
    let mut unsent: BTreeMap<(&str, &str), Option<Told>> = BTreeMap::new();
    let mut compared = 0;
    for (state, authority) in STATES {
        for caller in callers(world, authority) {
            for (path, row) in ROWS {
                let method = &methods[*path];
                let Some(template) = named.get(method.name()) else {
                    continue;
                };
                let service = if path.contains("validation") {
                    &world.validation
                } else {
                    &world.submission
                };
                let connection = connect_lazy(&service.endpoint(), caller.bearer.clone());
                let connection = connection.expect("an endpoint");
                let message = request(method, template, authority, PERIOD);
                let told = told_of(&call(&connection, path, method, &message).await);
                let (place, cell) = (
                    (caller.name, *path),
                    format!("{} {path} {}", caller.name, state.word()),
                );
                if !caller.may(*row) {
                    let told = told.unwrap_or_else(|| panic!("{cell} is let in"));
                    let due = if caller.is_public {
                        Code::Unauthenticated
                    } else {
                        Code::PermissionDenied
                    };
                    assert_eq!(told.0, due, "{cell}");
                    assert_eq!(
                        *refused.entry(place).or_insert_with(|| told.clone()),
                        told,
                        "{cell}"
                    );
                    compared += 1;
                    continue;
                }
                let is_refusal =
                    |code| matches!(code, Code::PermissionDenied | Code::Unauthenticated);
                assert!(
                    !told.as_ref().is_some_and(|told| is_refusal(told.0)),
                    "{cell}: {told:?}"
                );
                if state == ReturnState::Nothing {
                    unsent.insert(place, nameless(told, authority));
                } else if state == ReturnState::Draft && !caller.acts {
                    assert_eq!(nameless(told, authority), unsent[&place], "{cell}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 500, "{compared} answers compared");
}

/// Whether a refusal has one of these reasons.
pub(crate) fn is_for(status: &Status, reasons: &[&str]) -> bool {
    let details = String::from_utf8_lossy(status.details());
    reasons.iter().any(|reason| details.contains(reason))
}
