//! What is asked of a release by program: its values, where a figure comes from, its texts.

use mesur_access::Role;
use mesur_proto::publication::v1 as pb;
use tonic::{Code, Status};

use crate::http;
use crate::support::{Client, Service, edition, fields, refused};
use crate::totals::snapshot;

const EDITION: &str = "collections/pif/editions/2022-23";

async fn rows(client: &mut Client, filter: &pb::DatasetFilter, size: i32) -> Vec<pb::DatasetRow> {
    let mut rows = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::QueryDatasetRequest {
            filter: Some(filter.clone()),
            page_size: size,
            page_token,
        };
        let page = client.query_dataset(request).await.expect("a page");
        let page = page.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            assert_eq!(i64::try_from(rows.len()), Ok(page.total_size));
            return rows;
        }
        page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn values_are_there_once_they_are_published_and_pages_and_stream_agree() {
    let (service, _upstream) = Service::with(&[("2022-23", 10)]).await;
    let approved = service.approved(&snapshot(edition("2022-23"), 10)).await;
    let mut client = service.public.clone();
    let filter = pb::DatasetFilter {
        metrics: vec!["AD/012".to_owned()],
        areas: vec!["W92000004".to_owned(), "W06000003".to_owned()],
        ..pb::DatasetFilter::default()
    };
    // What is not published is not there, and is not told to be held back.
    let request = pb::QueryDatasetRequest {
        filter: Some(filter.clone()),
        ..pb::QueryDatasetRequest::default()
    };
    let details = refused(
        client.query_dataset(request.clone()).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(
        fields(&details),
        ["filter.metrics[0]", "filter.areas[0]", "filter.areas[1]"]
    );
    let all = rows(&mut client, &pb::DatasetFilter::default(), 100).await;
    assert!(all.is_empty());

    service.publish(&approved, "").await.expect("published");
    let found = rows(&mut client, &filter, 1).await;
    let stated = |row: &pb::DatasetRow| (row.area.clone(), row.value.clone());
    assert_eq!(
        stated(&found[0]),
        ("W92000004".to_owned(), "220".to_owned())
    );
    assert_eq!(found[0].shorthand, ["t"]);
    assert_eq!(found[0].provided_count, Some(22));
    assert_eq!(stated(&found[1]), ("W06000003".to_owned(), "10".to_owned()));
    assert_eq!(found[0].release, "releases/pif-2022-23/revisions/1");

    let paged = rows(&mut client, &pb::DatasetFilter::default(), 999).await;
    let request = pb::StreamDatasetRequest::default();
    let stream = client.stream_dataset(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let mut streamed = Vec::new();
    while let Some(piece) = stream.message().await.expect("a piece") {
        streamed.extend(piece.rows);
    }
    assert!(paged.len() > 5_000);
    assert_eq!(paged, streamed);
    service.stop().await;
}

#[tokio::test]
async fn a_published_figure_is_followed_to_what_it_rests_on() {
    let (service, release) = Service::published(10).await;
    let mut client = service.public.clone();
    let ask = |figure: &str, metric: &str| pb::GetProvenanceRequest {
        name: release.name.clone(),
        figure: figure.to_owned(),
        metric: metric.to_owned(),
        category: String::new(),
    };
    let cell = client.get_provenance(ask("", "AD/012")).await;
    let cell = cell.expect("a cell").into_inner();
    assert_eq!(
        (cell.value.as_str(), cell.expression.as_str()),
        ("220", "AD/012")
    );
    assert_eq!(cell.snapshot, release.snapshot);
    assert_eq!(cell.edition_digest, release.edition_digest);
    assert!(cell.compiler.is_empty() && cell.statement.is_none());

    let id = "adults-new-assessments";
    let figure = client.get_provenance(ask(id, "")).await;
    let figure = figure.expect("a figure").into_inner();
    assert_eq!(
        (figure.value.as_str(), figure.expression.as_str()),
        ("1,234", "AD/004")
    );
    let statement = figure.statement.expect("a statement");
    assert!(statement.en.contains("1,234") && statement.cy.contains("1,234"));
    let mut staff = service.client_of("statistician", &[Role::Statistician]);
    let known = staff.get_provenance(ask(id, "")).await;
    assert!(!known.expect("a figure").into_inner().compiler.is_empty());

    for wrong in [ask("none", ""), ask("", "AD/007")] {
        let answer = client.get_provenance(wrong).await;
        refused(answer, Code::NotFound, "FIGURE_NOT_FOUND");
    }
    service.stop().await;
}

async fn export(client: &mut Client, missing_only: bool) -> Result<String, Status> {
    let request = pb::ExportTextsRequest {
        edition: EDITION.to_owned(),
        missing_only,
    };
    let mut pieces = client.export_texts(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        bytes.extend(piece.content);
    }
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

#[tokio::test]
async fn texts_go_out_come_back_translated_and_are_used_by_the_next_compilation() {
    let (service, _upstream) = Service::with(&[("2022-23", 10)]).await;
    let mut client = service.client_of("statistician", &[Role::Statistician]);
    let file = export(&mut client, true).await.expect("a file");
    let key = "metric_title:AD/013,";
    let line = file
        .lines()
        .find(|line| line.starts_with(key))
        .expect("a line");
    let english = line.trim_start_matches(key).trim_end_matches(",,");
    let import = |welsh: &str, number| pb::ImportTextsRequest {
        edition: EDITION.to_owned(),
        content: format!("key,english,welsh\n{key}{english},{welsh}\n").into_bytes(),
        request_id: crate::support::id(number),
    };
    let taken = client
        .import_texts(import("Taliadau uniongyrchol", 1))
        .await;
    let taken = taken.expect("taken in").into_inner();
    assert_eq!(taken.changed_count, 1);
    let again = client
        .import_texts(import("Taliadau uniongyrchol", 1))
        .await;
    assert_eq!(again.expect("the first answer").into_inner(), taken);
    let left = export(&mut client, true).await.expect("a file");
    assert!(!left.contains(key));

    let release = service.compile(&snapshot(edition("2022-23"), 10), "").await;
    let release = release.expect("compiled");
    let lacks = release.language_gaps.iter();
    let mut lacks = lacks.filter(|gap| gap.kind == "metric_title");
    assert!(lacks.all(|gap| gap.item != "AD/013"));
    // Published, it is found by the words that stand on its page; a later translation is not there yet.
    service.publish(&release, "").await.expect("published");
    let later = client.import_texts(import("Rhywbeth arall", 3)).await;
    later.expect("taken in");
    for (words, is_found) in [("Taliadau+uniongyrchol", true), ("Rhywbeth+arall", false)] {
        let target = format!("/find?q={words}&release=pif-2022-23&lang=cy");
        let page = http::get(service.web, &target).await;
        let page = page.text();
        assert_eq!(page.contains("metric-ad-013.cy.html"), is_found, "{words}");
    }

    let wrong = pb::ImportTextsRequest {
        content: b"key,english,welsh\nmetric_title:AD/013,other,x\nnone,x,y\n".to_vec(),
        ..import("", 2)
    };
    let details = refused(
        client.import_texts(wrong).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(fields(&details), ["content.line[2]", "content.line[3]"]);
    service.stop().await;
}
