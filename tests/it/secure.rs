//! The four services by TLS, known to each other by certificates alone.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use mesur_access::Role;
use mesur_proto::aggregation::v1 as aggregation;
use mesur_proto::publication::v1 as publication;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::connect_lazy;
use mesur_rpc::tls::{ClientTls, ServerTls};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use crate::certificates::Authority;
use crate::world::{
    AUTHORITIES, Shown, World, explain_warnings, freeze, sign_off, submit, until, wait_for_reports,
};

/// What a service of this name shows, signed now.
fn shown(authority: &Authority, folder: &Path, name: &str) -> Shown {
    let identity = authority.sign(&["localhost", name]).files(folder, name);
    let trusted = folder.join("ca.pem");
    Shown {
        server: ServerTls::open(&identity, Some(&trusted)).expect("files"),
        client: ClientTls::open(&trusted, Some(&identity)).expect("files"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returns_become_a_release_between_services_that_know_each_other_by_certificate() {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new();
    let trusted = authority.file(folder.path(), "ca.pem");
    let people = ClientTls::open(&trusted, None).expect("an authority");
    let of_service = |name: &str| shown(&authority, folder.path(), name);
    let mut world = World::secure(people, of_service);
    world.start().await;

    let sent = submit(&world).await;
    wait_for_reports(&world).await;
    for (authority, data_return) in AUTHORITIES.iter().zip(&sent) {
        explain_warnings(&world, authority, data_return).await;
        let signed = sign_off(&world, authority, data_return).await;
        signed.expect("signed off");
    }
    // A service that comes back has a new certificate.
    world.aggregation.stop().await;
    let renewed = authority.sign(&["localhost", "aggregation.mesur"]);
    renewed.files(folder.path(), "aggregation.mesur");
    world.start_aggregation().await;
    let snapshot = freeze(&world, &sent).await;
    let releases = world.releases();
    until(|| {
        let mut releases = releases.clone();
        let request = publication::CompileReleaseRequest {
            snapshot: snapshot.name.clone(),
            request_id: String::new(),
            update_note: None,
        };
        async move { releases.compile_release(request).await }
    })
    .await;
    no_service_without_its_certificate(&world, &folder, &authority).await;
    pages_are_by_tls_only(&world, &trusted).await;
    world.stop().await;
}

/// Another name is that of no service, and a token of a service is not enough.
async fn no_service_without_its_certificate(
    world: &World,
    folder: &TempDir,
    authority: &Authority,
) {
    let stranger = shown(authority, folder.path(), "stranger.mesur").client;
    let with_certificate = Bearer::none().with_tls(stranger.clone());
    let with_both = world.bearer(Role::Service).with_tls(stranger);
    let with_token = world.bearer(Role::Service);
    for bearer in [with_certificate, with_both, with_token] {
        let connection = connect_lazy(&world.aggregation.endpoint(), bearer).expect("an endpoint");
        let mut totals =
            aggregation::aggregation_service_client::AggregationServiceClient::new(connection);
        let watch = aggregation::WatchSnapshotsRequest::default();
        let refused = totals.watch_snapshots(watch).await.expect_err("refused");
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
}

async fn pages_are_by_tls_only(world: &World, trusted: &Path) {
    assert_eq!(world.pages.len(), 2);
    for &page in &world.pages {
        let head = head_by_tls(page, trusted).await.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 "), "{head}");
        assert!(head.contains("\r\nstrict-transport-security: max-age=31536000\r\n"));
        let mut plain = TcpStream::connect(page).await.expect("a connection");
        let asked = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        plain.write_all(asked).await.expect("sent");
        let mut answer = Vec::new();
        // It may be reset instead of ended.
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"));
    }
}

/// The head of the answer about the first page.
async fn head_by_tls(page: SocketAddr, trusted: &Path) -> String {
    let mut roots = rustls::RootCertStore::empty();
    let authority = rustls::pki_types::CertificateDer::from_pem_file(trusted);
    roots
        .add(authority.expect("a certificate"))
        .expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(page).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.expect("a handshake");
    let asked = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(asked).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let text = String::from_utf8_lossy(&answer);
    let (head, _) = text.split_once("\r\n\r\n").expect("a head");
    format!("{head}\r\n")
}
