//! `mesur up`: ready at once, and gone when told, whoever is connected.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use mesur_catalogue::{Catalogue, EditionName};
use mesur_proto::submission::v1::submission_service_client::SubmissionServiceClient;
use mesur_proto::submission::v1::{DataReturn, GetReturnRequest, SubmitReturnRequest};
use mesur_returns::check_file;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_wire::observations_to_wire;

use crate::running::{Up, up};
use crate::support::{complained, mesur, repository, samples};

/// `.cargo/config.toml` says it where the command is compiled.
#[cfg(target_os = "linux")]
#[test]
fn the_allocator_gives_back_by_itself_what_was_not_used_for_a_second() {
    let mut command = mesur();
    command.arg("--version");
    command.env("_RJEM_MALLOC_CONF", "confirm_conf:true");
    let output = command.output().expect("the command");
    let said = String::from_utf8_lossy(&output.stderr);
    let settings = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
    assert!(said.contains(settings), "{said}");
}

#[test]
fn it_is_ready_within_a_second_and_stops_on_both_signals_with_silent_clients_attached() {
    let data = tempfile::tempdir().expect("a folder");
    let mut ready_in = Vec::new();
    for signal in ["-TERM", "-INT"] {
        let up = up(data.path());
        ready_in.push(up.ready_in);
        let silent: Vec<TcpStream> = up
            .services()
            .map(|address| TcpStream::connect(address).expect("it listens"))
            .collect();
        up.stop(signal);
        drop(silent);
    }
    // Other tests share the machine: the quicker of the two starts is its own.
    let quicker = ready_in.iter().min().expect("two starts");
    assert!(*quicker < Duration::from_secs(1), "{ready_in:?}");
}

#[test]
fn the_web_page_lists_releases_and_hides_what_is_not_there() {
    let data = tempfile::tempdir().expect("a folder");
    let up = up(data.path());
    let web = up.address("web");
    let get = |path: &str| {
        let mut stream = TcpStream::connect(web).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {web}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let index = get("/");
    assert!(index.starts_with("HTTP/1.1 200") && index.contains("No release has been published"));
    assert!(index.contains("default-src 'none'"), "{index}");
    assert!(get("/cy/").contains("lang=\"cy\""));
    assert!(get("/releases/pif-2022-23/release.en.html").starts_with("HTTP/1.1 404"));
    up.stop("-TERM");
}

/// Connects to submission as an authority's submitter.
fn submission(up: &Up, authority: &str) -> SubmissionServiceClient<Connection> {
    let token = std::fs::read_to_string(up.token(&format!("{authority}-submitter")));
    let bearer = Bearer::new(&token.expect("a token")).expect("a token");
    let endpoint = format!("http://{}", up.address("submission"));
    SubmissionServiceClient::new(connect_lazy(&endpoint, bearer).expect("an address"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_that_was_acknowledged_is_there_after_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let catalogue = Catalogue::bundled().expect("bundled");
    let name = EditionName::parse("pif/2022-23").expect("a name");
    let edition = catalogue.get(&name).expect("bundled");
    let mut sent = Vec::new();
    for authority in ["W06000001", "W06000002", "W06000003"] {
        // Each is acknowledged by another process, which is killed at once.
        let up = up(data.path());
        let bytes = std::fs::read(samples("2022-23").join(format!("{authority}.csv")));
        let checked = check_file(&bytes.expect("a sample"), edition, &catalogue, None);
        let data_return = DataReturn {
            name: format!("authorities/{authority}/returns/pif-2022-23"),
            observations: observations_to_wire(
                edition,
                checked.data_return().expect("whole").cells(),
            ),
            ..DataReturn::default()
        };
        let request = SubmitReturnRequest {
            data_return: Some(data_return),
            ..Default::default()
        };
        let answer = submission(&up, authority).submit_return(request).await;
        let acknowledged = answer.expect("taken in").into_inner().data_return;
        sent.push((authority, acknowledged.expect("a return")));
        up.kill();
    }
    let up = up(data.path());
    for (authority, acknowledged) in sent {
        let request = GetReturnRequest {
            name: acknowledged.name.clone(),
        };
        let kept = submission(&up, authority).get_return(request).await;
        let kept = kept.expect("it is there").into_inner();
        assert_eq!(
            (kept.digest, kept.etag),
            (acknowledged.digest, acknowledged.etag)
        );
    }
    up.stop("-TERM");
}

#[test]
fn an_edition_that_replaces_another_of_the_same_name_is_logged() {
    let (data, edition) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let bundled = repository("crates/catalogue/editions/pif/2022-23");
    for entry in std::fs::read_dir(bundled).expect("the edition") {
        let path = entry.expect("an entry").path();
        let copy = edition.path().join(path.file_name().expect("a name"));
        std::fs::copy(&path, copy).expect("a copy");
    }
    let log = || {
        let mut command = mesur();
        // The port is one too many for the four after it: the command ends by itself.
        command
            .args(["up", "--port", "65535", "--data"])
            .arg(data.path());
        command.arg("--edition").arg(edition.path());
        command.env("MESUR_LOG", "warn");
        complained(&command.output().expect("the command runs"))
    };
    assert!(!log().contains("replaces"), "the same content");
    let rules = edition.path().join("rules.csv");
    let text = std::fs::read_to_string(&rules).expect("rules");
    std::fs::write(&rules, text + "\n").expect("rules");
    let said = log();
    assert!(
        said.contains("replaces another") && said.contains("pif/2022-23"),
        "{said}"
    );
}
