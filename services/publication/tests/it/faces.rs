//! Every way in for somebody who is not named, asked about a release: each method of the contract and each
//! route of the web. A method or a route without a row here fails.

use std::collections::BTreeSet;

use mesur_access::Role;
use mesur_proto::publication::v1 as pb;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

use crate::http;
use crate::support::{Client, Service};

const WEB: &str = include_str!("../../src/web.rs");
const SERVICE: &str = "PublicationService";

/// What somebody is told: whether anything of the release, and every word of it, with the name of the
/// release put in place of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) face: String,
    /// Whether everybody is told of the release here once it is published.
    pub(crate) is_public: bool,
    pub(crate) is_there: bool,
    text: String,
}

/// The targets of a route: `{id}` is the release, `{file}` each of its files.
const ROUTES: [(&str, &str); 13] = [
    ("/", "/"),
    ("/cy/", "/cy/"),
    ("/feed.atom", "/feed.atom"),
    ("/cy/feed.atom", "/cy/feed.atom"),
    ("/sitemap.xml", "/sitemap.xml"),
    ("/robots.txt", "/robots.txt"),
    ("/find", "/find?q=AD&release={id}"),
    ("/feedback", "/feedback"),
    ("/{file}", "/{file}"),
    ("/releases/{release}", "/releases/{id}"),
    ("/releases/{release}/", "/releases/{id}/"),
    ("/releases/{release}/{file}", "/releases/{id}/{file}"),
    (
        "/releases/{release}/revisions/{revision}/",
        "/releases/{id}/revisions/1/",
    ),
];
/// The one that has two parts to fill.
const OF_REVISION: (&str, &str) = (
    "/releases/{release}/revisions/{revision}/{file}",
    "/releases/{id}/revisions/1/{file}",
);
/// What tells of no release, published or not.
const SILENT: [&str; 3] = ["/robots.txt", "/feedback", "/{file}"];
/// What everybody may ask for whatever the release; it is there once it has the release.
const LISTS: [&str; 5] = ["/", "/cy/", "/feed.atom", "/cy/feed.atom", "/sitemap.xml"];

/// Asks in every way, as nobody in particular and as somebody who reads.
pub(crate) async fn every_face(service: &Service, name: &str, files: &[pb::File]) -> Vec<Told> {
    let files: Vec<&str> = files.iter().map(|file| file.file_name.as_str()).collect();
    let mut told = Vec::new();
    let reader = service.client_of("a reader", &[Role::Reader]);
    for client in [&service.public, &reader] {
        for method in methods() {
            let names = [name.to_owned(), format!("{name}/revisions/1")];
            for asked in names {
                told.extend(grpc(client, &method, &asked, &files).await);
            }
        }
    }
    told.extend(web(service, name, &files).await);
    told
}

/// The methods of the contract.
fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(mesur_proto::FILE_DESCRIPTOR_SET).expect("a contract");
    let services = set.file.into_iter().flat_map(|file| file.service);
    let service = services.into_iter().find(|one| one.name() == SERVICE);
    let methods = service.expect("the service").method.into_iter();
    methods.map(|method| method.name().to_owned()).collect()
}

/// The routes as they stand in the source.
fn routes() -> BTreeSet<&'static str> {
    let parts = WEB.split(".route(").skip(1);
    let routes = parts.map(|part| part.split('"').nth(1).expect("a route"));
    routes.collect()
}

#[test]
fn every_route_of_the_web_has_a_row() {
    let rows = ROUTES.iter().chain([&OF_REVISION]);
    let rows: BTreeSet<_> = rows.map(|(route, _)| *route).collect();
    assert_eq!(routes(), rows);
}

/// The first message of an answer, or all that a refusal says.
fn words<T: std::fmt::Debug>(answer: Result<T, Status>) -> Result<String, String> {
    answer
        .map(|answer| format!("{answer:?}"))
        .map_err(|status| {
            let details = status.get_error_details();
            let code = status.code();
            format!(
                "{code:?} {} {details:?} {:?}",
                status.message(),
                status.metadata().keys().len()
            )
        })
}

async fn first<T>(
    answer: Result<tonic::Response<Streaming<T>>, Status>,
) -> Result<Option<T>, Status> {
    answer?.into_inner().message().await
}

/// One method about one name; about each file, where it is about files.
async fn grpc(client: &Client, method: &str, name: &str, files: &[&str]) -> Vec<Told> {
    let release = name.split("/revisions/").next().expect("a name");
    let mut answers = working(client, method, release, name).await;
    for (face, answer, has) in reading(client, method, name, files).await {
        answers.push((face, true, answer, has));
    }
    assert!(!answers.is_empty(), "{method} has no row");
    let id = release.trim_start_matches("releases/");
    let period = id.trim_start_matches("pif-");
    let told = answers.into_iter().map(|(face, is_public, answer, has)| {
        let (is_there, text) = match answer {
            Ok(text) => (text.contains(has), text),
            Err(text) => (false, text),
        };
        Told {
            face: format!("{method} {face}"),
            is_public,
            is_there,
            text: text.replace(id, "{id}").replace(period, "{period}"),
        }
    });
    told.collect()
}

type Answer = Result<String, String>;

macro_rules! ask {
    ($client:ident . $call:ident ( $request:ident { $($field:ident $(: $value:expr)?),* $(,)? } )) => {
        words(
            $client
                .clone()
                .$call(pb::$request { $($field $(: $value)?,)* ..Default::default() })
                .await
                .map(tonic::Response::into_inner),
        )
    };
}

