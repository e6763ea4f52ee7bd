//! The files of a release: whole, under their digest, and not before it is published.

use mesur_catalogue::ContentHash;
use tonic::Code;

use crate::http;
use crate::support::{RELEASE, Service, edition, refused};
use crate::totals::snapshot;

/// Some of the files with their media types.
const FILES: [(&str, &str); 6] = [
    ("data.csv", "text/csv; charset=utf-8"),
    ("main-points.cy.txt", "text/plain; charset=utf-8"),
    ("main-points.en.txt", "text/plain; charset=utf-8"),
    ("release.cy.html", "text/html; charset=utf-8"),
    ("release.en.html", "text/html; charset=utf-8"),
    ("release.json", "application/json"),
];

#[tokio::test]
async fn every_file_is_what_its_size_and_digest_say_by_grpc_and_on_the_web() {
    let (service, release) = Service::published(10).await;
    let named = release.files.iter();
    let named: Vec<_> = named
        .map(|file| (file.file_name.as_str(), file.media_type.as_str()))
        .collect();
    for file in FILES {
        assert!(named.contains(&file), "{file:?}");
    }
    let mut has_many_pieces = false;
    for file in &release.files {
        let pieces = service
            .download(RELEASE, &file.file_name)
            .await
            .expect("a file");
        assert!(
            pieces
                .iter()
                .all(|piece| (1..=64 * 1024).contains(&piece.len()))
        );
        has_many_pieces |= pieces.len() > 1;
        let content = pieces.concat();
        assert_eq!(
            i64::try_from(content.len()).expect("short"),
            file.size_bytes
        );
        assert_eq!(ContentHash::of(&content), file.digest);
        let page = http::get(service.web, &format!("/{RELEASE}/{}", file.file_name)).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some(file.media_type.as_str()))
        );
        assert!(
            page.body == content,
            "{} is the same on the web",
            file.file_name
        );
    }
    assert!(has_many_pieces);

    // The same snapshot makes the same bytes, wherever and whenever; another makes others.
    let (same, again) = Service::published(10).await;
    assert_eq!(again.files, release.files);
    let (changed, other) = Service::published(11).await;
    let data = |release: &mesur_proto::publication::v1::Release| {
        let mut files = release.files.iter();
        let data = files.find(|file| file.file_name == "data.csv");
        data.expect("the data").digest.clone()
    };
    assert_ne!(data(&other), data(&release));
    for service in [service, same, changed] {
        service.stop().await;
    }
}

#[tokio::test]
async fn there_are_no_files_but_the_published_ones() {
    let (service, _upstream) = Service::with(&[("2022-23", 10)]).await;
    let not_found = Code::NotFound;
    for (file, _) in FILES {
        refused(
            service.download(RELEASE, file).await,
            not_found,
            "RELEASE_NOT_FOUND",
        );
    }
    let compiled = service.compile(&snapshot(edition("2022-23"), 10), "").await;
    for (file, _) in FILES {
        refused(
            service.download(RELEASE, file).await,
            not_found,
            "RELEASE_NOT_FOUND",
        );
    }
    service
        .publish(&compiled.expect("compiled"), "")
        .await
        .expect("published");
    let long = "x".repeat(1 << 20);
    for file in [
        "",
        ".",
        "..",
        "../data.csv",
        "DATA.CSV",
        "data.csv/",
        "data.csv\0",
        "ŵ",
        &long,
    ] {
        refused(
            service.download(RELEASE, file).await,
            not_found,
            "FILE_NOT_FOUND",
        );
    }
    service.stop().await;
}
