//! Every cell of the table of permissions, over the wire: each method, each role, on the data of the
//! caller's own authority and of another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesur_access::table::{ROWS, Row};
use mesur_access::{Role, Scope};
use mesur_catalogue::{AuthorityCode, Catalogue};
use mesur_publication::Timetable;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Endpoints, Ports, Stores, Suite};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// The authority of the callers that have one, which also delegated sending to the supplier.
const OWN: &str = "W06000003";
/// An authority that none of the callers is of, and whose return is there.
const OTHER: &str = "W06000010";
/// The edition of which there are returns, and one of which there is none.
const PERIODS: [&str; 2] = ["2022-23", "2020-21"];
const WAIT: Duration = Duration::from_mins(1);

/// How each method names an authority: the request as JSON, in which `{a}` is an authority, `{r}` a
/// return of it and `{e}` an edition. One without `{a}` and `{r}` names none: it reaches all, or what
/// it returns has only what the caller reaches.
pub(crate) const REQUESTS: &[(&str, &str)] = &[
    ("GetEdition", "{}"),
    ("ListEditions", "{}"),
    ("CompareEditions", "{}"),
    ("SubmitReturn", r#"{"dataReturn":{"name":"{r}"}}"#),
    ("UploadReturn", r#"{"header":{"name":"{r}"}}"#),
    ("UpdateObservations", r#"{"name":"{r}"}"#),
    ("SubmitDraft", r#"{"name":"{r}"}"#),
    ("GetReturn", r#"{"name":"{r}"}"#),
    ("ReadReturn", r#"{"name":"{r}"}"#),
    ("ListReturns", r#"{"parent":"{a}"}"#),
    ("ListRevisions", r#"{"parent":"{r}"}"#),
    (
        "CompareRevisions",
        r#"{"from":"{r}/revisions/1","to":"{r}/revisions/1"}"#,
    ),
    ("SignOffReturn", r#"{"name":"{r}"}"#),
    ("ReopenReturn", r#"{"name":"{r}"}"#),
    ("WatchReturns", "{}"),
    (
        "RecordPreviousValues",
        r#"{"previousValues":{"name":"{a}/previousValues/pif-2019-20"}}"#,
    ),
    ("GetPreviousValues", r#"{"name":"{r}"}"#),
    ("ReadPreviousValues", r#"{"name":"{r}"}"#),
    ("GetSchedule", "{}"),
    ("UpdateSchedule", "{}"),
    ("GrantExtension", "{}"),
    ("CreateDelegation", r#"{"parent":"{a}","edition":"{e}"}"#),
    ("RevokeDelegation", r#"{"name":"{a}/delegations/99"}"#),
    ("ListDelegations", r#"{"parent":"{a}"}"#),
    ("ValidateReturn", "{}"),
    ("GetReport", r#"{"name":"{r}/revisions/1/report"}"#),
    ("SealReport", r#"{"name":"{r}/revisions/1/report"}"#),
    ("ListFindings", r#"{"parent":"{r}/revisions/1/report"}"#),
    ("StreamFindings", r#"{"parent":"{r}/revisions/1/report"}"#),
    ("ExplainFinding", r#"{"name":"{r}/revisions/1/report"}"#),
    ("ReviewExplanation", r#"{"name":"{r}/revisions/1/report"}"#),
    ("OverrideFinding", r#"{"name":"{r}/revisions/1/report"}"#),
    ("ListRemarks", r#"{"parent":"{r}"}"#),
    ("OpenRound", "{}"),
    ("ListRounds", "{}"),
    ("RaiseQuery", r#"{"parent":"{r}"}"#),
    ("AnswerQuery", r#"{"name":"{r}/queries/1"}"#),
    ("ResolveQuery", r#"{"name":"{r}/queries/1"}"#),
    ("ListQueries", r#"{"parent":"{r}"}"#),
    ("MarkRobustness", "{}"),
    ("ListRobustnessMarks", "{}"),
    ("CompareAuthorities", "{}"),
    ("GetCollectionProgress", "{}"),
    ("WatchReports", "{}"),
    ("GetTotals", "{}"),
    ("CreateSnapshot", "{}"),
    ("GetSnapshot", "{}"),
    ("ListSnapshots", "{}"),
    ("RankAuthorities", "{}"),
    ("ReadSnapshot", "{}"),
    ("VerifySnapshot", "{}"),
    ("CompareSnapshots", "{}"),
    ("CreateDecision", "{}"),
    ("ListDecisions", "{}"),
    ("WatchSnapshots", "{}"),
    ("CompileRelease", "{}"),
    ("PublishRelease", "{}"),
    ("GetRelease", "{}"),
    ("ListReleases", "{}"),
    ("DownloadFile", "{}"),
    ("SubmitRelease", "{}"),
    ("RejectRelease", "{}"),
    ("ApproveRelease", "{}"),
    ("ScheduleRelease", "{}"),
    ("ListReleaseRevisions", "{}"),
    ("ListReleaseEvents", "{}"),
    ("PreviewFile", "{}"),
    ("GrantEarlyAccess", "{}"),
    ("RevokeEarlyAccess", "{}"),
    ("ListEarlyAccess", "{}"),
    ("AuditDisclosure", "{}"),
    ("QueryDataset", "{}"),
    ("StreamDataset", "{}"),
    ("GetProvenance", "{}"),
    ("ExportTexts", "{}"),
    ("ImportTexts", "{}"),
    ("ListFeedback", "{}"),
    ("ExportStore", "{}"),
];

/// Streams that go on for ever once they have begun.
const ENDLESS: [&str; 3] = ["WatchReturns", "WatchReports", "WatchSnapshots"];

/// What the table says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    LetIn,
    Unauthenticated,
    Denied,
}

/// Who calls.
struct Caller {
    name: &'static str,
    bearer: Bearer,
    /// `None` for a caller without any role.
    role: Option<Role>,
    is_public: bool,
}

impl Caller {
    fn expected(&self, row: Row, reaches: bool) -> Expected {
        let scope = self.role.as_ref().and_then(|role| row.who.scope(role));
        match (row.who.public, self.is_public, scope) {
            (true, _, _) | (_, _, Some(Scope::All)) => Expected::LetIn,
            (false, true, _) => Expected::Unauthenticated,
            (false, false, Some(Scope::Own | Scope::Delegated)) if reaches => Expected::LetIn,
            (false, false, _) => Expected::Denied,
        }
    }
}

fn callers(suite: &Suite) -> Vec<Caller> {
    let own = || AuthorityCode::parse(OWN).expect("a code");
    let caller = |name, role: Option<Role>| Caller {
        name,
        bearer: suite.bearer(name, role.as_slice()).expect("a token"),
        role,
        is_public: false,
    };
    vec![
        Caller {
            name: "the public",
            bearer: Bearer::none(),
            role: None,
            is_public: true,
        },
        caller("nobody", None),
        caller("submitter", Some(Role::Submitter(own()))),
        caller("approver", Some(Role::Approver(own()))),
        caller("supplier", Some(Role::Supplier)),
        caller("statistician", Some(Role::Statistician)),
        caller("publisher", Some(Role::Publisher)),
        caller("reader", Some(Role::Reader)),
        caller("operator", Some(Role::Operator)),
        caller("service", Some(Role::Service)),
    ]
}

/// Every method that is there, by its path.
pub(crate) fn methods(pool: &DescriptorPool) -> BTreeMap<String, MethodDescriptor> {
    let services = pool.services();
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let named = |method: MethodDescriptor| {
        let service = method.parent_service().full_name().to_owned();
        (format!("/{service}/{}", method.name()), method)
    };
    methods.map(named).collect()
}

pub(crate) fn endpoint<'a>(at: &'a Endpoints, path: &str) -> &'a str {
    match path.split('.').nth(1) {
        Some("catalogue" | "submission") => &at.submission,
        Some("validation") => &at.validation,
        Some("aggregation") => &at.aggregation,
        // Every service has the methods of operators; one stands for all.
        Some("publication" | "operations") => &at.publication,
        other => panic!("nobody serves {other:?}"),
    }
}

/// The request of a method about an authority's return of a period.
pub(crate) fn request(
    method: &MethodDescriptor,
    template: &str,
    authority: &str,
    period: &str,
) -> Value {
    let authority = format!("authorities/{authority}");
    let data_return = format!("{authority}/returns/pif-{period}");
    let text = template
        .replace("{a}", &authority)
        .replace("{r}", &data_return)
        .replace("{e}", &format!("collections/pif/editions/{period}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", method.name()))
}

/// Calls a method and answers with its first message or its refusal.
pub(crate) async fn call(
    connection: &Connection,
    path: &str,
    method: &MethodDescriptor,
    request: &Value,
) -> Result<(), Status> {
    call_with(connection, path, method, std::slice::from_ref(request)).await
}

/// The same with a stream of requests.
pub(crate) async fn call_with(
    connection: &Connection,
    path: &str,
    method: &MethodDescriptor,
    requests: &[Value],
) -> Result<(), Status> {
    let read = |request| DynamicMessage::deserialize(method.input(), request).expect("a request");
    let messages: Vec<_> = requests.iter().map(read).collect();
    let mut client = tonic::client::Grpc::new(connection.clone());
    client.ready().await.expect("a service");
    let path = PathAndQuery::try_from(path).expect("a path");
    let codec = ProstCodec::<DynamicMessage, ()>::default();
    let request = Request::new(tokio_stream::iter(messages));
    let response = client.streaming(request, path, codec).await?;
    if !ENDLESS.contains(&method.name()) {
        response.into_inner().message().await?;
    }
    Ok(())
}

fn seen(answer: &Result<(), Status>) -> Expected {
    match answer.as_ref().map_err(Status::code) {
        Err(Code::Unauthenticated) => Expected::Unauthenticated,
        Err(Code::PermissionDenied) => Expected::Denied,
        Ok(()) => Expected::LetIn,
        Err(code) => {
            let is_of_the_method = !matches!(code, Code::Unimplemented | Code::Unknown);
            assert!(is_of_the_method, "{answer:?}");
            Expected::LetIn
        }
    }
}

/// Asks until the answer is there; each time the service is asked is a round trip.
async fn until(mut ask: impl AsyncFnMut() -> Result<(), Status>) {
    let asking = async {
        while let Err(status) = ask().await {
            let is_late = matches!(status.code(), Code::NotFound | Code::PermissionDenied);
            assert!(is_late, "{status}");
        }
    };
    timeout(WAIT, asking).await.expect("it catches up");
}

/// The world that the methods are called in: a return of the other authority with its report, and a
/// delegation that both services know.
async fn prepare(suite: &Suite, methods: &BTreeMap<String, MethodDescriptor>) {
    let at = suite.endpoints();
    let call_as = async |identity: &str, role: Role, path: &str, request: Value| {
        let bearer = suite.bearer(identity, &[role]).expect("a token");
        let connection = connect_lazy(endpoint(at, path), bearer).expect("an endpoint");
        call(&connection, path, &methods[path], &request).await
    };
    let submission = |name| format!("/mesur.submission.v1.SubmissionService/{name}");
    let report = "/mesur.validation.v1.ValidationService/GetReport".to_owned();
    let code = |text| AuthorityCode::parse(text).expect("a code");

    let delegation = json!({
        "parent": format!("authorities/{OWN}"), "supplier": "supplier",
        "edition": "collections/pif/editions/2022-23",
    });
    let path = submission("CreateDelegation");
    let delegated = call_as("approver", Role::Approver(code(OWN)), &path, delegation);
    delegated.await.expect("delegated");
    let data_return = json!({
        "name": format!("authorities/{OTHER}/returns/pif-2022-23"),
        "observations": sample(OTHER),
    });
    let sent = json!({ "dataReturn": data_return });
    let path = submission("SubmitReturn");
    let sent = call_as("another", Role::Submitter(code(OTHER)), &path, sent);
    sent.await.expect("taken in");

    let of = |authority| {
        let name = format!("authorities/{authority}/returns/pif-2022-23/revisions/1/report");
        json!({ "name": name })
    };
    until(async || call_as("statistician", Role::Statistician, &report, of(OTHER)).await).await;
    // The delegation came before the return, so it is known: there is no report, and that is said.
    let known = call_as("supplier", Role::Supplier, &report, of(OWN)).await;
    assert_eq!(known.expect_err("no report").code(), Code::NotFound);
}

/// The observations of a sample return as JSON.
pub(crate) fn sample(authority: &str) -> Value {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mesur/samples/2022-23");
    let bytes = std::fs::read(samples.join(format!("{authority}.csv"))).expect("a sample");
    let catalogue = Catalogue::bundled().expect("bundled");
    let name = mesur_catalogue::EditionName::parse("pif/2022-23").expect("a name");
    let edition = catalogue.get(&name).expect("bundled");
    let checked = mesur_returns::check_file(&bytes, edition, &catalogue, None);
    let cells = checked.data_return().expect("a whole return").cells();
    let observations = mesur_wire::observations_to_wire(edition, cells);
    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let kind = pool.get_message_by_name("mesur.types.v1.Observation");
    let kind = kind.expect("observations");
    let to_json = |observation| {
        let mut message = DynamicMessage::new(kind.clone());
        message
            .transcode_from(&observation)
            .expect("an observation");
        serde_json::to_value(&message).expect("JSON")
    };
    observations.into_iter().map(to_json).collect()
}

async fn suite() -> Suite {
    let config = Config {
        catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
        stores: Stores::Memory,
        ports: Ports::default(),
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled().expect("a timetable"),
    };
    let starting = Suite::start(config, CancellationToken::new());
    starting.await.expect("the suite starts")
}

#[test]
fn every_method_has_a_row_and_a_request_and_nothing_else_has() {
    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let there: BTreeSet<String> = methods(&pool).into_keys().collect();
    let rows: BTreeSet<String> = ROWS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(rows.len(), ROWS.len(), "a row stands twice");
    assert_eq!(
        there, rows,
        "left: the methods; right: the rows of the table"
    );
    let name_of = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = there.iter().map(name_of).collect();
    assert_eq!(names.len(), there.len(), "two methods have one name");
    let requests = REQUESTS.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(
        names,
        requests.collect(),
        "left: the methods; right: the requests of this test"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table_holds_over_the_wire() {
    let pool = DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("descriptors");
    let methods = methods(&pool);
    let requests: BTreeMap<_, _> = REQUESTS.iter().copied().collect();
    let suite = suite().await;
    prepare(&suite, &methods).await;
    let (mut wrong, mut calls, mut told) = (Vec::new(), 0, 0);
    for caller in callers(&suite) {
        for (path, row) in ROWS {
            let method = &methods[*path];
            let template = requests[method.name()];
            let is_named = template.contains("{a}") || template.contains("{r}");
            let at = endpoint(suite.endpoints(), path);
            let connection = connect_lazy(at, caller.bearer.clone()).expect("an endpoint");
            for authority in [OWN, OTHER] {
                let expected = caller.expected(*row, authority == OWN || !is_named);
                let of = |period| request(method, template, authority, period);
                let [there, absent] = PERIODS.map(of);
                let answer = call(&connection, path, method, &there).await;
                calls += 1;
                if seen(&answer) != expected {
                    wrong.push(format!(
                        "{} calls {path} on {authority}: {expected:?} is due, seen {answer:?}",
                        caller.name
                    ));
                }
                // A refusal does not tell whether the thing exists.
                if expected == Expected::Denied && is_named {
                    let other = call(&connection, path, method, &absent).await;
                    assert_eq!(told_of(&answer), told_of(&other), "{} {path}", caller.name);
                    told += 1;
                }
            }
        }
    }
    suite.stop().await.expect("the suite stops");
    assert!(
        wrong.is_empty(),
        "{} of {calls}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(calls > 900 && told > 200, "{calls} calls, {told} compared");
}

/// Everything that a refused caller learns: code, message, details, and every other header.
pub(crate) type Told = (Code, String, Vec<u8>, BTreeMap<String, Vec<u8>>);

pub(crate) fn told_of(answer: &Result<(), Status>) -> Option<Told> {
    let status = answer.as_ref().err()?;
    let headers = status.metadata().clone().into_headers();
    let headers = headers.iter().filter(|(name, _)| *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let (message, details) = (status.message().to_owned(), status.details().to_vec());
    Some((status.code(), message, details, headers.collect()))
}
