//! Listing returns: order, filters, pages and their tokens.

use std::fs;
use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_proto::submission::v1 as pb;
use mesur_proto::types::v1::Observation;
use mesur_proto::types::v1::observation::Status;
use mesur_rpc::server::Limits;
use tonic::Code;

use crate::support::{
    CONWY, GWYNEDD, NOBODY, Service, amended, denied, fields, memory, refused, sample,
};

fn of(parent: &str, edition: &str, page_size: i32) -> pb::ListReturnsRequest {
    pb::ListReturnsRequest {
        parent: parent.to_owned(),
        edition: edition.to_owned(),
        page_size,
        page_token: String::new(),
    }
}

async fn list(
    service: &Service,
    request: &pb::ListReturnsRequest,
) -> Result<pb::ListReturnsResponse, tonic::Status> {
    let response = service.client.clone().list_returns(request.clone()).await?;
    Ok(response.into_inner())
}

/// The names on each page, to the end.
async fn pages(service: &Service, mut request: pb::ListReturnsRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = list(service, &request).await.expect("a page");
        let names = page.data_returns.into_iter().map(|one| one.name);
        pages.push(names.collect());
        if page.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = page.next_page_token;
    }
}

fn name(authority: &str, edition: &str) -> String {
    format!("authorities/{authority}/returns/{edition}")
}

const LATER: &str = "collections/pif/editions/2022-23";

#[tokio::test]
async fn returns_are_listed_in_the_order_of_their_names_by_page_edition_and_authority() {
    let service = Service::alone().await;
    for (authority, period) in [(CONWY, "2022-23"), (GWYNEDD, "2022-23"), (CONWY, "2020-21")] {
        let sent = sample(authority, period);
        service.submit(amended(&sent)).await.expect("sent");
        service.submit(sent).await.expect("sent");
    }
    let gwynedd = name(GWYNEDD, "pif-2022-23");
    let (conwy, earlier) = (name(CONWY, "pif-2022-23"), name(CONWY, "pif-2020-21"));
    let all = [&gwynedd, &earlier, &conwy].map(Clone::clone);
    assert_eq!(
        pages(&service, of("authorities/-", "", 0)).await,
        [all.to_vec()]
    );
    assert_eq!(
        pages(&service, of("authorities/-", "", 3)).await,
        [all.to_vec()]
    );
    let two = pages(&service, of("authorities/-", "", 2)).await;
    assert_eq!(two, [all[..2].to_vec(), all[2..].to_vec()]);
    let one = pages(&service, of("authorities/-", LATER, 1)).await;
    assert_eq!(one, [[gwynedd], [conwy.clone()]]);
    let parent = format!("authorities/{CONWY}");
    let one = pages(&service, of(&parent, "", 1)).await;
    assert_eq!(one, [[earlier], [conwy.clone()]]);
    assert_eq!(
        pages(&service, of(&parent, LATER, i32::MAX)).await,
        [[conwy]]
    );
    let none = pages(&service, of("authorities/W06000001", "", 1)).await;
    assert_eq!(none, [[""; 0]]);

    // Another authority's are not listed, nor is it told whether there are any.
    let conwy_only = service.caller("cat@conwy", &["approver/W06000003"]);
    let mut request = of("authorities/-", LATER, 0);
    let listed = conwy_only.clone().list_returns(request.clone()).await;
    let listed = listed.expect("a list").into_inner().data_returns;
    assert_eq!(listed.len(), 1);
    for other in [GWYNEDD, "W06000001"] {
        request.parent = format!("authorities/{other}");
        denied(conwy_only.clone().list_returns(request.clone()).await);
    }

    // The latest revisions, apart from their observations.
    let page = list(&service, &of(&parent, LATER, 0))
        .await
        .expect("a page");
    let mut latest = service.get(&page.data_returns[0].name).await.expect("it");
    latest.observations.clear();
    assert_eq!(
        (latest.revision, &page.data_returns[..]),
        (2, &[latest][..])
    );
    service.stop().await;
}

