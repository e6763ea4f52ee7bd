//! Early access: named people, within their window, and every look written down.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use mesur_access::Role;
use mesur_proto::publication::v1 as pb;
use mesur_rpc::clock::{self, Clock as _};
use mesur_store::Store;
use tonic::{Code, Response, Status};

use crate::breaking::Breaking;
use crate::disclosure::note;
use crate::life::events;
use crate::small;
use crate::support::{Client, RELEASE, Service, fields, id, refused};
use crate::totals::snapshot;

const DAY: &str = "2023-10-03";
const MINISTER: &str = "m.minister";
const FILE: &str = "data.csv";

fn moment() -> Timestamp {
    "2023-10-03T08:30:00Z".parse().expect("a time")
}

fn opens() -> Timestamp {
    moment() - 24.hours()
}

async fn scheduled() -> Service {
    let (service, _) = small::service().await;
    let approved = service.approved(&snapshot(small::edition(), 10)).await;
    service.schedule(&approved, DAY).await.expect("scheduled");
    service
}

fn naming(reader: &str) -> pb::GrantEarlyAccessRequest {
    pb::GrantEarlyAccessRequest {
        name: RELEASE.to_owned(),
        reader: reader.to_owned(),
        post: "Minister".to_owned(),
        justification: "To answer questions on the day.".to_owned(),
        request_id: String::new(),
    }
}

async fn give(
    service: &Service,
    request: pb::GrantEarlyAccessRequest,
) -> Result<pb::EarlyAccess, Status> {
    let given = service.publisher.clone().grant_early_access(request).await;
    given.map(Response::into_inner)
}

async fn take_back(
    service: &Service,
    reader: &str,
    reason: &str,
) -> Result<pb::EarlyAccess, Status> {
    let request = pb::RevokeEarlyAccessRequest {
        name: RELEASE.to_owned(),
        reader: reader.to_owned(),
        reason: reason.to_owned(),
        request_id: String::new(),
    };
    let revoked = service.publisher.clone().revoke_early_access(request).await;
    revoked.map(Response::into_inner)
}

/// The length of a file that somebody looks at.
async fn look(client: &Client, name: &str, file_name: &str) -> Result<usize, Status> {
    let request = pb::PreviewFileRequest {
        name: name.to_owned(),
        file_name: file_name.to_owned(),
    };
    let mut pieces = client.clone().preview_file(request).await?.into_inner();
    let mut length = 0;
    while let Some(piece) = pieces.message().await? {
        length += piece.content.len();
    }
    Ok(length)
}

async fn list(service: &Service) -> pb::ListEarlyAccessResponse {
    let request = pb::ListEarlyAccessRequest {
        name: RELEASE.to_owned(),
        ..pb::ListEarlyAccessRequest::default()
    };
    page(service, request).await
}

async fn page(
    service: &Service,
    request: pb::ListEarlyAccessRequest,
) -> pb::ListEarlyAccessResponse {
    let listed = service.publisher.clone().list_early_access(request).await;
    listed.expect("a list").into_inner()
}

/// Somebody who may not look is told what is told of a release that never was.
async fn expect_hidden(client: &Client) {
    let hidden = look(client, RELEASE, FILE).await.expect_err("a refusal");
    let never = look(client, "releases/pif-2031-32", FILE).await;
    let never = never.expect_err("a refusal");
    assert_eq!(
        (
            hidden.code(),
            hidden.message().replace("2022-23", "2031-32")
        ),
        (never.code(), never.message().to_owned())
    );
    refused(Err::<(), _>(hidden), Code::NotFound, "RELEASE_NOT_FOUND");
}

