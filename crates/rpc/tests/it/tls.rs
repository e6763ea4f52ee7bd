//! Who is spoken to, and who is let in, by certificates of authorities made here.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::Role;
use mesur_access::watched::RECHECK_INTERVAL;
use mesur_rpc::access::{Bearer, grant};
use mesur_rpc::server::{Drained, HANDSHAKE_TIMEOUT, HANDSHAKES_MAX, Limits};
use mesur_rpc::tls::{ClientTls, FILE_BYTES_MAX, Identity, ServerTls};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::certificates::{Authority, allow};
use crate::probe::{Secure, Server, call, call_method};

/// A method that services may call, and one that only people may.
const FOR_SERVICES: &str = "GetRelease";
const FOR_PEOPLE: &str = "PublishRelease";

/// The name that may act as a service.
const PEER: &str = "aggregation.mesur";

/// A server by TLS, the authority of everybody, and a folder for files.
struct World {
    folder: TempDir,
    authority: Authority,
    shown: Identity,
    server: Server,
}

impl World {
    /// A server whose certificate is for `localhost` and 127.0.0.1; it answers with who calls and from
    /// which address.
    async fn start() -> Self {
        Self::with(Authority::new(), &["localhost", "127.0.0.1"]).await
    }

    async fn with(authority: Authority, names: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let shown = authority.sign(names).files(folder.path(), "server");
        let peers = authority.file(folder.path(), "peers.pem");
        let tls = ServerTls::open(&shown, Some(&peers)).unwrap();
        let secure = Secure {
            tls,
            peers: vec![PEER.to_owned()],
        };
        let server = Server::secure(secure, Limits::default(), |request| {
            let from = request.remote_addr().map(|address| address.ip());
            let grant = grant(&request).map(|grant| grant.identity().to_owned());
            let caller = grant.map_err(|_| Status::internal("no grant"));
            async move { Ok(format!("{} {}", caller?, from.unwrap())) }
        })
        .await;
        Self {
            folder,
            authority,
            shown,
            server,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Trusts the authority and shows what it signed for these names.
    fn client_named(&self, file: &str, names: &[&str]) -> ClientTls {
        let identity = self.authority.sign(names).files(self.path(), file);
        self.client(Some(&identity))
    }

    fn client(&self, identity: Option<&Identity>) -> ClientTls {
        let authorities = self.authority.file(self.path(), "ca.pem");
        ClientTls::open(&authorities, identity).unwrap()
    }

    fn token(&self, role: Role) -> Bearer {
        let hour = Duration::from_hours(1);
        let token = self
            .server
            .issuer
            .token("somebody", &[role], hour, Timestamp::now());
        Bearer::new(&token).unwrap()
    }

    /// Calls what services may call.
    async fn call(&self, tls: ClientTls, bearer: Bearer) -> Result<String, Status> {
        let channel = self
            .server
            .channel_by_tls("localhost", bearer.with_tls(tls));
        call_method(channel, FOR_SERVICES, "").await
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .map_or_else(String::new, |info| info.reason.clone())
}

/// Everything that went wrong below a call, in one text.
fn chain(status: &Status) -> String {
    let mut text = status.to_string();
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_service_is_known_by_the_name_in_its_certificate_and_a_person_by_the_token() {
    let world = World::start().await;
    let service = world.client_named("service", &["other.mesur", "Aggregation.Mesur"]);
    let called = world.call(service.clone(), Bearer::none()).await;
    assert_eq!(called.unwrap(), format!("{PEER} 127.0.0.1"));
    // A token says who calls; with such a certificate it may say that it is a service.
    let both = world
        .call(service.clone(), world.token(Role::Service))
        .await;
    assert_eq!(both.unwrap(), "somebody 127.0.0.1");
    let person = world.token(Role::Publisher).with_tls(world.client(None));
    for host in ["localhost", "127.0.0.1"] {
        let channel = world.server.channel_by_tls(host, person.clone());
        let called = call_method(channel, FOR_PEOPLE, "").await;
        assert_eq!(called.unwrap(), "somebody 127.0.0.1", "{host}");
    }
    // A service has no more rights than its row.
    let bearer = Bearer::none().with_tls(service);
    let channel = world.server.channel_by_tls("localhost", bearer);
    let refused = call_method(channel, FOR_PEOPLE, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.server.stop.cancel();
    assert_eq!(world.server.ended().await, Drained { connections_cut: 0 });
}

#[tokio::test]
async fn a_token_of_a_service_counts_only_beside_a_certificate_that_is_taken() {
    let world = World::start().await;
    let nobody = world.client(None);
    let unlisted = world.client_named("unlisted", &["submission.mesur"]);
    let anybody = world.client_named("anybody", &["*.mesur"]);
    for (who, tls, without) in [
        ("nobody", nobody, "NO_TOKEN"),
        ("unlisted", unlisted, "NO_CERTIFICATE"),
        ("anybody", anybody, "NO_TOKEN"),
    ] {
        let token = world.token(Role::Service);
        let refused = world.call(tls.clone(), token).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{who}");
        assert_eq!(reason(&refused), "NO_CERTIFICATE", "{who}");
        // Without the token they are the public, which may not publish.
        let bearer = Bearer::none().with_tls(tls);
        let channel = world.server.channel_by_tls("localhost", bearer);
        let refused = call_method(channel, FOR_PEOPLE, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{who}");
        assert_eq!(reason(&refused), without, "{who}");
    }
}

fn past(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
}

fn future(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2999, 1, 1);
    params.not_after = date_time_ymd(3000, 1, 1);
}

fn server_only(params: &mut CertificateParams) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
}

#[tokio::test]
async fn a_certificate_that_is_shown_and_not_good_ends_the_connection() {
    let world = World::start().await;
    let authority = &world.authority;
    let changed = |change: fn(&mut CertificateParams)| authority.sign_changed(&[PEER], change);
    for (why, signed, told) in [
        (
            "of another authority",
            Authority::new().sign(&[PEER]),
            "UnknownCA",
        ),
        ("expired", changed(past), "CertificateExpired"),
        ("not valid yet", changed(future), "CertificateExpired"),
        (
            "for servers",
            changed(server_only),
            "UnsupportedCertificate",
        ),
    ] {
        let identity = signed.files(world.path(), "shown");
        let refused = world
            .call(world.client(Some(&identity)), Bearer::none())
            .await;
        let refused = refused.unwrap_err();
        assert!(chain(&refused).contains(told), "{why}: {}", chain(&refused));
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_is_shown_nothing() {
    let world = World::start().await;
    let here = ["localhost"];
    let authority = &world.authority;
    let stranger = Authority::new();
    for (signed, expected) in [
        (stranger.sign(&here), "UnknownIssuer"),
        (authority.sign(&["validation.mesur"]), "not valid for name"),
        (authority.sign_changed(&here, past), "expired"),
        (authority.sign_changed(&here, future), "not valid yet"),
    ] {
        let shown = signed.files(world.path(), "impostor");
        let tls = ServerTls::open(&shown, None).unwrap();
        let peers = Vec::new();
        let reached = |_| async { Ok(String::new()) };
        let impostor = Server::secure(Secure { tls, peers }, Limits::default(), reached).await;
        let bearer = world.token(Role::Publisher).with_tls(world.client(None));
        let refused = call(impostor.channel_by_tls("localhost", bearer), "").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{expected}");
        assert!(chain(&refused).contains(expected), "{}", chain(&refused));
    }
}

#[tokio::test]
async fn a_new_certificate_counts_for_new_connections_and_open_ones_go_on() {
    let world = World::start().await;
    let open = world.server.channel_by_tls(
        "localhost",
        Bearer::none().with_tls(world.client_named("first", &[PEER])),
    );
    assert!(call(open.clone(), "").await.is_ok());
    // The old authority vouches for clients still; the server's certificate is of another from now on.
    let next = Authority::new();
    next.sign(&["localhost"]).files(world.path(), "server");
    tokio::time::sleep(RECHECK_INTERVAL).await;
    let old_trust = world.client(None);
    let refused = world.call(old_trust, Bearer::none()).await.unwrap_err();
    assert!(
        chain(&refused).contains("UnknownIssuer"),
        "{}",
        chain(&refused)
    );
    let trusted = next.file(world.path(), "next.pem");
    let identity = world.authority.sign(&[PEER]).files(world.path(), "client");
    let trusting = ClientTls::open(&trusted, Some(&identity)).unwrap();
    let called = world.call(trusting.clone(), Bearer::none()).await;
    assert_eq!(called.unwrap(), format!("{PEER} 127.0.0.1"));
    assert!(call(open.clone(), "").await.is_ok());

    // A client's own certificate changes too, for the connections that it makes from then on.
    let signed = world.authority.sign(&["submission.mesur"]);
    signed.files(world.path(), "client");
    // And the authorities of the peers: who was taken is taken no more.
    tokio::time::sleep(RECHECK_INTERVAL).await;
    let called = world.call(trusting.clone(), Bearer::none()).await;
    assert_eq!(called.unwrap(), " 127.0.0.1");
    next.file(world.path(), "peers.pem");
    tokio::time::sleep(RECHECK_INTERVAL).await;
    let refused = world.call(trusting, Bearer::none()).await.unwrap_err();
    assert!(chain(&refused).contains("UnknownCA"), "{}", chain(&refused));
    assert!(call(open, "").await.is_ok());
}

#[tokio::test]
async fn half_a_rotation_changes_nothing_and_the_other_half_completes_it() {
    let world = World::start().await;
    let next = Authority::new();
    let signed = next.sign(&["localhost"]);
    let old = world.client(None);
    let new = ClientTls::open(&next.file(world.path(), "next.pem"), None).unwrap();
    let call = |tls: &ClientTls| world.call(tls.clone(), world.token(Role::Publisher));
    for half in [signed.certificate.as_str(), "-----BEGIN", ""] {
        fs::write(&world.shown.certificate, half).unwrap();
        tokio::time::sleep(RECHECK_INTERVAL).await;
        assert!(call(&old).await.is_ok(), "{half}");
    }
    fs::remove_file(&world.shown.certificate).unwrap();
    tokio::time::sleep(RECHECK_INTERVAL).await;
    assert!(call(&old).await.is_ok(), "gone");
    fs::write(&world.shown.key, &signed.key).unwrap();
    fs::write(&world.shown.certificate, &signed.certificate).unwrap();
    tokio::time::sleep(RECHECK_INTERVAL).await;
    assert!(call(&new).await.is_ok());
    assert!(call(&old).await.is_err());
}

#[tokio::test]
async fn files_that_cannot_be_used_are_told_and_repeat_nothing() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let good = authority.sign(&["localhost"]);
    let identity = good.files(folder.path(), "good");
    let trusted = authority.file(folder.path(), "ca.pem");
    assert!(ServerTls::open(&identity, Some(&trusted)).is_ok());
    let authorities = fs::read(&trusted).unwrap();
    for (more, is_read) in [(0, true), (1, false)] {
        let padded = [
            authorities.clone(),
            vec![b'\n'; FILE_BYTES_MAX - authorities.len() + more],
        ];
        fs::write(&trusted, padded.concat()).unwrap();
        assert_eq!(ServerTls::open(&identity, Some(&trusted)).is_ok(), is_read);
    }
    fs::write(&trusted, authorities).unwrap();
    allow(&identity.key, 0o440);
    assert!(ServerTls::open(&identity, None).is_ok());
    allow(&identity.key, 0o644);
    let told = |identity: &Identity, peers: Option<&Path>| {
        let error = ServerTls::open(identity, peers).err().unwrap();
        let told = told_whole(&error);
        assert!(!told.contains("PRIVATE KEY"), "{told}");
        told
    };
    assert!(told(&identity, None).contains("can be read by everybody"));
    assert!(ClientTls::open(&trusted, Some(&identity)).is_err());
    allow(&identity.key, 0o600);
    let mixed = Identity {
        key: authority
            .sign(&["localhost"])
            .files(folder.path(), "other")
            .key,
        ..identity.clone()
    };
    assert!(told(&mixed, None).contains("cannot be used together"));
    let swapped = Identity {
        certificate: identity.key.clone(),
        key: identity.certificate.clone(),
    };
    told(&swapped, None);
    told(&identity, Some(&identity.key));
    assert!(ClientTls::open(&identity.key, None).is_err());
    assert!(ClientTls::trusting([]).is_err());
}

/// An error with what is under it.
fn told_whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn clients_that_finish_no_handshake_keep_nobody_out_and_hold_no_drain() {
    let world = World::start().await;
    let tls = world.client(None);
    let mut silent = Vec::new();
    // More than there is room for: the oldest gives way.
    for _ in 0..=HANDSHAKES_MAX {
        let mut socket = TcpStream::connect(world.server.address).await.unwrap();
        socket.write_all(&[22, 3, 1]).await.unwrap();
        silent.push(socket);
    }
    let called = world.call(tls, world.token(Role::Publisher)).await;
    assert!(called.is_ok());
    let mut oldest = silent.remove(0);
    let mut answer = [0];
    let ended = timeout(Duration::from_secs(20), oldest.read(&mut answer));
    assert!(matches!(ended.await.unwrap(), Ok(0) | Err(_)));
    world.server.stop.cancel();
    assert_eq!(world.server.ended().await, Drained { connections_cut: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_handshake_lasts_so_long_and_no_longer() {
    let world = World::start().await;
    let begun = Instant::now();
    let mut socket = TcpStream::connect(world.server.address).await.unwrap();
    socket.write_all(&[22, 3, 1]).await.unwrap();
    let mut answer = Vec::new();
    // It may be reset instead of ended.
    let _ = socket.read_to_end(&mut answer).await;
    let took = begun.elapsed();
    let expected = HANDSHAKE_TIMEOUT..HANDSHAKE_TIMEOUT * 2;
    assert!(answer.is_empty() && expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn what_is_no_tls_is_turned_away_and_others_are_served() {
    let world = World::start().await;
    for sent in [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0; 512],
        &[255; 512],
        // A record longer than one may be.
        &[22, 3, 1, 255, 255, 1, 0, 0, 0, 0],
    ] {
        let mut socket = TcpStream::connect(world.server.address).await.unwrap();
        socket.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let ended = timeout(Duration::from_secs(20), socket.read_to_end(&mut answer));
        // It ends, with an alert of TLS at most.
        let _ = ended.await.unwrap();
        assert!(
            answer.len() <= 7 && !answer.starts_with(b"HTTP"),
            "{answer:?}"
        );
    }
    let plain = format!("http://{}", world.server.address);
    let plain = mesur_rpc::channel::connect_lazy(&plain, Bearer::none()).unwrap();
    assert!(call(plain, "").await.is_err());
    let called = world.call(world.client(None), world.token(Role::Publisher));
    assert!(called.await.is_ok());
}

#[tokio::test]
async fn a_call_in_flight_outlasts_the_stop_and_a_connection_that_stays_is_cut() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let shown = authority
        .sign(&["localhost"])
        .files(folder.path(), "server");
    let tls = ServerTls::open(&shown, None).unwrap();
    let limits = Limits {
        drain_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let peers = Vec::new();
    let (begun, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::secure(Secure { tls, peers }, limits, move |_| {
        begun.send(()).unwrap();
        std::future::pending()
    })
    .await;
    let trusted = authority.file(folder.path(), "ca.pem");
    let bearer = Bearer::none().with_tls(ClientTls::open(&trusted, None).unwrap());
    let calling = tokio::spawn(call(server.channel_by_tls("localhost", bearer), ""));
    calls.recv().await.unwrap();
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { connections_cut: 1 });
    assert!(calling.await.unwrap().is_err());
}
