//! What a small production shows of itself. It is made in a process of its own, whose log is read: a
//! process has one log, one recorder and one tracer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mesur_process::{Format, Probes, Seen, Telemetry};
use mesur_rpc::tls::{Identity, ServerTls};
use mesur_telemetry::table;
use opentelemetry_proto::tonic::trace::v1::Span;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::collector::{Collector, attributes};
use crate::production;
use crate::world::{AUTHORITIES, WAIT, sample};

/// What stands before what is to be searched.
const SHOWN: &str = "== shown";

/// Sends a request and gives the status and the body.
async fn ask(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let request = format!("{request} HTTP/1.1\r\nhost: mesur\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let status = answer.split(' ').nth(1).expect("a status");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.parse().expect("a number"), body.to_owned())
}

/// The spans of the trace in which the first return was sent, and there until the aggregate took it.
fn trace(collector: &Collector) -> Option<Vec<Span>> {
    let spans = collector.spans();
    let first = |span: &&Span| span.name.ends_with("SubmissionService/SubmitReturn");
    let trace = &spans.iter().find(first)?.trace_id;
    let own = spans.iter().filter(|span| span.trace_id == *trace);
    let own: Vec<Span> = own.cloned().collect();
    let taken_in = |service: &str, upstream: &str| {
        let events = own.iter().filter(|span| span.name == "take in an event");
        let mut of = events.map(attributes);
        of.any(|of| of["mesur.service"] == service && of["mesur.upstream"] == upstream)
    };
    let is_whole = taken_in("validation", "submission")
        && own.iter().any(|span| span.name == "sign off")
        && own
            .iter()
            .filter(|span| span.name == "take in an event")
            .count()
            >= 4;
    is_whole.then_some(own)
}

/// One trace leads from a submission to the aggregate, and every span of it hangs on another.
fn check_trace(own: &[Span], all: &[Span]) {
    let names: BTreeMap<&str, usize> = own.iter().fold(BTreeMap::new(), |mut names, span| {
        *names.entry(span.name.as_str()).or_default() += 1;
        names
    });
    for call in [
        "mesur.submission.v1.SubmissionService/SubmitReturn",
        "mesur.submission.v1.SubmissionService/ReadReturn",
        "mesur.validation.v1.ValidationService/SealReport",
    ] {
        assert!(names.contains_key(call), "{call} is not in {names:?}");
    }
    let signed = own.iter().find(|span| span.name == "sign off").expect("it");
    let call = all
        .iter()
        .find(|span| span.span_id == signed.links[0].span_id);
    let call = call.expect("the sign-off is linked to its call");
    assert!(call.name.ends_with("/SignOffReturn"), "{}", call.name);
    assert_ne!(call.trace_id, signed.trace_id, "another day's call");
    // The aggregate took the return in after its sign-off, and read it.
    let aggregated = own.iter().find(|span| {
        attributes(span)
            .get("mesur.service")
            .is_some_and(|by| by == "aggregation")
            && span.parent_span_id == signed.span_id
    });
    let aggregated = aggregated.expect("the sign-off went on into the aggregate");
    let read = own
        .iter()
        .any(|span| span.parent_span_id == aggregated.span_id);
    assert!(read, "the aggregate asked for the return");
    let ids: BTreeSet<&[u8]> = own.iter().map(|span| span.span_id.as_slice()).collect();
    let roots = own
        .iter()
        .filter(|span| !ids.contains(span.parent_span_id.as_slice()));
    assert_eq!(roots.count(), 1, "{names:?}");
}

/// Every metric is told, and what was done is counted.
fn check_metrics(metrics: &str) {
    for row in table::ALL {
        let kind = format!("# TYPE {} ", row.name);
        assert!(
            metrics.contains(&kind),
            "{} is not told:\n{metrics}",
            row.name
        );
    }
    for told in [
        "mesur_calls_total{method=\"other\",code=\"UNIMPLEMENTED\"} 1",
        "mesur_calls_total{method=\"mesur.submission.v1.SubmissionService/ListReturns\",code=\"UNAUTHENTICATED\"} 1",
        "mesur_calls_total{method=\"mesur.submission.v1.SubmissionService/SignOffReturn\",code=\"OK\"} 2",
        "mesur_return_steps_total{state=\"signed_off\"} 2",
        "mesur_refusals_total{service=\"submission\",reason=\"NO_TOKEN\"} 1",
        "mesur_releases_published_total 1",
        "mesur_pages_total{server=\"publication pages\",status=\"4xx\"} 1",
        "mesur_ready 1",
        "mesur_certificate_end_timestamp_seconds 32503680000",
    ] {
        assert!(metrics.contains(told), "{told} is not told:\n{metrics}");
    }
}

/// Reads a certificate that lasts until the year 3000, as a service does that listens by TLS.
fn show_certificate(folder: &Path) {
    let names = vec!["localhost".to_owned()];
    let mut params = CertificateParams::new(names).expect("a name");
    params.not_after = date_time_ymd(3000, 1, 1);
    let own = KeyPair::generate().expect("a key");
    let signed = params.self_signed(&own).expect("signed");
    let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    fs::write(&certificate, signed.pem()).expect("written");
    fs::write(&key, own.serialize_pem()).expect("written");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("a secret");
    let shown = Identity { certificate, key };
    ServerTls::open(&shown, None).expect("it can be shown");
}

/// The production, in a process of its own: run by the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other test runs it, and reads its log"]
async fn a_production_that_is_seen() {
    let (collector, otlp) = Collector::start().await;
    let options = Telemetry {
        admin: Some(([127, 0, 0, 1], 0).into()),
        otlp: Some(otlp),
        log_format: Some(Format::Json),
    };
    let mut seen = Seen::begin("test", &options).expect("seen");
    let admin = seen.admin().expect("a port");
    let (serving, stopping) = (CancellationToken::new(), CancellationToken::new());
    seen.answer(Probes::new(serving.clone(), stopping.clone()));
    assert_eq!(ask(admin, "GET /livez").await.0, 200);
    assert_eq!(ask(admin, "GET /startupz").await.0, 503);
    assert_eq!(ask(admin, "GET /readyz").await.0, 503);

    let folder = tempfile::tempdir().expect("a folder");
    show_certificate(folder.path());
    let (mut world, hand) = production::start(folder.path()).await;
    serving.cancel();
    assert_eq!(ask(admin, "GET /startupz").await.0, 200);
    assert_eq!(ask(admin, "GET /readyz").await.0, 200);
    assert_eq!(ask(admin, "POST /readyz").await.0, 405);
    assert_eq!(ask(admin, "GET /secrets").await.0, 404);
    production::produce(&world, &hand).await;
    production::stray(&world).await;
    let pages = *world.pages.last().expect("pages");
    assert_eq!(ask(pages, "GET /ann.jones/secrets").await.0, 404);

    let (status, metrics) = ask(admin, "GET /metrics").await;
    assert_eq!(status, 200);
    check_metrics(&metrics);
    stopping.cancel();
    assert_eq!(
        ask(admin, "GET /readyz").await,
        (503, "draining\n".to_owned())
    );
    assert_eq!(ask(admin, "GET /livez").await.0, 200);

    let whole = async {
        loop {
            tokio::task::block_in_place(|| seen.flush());
            if let Some(own) = trace(&collector) {
                return own;
            }
        }
    };
    let own = timeout(WAIT, whole).await.expect("the trace is whole");
    check_trace(&own, &collector.spans());
    world.stop().await;
    tokio::task::block_in_place(|| seen.flush());
    for span in collector.spans() {
        let of = attributes(&span);
        eprintln!("{SHOWN} {} {of:?} {:?}", span.name, span.status);
    }
    for line in metrics.lines() {
        eprintln!("{SHOWN} {line}");
    }
    timeout(Duration::from_secs(5), async { drop(seen) })
        .await
        .expect("it ends");
}

/// The figures of a return that nobody would write by chance.
fn figures(authority: &str) -> BTreeSet<String> {
    let catalogue = mesur_catalogue::Catalogue::bundled().expect("bundled");
    let observations = sample(&catalogue, authority).observations;
    let values = observations.into_iter().map(|one| format!("{one:?}"));
    let words: Vec<String> = values.flat_map(|text| words(&text)).collect();
    words.into_iter().filter(|word| is_figure(word)).collect()
}

fn is_figure(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.map(str::to_owned).collect()
}

#[test]
fn a_small_production_is_seen_in_metrics_and_one_trace_and_shows_nobody_and_no_figure() {
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "seen::a_production_that_is_seen",
        ])
        .env("MESUR_LOG", "mesur=debug,warn")
        .output()
        .expect("it runs");
    let shown = String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success(),
        "{}\n{shown}",
        String::from_utf8_lossy(&child.stdout)
    );
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines.iter().any(|line| line.starts_with('{')),
        "a log: {shown}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("published at its moment"))
    );
    let people: Vec<String> = AUTHORITIES
        .iter()
        .flat_map(|code| [format!("submitter/{code}"), format!("approver/{code}")])
        .chain(["checked with the authority", "ann.jones"].map(str::to_owned))
        .collect();
    let figures: BTreeSet<String> = AUTHORITIES.into_iter().flat_map(figures).collect();
    assert!(figures.len() > 20, "{figures:?}");
    for line in lines {
        for person in &people {
            assert!(!line.contains(person), "{person} is in {line}");
        }
        // One may be there by chance, as a port.
        let told = words(line);
        let told: BTreeSet<_> = told.iter().filter(|word| figures.contains(*word)).collect();
        assert!(told.len() < 2, "{told:?} are in {line}");
    }
}
