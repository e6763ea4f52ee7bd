//! How a server ends, and what it says of itself until then.

use std::sync::Arc;
use std::time::Duration;

use mesur_rpc::server::{Drained, Limits, Listener};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::probe::{self, Server, call};

fn impatient() -> Limits {
    Limits {
        drain_timeout: Duration::from_millis(100),
        ..Limits::default()
    }
}

/// A server whose calls say that they have begun, and wait to be released.
async fn waiting_server(limits: Limits) -> (Server, mpsc::UnboundedReceiver<Ending>, Arc<Notify>) {
    let (begun, calls) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let server = Server::start(limits, move |text| {
        let (gone, ending) = mpsc::unbounded_channel::<()>();
        begun.send(ending).unwrap();
        let released = Arc::clone(&released);
        async move {
            released.notified().await;
            drop(gone);
            Ok(text)
        }
    })
    .await;
    (server, calls, release)
}

/// A drain that would outlast the test.
fn endless() -> Limits {
    Limits {
        drain_timeout: Duration::from_hours(1),
        ..Limits::default()
    }
}

/// Closes when the handler of a call has returned or was dropped.
type Ending = mpsc::UnboundedReceiver<()>;

#[tokio::test]
async fn a_client_that_connects_and_never_speaks_is_let_go_at_the_stop() {
    let server = Server::start(endless(), |text| async { Ok(text) }).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    // Connections are accepted in order: after this call the silent one is in the server's hands.
    assert_eq!(call(server.channel(), "hello").await.unwrap(), "hello");
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { connections_cut: 0 });
    // Ends, after the settings the server sent unasked.
    let mut sent = Vec::new();
    let ended = silent.read_to_end(&mut sent);
    assert!(timeout(Duration::from_secs(20), ended).await.is_ok());
}

#[tokio::test]
async fn a_client_that_stops_speaking_half_way_holds_the_drain_no_longer_than_its_bound() {
    let server = Server::start(impatient(), |text| async { Ok(text) }).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    // The server has read what came before a later call is answered.
    assert_eq!(call(server.channel(), "hello").await.unwrap(), "hello");
    server.stop.cancel();
    assert!(server.ended().await.connections_cut <= 1);
}

#[tokio::test]
async fn a_call_in_flight_finishes_and_nothing_new_is_accepted() {
    let (server, mut calls, release) = waiting_server(Limits::default()).await;
    let running = tokio::spawn(call(server.channel(), "hello"));
    let mut ending = calls.recv().await.unwrap();
    let address = server.address;
    server.stop.cancel();
    // The listening socket closes before the calls are waited for.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    assert_eq!(running.await.unwrap().unwrap(), "hello");
    assert_eq!(ending.recv().await, None);
    assert_eq!(server.ended().await, Drained { connections_cut: 0 });
}

#[tokio::test]
async fn a_call_that_outlasts_the_drain_is_cut_and_its_handler_dropped() {
    let (server, mut calls, _release) = waiting_server(impatient()).await;
    let running = tokio::spawn(call(server.channel(), "hello"));
    let mut ending = calls.recv().await.unwrap();
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { connections_cut: 1 });
    running.await.unwrap().unwrap_err();
    assert_eq!(ending.recv().await, None);
}

#[tokio::test]
async fn one_call_too_many_on_a_connection_is_refused_at_once() {
    let limits = Limits {
        calls_per_connection_max: 1,
        ..Limits::default()
    };
    let (server, mut calls, release) = waiting_server(limits).await;
    let channel = server.channel();
    let first = tokio::spawn(call(channel.clone(), "first"));
    calls.recv().await.unwrap();
    let refused = call(channel, "second").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    release.notify_one();
    assert_eq!(first.await.unwrap().unwrap(), "first");
}

#[tokio::test]
async fn a_health_watcher_sees_the_server_go_and_does_not_hold_it() {
    let server = Server::start(Limits::default(), |text| async { Ok(text) }).await;
    let request = HealthCheckRequest {
        service: probe::NAME.to_owned(),
    };
    let mut client = HealthClient::new(server.channel());
    let mut seen = client.watch(request).await.unwrap().into_inner();
    let first = seen.next().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    server.stop.cancel();
    let second = seen.next().await.unwrap().unwrap();
    assert_eq!(second.status(), ServingStatus::NotServing);
    assert!(seen.next().await.is_none());
    assert_eq!(server.ended().await, Drained { connections_cut: 0 });
}

#[tokio::test]
async fn reflection_lists_the_services_of_the_contract() {
    let server = Server::start(Limits::default(), |text| async { Ok(text) }).await;
    let ask = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut client = ServerReflectionClient::new(server.channel());
    let answers = client
        .server_reflection_info(tokio_stream::once(ask))
        .await
        .unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<_> = list
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["grpc.health.v1.Health", probe::NAME]);
}

#[tokio::test]
async fn a_taken_port_is_found_before_anything_is_served() {
    let first = Listener::loopback(0).await.unwrap();
    let error = Listener::bind(first.local_addr()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("listening on {}", first.local_addr())
    );
}