#[tokio::test]
async fn what_is_no_page_of_this_list_is_refused() {
    let service = Service::alone().await;
    for authority in [CONWY, GWYNEDD] {
        service
            .submit(sample(authority, "2022-23"))
            .await
            .expect("sent");
    }
    let first = of("authorities/-", "", 1);
    let token = list(&service, &first)
        .await
        .expect("a page")
        .next_page_token;
    let with = |page_token: &str, request: &pb::ListReturnsRequest| pb::ListReturnsRequest {
        page_token: page_token.to_owned(),
        ..request.clone()
    };
    let digit = if token.ends_with('0') { "1" } else { "0" };
    let changed = format!("{}{digit}", &token[..token.len() - 1]);
    let of_one = format!("authorities/{CONWY}");
    for request in [
        with(&changed, &first),
        with("x", &first),
        with(&"0".repeat(200), &first),
        with(&token, &of("authorities/-", LATER, 1)),
        with(&token, &of(&of_one, "", 1)),
    ] {
        let refusal = list(&service, &request).await;
        let details = refused(refusal, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        assert_eq!(fields(&details), ["page_token"]);
    }
    // The size of a page may change half-way.
    let rest = list(&service, &with(&token, &of("authorities/-", "", 7))).await;
    assert_eq!(rest.expect("a page").data_returns.len(), 1);
    for (request, field) in [
        (of("authorities/-", "", -1), "page_size"),
        (of("", "", 0), "parent"),
        (of("authorities/", "", 0), "parent"),
        (of("authorities/../..", "", 0), "parent"),
        (of("authorities/-", "pif-2022-23", 0), "edition"),
    ] {
        let status = list(&service, &request).await.expect_err("refused");
        let details = tonic_types::StatusExt::get_error_details(&status);
        assert_eq!(
            (status.code(), fields(&details)),
            (Code::InvalidArgument, vec![field])
        );
    }
    service.stop().await;
}

const METRICS: &str = "edition,code,code_status,family,population,title_en,title_status,\
title_source,title_cy,period,period_status,unit,answer,has_total,based_on,based_on_status,\
in_release,in_release_status,published,published_status,note,decimals\n\
2031,WA/001,printed,WA,homes,Meters read,printed,,,during_year,printed,meters,none,yes,,,,,yes,\
printed,,0\n";

/// The bundled editions and one of a collection that comes before them.
fn two_collections() -> Catalogue {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [
        ("edition.toml", "collection = \"aqua\"\nperiod = \"2031\"\n"),
        (
            "authorities.csv",
            "code,name_en,name_cy,kind\nW06000002,Gwynedd,Gwynedd,authority\n\
             W06000003,Conwy,Conwy,authority\nW92000004,Wales,Cymru,nation\n",
        ),
        ("metrics.csv", METRICS),
        (
            "categories.csv",
            "edition,code,category,dimension,answer,label_en,label_cy,label_status,\
             is_unknown_remainder,note\n",
        ),
    ] {
        fs::write(folder.path().join(file), text).expect("a file");
    }
    let mut catalogue = Catalogue::bundled().expect("the bundled editions");
    let added = catalogue.add_folder(folder.path());
    added.unwrap_or_else(|error| panic!("{error:?}"));
    catalogue
}

#[tokio::test]
async fn two_collections_do_not_mix_the_order_of_the_authorities_up() {
    let catalogue = Arc::new(two_collections());
    let limits = Limits::default();
    let service = Service::start_with(catalogue, &memory(), NOBODY, limits).await;
    for authority in [CONWY, GWYNEDD] {
        service
            .submit(sample(authority, "2022-23"))
            .await
            .expect("sent");
        let observation = Observation {
            metric: "WA/001".to_owned(),
            value: Some(1),
            status: Status::Provided.into(),
            ..Observation::default()
        };
        let sent = pb::DataReturn {
            name: name(authority, "aqua-2031"),
            observations: vec![observation],
            ..pb::DataReturn::default()
        };
        service.submit(sent).await.expect("sent");
    }
    let listed = pages(&service, of("authorities/-", "", 2)).await;
    let both = |authority| vec![name(authority, "aqua-2031"), name(authority, "pif-2022-23")];
    assert_eq!(listed, [both(GWYNEDD), both(CONWY)]);
    // Another collection is no earlier period.
    let earlier = service.previous(&name(CONWY, "aqua-2031")).await;
    refused(earlier, Code::NotFound, "NO_PREVIOUS_VALUES");
    service.stop().await;
}