#[tokio::test]
async fn a_named_reader_looks_from_the_opening_of_the_window_until_publication() {
    let service = scheduled().await;
    let given = give(&service, naming(MINISTER)).await.expect("given");
    assert_eq!(
        (given.reader.as_str(), given.granter.as_str()),
        (MINISTER, "a publisher")
    );
    assert_eq!(
        (given.open_time, given.close_time),
        (
            Some(clock::to_proto(opens())),
            Some(clock::to_proto(moment()))
        )
    );
    let minister = service.client_of(MINISTER, &[Role::Reader]);
    let unnamed = service.client_of("an adviser", &[Role::Reader]);
    expect_hidden(&minister).await;
    service.step_to(opens() - 1.millisecond()).await;
    expect_hidden(&minister).await;
    service.step_to(opens()).await;
    let staff = service.get(RELEASE).await.expect("it");
    let size = staff.files.iter().find(|file| file.file_name == FILE);
    let size = usize::try_from(size.expect("the file").size_bytes).expect("short");
    assert_eq!(look(&minister, RELEASE, FILE).await.expect("a look"), size);
    let revision = format!("{RELEASE}/revisions/1");
    assert_eq!(
        look(&minister, &revision, FILE).await.expect("a look"),
        size
    );
    let missing = look(&minister, RELEASE, "other.csv").await;
    refused(missing, Code::NotFound, "FILE_NOT_FOUND");
    expect_hidden(&unnamed).await;
    // The role alone, or the name alone, opens nothing.
    let no_role = service.client_of(MINISTER, &[]);
    let denied = look(&no_role, RELEASE, FILE).await;
    refused(denied, Code::PermissionDenied, "PERMISSION_DENIED");
    let request = pb::GetReleaseRequest {
        name: RELEASE.to_owned(),
    };
    let unseen = minister.clone().get_release(request).await;
    refused(unseen, Code::NotFound, "RELEASE_NOT_FOUND");

    // A clock that is set forward opens no window, and one that is set back closes it.
    service.clock.set(opens() - 1.hours());
    expect_hidden(&minister).await;
    service.clock.set(opens());

    let listed = list(&service).await;
    assert_eq!((listed.readers.len(), listed.staff_looks.len()), (1, 0));
    let looks: Vec<_> = listed.readers[0]
        .looks
        .iter()
        .map(|look| (look.reader.as_str(), look.file_name.as_str(), look.time))
        .collect();
    let at = Some(clock::to_proto(opens()));
    assert_eq!(looks, [(MINISTER, FILE, at), (MINISTER, FILE, at)]);

    service.step_to(moment() - 1.millisecond()).await;
    look(&minister, RELEASE, FILE).await.expect("a look");
    service.step_to(moment()).await;
    while service.download(RELEASE, FILE).await.is_err() {}
    expect_hidden(&minister).await;
    let listed = list(&service).await;
    assert_eq!(listed.readers[0].looks.len(), 3);
    let refusal = give(&service, naming("another")).await;
    refused(refusal, Code::FailedPrecondition, "WRONG_STATE");
    let refusal = take_back(&service, MINISTER, "Late").await;
    refused(refusal, Code::NotFound, "EARLY_ACCESS_NOT_FOUND");
    service.stop().await;
}

/// Whom access was given to and taken back from in that test stands in the history of the release.
async fn expect_all_in_the_history(service: &Service) {
    let told = events(service).await;
    let told: Vec<_> = told
        .iter()
        .filter(|event| event.action.starts_with("early"))
        .map(|event| (event.action.as_str(), event.reason.as_str()))
        .collect();
    let granted = "early_access_granted";
    let why = |name: &str| format!("{name}: To answer questions on the day.");
    assert_eq!(
        told,
        [
            (granted, why(MINISTER).as_str()),
            (granted, why("p.press").as_str()),
            ("early_access_revoked", "m.minister: Left the post"),
            (granted, why(MINISTER).as_str()),
        ]
    );
}

#[tokio::test]
async fn so_many_people_are_named_for_a_revision_and_no_more() {
    let service = scheduled().await;
    for reader in 0..500 {
        let given = give(&service, naming(&format!("reader {reader}"))).await;
        given.expect("given");
    }
    let refused = give(&service, naming("one more")).await;
    assert_eq!(refused.expect_err("too many").code(), Code::InvalidArgument);
    assert_eq!(list(&service).await.readers.len(), 500);
    service.stop().await;
}

