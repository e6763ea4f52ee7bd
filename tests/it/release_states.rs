//! Every cell of the table about a release, over the wire: each role, each method, each state. Whoever is
//! let in is answered, or refused for something that is asked after the state; where the table does not
//! have the state, the refusal says so; and whoever may not is told the same in whatever state it is, and
//! of a release that never was.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use mesur_access::table::{ROWS, Row, releases_seen};
use mesur_access::{ReleaseState, Role, Rules, States};
use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_rpc::channel::{Connection, connect_lazy};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::{Code, Status};

use crate::permissions::{Told, call, methods, told_of};
use crate::states::{Caller, callers, is_for};
use crate::world::{
    AUTHORITIES, World, explain_warnings, freeze, sign_off, submit, until, wait_for_reports,
};

use ReleaseState::{Approved, Compiled, InReview, Nothing, Published, Revised, Scheduled};

const SERVICE: &str = "/mesur.publication.v1.PublicationService";
const NAME: &str = "releases/pif-2022-23";
/// A release that never was.
const NEVER: &str = "releases/pif-2020-21";

/// How it is seen that somebody was let in.
#[derive(Debug, Clone, Copy)]
enum LetIn {
    /// By the answer.
    Answered,
    /// By a refusal with one of these reasons, which are given only once the state is as it should be.
    Refused(&'static [&'static str]),
    /// The revision stands in a list, or in the values that are told.
    Listed,
}

use LetIn::{Answered, Listed, Refused};

/// What is asked: the method, where that would lead, the request, and how it is seen that it was let in.
type Ask = (&'static str, Option<ReleaseState>, &'static str, LetIn);

