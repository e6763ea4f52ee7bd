//! Who is let in, and what they are told who are not.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::dev::Issuer;
use mesur_access::keys::KeySet;
use mesur_access::token::Error as TokenError;
use mesur_access::{KeySource, Renewal, Role, Verifier};
use mesur_rpc::access::{Authenticator, Bearer, Error, grant};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::probe::{NAME, Server, call_method};

/// A method for everybody, one for statisticians, one for publishers, and one that is none.
const PUBLIC: &str = "GetRelease";
const STATISTICIANS: &str = "CompileRelease";
const PUBLISHERS: &str = "PublishRelease";
const UNKNOWN: &str = "GetReleases";

const HOUR: Duration = Duration::from_hours(1);

/// Answers with who calls.
async fn server() -> Server {
    Server::of_requests(Limits::default(), |request| {
        let caller = grant(&request).map(|grant| grant.identity().to_owned());
        async move { caller.map_err(|_| Status::internal("no grant")) }
    })
    .await
}

fn token(issuer: &Issuer, roles: &[Role]) -> String {
    issuer.token("somebody", roles, HOUR, Timestamp::now())
}

/// What a caller with these `authorization` headers is told: the answer, or code, reason and text.
async fn told(
    server: &Server,
    method: &str,
    headers: &[&str],
) -> Result<String, (Code, String, String)> {
    let headers: Vec<_> = headers.iter().map(|text| text.parse().unwrap()).collect();
    let channel = server.channel_with(move |mut request: Request<()>| {
        for header in &headers {
            let header: &tonic::metadata::MetadataValue<_> = header;
            request
                .metadata_mut()
                .append("authorization", header.clone());
        }
        Ok(request)
    });
    call_method(channel, method, "").await.map_err(|status| {
        let details = status.get_error_details();
        let info = details.error_info();
        if let Some(info) = info {
            assert_eq!(info.domain, "probe.mesur");
            assert!(info.metadata.is_empty());
        }
        let reason = info.map_or_else(String::new, |info| info.reason.clone());
        (status.code(), reason, status.message().to_owned())
    })
}

#[tokio::test]
async fn a_caller_is_let_in_by_a_role_in_the_row_of_the_method() {
    let server = server().await;
    let bearer = |roles: &[Role]| format!("Bearer {}", token(&server.issuer, roles));
    let publisher = bearer(&[Role::Publisher]);
    let both = bearer(&[Role::Publisher, Role::Statistician]);
    let nobody = bearer(&[]);
    let refused = |code, reason: &str, text: &str| Err((code, reason.to_owned(), text.to_owned()));
    let denied = || {
        refused(
            Code::PermissionDenied,
            "PERMISSION_DENIED",
            "the caller may not do this",
        )
    };
    let unnamed = || {
        refused(
            Code::Unauthenticated,
            "NO_TOKEN",
            "this method needs a bearer token",
        )
    };
    let somebody = || Ok("somebody".to_owned());
    for (method, headers, expected) in [
        (PUBLIC, vec![], Ok(String::new())),
        (STATISTICIANS, vec![], unnamed()),
        (PUBLISHERS, vec![], unnamed()),
        (PUBLIC, vec![publisher.as_str()], somebody()),
        (STATISTICIANS, vec![publisher.as_str()], denied()),
        (PUBLISHERS, vec![publisher.as_str()], somebody()),
        (STATISTICIANS, vec![both.as_str()], somebody()),
        (PUBLIC, vec![nobody.as_str()], somebody()),
        (PUBLISHERS, vec![nobody.as_str()], denied()),
    ] {
        assert_eq!(told(&server, method, &headers).await, expected, "{method}");
    }
    let lower = publisher.replace("Bearer ", "bearer   ");
    assert_eq!(told(&server, PUBLISHERS, &[&lower]).await, somebody());
}

