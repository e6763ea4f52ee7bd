//! Every cell of the table about a return: each role, each method, the own authority and another, each
//! state. Whoever is let in is answered, or refused for something that is asked after the state; where
//! the table does not have the state, the refusal says which it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use mesur_access::table::{ROWS, Row, returns_seen};
use mesur_access::{ReturnState, Rules, States};
use mesur_catalogue::ContentHash;
use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_rpc::channel::connect_lazy;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::{Value, json};
use tokio::time::timeout;
use tonic::{Code, Status};

use super::{Caller, PERIOD, SPARE, STATES, callers, is_for, seen, sign, told, until_known};
use crate::permissions::{call_with, methods, sample};
use crate::world::{WAIT, World};

use ReturnState::{Draft, Nothing, Queried, Reopened, SignedOff, Submitted};

/// How it is seen that somebody was let in.
#[derive(Debug, Clone, Copy)]
enum LetIn {
    /// By the answer.
    Answered,
    /// By a refusal with this reason, which is given only once the state is as it should be.
    Refused(&'static str),
    /// The return stands in a list, or in a stream of events.
    Listed,
}

use LetIn::{Answered, Listed, Refused};

/// What is asked: the method, where that would lead, the request, and how it is seen that it was let in.
type Ask = (
    &'static str,
    &'static [Option<ReturnState>],
    &'static str,
    LetIn,
);

/// In a request `{r}` is the return, `{e}` its etag, `{o}` its observations as JSON and `{f}` its file.
const ASKS: &[Ask] = &[
    (
        "SubmitReturn",
        &[Some(Draft)],
        r#"{"dataReturn":{"name":"{r}","etag":"{e}","observations":{o}},"draft":true}"#,
        Answered,
    ),
    (
        "SubmitReturn",
        &[Some(Submitted)],
        r#"{"dataReturn":{"name":"{r}","etag":"{e}","observations":{o}},"validateOnly":true}"#,
        Answered,
    ),
    (
        "UploadReturn",
        &[Some(Draft)],
        r#"{"header":{"name":"{r}","etag":"{e}",{f},"draft":true}}"#,
        Answered,
    ),
    (
        "UploadReturn",
        &[Some(Submitted)],
        r#"{"header":{"name":"{r}","etag":"{e}",{f},"validateOnly":true}}"#,
        Answered,
    ),
    (
        "UpdateObservations",
        &[Some(Draft), Some(Submitted)],
        r#"{"name":"{r}","etag":"{e}","observations":{o},"validateOnly":true}"#,
        Answered,
    ),
    (
        "SubmitDraft",
        &[Some(Submitted)],
        r#"{"name":"{r}","etag":"{e}"}"#,
        Refused("INVALID_RETURN"),
    ),
    ("GetReturn", &[None], r#"{"name":"{r}"}"#, Answered),
    ("ReadReturn", &[None], r#"{"name":"{r}"}"#, Answered),
    ("ListReturns", &[None], "", Listed),
    ("ListRevisions", &[None], "", Listed),
    (
        "CompareRevisions",
        &[None],
        r#"{"from":"{r}/revisions/1","to":"{r}/revisions/1"}"#,
        Answered,
    ),
    (
        "SignOffReturn",
        &[Some(SignedOff)],
        r#"{"name":"{r}","etag":"{e}"}"#,
        Refused("SAME_PERSON"),
    ),
    (
        "ReopenReturn",
        &[Some(Reopened)],
        r#"{"name":"{r}","etag":"{e}","reason":"a slip"}"#,
        Answered,
    ),
    ("WatchReturns", &[None], "", Listed),
    (
        "GetReport",
        &[None],
        r#"{"name":"{r}/revisions/1/report"}"#,
        Answered,
    ),
    (
        "SealReport",
        &[None],
        r#"{"name":"{r}/revisions/1/report","returnDigest":"another"}"#,
        Answered,
    ),
    (
        "ListFindings",
        &[None],
        r#"{"parent":"{r}/revisions/1/report"}"#,
        Answered,
    ),
    (
        "StreamFindings",
        &[None],
        r#"{"parent":"{r}/revisions/1/report"}"#,
        Answered,
    ),
    (
        "ExplainFinding",
        &[None],
        r#"{"name":"{r}/revisions/1/report","findingId":"none","explanation":"So it is."}"#,
        Refused("FINDING_NOT_FOUND"),
    ),
    (
        "ReviewExplanation",
        &[None],
        r#"{"name":"{r}/revisions/1/report","findingId":"none","reason":"So it is."}"#,
        Refused("FINDING_NOT_FOUND"),
    ),
    (
        "OverrideFinding",
        &[None],
        r#"{"name":"{r}/revisions/1/report","findingId":"none","reason":"So it is."}"#,
        Refused("FINDING_NOT_FOUND"),
    ),
    ("ListRemarks", &[None], r#"{"parent":"{r}"}"#, Answered),
    (
        "RaiseQuery",
        &[Some(Queried)],
        r#"{"parent":"{r}","cells":["none"],"text":"Is it?"}"#,
        Refused("UNKNOWN_CELL"),
    ),
    (
        "AnswerQuery",
        &[None],
        r#"{"name":"{r}/queries/1","text":"It is."}"#,
        Refused("QUERY_CLOSED"),
    ),
    (
        "ResolveQuery",
        &[None],
        r#"{"name":"{r}/queries/1","resolution":"ACCEPT","reason":"It is."}"#,
        Refused("QUERY_CLOSED"),
    ),
    (
        "ResolveQuery",
        &[Some(Queried)],
        r#"{"name":"{r}/queries/1","resolution":"REJECT","reason":"It is not."}"#,
        Refused("QUERY_CLOSED"),
    ),
];

/// What is told of a return in a state that the table does not have for a method.
fn reasons(state: ReturnState) -> &'static [&'static str] {
    match state {
        Nothing => &["RETURN_NOT_FOUND", "REPORT_NOT_FOUND", "QUERY_NOT_FOUND"],
        Draft => &[
            "NOT_SUBMITTED",
            "NOT_SIGNED_OFF",
            "REPORT_NOT_FOUND",
            "QUERY_NOT_FOUND",
        ],
        Submitted | Reopened => &["ALREADY_SUBMITTED", "NOT_SIGNED_OFF", "NOT_A_DRAFT"],
        Queried => &[
            "ALREADY_SUBMITTED",
            "NOT_SIGNED_OFF",
            "NOT_A_DRAFT",
            "FINDINGS_OPEN",
        ],
        SignedOff => &["ALREADY_SIGNED_OFF", "NOT_A_DRAFT"],
    }
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str, Row, Rules<ReturnState>)> {
    ROWS.iter().filter_map(|(path, row)| match row.states {
        States::Return(rules) => Some((*path, path.rsplit('/').next()?, *row, rules)),
        States::Any | States::Release(_) => None,
    })
}

/// An authority whose return is in a state, and who calls about it.
struct Scene<'w> {
    world: &'w World,
    methods: &'w BTreeMap<String, MethodDescriptor>,
    state: ReturnState,
    authority: &'static str,
    callers: Vec<Caller>,
    /// The whole return as a file and as observations, and the same without its last cell: a draft that
    /// lacks one is never handed in.
    files: [Vec<u8>; 2],
    observations: [String; 2],
}

impl<'w> Scene<'w> {
    fn set(
        world: &'w World,
        methods: &'w BTreeMap<String, MethodDescriptor>,
        (state, authority): (ReturnState, &'static str),
    ) -> Self {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mesur/samples");
        let file = std::fs::read(samples.join(PERIOD).join(format!("{authority}.csv")));
        let (file, mut observations) = (file.expect("a sample"), sample(authority));
        let last = file.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
        let last = last.expect("a row").len();
        let cut = file[..file.trim_ascii_end().len() - last].to_vec();
        let whole = observations.to_string();
        observations.as_array_mut().expect("observations").pop();
        Self {
            world,
            methods,
            state,
            authority,
            callers: callers(world, authority),
            files: [file, cut],
            observations: [whole, observations.to_string()],
        }
    }

    /// The requests of an ask.
    fn requests(&self, (_, _, template, _): &Ask, etag: &str) -> Vec<Value> {
        let name = format!("authorities/{}/returns/pif-{PERIOD}", self.authority);
        let part = usize::from(template.contains(r#""draft":true"#));
        let file = &self.files[part];
        let (size, digest) = (file.len(), ContentHash::of(file));
        let about = format!(r#""sizeBytes":{size},"digest":"{digest}""#);
        let text = template
            .replace("{r}", &name)
            .replace("{e}", etag)
            .replace("{f}", &about)
            .replace("{o}", &self.observations[part]);
        let first = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if template.contains("{f}") {
            return vec![first, json!({ "chunk": BASE64_STANDARD.encode(file) })];
        }
        vec![first]
    }

    /// Asks with all that the method needs.
    async fn ask(
        &self,
        caller: &Caller,
        path: &str,
        ask: &Ask,
        is_there: bool,
    ) -> Result<(), Status> {
        let etag = match ask.0 {
            _ if is_there => seen(self.world, self.authority).await.etag,
            // What is sent for the first time has no etag; whoever does not see what is there guesses.
            "SubmitReturn" | "UploadReturn" => String::new(),
            _ => "0123".to_owned(),
        };
        let service = if path.contains("validation") {
            &self.world.validation
        } else {
            &self.world.submission
        };
        let connection = connect_lazy(&service.endpoint(), caller.bearer.clone());
        let connection = connection.expect("an endpoint");
        let messages = self.requests(ask, &etag);
        call_with(&connection, path, &self.methods[path], &messages).await
    }

    /// Asks, and holds the answer against the table: 0 where the caller may not, 1 where they are let in,
    /// 2 where the state is not one of the method.
    async fn cell(
        &self,
        caller: &Caller,
        (path, row, rules): (&str, Row, Rules<ReturnState>),
        ask: &Ask,
    ) -> usize {
        let (method, to, _, let_in) = ask;
        let cell = format!(
            "{} calls {method}, {}: {to:?}",
            caller.name,
            self.state.word()
        );
        let may = caller.may(row);
        let role = caller.role.as_ref();
        let sees = role.is_some_and(|role| may && returns_seen(role).contains(&self.state));
        let there = if sees { self.state } else { Nothing };
        let has = |to: &Option<ReturnState>| {
            let mut rules = rules.0.iter();
            rules.any(|rule| rule.to == *to && rule.from.contains(&there))
        };
        let is_due = may && to.iter().any(has);

        let answer = if matches!(let_in, Listed) {
            let listed = is_listed(self.world, caller, method, self.authority).await;
            // A stream of all that is the caller's names no authority.
            let has_row = role.is_some_and(|role| row.who.scope(role).is_some());
            if may || (*method == "WatchReturns" && has_row) {
                let listed = listed.unwrap_or_else(|status| panic!("{cell}: {status}"));
                assert_eq!(listed, is_due, "{cell}");
                return if is_due { 1 } else { 2 };
            }
            listed.map(drop)
        } else {
            self.ask(caller, path, ask, sees).await
        };
        if !may {
            let due = if caller.is_public {
                Code::Unauthenticated
            } else {
                Code::PermissionDenied
            };
            assert_eq!(answer.map_err(|status| status.code()), Err(due), "{cell}");
            return 0;
        }
        match (is_due, let_in, answer) {
            (true, Answered, Ok(())) => 1,
            (true, Refused(reason), Err(status)) if is_for(&status, &[reason]) => 1,
            (false, _, Err(status)) if is_for(&status, reasons(there)) => 2,
            (_, _, answer) => panic!("{cell}: it is {is_due} that it is let in, told {answer:?}"),
        }
    }
}

/// Whether the return stands in what a list or a stream of events has, up to the last event that was made
/// for the caller.
async fn is_listed(
    world: &World,
    caller: &Caller,
    method: &str,
    authority: &str,
) -> Result<bool, Status> {
    let connection = connect_lazy(&world.submission.endpoint(), caller.bearer.clone());
    let mut client = SubmissionServiceClient::new(connection.expect("an endpoint"));
    let of = format!("authorities/{authority}/");
    let name = format!("{of}returns/pif-{PERIOD}");
    if method == "ListReturns" {
        let request = pb::ListReturnsRequest {
            parent: format!("authorities/{authority}"),
            ..pb::ListReturnsRequest::default()
        };
        let listed = client.list_returns(request).await?.into_inner();
        return Ok(!listed.data_returns.is_empty());
    }
    if method == "ListRevisions" {
        let request = pb::ListRevisionsRequest {
            parent: name,
            ..pb::ListRevisionsRequest::default()
        };
        let listed = client.list_revisions(request).await?.into_inner();
        return Ok(!listed.revisions.is_empty());
    }
    let request = pb::WatchReturnsRequest { cursor: Vec::new() };
    let mut events = client.watch_returns(request).await?.into_inner();
    let reading = async {
        let mut is_told = false;
        while let Some(event) = events.message().await? {
            is_told |= event.name.starts_with(&name);
            let is_marker = event.supplier == "marker" && event.name.starts_with(&of);
            if is_marker || event.supplier == "another" {
                break;
            }
        }
        Ok(is_told)
    };
    timeout(WAIT, reading).await.expect("the last event comes")
}

pub(super) async fn walk(world: &World) {
    let asked: BTreeSet<_> = ASKS
        .iter()
        .flat_map(|(method, to, ..)| {
            to.iter()
                .map(move |to| (*method, to.map(ReturnState::word)))
        })
        .collect();
    let written: BTreeSet<_> = rows()
        .flat_map(|(_, method, _, rules)| {
            let rules = rules.0.iter();
            rules.map(move |rule| (method, rule.to.map(ReturnState::word)))
        })
        .collect();
    assert_eq!(asked, written, "left: what is asked; right: the table");
    assert_eq!(STATES.map(|(state, _)| state), ReturnState::ALL);

    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let methods = methods(&pool);
    let (mut spare, mut counted) = (SPARE.into_iter(), [0; 3]);
    for (state, authority) in STATES {
        let mut scene = Scene::set(world, &methods, (state, authority));
        for place in 0..scene.callers.len() {
            for (path, method, row, rules) in rows() {
                for ask in ASKS.iter().filter(|(asked, ..)| *asked == method) {
                    let caller = &scene.callers[place];
                    let way = scene.cell(caller, (path, row, rules), ask).await;
                    counted[way] += 1;
                    let due = told((state, authority));
                    if way != 1 || seen(world, scene.authority).await.state() == due {
                        continue;
                    }
                    match state {
                        Nothing => {
                            let next = spare.next().expect("a spare authority");
                            scene = Scene::set(world, &methods, (state, next));
                        }
                        SignedOff => {
                            sign(world, scene.authority).await;
                            until_known(world).await;
                        }
                        _ => panic!("{}: {method} changed {}", caller.name, state.word()),
                    }
                }
            }
        }
        let left = seen(world, scene.authority).await.state();
        assert_eq!(left, told((state, authority)), "who was refused changed it");
    }
    let [denied, let_in, out_of_state] = counted;
    assert!(
        denied > 1_000 && let_in > 200 && out_of_state > 150,
        "{denied} denied, {let_in} let in, {out_of_state} out of state"
    );
}
