//! A year of a collection, from returns to releases: a late return, two revisions and a metric that is
//! withdrawn, under disclosure control.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mesur_access::Role;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use mesur_outputs::bundle;
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::aggregation::v1::aggregation_service_client::AggregationServiceClient;
use mesur_proto::aggregation::v1::decision::{Publishing, Subject};
use mesur_proto::publication::v1 as publication;
use mesur_proto::publication::v1::publication_service_client::PublicationServiceClient;
use mesur_proto::submission::v1 as submission;
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::types::v1::finding::{Severity, Standing};
use mesur_proto::validation::v1 as validation;
use mesur_proto::validation::v1::validation_service_client::ValidationServiceClient;
use mesur_publication::Timetable;
use mesur_returns::check_file;
use mesur_rpc::channel::{Connection, MESSAGE_BYTES_MAX, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use mesur_wire::observations_to_wire;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

const NAME: &str = "pif/2022-23";
const EDITION: &str = "collections/pif/editions/2022-23";
const RELEASE: &str = "releases/pif-2022-23";
const WAIT: Duration = Duration::from_mins(2);
/// Who is late.
const LATE: &str = "W06000024";
/// The metric with a policy: most of its values are below five.
const CONTROLLED: &str = "CH/040";
/// The metric that is withdrawn after two publications.
const WITHDRAWN: &str = "AD/016";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The bundled editions, of one of which a metric has a policy.
fn catalogue() -> Catalogue {
    let folder = tempfile::tempdir().expect("a folder");
    let bundled = repository("crates/catalogue/editions").join(NAME);
    for file in fs::read_dir(&bundled).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name();
        let mut text = fs::read_to_string(file.path()).expect("a text");
        if name == "edition.toml" {
            text += "[[disclosure_policy]]\nid = \"small\"\nthreshold = 5\n";
        } else if name == "metrics.csv" {
            let own = format!("2022-23,{CONTROLLED},");
            let lines = text.lines().enumerate().map(|(number, line)| match number {
                0 => format!("{line},disclosure\n"),
                _ if line.starts_with(&own) => format!("{line},small\n"),
                _ => format!("{line},\n"),
            });
            text = lines.collect();
        }
        fs::write(folder.path().join(name), text).expect("written");
    }
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    catalogue.add_folder(folder.path()).expect("an edition");
    catalogue
}

/// Asks until the answer is there; each time the service is asked is a round trip.
async fn until<T, F>(mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, Status>>,
{
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
            }
        }
    };
    timeout(WAIT, asking).await.expect("the service catches up")
}

/// The services, and those who use them.
struct World {
    suite: Suite,
    catalogue: Arc<Catalogue>,
}

/// Value and shorthand by area, metric and category.
type Rows = BTreeMap<[String; 3], [String; 2]>;

