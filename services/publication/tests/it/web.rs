//! The web: what is published, and nothing else.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flate2::read::GzDecoder;
use mesur_rpc::server::Limits;
use mesur_store::Store;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::breaking::Breaking;
use crate::http::{Response, get, send};
use crate::small;
use crate::support::{RELEASE, Service, edition, memory};
use crate::totals::snapshot;

const FILES: [&str; 10] = [
    "",
    "revisions/1/",
    "revisions/1/release.en.html",
    "metric-ad-012.en.html",
    "data.csv",
    "main-points.cy.txt",
    "main-points.en.txt",
    "release.cy.html",
    "release.en.html",
    "release.json",
];

#[tokio::test]
async fn a_release_that_is_not_published_looks_like_one_that_never_was() {
    let (service, _upstream) = Service::with(&[("2022-23", 10)]).await;
    let mut never = Vec::new();
    for method in ["GET", "HEAD"] {
        let missing = send(service.web, method, "/releases/pif-2031-32/data.csv", &[]).await;
        assert_eq!(missing.status, 404);
        assert_eq!(missing.header("cache-control"), Some("no-cache"));
        missing.expect_safe();
        never.push((method, missing));
    }
    let compiled = service.compile(&snapshot(edition("2022-23"), 10), "").await;
    for name in [
        "pif-2022-23",
        "pif-2021-22",
        "pif-2020-21",
        "x",
        "..",
        "%2e%2e",
        "pif-2022-23%00",
    ] {
        for file in FILES {
            for (method, never) in &never {
                let target = format!("/releases/{name}/{file}");
                let found = send(service.web, method, &target, &[("if-none-match", "*")]).await;
                assert_eq!(found, *never, "{method} {target}");
            }
        }
    }
    for (address, language) in [("/", "en"), ("/cy/", "cy")] {
        let index = get(service.web, address).await;
        assert!(
            index
                .text()
                .contains(&format!("<html lang=\"{language}\">"))
        );
        assert!(!index.text().contains("2022-23") && !index.text().contains("/releases/"));
    }
    for target in ["/feed.atom", "/cy/feed.atom", "/sitemap.xml", "/find?q=AD"] {
        let list = get(service.web, target).await;
        assert_eq!(list.status, 200, "{target}");
        assert!(!list.text().contains("2022-23"), "{}", list.text());
    }
    let unpublished = get(service.web, "/find?q=AD&release=pif-2022-23").await;
    assert_eq!(unpublished, never[0].1);
    // Published it is there at once, and only it.
    service
        .publish(&compiled.expect("compiled"), "")
        .await
        .expect("published");
    for file in FILES
        .iter()
        .filter(|file| !file.is_empty() && !file.ends_with('/'))
    {
        let found = get(service.web, &format!("/releases/pif-2022-23/{file}")).await;
        assert_eq!(found.status, 200, "{file}");
        let other = get(service.web, &format!("/releases/pif-2020-21/{file}")).await;
        assert_eq!(other, never[0].1);
    }
    service.stop().await;
}