/// In a request `{n}` is the release or its revision, `{s}` a snapshot, `{d}` a day, `{u}` a note where the
/// release was not published and needs none, and `{p}` the state.
const ASKS: &[Ask] = &[
    (
        "CompileRelease",
        Some(Compiled),
        r#"{"snapshot":"{s}"{u}}"#,
        Refused(&["UPDATE_NOTE_REQUIRED", "INVALID_FIELD"]),
    ),
    (
        "SubmitRelease",
        Some(InReview),
        r#"{"name":"{n}","etag":"0123"}"#,
        Refused(&["STALE_ETAG"]),
    ),
    (
        "RejectRelease",
        Some(Compiled),
        r#"{"name":"{n}","etag":"0123","reason":"A slip."}"#,
        Refused(&["STALE_ETAG"]),
    ),
    (
        "ApproveRelease",
        Some(Approved),
        r#"{"name":"{n}","etag":"0123"}"#,
        Refused(&["STALE_ETAG"]),
    ),
    (
        "ScheduleRelease",
        Some(Scheduled),
        r#"{"name":"{n}","etag":"0123","publishDate":"{d}"}"#,
        Refused(&["STALE_ETAG"]),
    ),
    (
        "PublishRelease",
        Some(Published),
        r#"{"name":"{n}","etag":"0123","reason":"It has to be."}"#,
        Refused(&["STALE_ETAG"]),
    ),
    ("GetRelease", None, r#"{"name":"{n}"}"#, Answered),
    ("ListReleases", None, "", Listed),
    ("ListReleaseRevisions", None, "", Listed),
    ("ListReleaseEvents", None, r#"{"name":"{n}"}"#, Answered),
    (
        "DownloadFile",
        None,
        r#"{"name":"{n}","fileName":"none"}"#,
        Refused(&["FILE_NOT_FOUND"]),
    ),
    (
        "PreviewFile",
        None,
        r#"{"name":"{n}","fileName":"none"}"#,
        Refused(&["FILE_NOT_FOUND"]),
    ),
    (
        "GrantEarlyAccess",
        None,
        r#"{"name":"{n}","reader":"a new one","post":"Minister","justification":"Questions"}"#,
        Answered,
    ),
    (
        "RevokeEarlyAccess",
        None,
        r#"{"name":"{n}","reader":"{p}","reason":"They left."}"#,
        Answered,
    ),
    ("ListEarlyAccess", None, r#"{"name":"{n}"}"#, Answered),
    ("AuditDisclosure", None, r#"{"name":"{n}"}"#, Answered),
    ("QueryDataset", None, "", Listed),
    ("StreamDataset", None, "", Listed),
    (
        "GetProvenance",
        None,
        r#"{"name":"{n}","metric":"NONE"}"#,
        Refused(&["FIGURE_NOT_FOUND"]),
    ),
];

/// What names no revision, but a release whose latest revision is meant, which is never a revised one.
const OF_THE_LATEST: [&str; 9] = [
    "CompileRelease",
    "SubmitRelease",
    "RejectRelease",
    "ApproveRelease",
    "ScheduleRelease",
    "PublishRelease",
    "ListReleaseEvents",
    "GrantEarlyAccess",
    "RevokeEarlyAccess",
];

const NOTE: &str = r#","updateNote":{"what":{"en":"a","cy":"a"},"why":{"en":"b","cy":"b"}}"#;

fn rows() -> impl Iterator<Item = (&'static str, Row, Rules<ReleaseState>)> {
    ROWS.iter().filter_map(|(path, row)| match row.states {
        States::Release(rules) => Some((path.rsplit('/').next()?, *row, rules)),
        States::Any | States::Return(_) => None,
    })
}

/// The one release, which goes through its life.
struct Stage {
    world: World,
    methods: BTreeMap<String, MethodDescriptor>,
    snapshot: String,
    /// What was told first, by caller and method, to those who may not.
    refused: BTreeMap<(&'static str, &'static str), Told>,
    /// How many were denied, let in, and out of state.
    counted: [usize; 3],
}

impl Stage {
    async fn set() -> Self {
        let mut world = World::new();
        world.start().await;
        let sent = submit(&world).await;
        wait_for_reports(&world).await;
        for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
            explain_warnings(&world, authority, data_return).await;
            let signed = sign_off(&world, authority, data_return).await;
            signed.expect("signed off");
        }
        let snapshot = freeze(&world, &sent).await.name;
        let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
        Self {
            world,
            methods: methods(&pool),
            snapshot,
            refused: BTreeMap::new(),
            counted: [0; 3],
        }
    }

    async fn call(
        &self,
        connection: &Connection,
        method: &str,
        request: &str,
    ) -> Result<(), Status> {
        let request = serde_json::from_str(request);
        let request = request.unwrap_or_else(|error| panic!("{method}: {error}"));
        let path = format!("{SERVICE}/{method}");
        call(connection, &path, &self.methods[&path], &request).await
    }

    /// Takes a step as somebody with a role.
    async fn step(&self, role: Role, method: &str, more: &str) -> Result<(), Status> {
        let request = pb::GetReleaseRequest {
            name: NAME.to_owned(),
        };
        let release = self.world.releases().get_release(request).await;
        let etag = release.expect("a release").into_inner().etag;
        let request = format!(r#"{{"name":"{NAME}","etag":"{etag}"{more}}}"#);
        let connection = self.world.connection(&self.world.publication, role);
        self.call(&connection, method, &request).await
    }

    async fn compile(&self, note: &str) {
        let connection = self
            .world
            .connection(&self.world.publication, Role::Statistician);
        let request = format!(r#"{{"snapshot":"{}"{note}}}"#, self.snapshot);
        until(|| self.call(&connection, "CompileRelease", &request)).await;
    }

    async fn submit(&self) {
        let submitted = self.step(Role::Statistician, "SubmitRelease", "").await;
        submitted.expect("submitted");
    }

    async fn approve(&self) {
        let approved = self.step(Role::Publisher, "ApproveRelease", "").await;
        approved.expect("approved");
    }

    /// Puts the release on a working day that is far enough away.
    async fn schedule(&self) {
        for days in 30..45 {
            let more = format!(r#","publishDate":"{}""#, day(days));
            let scheduled = self.step(Role::Publisher, "ScheduleRelease", &more).await;
            if scheduled.is_ok() {
                return;
            }
        }
        panic!("no working day in two weeks");
    }

    async fn publish(&self) {
        let reason = r#","reason":"It has to be.""#;
        let published = self.step(Role::Publisher, "PublishRelease", reason).await;
        published.expect("published");
    }

    /// Names a reader for each state, to be taken off the list in it.
    async fn name_readers(&self) {
        let mut publisher = self.world.releases_of(Role::Publisher);
        for state in ReleaseState::ALL {
            let request = pb::GrantEarlyAccessRequest {
                name: NAME.to_owned(),
                reader: state.word().to_owned(),
                post: "Minister".to_owned(),
                justification: "Questions on the day".to_owned(),
                request_id: String::new(),
            };
            let named = publisher.grant_early_access(request).await;
            named.expect("named");
        }
    }

    /// Every method as every caller in a state that the first revision is in.
    async fn walk(&mut self, state: ReleaseState) {
        for caller in callers(&self.world, AUTHORITIES[0]) {
            for (method, row, rules) in rows() {
                for ask in ASKS.iter().filter(|(asked, ..)| *asked == method) {
                    let way = self.cell(&caller, state, (row, rules), ask).await;
                    if let Some(way) = way {
                        self.counted[way] += 1;
                    }
                }
            }
        }
    }

    /// Asks, and holds the answer against the table: 0 where the caller may not, 1 where they are let in, 2
    /// where the state is not one of the method; `None` where the method cannot name what is in the state.
    async fn cell(
        &mut self,
        caller: &Caller,
        state: ReleaseState,
        (row, rules): (Row, Rules<ReleaseState>),
        ask: &Ask,
    ) -> Option<usize> {
        let (method, to, _, let_in) = *ask;
        let cell = format!("{} calls {method}, {}", caller.name, state.word());
        if state == Revised && OF_THE_LATEST.contains(&method) {
            assert!(!rules.have(Revised), "{cell}: it is not the latest");
            return None;
        }
        let connection = connect_lazy(&self.world.publication.endpoint(), caller.bearer.clone());
        let connection = connection.expect("an endpoint");
        if !caller.may(row) {
            for name in [NAME, NEVER] {
                let asked = self.request(ask, name, state);
                let answer = match let_in {
                    Listed => self.is_listed(&connection, method).await.map(drop),
                    Answered | Refused(_) => self.call(&connection, method, &asked).await,
                };
                let told = told_of(&answer).unwrap_or_else(|| panic!("{cell}: let in"));
                let due = if caller.is_public {
                    Code::Unauthenticated
                } else {
                    Code::PermissionDenied
                };
                assert_eq!(told.0, due, "{cell}");
                let first = self.refused.entry((caller.name, method));
                let first = first.or_insert_with(|| told.clone());
                assert_eq!(*first, told, "{cell}, {name}");
            }
            return Some(0);
        }
        let role = caller.role.as_ref();
        let role = role.filter(|role| row.who.scope(role).is_some());
        // To a reader it is there if they were named, and in their time, which is weeks away.
        let by_role = role.filter(|role| **role != Role::Reader);
        let sees = by_role.is_some_and(|role| releases_seen(Some(role)).contains(&state))
            || (row.who.public && releases_seen(None).contains(&state));
        let there = if sees { state } else { Nothing };
        let mut rules = rules.0.iter();
        let is_due = rules.any(|rule| rule.to == to && rule.from.contains(&there));
        if matches!(let_in, Listed) {
            let listed = match self.is_listed(&connection, method).await {
                Err(status) if is_for(&status, &["RELEASE_NOT_FOUND"]) => false,
                listed => listed.expect("let in"),
            };
            assert_eq!(listed, is_due, "{cell}");
            return Some(if is_due { 1 } else { 2 });
        }
        let revision = format!("{NAME}/revisions/1");
        let name = if state == Revised { &revision } else { NAME };
        let asked = self.request(ask, name, state);
        let answer = self.call(&connection, method, &asked).await;
        match (is_due, let_in, answer) {
            (true, Answered, Ok(())) => Some(1),
            (true, Refused(reasons), Err(status)) if is_for(&status, reasons) => Some(1),
            (false, _, Err(status)) if is_for(&status, reasons(there)) => Some(2),
            (_, _, answer) => panic!("{cell}: it is {is_due} that it is let in, told {answer:?}"),
        }
    }

    fn request(&self, (_, _, template, _): &Ask, name: &str, state: ReleaseState) -> String {
        let note = if state.is_public() { "" } else { NOTE };
        template
            .replace("{n}", name)
            .replace("{s}", &self.snapshot)
            .replace("{d}", &day(35))
            .replace("{u}", note)
            .replace("{p}", state.word())
    }

    /// Whether the first revision stands in what is told.
    async fn is_listed(&self, connection: &Connection, method: &str) -> Result<bool, Status> {
        let mut client = PublicationServiceClient::new(connection.clone());
        let of_the_first = |release: &pb::Release| release.revision == 1;
        let is_value = |row: &pb::DatasetRow| row.release == format!("{NAME}/revisions/1");
        match method {
            "ListReleases" => {
                let request = pb::ListReleasesRequest::default();
                let listed = client.list_releases(request).await?.into_inner();
                Ok(listed.releases.iter().any(of_the_first))
            }
            "ListReleaseRevisions" => {
                let request = pb::ListReleaseRevisionsRequest {
                    name: NAME.to_owned(),
                    ..pb::ListReleaseRevisionsRequest::default()
                };
                let listed = client.list_release_revisions(request).await?.into_inner();
                Ok(listed.revisions.iter().any(of_the_first))
            }
            "QueryDataset" => {
                let request = pb::QueryDatasetRequest::default();
                let page = client.query_dataset(request).await?.into_inner();
                Ok(page.rows.iter().any(is_value))
            }
            _ => {
                let request = pb::StreamDatasetRequest::default();
                let mut stream = client.stream_dataset(request).await?.into_inner();
                let first = stream.message().await?;
                Ok(first.is_some_and(|first| first.rows.iter().any(is_value)))
            }
        }
    }
}

/// What is told of a release in a state that the table does not have for a method.
fn reasons(state: ReleaseState) -> &'static [&'static str] {
    match state {
        Nothing => &["RELEASE_NOT_FOUND"],
        Compiled | InReview | Approved | Scheduled => &["WRONG_STATE"],
        Published | Revised => &["WRONG_STATE", "EARLY_ACCESS_NOT_FOUND", "RELEASE_NOT_FOUND"],
    }
}

/// The day so many days from now.
fn day(days: i32) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    (today + days.days()).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table_about_a_release_holds_in_every_state() {
    let word = |to: Option<ReleaseState>| to.map(ReleaseState::word);
    let asked: BTreeSet<_> = ASKS
        .iter()
        .map(|(method, to, ..)| (*method, word(*to)))
        .collect();
    let written: BTreeSet<_> = rows()
        .flat_map(|(method, _, rules)| rules.0.iter().map(move |rule| (method, word(rule.to))))
        .collect();
    assert_eq!(asked, written, "left: what is asked; right: the table");

    let mut stage = Stage::set().await;
    stage.walk(Nothing).await;
    stage.compile("").await;
    stage.submit().await;
    stage.approve().await;
    stage.schedule().await;
    stage.name_readers().await;
    let reason = r#","reason":"A slip.""#;
    let rejected = stage.step(Role::Publisher, "RejectRelease", reason).await;
    rejected.expect("rejected");
    stage.walk(Compiled).await;
    stage.submit().await;
    stage.walk(InReview).await;
    stage.approve().await;
    stage.walk(Approved).await;
    stage.schedule().await;
    stage.walk(Scheduled).await;
    stage.publish().await;
    stage.walk(Published).await;
    stage.compile(NOTE).await;
    stage.submit().await;
    stage.approve().await;
    stage.publish().await;
    stage.walk(Revised).await;
    let [denied, let_in, out_of_state] = stage.counted;
    assert!(
        denied > 800 && let_in > 150 && out_of_state > 250,
        "{denied} denied, {let_in} let in, {out_of_state} out of state"
    );
    stage.world.stop().await;
}
