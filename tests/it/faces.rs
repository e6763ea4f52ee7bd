//! Every service tells its health and describes itself.

use std::sync::Arc;

use mesur_catalogue::Catalogue;
use mesur_publication::Timetable;
use mesur_rpc::access::Bearer;
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// The names of the services that a server says it has.
async fn described(channel: Connection) -> Vec<String> {
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(channel);
    let answers = client.server_reflection_info(tokio_stream::once(ask)).await;
    let answer = answers.expect("a stream").into_inner().message().await;
    match answer
        .expect("an answer")
        .expect("one answer")
        .message_response
    {
        Some(MessageResponse::ListServicesResponse(list)) => list
            .service
            .into_iter()
            .map(|service| service.name)
            .collect(),
        other => panic!("no list of services: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_is_healthy_and_describes_itself() {
    let config = Config {
        catalogue: Arc::new(Catalogue::bundled().expect("bundled")),
        stores: Stores::Memory,
        ports: Ports::default(),
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled().expect("a timetable"),
    };
    let suite = Suite::start(config, CancellationToken::new())
        .await
        .expect("the suite starts");
    let at = suite.endpoints().clone();
    for (endpoint, name) in [
        (&at.submission, "mesur.submission.v1.SubmissionService"),
        (&at.submission, "mesur.catalogue.v1.CatalogueService"),
        (&at.validation, "mesur.validation.v1.ValidationService"),
        (&at.aggregation, "mesur.aggregation.v1.AggregationService"),
        (&at.publication, "mesur.publication.v1.PublicationService"),
    ] {
        let channel = connect_lazy(endpoint, Bearer::none()).expect("an endpoint");
        let request = HealthCheckRequest {
            service: name.to_owned(),
        };
        let health = HealthClient::new(channel.clone()).check(request).await;
        let health = health.expect(name).into_inner();
        assert_eq!(health.status, ServingStatus::Serving as i32, "{name}");
        let services = described(channel).await;
        assert!(
            services.iter().any(|found| found == name),
            "{name} in {services:?}"
        );
    }
    suite.stop().await.expect("the suite stops");
}