#[tokio::test]
async fn the_index_lists_published_releases_in_both_languages_the_latest_first() {
    let (service, _upstream) = Service::with(&[("2020-21", 10), ("2022-23", 11)]).await;
    let snapshots = [("2020-21", 10), ("2022-23", 11)];
    let [earlier, later] = snapshots.map(|(period, value)| snapshot(edition(period), value));
    let compiled = service.compile(&earlier, "").await.expect("compiled");
    service.publish(&compiled, "").await.expect("published");
    let compiled = service.compile(&later, "").await.expect("compiled");
    for (address, language, heading, switch) in [
        ("/", "en", "Statistical releases", "/cy/"),
        ("/cy/", "cy", "Datganiadau ystadegol", "/"),
    ] {
        let index = get(service.web, address).await;
        assert_eq!(
            (index.status, index.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        index.expect_safe();
        let text = index.text();
        assert!(
            text.contains(&format!("<html lang=\"{language}\">")),
            "{text}"
        );
        assert!(text.contains(&format!("<h1>{heading}</h1>")), "{text}");
        assert!(text.contains(&format!("href=\"{switch}\"")), "{text}");
        let page = format!("/releases/pif-2020-21/release.{language}.html");
        assert!(
            text.contains(&page) && !text.contains("pif-2022-23"),
            "{text}"
        );
        assert_eq!(get(service.web, &page).await.status, 200);
    }
    service.publish(&compiled, "").await.expect("published");
    let index = get(service.web, "/").await;
    let place = |period: &str| index.text().find(&format!("/releases/pif-{period}/"));
    assert!(place("2022-23").expect("listed") < place("2020-21").expect("listed"));
    service.stop().await;
}

#[tokio::test]
async fn a_file_that_the_reader_has_is_not_sent_again() {
    let (service, release) = Service::published(10).await;
    for file in &release.files {
        let target = format!("/{}/{}", release.name, file.file_name);
        let whole = get(service.web, &target).await;
        whole.expect_safe();
        let tag = format!("\"{}\"", file.digest);
        assert_eq!(whole.header("etag"), Some(tag.as_str()));
        let length = file.size_bytes.to_string();
        assert_eq!(whole.header("content-length"), Some(length.as_str()));

        let head = send(service.web, "HEAD", &target, &[]).await;
        assert_eq!(
            head,
            Response {
                body: Vec::new(),
                ..whole.clone()
            }
        );
        for known in [&tag, &format!("W/{tag}"), &format!("\"a\", {tag}"), "*"] {
            let known = send(service.web, "GET", &target, &[("if-none-match", known)]).await;
            assert_eq!((known.status, known.body.len()), (304, 0), "{target}");
            assert_eq!(known.header("etag"), Some(tag.as_str()));
            known.expect_safe();
        }
        let lines = [("if-none-match", "\"a\""), ("if-none-match", tag.as_str())];
        assert_eq!(send(service.web, "GET", &target, &lines).await.status, 304);
        for other in ["\"a\"", "", &file.digest, "\"sha256:0\""] {
            let other = send(service.web, "GET", &target, &[("if-none-match", other)]).await;
            assert_eq!(other, whole);
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_foreign_content() {
    let (service, _release) = Service::published(10).await;
    let front = get(service.web, "/releases/pif-2022-23/").await;
    assert_eq!(
        (front.status, front.header("location")),
        (302, Some("/releases/pif-2022-23/release.en.html"))
    );
    front.expect_safe();
    let long = format!("/releases/pif-2022-23/{}", "x".repeat(8_000));
    for target in [
        "/nothing",
        "/cy",
        "/releases/",
        "/style.css",
        "/releases/pif-2022-23/revisions",
        "/releases/pif-2022-23/revisions/0/data.csv",
        "/releases/pif-2022-23/revisions/2/data.csv",
        "/releases/pif-2022-23/revisions/01/data.csv",
        "/releases/pif-2022-23/revisions/+1/data.csv",
        "/releases/pif-2022-23/revisions/1",
        "/releases/pif-2022-23/release.fr.html",
        "/releases/pif-2022-23/DATA.CSV",
        "/releases/pif-2022-23/data.csv/",
        "/releases/pif-2022-23/../pif-2022-23/data.csv",
        "/releases/pif-2022-23/..%2fdata.csv",
        "/releases/pif-2022-23/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/releases/pif-2022-23/..%5c..%5cdata.csv",
        "/../../etc/passwd",
        "//etc/passwd",
        &long,
    ] {
        let missing = get(service.web, target).await;
        assert_eq!(missing.status, 404, "{target}");
        missing.expect_safe();
    }
    let unreadable = get(service.web, "/releases/pif-2022-23/%ff").await;
    assert!((400..500).contains(&unreadable.status));
    unreadable.expect_safe();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let refused = send(service.web, method, "/releases/pif-2022-23/data.csv", &[]).await;
        assert_eq!(refused.status, 405, "{method}");
        refused.expect_safe();
    }
    // The page itself holds to what the headers say.
    let page = get(service.web, "/releases/pif-2022-23/release.en.html").await;
    assert!(!page.text().contains("<script"));
    service.stop().await;
}

#[tokio::test]
async fn readers_that_never_speak_or_never_finish_do_not_hold_the_stop() {
    let limits = Limits {
        drain_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let service = Service::start_with(&memory(), "http://127.0.0.1:1", limits).await;
    assert_eq!(get(service.web, "/").await.status, 200);
    let silent = TcpStream::connect(service.web).await.expect("a connection");
    let mut slow = TcpStream::connect(service.web).await.expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nhost:")
        .await
        .expect("sent");
    service.stop().await;
    drop((silent, slow));
}

#[tokio::test]
async fn a_file_is_sent_compressed_to_those_who_take_it_and_kept_at_the_address_of_its_revision() {
    let (service, _release) = Service::published(10).await;
    let target = "/releases/pif-2022-23/release.en.html";
    let plain = get(service.web, target).await;
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    assert_eq!(plain.header("cache-control"), Some("no-cache"));
    for coding in ["gzip", "br, gzip;q=0.5", "GZIP"] {
        let asked = [("accept-encoding", coding)];
        let small = send(service.web, "GET", target, &asked).await;
        assert_eq!(small.header("content-encoding"), Some("gzip"), "{coding}");
        let length = small.body.len().to_string();
        assert_eq!(small.header("content-length"), Some(length.as_str()));
        assert!(small.body.len() * 4 < plain.body.len(), "{length}");
        let mut whole = Vec::new();
        GzDecoder::new(small.body.as_slice())
            .read_to_end(&mut whole)
            .expect("gzip");
        assert_eq!(whole, plain.body);
        // Two representations have two tags, and either is known.
        let tag = small.header("etag").expect("a tag").to_owned();
        assert_ne!(Some(tag.as_str()), plain.header("etag"));
        let known = send(service.web, "GET", target, &[("if-none-match", &tag)]).await;
        assert_eq!(known.status, 304);
    }
    for coding in ["gzip;q=0", "br", "identity"] {
        let asked = [("accept-encoding", coding)];
        assert_eq!(
            send(service.web, "GET", target, &asked).await,
            plain,
            "{coding}"
        );
    }
    let of_revision = get(
        service.web,
        "/releases/pif-2022-23/revisions/1/release.en.html",
    )
    .await;
    assert_eq!(of_revision.body, plain.body);
    let style = plain
        .text()
        .split("stylesheet\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let style = style.expect("a style sheet");
    for target in [
        "/releases/pif-2022-23/revisions/1/release.en.html",
        &format!("/releases/pif-2022-23/{style}"),
        &format!("/{style}"),
    ] {
        let kept = get(service.web, target).await;
        let keeping = kept.header("cache-control");
        assert_eq!(
            keeping,
            Some("public, max-age=31536000, immutable"),
            "{target}"
        );
    }
    // Only readers who came by TLS are told to come by TLS again.
    assert_eq!(plain.header("strict-transport-security"), None);
    let by_tls = send(
        service.web,
        "GET",
        target,
        &[("x-forwarded-proto", "https")],
    )
    .await;
    assert!(by_tls.header("strict-transport-security").is_some());
    service.stop().await;
}

#[tokio::test]
async fn while_the_store_is_away_what_is_in_memory_is_served_and_the_rest_told_to_come_back() {
    let breaking = Arc::new(Breaking::default());
    let store: Arc<dyn Store> = Arc::<Breaking>::clone(&breaking);
    let (service, _upstream) = small::service_on(&store).await;
    let approved = service.approved(&snapshot(small::edition(), 10)).await;
    service.publish(&approved, "").await.expect("published");
    let [read, unread] = ["data.csv", "release.json"].map(|file| format!("/{RELEASE}/{file}"));
    let known = get(service.web, &read).await;
    assert_eq!(known.status, 200);
    breaking.is_away.store(true, Ordering::SeqCst);
    assert_eq!(get(service.web, &read).await, known);
    let away = get(service.web, &unread).await;
    assert_eq!((away.status, away.header("retry-after")), (503, Some("1")));
    for says in ["cannot be shown just now", "Ni ellir dangos y dudalen"] {
        assert!(away.text().contains(says), "{}", away.text());
    }
    assert_eq!(away.header("cache-control"), Some("no-cache"));
    away.expect_safe();
    let never = get(service.web, &format!("/{RELEASE}/never.json")).await;
    assert_eq!(never.status, 404);
    breaking.is_away.store(false, Ordering::SeqCst);
    assert_eq!(get(service.web, &unread).await.status, 200);
    service.stop().await;
}
