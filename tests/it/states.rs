//! Roles and states together, over the wire: whoever may not do something with a return is told the same
//! in whatever state it is; whoever may is told what the table of moves says; and a draft is nothing
//! to all who do not act for its authority. The moves are read from `docs/life-cycle.md`, which is
//! written from the table of the code, the permissions from the table itself.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use mesur_access::table::{ROWS, Row};
use mesur_access::{Role, Scope};
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::data_return::State;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::validation::v1 as validation;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::connect_lazy;
use prost_reflect::DescriptorPool;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::permissions::{REQUESTS, Told, call, methods, request, told_of};
use crate::world::{A_DAY, EDITION, WAIT, World, code, explain_warnings, sample, sign_off};

const PERIOD: &str = "2022-23";
/// An authority of which no return is looked at.
const OTHER: &str = "W06000001";

/// The states as the document calls them, each with the authority whose return is in it.
const STATES: [(&str, &str); 6] = [
    ("nothing sent", "W06000002"),
    ("draft", "W06000003"),
    ("submitted", "W06000004"),
    ("queried", "W06000005"),
    ("signed off", "W06000006"),
    ("reopened", "W06000008"),
];

/// What moves a return, as the document calls it, with its method.
const MOVES: [(&str, &str); 4] = [
    ("keep a draft", "SubmitReturn"),
    ("send, hand in, amend", "SubmitReturn"),
    ("sign off", "SignOffReturn"),
    ("reopen", "ReopenReturn"),
];

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
        let scope = self.role.as_ref().and_then(|role| row.scope(role));
        let in_reach = self.acts && matches!(scope, Some(Scope::Own | Scope::Delegated));
        row.public || scope == Some(Scope::All) || in_reach
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

/// A table of `docs/life-cycle.md`, by its place: what stands at a state and a move.
pub(crate) fn document(place: usize) -> BTreeMap<(String, String), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/life-cycle.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_matches('|').split('|');
        line.map(|cell| cell.trim().to_owned()).collect()
    };
    let table = text.split("\n| | ").nth(place + 1).expect("a table");
    let mut lines = table.lines();
    let heads = cells(lines.next().expect("a head"));
    let mut found = BTreeMap::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let row = cells(line);
        let state = row[0].trim_matches('*').to_owned();
        for (head, cell) in heads.iter().zip(&row[1..]) {
            found.insert((state.clone(), head.clone()), cell.clone());
        }
    }
    found
}

async fn send(world: &World, authority: &str, draft: bool) -> pb::DataReturn {
    let request = pb::SubmitReturnRequest {
        data_return: Some(sample(&world.catalogue, authority)),
        draft,
        ..pb::SubmitReturnRequest::default()
    };
    let mut returns = world.returns(Role::Submitter(code(authority)));
    let sent = returns.submit_return(request).await.expect("taken in");
    sent.into_inner().data_return.expect("a return")
}