impl World {
    async fn start() -> Self {
        let catalogue = Arc::new(catalogue());
        let config = Config {
            catalogue: Arc::clone(&catalogue),
            stores: Stores::Memory,
            ports: Ports::default(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            timetable: Timetable::bundled().expect("a timetable"),
        };
        let suite = Suite::start(config, CancellationToken::new()).await;
        Self {
            suite: suite.expect("the suite starts"),
            catalogue,
        }
    }

    fn edition(&self) -> &Edition {
        let name = EditionName::parse(NAME).expect("a name");
        self.catalogue.get(&name).expect("the edition")
    }

    fn connect(&self, address: &str, who: &str, role: Role) -> Connection {
        let bearer = self.suite.bearer(who, &[role]).expect("a token");
        connect_lazy(address, bearer).expect("an endpoint")
    }

    fn returns(&self, who: &str, role: Role) -> SubmissionServiceClient<Connection> {
        let address = &self.suite.endpoints().submission;
        SubmissionServiceClient::new(self.connect(address, who, role))
    }

    fn reports(&self, who: &str, role: Role) -> ValidationServiceClient<Connection> {
        let address = &self.suite.endpoints().validation;
        ValidationServiceClient::new(self.connect(address, who, role))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    fn totals(&self) -> AggregationServiceClient<Connection> {
        let address = &self.suite.endpoints().aggregation;
        AggregationServiceClient::new(self.connect(address, "statistician", Role::Statistician))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    fn releases(&self, who: &str, role: Role) -> PublicationServiceClient<Connection> {
        let address = &self.suite.endpoints().publication;
        PublicationServiceClient::new(self.connect(address, who, role))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Brings an authority's sample from its submission to its sign-off; gives the revision.
    async fn collect(&self, authority: &str) -> String {
        let file = repository("crates/mesur/samples/2022-23").join(format!("{authority}.csv"));
        let bytes = fs::read(file).expect("a sample");
        let checked = check_file(&bytes, self.edition(), &self.catalogue, None);
        let content = checked.data_return().expect("a whole return");
        let code = AuthorityCode::parse(authority).expect("a code");
        let request = submission::SubmitReturnRequest {
            data_return: Some(submission::DataReturn {
                name: format!("authorities/{authority}/returns/pif-2022-23"),
                observations: observations_to_wire(self.edition(), content.cells()),
                ..submission::DataReturn::default()
            }),
            ..submission::SubmitReturnRequest::default()
        };
        let submitter = Role::Submitter(code.clone());
        let sent = self.returns("submitter", submitter.clone());
        let sent = sent.clone().submit_return(request).await;
        let sent = sent.expect("taken in").into_inner().data_return;
        let sent = sent.expect("a return");
        let revision = format!("{}/revisions/{}", sent.name, sent.revision);
        self.explain(&format!("{revision}/report"), submitter).await;
        let request = submission::SignOffReturnRequest {
            name: sent.name,
            etag: sent.etag,
            request_id: String::new(),
        };
        let mut approver = self.returns("approver", Role::Approver(code));
        approver.sign_off_return(request).await.expect("signed off");
        revision
    }

    /// Waits for a report, and explains every warning in it.
    async fn explain(&self, report: &str, submitter: Role) {
        let mut watcher = self.reports("statistician", Role::Statistician);
        let watch = validation::WatchReportsRequest { cursor: Vec::new() };
        let made = watcher.watch_reports(watch).await.expect("a stream");
        let mut made = made.into_inner();
        let waiting = async {
            loop {
                let event = made.message().await.expect("a stream").expect("an event");
                if event.name == report {
                    break;
                }
            }
        };
        timeout(WAIT, waiting).await.expect("a report in time");
        let mut reports = self.reports("submitter", submitter);
        let request = validation::ListFindingsRequest {
            parent: report.to_owned(),
            page_size: 1_000,
            ..validation::ListFindingsRequest::default()
        };
        let findings = reports.list_findings(request).await.expect("findings");
        for finding in findings.into_inner().findings {
            if finding.severity() == Severity::Warning && finding.standing() == Standing::Open {
                let explanation = validation::ExplainFindingRequest {
                    name: report.to_owned(),
                    finding_id: finding.id,
                    explanation: "Counted again.".to_owned(),
                    ..validation::ExplainFindingRequest::default()
                };
                let explained = reports.explain_finding(explanation).await;
                explained.expect("explained");
            }
        }
    }

    /// Freezes, compiles and publishes what is signed off.
    async fn publish(&self, returns: &[String], why: Option<&str>) -> publication::Release {
        let totals = self.totals();
        let snapshot = until(|| {
            let mut totals = totals.clone();
            let request = aggregation::CreateSnapshotRequest {
                edition: EDITION.to_owned(),
                returns: returns.to_vec(),
                request_id: String::new(),
            };
            async move { totals.create_snapshot(request).await }
        });
        let snapshot = snapshot.await.into_inner();
        let both = |text: &str| {
            Some(publication::BilingualText {
                en: text.to_owned(),
                cy: text.to_owned(),
            })
        };
        let note = why.map(|why| publication::UpdateNote {
            what: both("Some figures."),
            why: both(why),
        });
        let statistician = self.releases("statistician", Role::Statistician);
        let compiled = until(|| {
            let mut statistician = statistician.clone();
            let request = publication::CompileReleaseRequest {
                snapshot: snapshot.name.clone(),
                request_id: String::new(),
                update_note: note.clone(),
            };
            async move { statistician.compile_release(request).await }
        });
        let compiled = compiled.await.into_inner();
        let request = publication::SubmitReleaseRequest {
            name: compiled.name,
            etag: compiled.etag,
            ..publication::SubmitReleaseRequest::default()
        };
        let submitted = statistician.clone().submit_release(request).await;
        let submitted = submitted.expect("submitted").into_inner();
        let mut publisher = self.releases("publisher", Role::Publisher);
        let request = publication::ApproveReleaseRequest {
            name: submitted.name,
            etag: submitted.etag,
            ..publication::ApproveReleaseRequest::default()
        };
        let approved = publisher.approve_release(request).await;
        let approved = approved.expect("approved").into_inner();
        let request = publication::PublishReleaseRequest {
            name: approved.name,
            etag: approved.etag,
            reason: "The day is today.".to_owned(),
            ..publication::PublishReleaseRequest::default()
        };
        let released = publisher.publish_release(request).await;
        released.expect("published").into_inner()
    }

    /// Decides that nothing of a metric is published.
    async fn withhold(&self, metric: &str) {
        for subject in [
            Subject::National(Publishing::Withhold.into()),
            Subject::Authorities(Publishing::Withhold.into()),
        ] {
            let request = aggregation::CreateDecisionRequest {
                parent: EDITION.to_owned(),
                decision: Some(aggregation::Decision {
                    metric: metric.to_owned(),
                    subject: Some(subject),
                    reason: "The definition was read in two ways.".to_owned(),
                    ..aggregation::Decision::default()
                }),
                ..aggregation::CreateDecisionRequest::default()
            };
            let decided = self.totals().create_decision(request).await;
            decided.expect("decided");
        }
    }

    /// A file of a revision.
    async fn file(&self, revision: u32, file_name: &str) -> Vec<u8> {
        let request = publication::DownloadFileRequest {
            name: format!("{RELEASE}/revisions/{revision}"),
            file_name: file_name.to_owned(),
        };
        let mut reader = self.releases("reader", Role::Reader);
        let pieces = reader.download_file(request).await.expect("a file");
        let mut pieces = pieces.into_inner();
        let mut content = Vec::new();
        while let Some(piece) = pieces.message().await.expect("a piece") {
            content.extend(piece.content);
        }
        content
    }

    async fn rows(&self, revision: u32) -> Rows {
        let content = self.file(revision, "data.csv").await;
        let mut reader = csv::Reader::from_reader(content.as_slice());
        let mut rows = Rows::new();
        for row in reader.deserialize::<BTreeMap<String, String>>() {
            let row = row.expect("a row");
            let of = |names: [&str; 3]| names.map(|name| row[name].clone());
            let [value, shorthand, _] = of(["value", "shorthand", "value"]);
            let key = of(["area_code", "metric", "category"]);
            assert!(rows.insert(key, [value, shorthand]).is_none());
        }
        rows
    }

    async fn facts(&self, revision: u32) -> Value {
        let content = self.file(revision, "release.json").await;
        serde_json::from_slice(&content).expect("facts")
    }

    async fn audit(&self) -> publication::AuditDisclosureResponse {
        let request = publication::AuditDisclosureRequest {
            name: RELEASE.to_owned(),
        };
        let mut statistician = self.releases("statistician", Role::Statistician);
        let audit = statistician.audit_disclosure(request).await;
        audit.expect("an audit").into_inner()
    }
}

fn has(marks: &str, letter: &str) -> bool {
    marks.split(',').any(|mark| mark == letter)
}

/// Every row is there still, and those that show another value, and no others, carry `r`; tells how
/// many. A value under a policy may be another one unseen.
fn revised(before: &Rows, after: &Rows) -> usize {
    assert!(after.keys().eq(before.keys()), "rows never vanish");
    let others = after
        .iter()
        .filter(|([_, metric, _], _)| metric != CONTROLLED);
    let mut count = 0;
    for (key, [value, marks]) in others {
        let is_another = *value != before[key][0];
        assert_eq!(has(marks, "r"), is_another, "{key:?}: {marks}");
        count += usize::from(is_another);
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_with_a_late_return_two_revisions_and_a_withdrawn_metric() {
    let world = World::start().await;
    let authorities = world.edition().authorities().iter();
    let codes: Vec<String> = authorities.map(|one| one.code.to_string()).collect();
    let mut signed = Vec::new();
    for code in codes.iter().filter(|code| *code != LATE) {
        signed.push(world.collect(code).await);
    }
    let first = world.publish(&signed, None).await;
    let before = world.rows(1).await;
    assert!(world.audit().await.safe);

    // The late return comes, and is in the second revision.
    signed.push(world.collect(LATE).await);
    let second = world.publish(&signed, Some("One return was late.")).await;
    assert_eq!(
        (second.revision, second.reference),
        (2, format!("{} (R)", first.reference))
    );
    let with_late = world.rows(2).await;
    assert!(
        revised(&before, &with_late) > 300,
        "its own and the nation's"
    );
    let facts = world.facts(2).await;
    let changed = facts["revision"]["changed_figures"].as_array();
    assert!(changed.is_some_and(|changed| !changed.is_empty()));

    // A metric is withdrawn: its rows stay, without values, and nothing else is another one.
    world.withhold(WITHDRAWN).await;
    let third = world
        .publish(&signed, Some("A definition was not clear."))
        .await;
    assert_eq!(third.revision, 3);
    let without = world.rows(3).await;
    let gone = with_late
        .iter()
        .filter(|([_, metric, _], [value, _])| metric == WITHDRAWN && !value.is_empty());
    assert_eq!(revised(&with_late, &without), gone.count());
    let withdrawn = without
        .iter()
        .filter(|([_, metric, _], _)| metric == WITHDRAWN);
    for (key, [value, marks]) in withdrawn {
        assert!(value.is_empty() && has(marks, "x"), "{key:?}: {marks}");
    }
    let page = String::from_utf8(world.file(3, "release.en.html").await).expect("text");
    assert!(page.contains("A definition was not clear."));
    assert!(page.contains("/releases/pif-2022-23/revisions/2/release.en.html"));

    // What was published stays where it was, together they tell nothing hidden, and each is signed.
    assert_eq!(world.rows(1).await, before);
    assert_eq!(world.rows(2).await, with_late);
    let audit = world.audit().await;
    assert!(audit.safe && audit.primary_count > 0, "{audit:?}");
    for revision in 1..=3 {
        let bundle = world.file(revision, bundle::FILE).await;
        let report = bundle::verify(bundle.as_slice(), None).expect("a bundle");
        assert!(report.is_sound(), "{revision}");
    }
    world.suite.stop().await.expect("the suite stops");
}
