//! The page for statisticians, as a browser gets it.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use mesur_access::Role;
use mesur_catalogue::Catalogue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::samples::{RETURN, Sample};
use crate::support::{PATIENCE, Service, memory, question, reported, round, submitter, token};
use crate::upstream::Upstream;

const PROGRESS: &str = "/progress/pif/2022-23";

/// An answer of the page.
struct Page {
    status: u16,
    /// In lower case.
    head: String,
    body: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(&format!("{name}: ")));
        values.next().unwrap_or_default()
    }
}

/// Sends a request; `headers` are whole lines.
async fn send(web: SocketAddr, line: &str, headers: &[&str], body: &str) -> Page {
    let mut request = format!("{line} HTTP/1.1\r\nHost: {web}\r\nConnection: close\r\n");
    for header in headers {
        write!(request, "{header}\r\n").unwrap();
    }
    if !body.is_empty() {
        let length = body.len();
        let kind = "application/x-www-form-urlencoded";
        write!(
            request,
            "Content-Type: {kind}\r\nContent-Length: {length}\r\n"
        )
        .unwrap();
    }
    let mut stream = TcpStream::connect(web).await.unwrap();
    let exchange = async {
        stream
            .write_all(format!("{request}\r\n{body}").as_bytes())
            .await
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let answer = timeout(PATIENCE, exchange)
        .await
        .expect("an answer in time");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    Page {
        status: head[9..12].parse().unwrap(),
        head: head.to_lowercase().replace('\r', ""),
        body: body.to_owned(),
    }
}

async fn get(web: SocketAddr, path: &str, cookie: &str) -> Page {
    let cookie = format!("Cookie: other=1; mesur_token={cookie}");
    send(web, &format!("GET {path}"), &[&cookie], "").await
}

fn statistician() -> String {
    token("s.jones", &Role::Statistician)
}

#[tokio::test]
async fn the_progress_is_shown_in_both_languages_with_every_state_in_words() {
    let sample = Sample::usual().with_error().with_warning();
    let (_upstream, service, _events) = reported(&sample).await;
    let mut client = service.client.clone();
    client.open_round(round()).await.unwrap();
    client.raise_query(question(RETURN)).await.unwrap();
    let web = service.web;
    let index = get(web, "/", &statistician()).await;
    assert!(
        index.body.contains(&format!("href=\"{PROGRESS}\"")),
        "{}",
        index.body
    );
    let english = get(web, PROGRESS, &statistician()).await;
    let welsh = get(web, &format!("{PROGRESS}?lang=cy"), &statistician()).await;
    // The edition holds wording for AD/002 in English alone, and none for AD/003.
    let worded = "The number of new contacts for adults received by statutory social services";
    let marked = format!("AD/002</span> <span lang=\"en\">{worded}");
    let worded = format!("AD/002</span> {worded}");
    for (page, lang, name, state, title) in [
        (
            &english,
            "lang=\"en\"",
            "Isle of Anglesey",
            "Queried",
            worded,
        ),
        (
            &welsh,
            "lang=\"cy\"",
            "Ynys Môn",
            "Ymholiad yn agored",
            marked,
        ),
    ] {
        let (head, unworded) = ("<th class=\"words\" scope=\"col\">", "AD/003</span> </th>");
        for part in [title.as_str(), unworded, head] {
            assert!(page.body.contains(part), "{part}");
        }
        assert_eq!(page.status, 200);
        let row = "<span class=\"state queried\">";
        for part in [lang, name, state, row, "AD/012"] {
            assert!(page.body.contains(part), "{part}");
        }
        // Every authority, whether it has sent or not.
        assert_eq!(page.body.matches("<span class=\"state ").count(), 22);
        assert!(!page.body.contains("http-equiv=\"refresh\""));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "deny"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(page.header(name), value);
        }
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
    }
    let watched = get(
        web,
        &format!("{PROGRESS}?state=queried&watch=1"),
        &statistician(),
    )
    .await;
    assert!(
        watched
            .body
            .contains("<meta http-equiv=\"refresh\" content=\"30\">")
    );
    assert_eq!(watched.body.matches("<span class=\"state ").count(), 1);
    let style = get(web, "/style.css", "").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn a_statistician_signs_in_with_a_token_and_out_again() {
    let (_upstream, service, _events) = reported(&Sample::usual()).await;
    let web = service.web;
    let before = send(web, &format!("GET {PROGRESS}"), &[], "").await;
    let location = before.header("location");
    assert_eq!((before.status, location), (303, "/sign-in"));
    let welsh = send(web, &format!("GET {PROGRESS}?lang=cy"), &[], "").await;
    assert_eq!(welsh.header("location"), "/sign-in?lang=cy");
    let form = send(web, "GET /sign-in", &[], "").await;
    assert_eq!(form.status, 200);
    let begins = "<form method=\"post\" action=\"/sign-in\">";
    assert!(form.body.contains(begins));
    let form = send(web, "GET /sign-in?lang=cy", &[], "").await;
    let begins = "<form method=\"post\" action=\"/sign-in?lang=cy\">";
    assert!(form.body.contains(begins));

    let body = format!("token={}", statistician());
    let signed_in = send(web, "POST /sign-in", &[], &body).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/"));
    let in_welsh = send(web, "POST /sign-in?lang=cy", &[], &body).await;
    assert_eq!(in_welsh.header("location"), "/?lang=cy");
    let cookie = signed_in.header("set-cookie");
    let attributes = "; httponly; samesite=strict; path=/";
    assert!(
        cookie.starts_with("mesur_token=") && cookie.ends_with(attributes),
        "{cookie}"
    );
    let by_cookie = get(web, PROGRESS, &statistician()).await;
    assert_eq!(by_cookie.status, 200);
    let with_header = format!("Authorization: Bearer {}", statistician());
    let by_header = send(web, &format!("GET {PROGRESS}"), &[&with_header], "").await;
    assert_eq!(by_header.body, by_cookie.body);

    let out = send(web, "POST /sign-out?lang=cy", &[], "").await;
    assert_eq!(
        (out.status, out.header("location")),
        (303, "/sign-in?lang=cy")
    );
    assert!(out.header("set-cookie").contains("mesur_token=;"));
    assert!(out.header("set-cookie").contains("max-age=0"));
}

#[tokio::test]
async fn others_see_nothing_and_another_site_signs_nobody_in() {
    let (_upstream, service, _events) = reported(&Sample::usual()).await;
    let web = service.web;
    let officer = token("a.officer", &submitter("W06000012"));
    for path in ["/", PROGRESS, "/progress/pif/1999-00"] {
        let page = get(web, path, &officer).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(!page.body.contains("AD/012") && !page.body.contains("2022-23"));
    }
    let signed_in = send(web, "POST /sign-in", &[], &format!("token={officer}")).await;
    assert_eq!(
        (signed_in.status, signed_in.header("set-cookie")),
        (403, "")
    );
    let forged = format!("{}x", statistician());
    assert_eq!(get(web, PROGRESS, &forged).await.status, 303);
    let long = "a".repeat(4_000);
    for sent in [forged.as_str(), "", "a%0D%0ASet-Cookie:b", &long] {
        let body = format!("token={sent}");
        let refused = send(web, "POST /sign-in?lang=cy", &[], &body).await;
        assert_eq!((refused.status, refused.header("set-cookie")), (401, ""));
        assert!(refused.body.contains("lang=\"cy\"") && refused.body.contains("role=\"alert\""));
    }
    let body = format!("token={}", statistician());
    let foreign = send(web, "POST /sign-in", &["Sec-Fetch-Site: cross-site"], &body).await;
    assert_eq!((foreign.status, foreign.header("set-cookie")), (403, ""));
    // A token of the greatest length is looked at, and a longer one is told as that.
    let looked_at = |length: usize| {
        let body = format!("token={}", "a".repeat(length));
        async move { send(web, "POST /sign-in", &[], &body).await }
    };
    let (most, more) = (looked_at(3_900).await, looked_at(3_901).await);
    assert_eq!((most.status, more.status), (401, 401));
    assert_eq!(most.body, looked_at(10).await.body);
    assert_ne!(most.body, more.body);
    let body_bytes = 16 * 1024 - "token=".len();
    assert_eq!(looked_at(body_bytes).await.status, 401);
    assert_eq!(looked_at(body_bytes + 1).await.status, 413);

    // A client that says nothing does not hold the stop.
    let silent = TcpStream::connect(web).await.unwrap();
    timeout(PATIENCE, service.stop())
        .await
        .expect("a stop in time");
    drop(silent);
}

#[tokio::test]
async fn where_there_is_no_page_one_says_why_in_the_language_of_the_reader() {
    let (_upstream, service, _events) = reported(&Sample::usual()).await;
    let cookie = format!("Cookie: mesur_token={}", statistician());
    let foreign = "Sec-Fetch-Site: cross-site";
    let nothing = ["There is no such page.", "Nid oes tudalen o'r fath."];
    let from_another_site = ["came from another site", "o wefan arall"];
    let no_request = ["not a request", "Nid yw hwn yn gais"];
    let long = format!("token={}", "a".repeat(16 * 1024));
    for (line, header, body, status, words) in [
        ("GET /nowhere", cookie.as_str(), "", 404, nothing),
        ("GET /progress/pif/1999-00", &cookie, "", 404, nothing),
        ("GET /progress/%3Cscript/2022-23", &cookie, "", 404, nothing),
        ("POST /sign-in", foreign, "token=a", 403, from_another_site),
        ("POST /sign-out", foreign, "", 403, from_another_site),
        ("POST /", &cookie, "", 405, no_request),
        ("POST /sign-in", &cookie, &long, 413, no_request),
        ("POST /sign-in", &cookie, "", 415, no_request),
    ] {
        for (language, words) in ["en", "cy"].into_iter().zip(words) {
            let line = format!("{line}?lang={language}");
            let page = send(service.web, &line, &[header], body).await;
            let kind = page.header("content-type");
            assert_eq!((page.status, kind), (status, "text/html; charset=utf-8"));
            let is_in = format!("<html lang=\"{language}\">");
            assert!(page.body.contains(&is_in), "{line}");
            let shown = page.body.replace("&#39;", "'");
            assert!(shown.contains(words), "{line}: {shown}");
            assert_eq!(page.header("cache-control"), "no-store", "{line}");
            assert!(!page.body.contains("nowhere") && !page.body.contains("script"));
        }
    }
    // An address that says the language twice says none.
    let twice = send(service.web, "GET /?lang=cy&lang=cy", &[&cookie], "").await;
    assert_eq!(twice.status, 400);
    assert!(twice.body.contains(no_request[0]), "{}", twice.body);
}

/// The edition in a folder in which an authority has such a name.
fn with_name(folder: &Path, name: &str) -> Catalogue {
    let editions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/catalogue/editions");
    for file in fs::read_dir(editions.join("pif/2022-23")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let authorities = fs::read_to_string(editions.join("authorities.csv")).unwrap();
    let quoted = format!("W06000002,\"{}\",\"\",authority", name.replace('"', "\"\""));
    let lines = authorities.lines().map(|line| {
        let is_it = line.starts_with("W06000002,");
        if is_it { quoted.as_str() } else { line }
    });
    let lines: Vec<&str> = lines.collect();
    fs::write(folder.join("authorities.csv"), lines.join("\n")).unwrap();
    let mut catalogue = Catalogue::bundled().unwrap();
    catalogue.add_folder(folder).unwrap();
    catalogue
}

#[tokio::test]
async fn a_hostile_name_is_a_text_on_the_page_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let name = "<script>alert(1)</script><img src=x onerror=\"alert(2)\">&copy;";
    let catalogue = with_name(folder.path(), name);
    let upstream = Upstream::start().await;
    let service = Service::start_with(&memory(), &upstream.endpoint, Arc::new(catalogue)).await;
    // Where no Welsh name is held, the English one stands on the Welsh page.
    for language in ["en", "cy"] {
        let path = format!("{PROGRESS}?lang={language}&state=%22%3E%3Cscript%3E");
        let page = get(service.web, &path, &statistician()).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("<script") && !page.body.contains("<img"));
        let shown = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(2)\
            &quot;&gt;&amp;copy;";
        assert!(page.body.contains(shown), "{language}");
    }
}