#[tokio::test]
async fn a_bad_token_is_refused_everywhere_and_only_an_old_one_is_told_why() {
    let server = server().await;
    let roles = [Role::Statistician, Role::Publisher];
    let good = token(&server.issuer, &roles);
    let foreign = token(&Issuer::generate(), &roles);
    let old = Timestamp::now() - 2 * HOUR;
    let expired = server.issuer.token("somebody", &roles, HOUR, old);
    let invalid = "the bearer token is not valid";
    let header = "the authorization header is not one bearer token";
    let long = format!("Bearer {}", "x".repeat(9_000));
    for (headers, text) in [
        (vec![format!("Bearer {foreign}")], invalid),
        (
            vec![format!("Bearer {expired}")],
            "the bearer token is expired",
        ),
        (vec![format!("Bearer {}", &good[..good.len() - 1])], invalid),
        (vec![format!("Bearer {good} {good}")], invalid),
        (vec![long], invalid),
        (vec!["Bearer ".to_owned()], invalid),
        (vec![good.clone()], header),
        (vec![format!("Basic {good}")], header),
        (vec!["Basic c29tZWJvZHk6c2VjcmV0".to_owned()], header),
        (vec![String::new()], header),
        (
            vec![format!("Bearer {good}"), format!("Bearer {good}")],
            header,
        ),
    ] {
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        for method in [PUBLIC, STATISTICIANS] {
            let refused = Err((
                Code::Unauthenticated,
                "INVALID_TOKEN".to_owned(),
                text.to_owned(),
            ));
            assert_eq!(
                told(&server, method, &headers).await,
                refused,
                "{headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_method_is_unimplemented_for_everybody_and_health_asks_for_no_token() {
    let server = server().await;
    let good = format!("Bearer {}", token(&server.issuer, &[Role::Statistician]));
    for headers in [vec![], vec![good.as_str()], vec!["Bearer x"]] {
        let unknown = told(&server, UNKNOWN, &headers).await;
        let (code, reason, text) = unknown.expect_err("refused");
        assert_eq!(
            (code, reason.as_str(), text.as_str()),
            (Code::Unimplemented, "", "")
        );
    }
    let bearer = Bearer::new("not-a-token").unwrap();
    let mut health = HealthClient::new(server.channel_of(bearer));
    let service = NAME.to_owned();
    assert!(health.check(HealthCheckRequest { service }).await.is_ok());
}

/// A provider that is asked, and answers after a time.
struct Slow(Duration);

impl KeySource for Slow {
    fn keys(&self) -> Option<Arc<KeySet>> {
        None
    }

    fn renewal(&self) -> Option<Renewal> {
        Some(Box::pin(sleep(self.0)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_the_keys_of_a_provider_so_long_and_no_longer() {
    for (answers, waits) in [(4_999, 4_999), (5_000, 5_000), (5_001, 5_000)] {
        let keys = Arc::new(Slow(Duration::from_millis(answers)));
        let verifier = Verifier::from_source(Issuer::generate().settings(), keys);
        let authenticator = Authenticator::new(verifier, Arc::new(SystemClock));
        let begun = Instant::now();
        let refused = Error::NoKeys(TokenError::NoKeys);
        assert!(
            authenticator.settle(&refused).await,
            "it is looked at again"
        );
        assert_eq!(begun.elapsed(), Duration::from_millis(waits));
    }
}

#[tokio::test]
async fn a_token_in_a_file_is_shown_and_a_text_that_is_no_token_is_refused() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.token");
    assert!(Bearer::from_file(&path).is_err());
    for wrong in ["", "\n", "two words", "w\u{14f}rd", "a\nb"] {
        assert!(Bearer::new(wrong).is_err(), "{wrong:?}");
        fs::write(&path, wrong).unwrap();
        assert!(Bearer::from_file(&path).is_err(), "{wrong:?}");
    }
    fs::write(
        &path,
        format!("{}\n", token(&server.issuer, &[Role::Publisher])),
    )
    .unwrap();
    let channel = server.channel_of(Bearer::from_file(&path).unwrap());
    let called = call_method(channel, PUBLISHERS, "").await;
    assert_eq!(called.unwrap(), "somebody");
}
