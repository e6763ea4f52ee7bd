//! Who sees, compiles and publishes releases.

use mesur_access::Role;
use mesur_catalogue::AuthorityCode;
use mesur_proto::publication::v1 as pb;
use tonic::{Code, Response};

use crate::support::{Client, REASON, RELEASE, Service, edition, refused};
use crate::totals::snapshot;

const PERIOD: &str = "2022-23";

async fn names(client: &Client) -> Vec<String> {
    let request = pb::ListReleasesRequest::default();
    let listed = client.clone().list_releases(request).await.expect("a list");
    let releases = listed.into_inner().releases;
    releases.into_iter().map(|release| release.name).collect()
}

async fn get(client: &Client, name: &str) -> Result<pb::Release, tonic::Status> {
    let name = name.to_owned();
    let request = pb::GetReleaseRequest { name };
    let response = client.clone().get_release(request).await;
    response.map(Response::into_inner)
}

#[tokio::test]
async fn who_compiled_a_release_neither_approves_nor_publishes_it_and_all_are_recorded() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10)]).await;
    let both = service.client_of("somebody", &[Role::Statistician, Role::Publisher]);
    let snapshot = snapshot(edition(PERIOD), 10);
    let request = pb::CompileReleaseRequest {
        snapshot: snapshot.name.clone(),
        request_id: String::new(),
        update_note: None,
    };
    let compiled = both.clone().compile_release(request).await;
    let compiled = compiled.expect("compiled").into_inner();
    assert_eq!(
        (compiled.compiler.as_str(), compiled.publisher.as_str()),
        ("somebody", "")
    );
    let submitted = service.submit(&compiled).await.expect("submitted");
    let request = pb::ApproveReleaseRequest {
        name: submitted.name.clone(),
        etag: submitted.etag.clone(),
        request_id: String::new(),
    };
    let own = both.clone().approve_release(request).await;
    refused(own, Code::PermissionDenied, "SAME_PERSON");
    let approved = service.approve(&submitted).await.expect("approved");
    let request = pb::PublishReleaseRequest {
        name: approved.name.clone(),
        etag: approved.etag.clone(),
        request_id: String::new(),
        reason: REASON.to_owned(),
    };
    let own = both.clone().publish_release(request).await;
    refused(own, Code::PermissionDenied, "SAME_PERSON");
    assert_eq!(service.get(RELEASE).await.expect("it"), approved);

    let published = service.publish(&approved, "").await.expect("published");
    let people = [
        &published.compiler,
        &published.approver,
        &published.publisher,
    ];
    assert_eq!(people, ["somebody", "a publisher", "a publisher"]);
    let seen = get(&service.public, RELEASE).await.expect("it");
    let expected = pb::Release {
        compiler: String::new(),
        approver: String::new(),
        publisher: String::new(),
        ..published
    };
    assert_eq!(seen, expected);
    service.stop().await;
}

#[tokio::test]
async fn a_release_that_is_not_published_is_not_there_for_those_who_do_not_work_on_it() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10), ("2020-21", 11)]).await;
    let authority = AuthorityCode::parse("W06000003").expect("a code");
    let submitter = service.client_of("a submitter", &[Role::Submitter(authority)]);
    let nobody = service.client_of("nobody", &[]);
    let outsiders = [&service.public, &submitter, &nobody];
    let staff = [&service.statistician, &service.publisher];
    let compiled = service.compile(&snapshot(edition(PERIOD), 10), "").await;
    let compiled = compiled.expect("compiled");
    for client in outsiders {
        let [missing, never] = [RELEASE, "releases/pif-2031-32"].map(|name| get(client, name));
        let (missing, never) = (missing.await, never.await);
        let told = missing.clone().expect_err("a refusal").message().to_owned();
        refused(missing, Code::NotFound, "RELEASE_NOT_FOUND");
        let other = never.clone().expect_err("a refusal").message().to_owned();
        assert_eq!(told.replace("2022-23", "2031-32"), other);
        refused(never, Code::NotFound, "RELEASE_NOT_FOUND");
        assert_eq!(names(client).await, Vec::<String>::new());
    }
    for client in staff {
        assert_eq!(get(client, RELEASE).await.expect("it"), compiled);
        assert_eq!(names(client).await, [RELEASE]);
    }

    service.publish(&compiled, "").await.expect("published");
    let earlier = snapshot(edition("2020-21"), 11);
    service.compile(&earlier, "").await.expect("compiled");
    for client in outsiders {
        assert_eq!(names(client).await, [RELEASE]);
    }
    for client in staff {
        assert_eq!(names(client).await, ["releases/pif-2020-21", RELEASE]);
    }
    // A page of one: what is not seen takes no place on it and leaves no token behind.
    let request = pb::ListReleasesRequest {
        page_size: 1,
        page_token: String::new(),
    };
    let page = service.public.clone().list_releases(request).await;
    let page = page.expect("a page").into_inner();
    assert_eq!(
        (page.releases.len(), page.next_page_token.as_str()),
        (1, "")
    );
    service.stop().await;
}

#[tokio::test]
async fn only_statisticians_compile_and_only_publishers_publish() {
    let (service, _upstream) = Service::with(&[(PERIOD, 10)]).await;
    let snapshot = snapshot(edition(PERIOD), 10);
    let compiled = service.compile(&snapshot, "").await.expect("compiled");
    let compile = pb::CompileReleaseRequest {
        snapshot: snapshot.name.clone(),
        request_id: String::new(),
        update_note: None,
    };
    let publish = pb::PublishReleaseRequest {
        name: compiled.name.clone(),
        etag: compiled.etag.clone(),
        request_id: String::new(),
        reason: REASON.to_owned(),
    };
    let (denied, unknown) = (Code::PermissionDenied, Code::Unauthenticated);
    let by = service
        .publisher
        .clone()
        .compile_release(compile.clone())
        .await;
    refused(by, denied, "PERMISSION_DENIED");
    let by = service
        .statistician
        .clone()
        .publish_release(publish.clone())
        .await;
    refused(by, denied, "PERMISSION_DENIED");
    let by = service.public.clone().compile_release(compile).await;
    refused(by, unknown, "NO_TOKEN");
    let by = service.public.clone().publish_release(publish).await;
    refused(by, unknown, "NO_TOKEN");
    assert_eq!(service.get(RELEASE).await.expect("it"), compiled);
    service.stop().await;
}
