//! What leads readers to releases, and what they send back.

use std::time::Duration;

use mesur_access::Role;
use mesur_proto::publication::v1 as pb;
use tonic::{Code, Status};

use crate::http::{get, post};
use crate::support::{Client, Service, edition};
use crate::totals::snapshot;

#[tokio::test]
async fn an_announced_release_has_its_title_and_day_on_the_list_and_nothing_else() {
    let (service, _upstream) = Service::with(&[("2022-23", 10)]).await;
    let approved = service.approved(&snapshot(edition("2022-23"), 10)).await;
    assert!(
        !get(service.web, "/")
            .await
            .text()
            .contains("Social services activity")
    );
    service
        .schedule(&approved, "2023-11-01")
        .await
        .expect("scheduled");
    for (address, title, day) in [
        ("/", "Social services activity", "1 November 2023, 09:30"),
        (
            "/cy/",
            "Gweithgarwch gwasanaethau cymdeithasol",
            "1 Tachwedd 2023, 09:30",
        ),
    ] {
        let index = get(service.web, address).await;
        assert!(index.text().contains(title), "{}", index.text());
        assert!(index.text().contains(day), "{}", index.text());
        assert!(!index.text().contains("/releases/"));
    }
    assert_eq!(get(service.web, "/releases/pif-2022-23/").await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn metrics_and_authorities_are_found_in_either_language_without_accents() {
    let (service, _release) = Service::published(10).await;
    for (query, found) in [
        ("q=ynys+mon", "authority-w06000001.en.html"),
        ("q=W06000003", "authority-w06000003.en.html"),
        (
            "q=Direct%20payment&lang=cy",
            "metric-ad-013.cy.html\" lang=\"en\"",
        ),
        ("q=ad/012&release=pif-2022-23", "metric-ad-012.en.html"),
    ] {
        let page = get(service.web, &format!("/find?{query}")).await;
        assert_eq!(page.status, 200);
        page.expect_safe();
        let address = format!("href=\"/releases/pif-2022-23/{found}");
        assert!(page.text().contains(&address), "{query}\n{}", page.text());
    }
    // What is withheld has no page.
    let none = get(service.web, "/find?q=AD/007").await;
    assert!(none.text().contains("Nothing found for “AD/007”"));
    let hostile = get(service.web, "/find?q=%3Cscript%3E%22").await;
    assert!(!hostile.text().contains("<script") && hostile.text().contains("&lt;script&gt;&quot;"));
    service.stop().await;
}

#[tokio::test]
async fn feed_and_sitemap_tell_of_what_is_published() {
    let (service, _release) = Service::published(10).await;
    for (address, language) in [("/feed.atom", "en"), ("/cy/feed.atom", "cy")] {
        let feed = get(service.web, address).await;
        let kind = feed.header("content-type");
        assert_eq!(kind, Some("application/atom+xml; charset=utf-8"));
        for piece in [
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed ",
            &format!("<id>urn:mesur:releases:pif-2022-23:1:{language}</id>"),
            "<updated>2023-09-05T08:30:00Z</updated>",
            &format!("href=\"/releases/pif-2022-23/release.{language}.html\"/>"),
        ] {
            assert!(feed.text().contains(piece), "{piece}\n{}", feed.text());
        }
    }
    let sitemap = get(service.web, "/sitemap.xml").await;
    let pages: Vec<_> = sitemap.text().split("<loc>").skip(1).collect();
    assert!(
        pages.contains(
            &"http://mesur/releases/pif-2022-23/metric-ad-012.cy.html</loc></url>\n<url>"
        )
    );
    for page in &pages {
        let address = page.split('<').next().unwrap_or_default();
        let target = address.strip_prefix("http://mesur").expect("this site");
        assert_eq!(get(service.web, target).await.status, 200, "{target}");
    }
    service.stop().await;
}

#[tokio::test]
async fn feedback_is_kept_for_those_who_work_on_releases_and_for_nobody_else() {
    let (service, _release) = Service::published(10).await;
    let page = "/releases/pif-2022-23/release.cy.html";
    let body = format!("text=Diolch+%3Cb%3E%0A&page={page}&lang=cy&website=");
    let thanked = post(service.web, "/feedback", &[], &body).await;
    assert_eq!(thanked.status, 200);
    thanked.expect_safe();
    assert_eq!(thanked.header("set-cookie"), None);
    assert!(thanked.text().contains("Daeth eich adborth i law"));
    assert!(thanked.text().contains(&format!("href=\"{page}\"")));
    for text in ["second", "third"] {
        service.step(Duration::from_secs(1));
        post(service.web, "/feedback", &[], &format!("text={text}")).await;
    }
    let first = listed(&service.statistician, "").await.expect("listed");
    let rest = listed(&service.statistician, &first.next_page_token).await;
    let rest = rest.expect("listed");
    assert_eq!(rest.next_page_token, "");
    let kept: Vec<_> = first.feedback.iter().chain(&rest.feedback).collect();
    let texts: Vec<_> = kept.iter().map(|sent| sent.text.as_str()).collect();
    assert_eq!(texts, ["third", "second", "Diolch <b>"]);
    assert_eq!(
        (kept[2].page.as_str(), kept[2].language.as_str()),
        (page, "cy")
    );
    let reader = service.client_of("a reader", &[Role::Reader]);
    for client in [&service.public, &reader] {
        let refused = listed(client, "").await.expect_err("not theirs");
        assert!(matches!(
            refused.code(),
            Code::PermissionDenied | Code::Unauthenticated
        ));
    }
    service.stop().await;
}

#[tokio::test]
async fn feedback_is_limited_and_leads_nowhere_else() {
    let (service, _release) = Service::published(10).await;
    // A program is thanked like everybody, and is not kept.
    let trapped = post(service.web, "/feedback", &[], "text=buy&website=x").await;
    assert_eq!(trapped.status, 200);
    for (text, status) in [
        (String::from("+"), 422),
        ("%C5%B5".repeat(4_001), 422),
        // With the name of its field it is as long as a body may be, and then a byte longer.
        ("x".repeat(64 * 1024 - 5), 422),
        ("x".repeat(64 * 1024 - 4), 413),
    ] {
        let refused = post(service.web, "/feedback", &[], &format!("text={text}")).await;
        assert_eq!(refused.status, status);
    }
    let cross = [("sec-fetch-site", "cross-site")];
    let refused = post(service.web, "/feedback", &cross, "text=x").await;
    assert_eq!(refused.status, 403);
    let kept = listed(&service.statistician, "").await.expect("listed");
    assert!(kept.feedback.is_empty());

    let longest = format!("text={}", "%C5%B5".repeat(4_000));
    let from = [("x-forwarded-for", "198.51.100.9")];
    let taken = post(service.web, "/feedback", &from, &longest).await;
    assert_eq!(taken.status, 200);

    // What the reader claims of themselves is passed over: the proxy's entry stands last.
    let mut answers = Vec::new();
    for attempt in 0..7 {
        let list = format!("203.0.113.{attempt}, 198.51.100.7");
        let from = [("x-forwarded-for", list.as_str())];
        let answer = post(service.web, "/feedback", &from, "text=again").await;
        answers.push(answer.status);
    }
    assert_eq!(answers, [200, 200, 200, 200, 200, 429, 429]);
    let other = [("x-forwarded-for", "198.51.100.8")];
    let astray = post(
        service.web,
        "/feedback",
        &other,
        "text=x&page=//example.org",
    )
    .await;
    assert_eq!(astray.status, 200);
    assert!(!astray.text().contains("example.org"));
    service.step(Duration::from_hours(1));
    let from = [("x-forwarded-for", "198.51.100.7")];
    let again = post(service.web, "/feedback", &from, "text=later").await;
    assert_eq!(again.status, 200);
    service.stop().await;
}

/// Two of what readers sent.
async fn listed(client: &Client, page_token: &str) -> Result<pb::ListFeedbackResponse, Status> {
    let request = pb::ListFeedbackRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
    };
    let response = client.clone().list_feedback(request).await?;
    Ok(response.into_inner())
}