#[tokio::test]
async fn access_is_taken_back_with_a_reason_and_ends_when_the_release_leaves_the_calendar() {
    let service = scheduled().await;
    let request = pb::GrantEarlyAccessRequest {
        request_id: id(1),
        ..naming(MINISTER)
    };
    let given = give(&service, request.clone()).await.expect("given");
    assert_eq!(give(&service, request).await.expect("a repeat"), given);
    let again = give(&service, naming(MINISTER)).await;
    refused(again, Code::AlreadyExists, "ALREADY_GRANTED");
    give(&service, naming("p.press")).await.expect("given");
    service.step_to(opens()).await;
    let [minister, press] =
        [MINISTER, "p.press"].map(|name| service.client_of(name, &[Role::Reader]));
    look(&minister, RELEASE, FILE).await.expect("a look");
    service.step_to(opens() + 1.hours()).await;
    let revoked = take_back(&service, MINISTER, "Left the post").await;
    let revoked = revoked.expect("taken back");
    let now = Some(clock::to_proto(service.clock.now()));
    assert_eq!((revoked.revoked, revoked.close_time), (true, now));
    expect_hidden(&minister).await;
    look(&press, RELEASE, FILE).await.expect("a look");
    let again = take_back(&service, MINISTER, "Left the post").await;
    refused(again, Code::NotFound, "EARLY_ACCESS_NOT_FOUND");
    // Given again it stands on the list twice, and each look with the access that stood then.
    service.step_to(opens() + 2.hours()).await;
    give(&service, naming(MINISTER)).await.expect("given");
    look(&minister, RELEASE, "release.json")
        .await
        .expect("a look");
    let listed = list(&service).await;
    let told: Vec<_> = listed
        .readers
        .iter()
        .map(|one| (one.reader.as_str(), one.revoked, one.looks.len()))
        .collect();
    let expected = [
        (MINISTER, true, 1),
        ("p.press", false, 1),
        (MINISTER, false, 1),
    ];
    assert_eq!(told, expected);

    let seen = service.get(RELEASE).await.expect("it");
    service.reject(&seen).await.expect("rejected");
    expect_hidden(&minister).await;
    expect_hidden(&press).await;
    assert_eq!(list(&service).await.readers[1].open_time, None);
    expect_all_in_the_history(&service).await;
    let nothing = pb::GrantEarlyAccessRequest {
        name: RELEASE.to_owned(),
        ..pb::GrantEarlyAccessRequest::default()
    };
    let details = refused(
        give(&service, nothing).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(fields(&details), ["reader", "post", "justification"]);
    service.stop().await;
}

#[tokio::test]
async fn those_who_work_on_a_release_look_at_it_in_every_state_and_are_written_down() {
    let (service, _upstream) = small::service().await;
    let compiled = service.compile(&snapshot(small::edition(), 10), "").await;
    let compiled = compiled.expect("compiled");
    look(&service.statistician, RELEASE, FILE)
        .await
        .expect("a look");
    let submitted = service.submit(&compiled).await.expect("submitted");
    service.step(Duration::from_secs(1));
    // Somebody who hangs up before the first byte has looked.
    let request = pb::PreviewFileRequest {
        name: RELEASE.to_owned(),
        file_name: "release.json".to_owned(),
    };
    let stream = service.publisher.clone().preview_file(request).await;
    drop(stream.expect("a stream"));
    let looks = list(&service).await.staff_looks;
    let looks: Vec<_> = looks
        .iter()
        .map(|look| (look.reader.as_str(), look.file_name.as_str()))
        .collect();
    assert_eq!(
        looks,
        [("a statistician", FILE), ("a publisher", "release.json")]
    );
    // What was looked at is what comes out on the day that the plan states, file by file.
    assert_eq!(submitted.files, compiled.files);
    let approved = service.approve(&submitted).await.expect("approved");
    service.publish(&approved, "").await.expect("published");
    let gone = look(&service.publisher, RELEASE, FILE).await;
    refused(gone, Code::NotFound, "RELEASE_NOT_FOUND");
    service.stop().await;
}

#[tokio::test]
async fn a_page_has_so_many_looks_and_none_is_lost_between_pages_and_revisions() {
    let (service, upstream) = small::service().await;
    let approved = service.approved(&snapshot(small::edition(), 10)).await;
    service.schedule(&approved, DAY).await.expect("scheduled");
    for reader in [MINISTER, "p.press"] {
        give(&service, naming(reader)).await.expect("given");
    }
    service.step_to(opens()).await;
    let [minister, press] =
        [MINISTER, "p.press"].map(|name| service.client_of(name, &[Role::Reader]));
    // One more than a page may have, by three.
    for number in 0..=1_000 {
        let client = [&minister, &press, &service.publisher][number % 3];
        look(client, RELEASE, FILE).await.expect("a look");
        service.step(Duration::from_nanos(1));
    }
    let asked = |page_size, page_token: &str| pb::ListEarlyAccessRequest {
        name: RELEASE.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let told = |page: &pb::ListEarlyAccessResponse| {
        let readers = page.readers.iter().map(|reader| reader.looks.len());
        let all: Vec<_> = readers.chain([page.staff_looks.len()]).collect();
        all
    };
    assert_eq!(told(&page(&service, asked(0, "")).await), [34, 33, 33]);
    let first = page(&service, asked(1_001, "")).await;
    assert_eq!(told(&first), [334, 333, 333]);
    // A revision that is compiled meanwhile has a list of its own; this one goes on where it was.
    service.step_to(moment()).await;
    while service.download(RELEASE, FILE).await.is_err() {}
    let second = snapshot(small::edition(), 11);
    upstream.make(&second);
    upstream.until_caught_up().await;
    let update = service.compile_update(&second, "", Some(note())).await;
    assert_eq!(update.expect("compiled").revision, 2);
    let rest = page(&service, asked(1_001, &first.next_page_token)).await;
    assert_eq!(told(&rest), [0, 1, 0]);
    assert_eq!(rest.next_page_token, "");
    let whole = page(&service, asked(1_000, "")).await;
    assert_eq!(
        (told(&whole), whole.next_page_token.as_str()),
        (vec![0], "")
    );
    let other = pb::ListEarlyAccessRequest {
        name: format!("{RELEASE}/revisions/2"),
        ..asked(0, &first.next_page_token)
    };
    let other = service.publisher.clone().list_early_access(other).await;
    refused(other, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn no_byte_leaves_before_the_look_is_durable() {
    let full = Arc::new(Breaking::default());
    let store: Arc<dyn Store> = Arc::<Breaking>::clone(&full);
    let (service, _upstream) = small::service_on(&store).await;
    let snapshot = snapshot(small::edition(), 10);
    service.compile(&snapshot, "").await.expect("compiled");
    look(&service.publisher, RELEASE, FILE)
        .await
        .expect("a look");
    full.is_full.store(true, Ordering::SeqCst);
    let nothing = look(&service.publisher, RELEASE, FILE).await;
    assert_eq!(nothing.expect_err("no bytes").code(), Code::Internal);
    full.is_full.store(false, Ordering::SeqCst);
    assert_eq!(list(&service).await.staff_looks.len(), 1);
    service.stop().await;
}
