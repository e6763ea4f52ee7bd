//! Callers that ask too much: of the rate, of what is open, and of the whole server.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mesur_access::Role;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::REQUEST_BYTES_MAX;
use mesur_rpc::server::{Limits, Rate};
use tokio::sync::{Semaphore, mpsc};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use crate::probe::{Server, call, call_method};

/// Slow enough that no test waits for it.
const RATE: Rate = Rate {
    per_second: 1,
    burst: 3,
};

async fn server(limits: Limits) -> Server {
    Server::start(limits, |text| async { Ok(text) }).await
}

fn bearer(server: &Server, identity: &str, role: Role) -> Bearer {
    let hour = Duration::from_hours(1);
    let token = server
        .issuer
        .token(identity, &[role], hour, Timestamp::now());
    Bearer::new(&token).unwrap()
}

/// The reason of a refusal that says when to come again.
fn reason(status: &Status) -> String {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(1),
        "{wait:?}"
    );
    assert!(details.quota_failure().is_some());
    details.error_info().unwrap().reason.clone()
}

async fn healthy(server: &Server) {
    let mut client = HealthClient::new(server.channel());
    let asked = client.check(HealthCheckRequest::default());
    asked.await.unwrap();
}

#[tokio::test]
async fn one_identity_is_held_to_its_rate_and_others_and_services_are_not() {
    let server = server(Limits {
        identity_rate: Some(RATE),
        ..Limits::default()
    })
    .await;
    let hasty = server.channel_of(bearer(&server, "hasty", Role::Statistician));
    for _ in 0..RATE.burst {
        call_method(hasty.clone(), "CompileRelease", "")
            .await
            .unwrap();
    }
    let refused = call_method(hasty.clone(), "CompileRelease", "")
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "RATE_EXCEEDED");
    let other = server.channel_of(bearer(&server, "other", Role::Statistician));
    call_method(other, "CompileRelease", "").await.unwrap();
    let service = server.channel_of(bearer(&server, "aggregation", Role::Service));
    for _ in 0..10 {
        call(service.clone(), "").await.unwrap();
    }
    healthy(&server).await;
}

#[tokio::test]
async fn one_address_is_held_to_its_rate_before_anybody_asks_who_it_is() {
    let server = server(Limits {
        address_rate: Some(RATE),
        limit_loopback: true,
        ..Limits::default()
    })
    .await;
    let forged = server.channel_of(Bearer::new("forged").unwrap());
    for _ in 0..RATE.burst {
        let refused = call(forged.clone(), "").await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    let refused = call(forged, "").await.unwrap_err();
    assert_eq!(reason(&refused), "RATE_EXCEEDED");
    for _ in 0..10 {
        healthy(&server).await;
    }
}

/// A server whose calls say that they have begun, and wait to be released.
async fn waiting_server(limits: Limits) -> (Server, mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (begun, calls) = mpsc::unbounded_channel();
    let release = Arc::new(Semaphore::new(0));
    let released = Arc::clone(&release);
    let server = Server::start(limits, move |text| {
        begun.send(()).unwrap();
        let released = Arc::clone(&released);
        async move {
            released.acquire().await.unwrap().forget();
            Ok(text)
        }
    })
    .await;
    (server, calls, release)
}

#[tokio::test]
async fn calls_beyond_what_the_server_does_wait_a_moment_and_more_are_refused_at_once() {
    let (server, mut begun, release) = waiting_server(Limits {
        calls_max: 2,
        waiting_calls_max: 1,
        waiting_timeout: Duration::from_secs(20),
        ..Limits::default()
    })
    .await;
    // Each by a connection of its own: the limit is of the whole server.
    let first = tokio::spawn(call(server.channel(), "first"));
    let second = tokio::spawn(call(server.channel(), "second"));
    begun.recv().await.unwrap();
    begun.recv().await.unwrap();
    let (third, fourth) = (server.channel(), server.channel());
    let (done, refusals) = tokio::join!(
        async {
            // Two more: one of them finds the place to wait in, the other none.
            let calls = (call(third, "third"), call(fourth, "fourth"));
            tokio::pin! { let third = calls.0; let fourth = calls.1; }
            tokio::select! {
                refused = &mut third => { (refused, release.add_permits(3), fourth.await) }
                refused = &mut fourth => { (refused, release.add_permits(3), third.await) }
            }
        },
        async {
            healthy(&server).await;
        }
    );
    let ((), (refused, (), waited)) = (refusals, done);
    assert_eq!(reason(&refused.unwrap_err()), "OVERLOADED");
    waited.unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    release.add_permits(1);
    call(server.channel(), "again").await.unwrap();
}

#[tokio::test]
async fn a_call_that_waits_too_long_is_refused() {
    let (server, mut begun, release) = waiting_server(Limits {
        calls_max: 1,
        waiting_timeout: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let first = tokio::spawn(call(server.channel(), "first"));
    begun.recv().await.unwrap();
    let refused = call(server.channel(), "second").await.unwrap_err();
    assert_eq!(reason(&refused), "OVERLOADED");
    release.add_permits(1);
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_caller_has_so_many_calls_open_and_leaves_room_for_others() {
    let (server, mut begun, release) = waiting_server(Limits {
        open_calls_max: 3,
        open_calls_per_caller_max: 2,
        ..Limits::default()
    })
    .await;
    let of = |identity| server.channel_of(bearer(&server, identity, Role::Statistician));
    let mut running = Vec::new();
    for identity in ["greedy", "greedy", "other"] {
        running.push(tokio::spawn(call(of(identity), "")));
        begun.recv().await.unwrap();
        if running.len() == 2 {
            let refused = call(of("greedy"), "").await.unwrap_err();
            assert_eq!(reason(&refused), "TOO_MANY_CALLS");
        }
    }
    let refused = call(of("third"), "").await.unwrap_err();
    assert_eq!(reason(&refused), "OVERLOADED");
    release.add_permits(3);
    for call in running {
        call.await.unwrap().unwrap();
    }
    release.add_permits(1);
    call(of("greedy"), "").await.unwrap();
}

#[tokio::test]
async fn a_message_at_the_limit_is_read_and_a_byte_more_is_refused_by_its_name() {
    let server = server(Limits::default()).await;
    // Before the text stand its tag and its length.
    let most = REQUEST_BYTES_MAX - 5;
    let answer = call(server.channel(), &"x".repeat(most)).await.unwrap();
    assert_eq!(answer.len(), most);
    let refused = call(server.channel(), &"x".repeat(most + 1))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "REQUEST_TOO_LARGE");
}