/// The methods of those who work on releases; nobody else is told anything.
#[expect(
    clippy::needless_update,
    reason = "one way to ask for requests of any number of fields"
)]
async fn working(
    client: &Client,
    method: &str,
    release: &str,
    name: &str,
) -> Vec<(String, bool, Answer, &'static str)> {
    let name = name.to_owned();
    let edition = release.replace("releases/pif-", "collections/pif/editions/");
    let answer = match method {
        "CompileRelease" => ask!(client.compile_release(CompileReleaseRequest {})),
        "SubmitRelease" => ask!(client.submit_release(SubmitReleaseRequest { name })),
        "RejectRelease" => ask!(client.reject_release(RejectReleaseRequest { name })),
        "ApproveRelease" => ask!(client.approve_release(ApproveReleaseRequest { name })),
        "ScheduleRelease" => ask!(client.schedule_release(ScheduleReleaseRequest { name })),
        "PublishRelease" => ask!(client.publish_release(PublishReleaseRequest { name })),
        "ListReleaseEvents" => {
            ask!(client.list_release_events(ListReleaseEventsRequest { name }))
        }
        "PreviewFile" => {
            let request = pb::PreviewFileRequest {
                name,
                file_name: "data.csv".to_owned(),
            };
            words(first(client.clone().preview_file(request).await).await)
        }
        "GrantEarlyAccess" => {
            ask!(client.grant_early_access(GrantEarlyAccessRequest { name }))
        }
        "RevokeEarlyAccess" => {
            ask!(client.revoke_early_access(RevokeEarlyAccessRequest { name }))
        }
        "ListEarlyAccess" => ask!(client.list_early_access(ListEarlyAccessRequest { name })),
        "AuditDisclosure" => ask!(client.audit_disclosure(AuditDisclosureRequest { name })),
        "ExportTexts" => {
            let request = pb::ExportTextsRequest {
                edition,
                missing_only: false,
            };
            words(first(client.clone().export_texts(request).await).await)
        }
        "ImportTexts" => ask!(client.import_texts(ImportTextsRequest { edition })),
        "ListFeedback" => ask!(client.list_feedback(ListFeedbackRequest {})),
        _ => return Vec::new(),
    };
    vec![(String::new(), false, answer, "")]
}

/// The methods for everybody, with what an answer has when the release is in it.
#[expect(
    clippy::needless_update,
    reason = "one way to ask for requests of any number of fields"
)]
async fn reading(
    client: &Client,
    method: &str,
    name: &str,
    files: &[&str],
) -> Vec<(String, Answer, &'static str)> {
    const ID: &str = "pif-2022-23";
    // The list of revisions is asked for by the release; another name would be wrong for it.
    let release = name.split("/revisions/").next().expect("a name").to_owned();
    let name = name.to_owned();
    let (answer, has) = match method {
        "GetRelease" => (ask!(client.get_release(GetReleaseRequest { name })), ""),
        "ListReleases" => (ask!(client.list_releases(ListReleasesRequest {})), ID),
        "ListReleaseRevisions" => {
            let request =
                ask!(client.list_release_revisions(ListReleaseRevisionsRequest { name: release }));
            (request, ID)
        }
        "DownloadFile" => {
            let mut answers = Vec::new();
            for file in files {
                let request = pb::DownloadFileRequest {
                    name: name.clone(),
                    file_name: (*file).to_owned(),
                };
                let piece = first(client.clone().download_file(request).await).await;
                let length = piece.map(|piece| piece.map(|piece| piece.content.len()));
                answers.push(((*file).to_owned(), words(length), "Some("));
            }
            return answers;
        }
        "QueryDataset" => (
            ask!(client.query_dataset(QueryDatasetRequest {})),
            "W06000001",
        ),
        "StreamDataset" => {
            let request = pb::StreamDatasetRequest::default();
            let rows = first(client.clone().stream_dataset(request).await).await;
            (words(rows), "W06000001")
        }
        "GetProvenance" => {
            let metric = "AD/001".to_owned();
            let answer = ask!(client.get_provenance(GetProvenanceRequest { name, metric }));
            (answer, "")
        }
        _ => return Vec::new(),
    };
    vec![(String::new(), answer, has)]
}

/// Every route about one release.
async fn web(service: &Service, name: &str, files: &[&str]) -> Vec<Told> {
    let id = name.trim_start_matches("releases/");
    let mut told = Vec::new();
    for (route, target) in ROUTES.iter().chain([&OF_REVISION]) {
        let target = target.replace("{id}", id);
        let mut targets = vec![target.clone()];
        if target.contains("{file}") {
            let filled = files.iter().map(|file| target.replace("{file}", file));
            targets = filled.collect();
        }
        for target in targets {
            for (method, header) in [
                ("GET", ("if-none-match", "*")),
                ("GET", ("accept-encoding", "gzip")),
                ("HEAD", ("accept", "*/*")),
            ] {
                let page = if *route == "/feedback" {
                    // Nothing is kept of an empty text.
                    let body = format!("page=/releases/{id}/release.en.html");
                    http::post(service.web, &target, &[header], &body).await
                } else {
                    http::send(service.web, method, &target, &[header]).await
                };
                let text = String::from_utf8_lossy(&page.body);
                let is_list = LISTS.contains(route);
                let has = text.contains("/releases/pif-2022-23/release.");
                told.push(Told {
                    face: format!("{method} {}", target.replace(id, "{id}")),
                    is_public: !SILENT.contains(route) && (!is_list || method == "GET"),
                    is_there: page.status < 400 && !SILENT.contains(route) && (!is_list || has),
                    text: format!("{} {:?} {text}", page.status, page.headers).replace(id, "{id}"),
                });
            }
        }
    }
    told
}