/// A return in each state, and a supplier who acts for each authority.
async fn prepare(world: &World) {
    for (_, authority) in STATES {
        let mut returns = world.returns(Role::Approver(code(authority)));
        let delegation = pb::CreateDelegationRequest {
            parent: format!("authorities/{authority}"),
            supplier: "supplier".to_owned(),
            edition: EDITION.to_owned(),
            ..pb::CreateDelegationRequest::default()
        };
        returns
            .create_delegation(delegation)
            .await
            .expect("delegated");
    }
    let [_, draft, submitted, queried, signed, reopened] = STATES.map(|(_, authority)| authority);
    send(world, draft, true).await;
    send(world, submitted, false).await;
    let asked = send(world, queried, false).await;
    let mut to_sign = Vec::new();
    for authority in [signed, reopened] {
        to_sign.push((authority, send(world, authority, false).await));
    }
    let mut reports = world.reports(Role::Statistician);
    let watch = validation::WatchReportsRequest { cursor: Vec::new() };
    let mut made = reports
        .watch_reports(watch)
        .await
        .expect("a stream")
        .into_inner();
    for _ in 0..4 {
        let event = timeout(WAIT, made.message()).await.expect("in time");
        assert!(event.expect("an event").is_some());
    }
    for (authority, data_return) in &to_sign {
        explain_warnings(world, authority, data_return).await;
        sign_off(world, authority, data_return)
            .await
            .expect("signed off");
    }
    let reopen = pb::ReopenReturnRequest {
        name: format!("authorities/{reopened}/returns/pif-{PERIOD}"),
        etag: seen(world, reopened).await.etag,
        reason: "a slip".to_owned(),
        request_id: String::new(),
    };
    let mut statistician = world.returns(Role::Statistician);
    statistician.reopen_return(reopen).await.expect("reopened");
    let round = validation::OpenRoundRequest {
        parent: EDITION.to_owned(),
        due_date: "2099-12-31".to_owned(),
        request_id: String::new(),
    };
    reports.open_round(round).await.expect("a round");
    let query = validation::RaiseQueryRequest {
        parent: asked.name,
        text: "Is this right?".to_owned(),
        ..validation::RaiseQueryRequest::default()
    };
    reports.raise_query(query).await.expect("a query");
    let coming = async {
        while seen(world, queried).await.state() != State::Queried {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT, coming).await.expect("the query is known");
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

async fn found_states(world: &World) -> Vec<State> {
    let mut found = Vec::new();
    for (_, authority) in STATES {
        found.push(seen(world, authority).await.state());
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
    let mut world = World::new().await;
    world.start().await;
    prepare(&world).await;
    let all = found_states(&world).await;
    let expected = [
        State::Unspecified,
        State::Draft,
        State::Submitted,
        State::Queried,
        State::SignedOff,
        State::Reopened,
    ];
    assert_eq!(all, expected);
    every_method_in_every_state(&world).await;
    every_move_in_every_state(&world).await;
    assert_eq!(found_states(&world).await, all, "nothing was moved");
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
                    format!("{} {path} {state}", caller.name),
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
                if state == "nothing sent" {
                    unsent.insert(place, nameless(told, authority));
                } else if state == "draft" && !caller.acts {
                    assert_eq!(nameless(told, authority), unsent[&place], "{cell}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 500, "{compared} answers compared");
}

async fn every_move_in_every_state(world: &World) {
    let document = document(0);
    let rows: BTreeMap<_, _> = ROWS.iter().copied().collect();
    let (mut denied, mut out_of_state) = (0, 0);
    for (state, authority) in STATES {
        let seen = seen(world, authority).await;
        for caller in callers(world, authority) {
            for (action, method) in MOVES {
                let row = rows[format!("/mesur.submission.v1.SubmissionService/{method}").as_str()];
                let cell = format!("{}: {action}, {state}", caller.name);
                let due = &document[&(state.to_owned(), action.to_owned())];
                let reason = due.strip_prefix('`').map(|due| due.trim_end_matches('`'));
                let may = caller.may(row);
                if may && reason.is_none() {
                    // That it may be done, and what comes of it, is tested with the life cycle.
                    continue;
                }
                let status = act(world, &caller, &seen, action).await.expect_err(&cell);
                if !may {
                    let due = if caller.is_public {
                        Code::Unauthenticated
                    } else {
                        Code::PermissionDenied
                    };
                    assert_eq!(status.code(), due, "{cell}: {status}");
                    denied += 1;
                    continue;
                }
                // To others than its own a draft is not there.
                let is_hidden = state == "draft" && !caller.acts;
                let due = if is_hidden {
                    "RETURN_NOT_FOUND"
                } else {
                    reason.expect("a reason")
                };
                let details = String::from_utf8_lossy(status.details()).into_owned();
                assert!(details.contains(due), "{cell}: {due} is due, told {status}");
                out_of_state += 1;
            }
        }
    }
    assert!(
        denied > 200 && out_of_state > 20,
        "{denied} denied, {out_of_state} out of state"
    );
}

/// Does what moves a return, with all that it needs.
async fn act(
    world: &World,
    caller: &Caller,
    seen: &pb::DataReturn,
    action: &str,
) -> Result<(), Status> {
    let connection = connect_lazy(&world.submission.endpoint(), caller.bearer.clone());
    let mut client = SubmissionServiceClient::new(connection.expect("an endpoint"));
    let (name, etag) = (seen.name.clone(), seen.etag.clone());
    let request_id = String::new();
    match action {
        "sign off" => {
            let request = pb::SignOffReturnRequest {
                name,
                etag,
                request_id,
            };
            client.sign_off_return(request).await.map(drop)
        }
        "reopen" => {
            let reason = "a slip".to_owned();
            let request = pb::ReopenReturnRequest {
                name,
                etag,
                reason,
                request_id,
            };
            client.reopen_return(request).await.map(drop)
        }
        _ => {
            let authority = name.split('/').nth(1).expect("an authority");
            let mut data_return = sample(&world.catalogue, authority);
            if seen.state() != State::Unspecified {
                data_return.etag = etag;
            }
            let request = pb::SubmitReturnRequest {
                data_return: Some(data_return),
                draft: action == "keep a draft",
                ..pb::SubmitReturnRequest::default()
            };
            client.submit_return(request).await.map(drop)
        }
    }
}
