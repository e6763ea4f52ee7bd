//! Exporting the store of a running service.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_proto::operations::v1::ExportStoreRequest;
use mesur_proto::operations::v1::store_service_client::StoreServiceClient;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::{Connection, connect_lazy};
use mesur_rpc::clock::{Clock as _, SystemClock};
use mesur_rpc::operations::{SERVICE_NAME, store_service};
use mesur_rpc::server::{self, Contract, Limits, Listener};
use mesur_rpc::status::RETRY_DELAY;
use mesur_store::export::Reading;
use mesur_store::{Call, Commit, Error, Front, MemoryStore, Store, VALUE_BYTES_MAX};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Far more than what waits for a caller on its way.
const ROWS: u16 = 1_000;

async fn serve(store: Arc<dyn Store>, stop: CancellationToken) -> StoreServiceClient<Connection> {
    let issuer = Issuer::generate();
    let listener = Listener::loopback(0).await.unwrap();
    let address = format!("http://{}", listener.local_addr());
    let now = SystemClock.now();
    let token = issuer.token("somebody", &[Role::Operator], Duration::from_mins(5), now);
    let authenticator = Authenticator::trusting(&issuer, Arc::new(SystemClock));
    let contract = Contract {
        service_names: vec![SERVICE_NAME],
        ..Contract::default()
    };
    let routes = Routes::new(store_service("submission", store, stop.clone()));
    let limits = Limits::default();
    tokio::spawn(server::serve(
        "submission",
        listener,
        routes,
        contract,
        authenticator,
        limits,
        stop,
    ));
    StoreServiceClient::new(connect_lazy(&address, Bearer::new(&token).unwrap()).unwrap())
}

async fn export(client: &mut StoreServiceClient<Connection>) -> Result<Reading, Status> {
    let mut pieces = client
        .export_store(ExportStoreRequest {})
        .await?
        .into_inner();
    let mut reading = Reading::default();
    while let Some(piece) = pieces.message().await? {
        reading.push(&piece.content).unwrap();
    }
    Ok(reading)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_export_is_made_at_a_time_and_one_that_nobody_reads_ends_with_its_caller() {
    let store = Arc::new(MemoryStore::new());
    for row in 0..ROWS {
        let commit = Commit::new().put(row.to_be_bytes(), vec![7; VALUE_BYTES_MAX]);
        store.commit(commit).await.unwrap();
    }
    let stop = CancellationToken::new();
    let mut client = serve(store, stop.clone()).await;
    let unread = client.export_store(ExportStoreRequest {}).await.unwrap();
    let refused = export(&mut client).await.err().expect("refused");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    let info = refused.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "EXPORT_UNDER_WAY");
    drop(unread);
    // The service notices that the caller is gone; each time it is asked is a round trip.
    let asking = async {
        loop {
            match export(&mut client).await {
                Ok(reading) => break reading,
                Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
            }
        }
    };
    let reading = tokio::time::timeout(Duration::from_mins(1), asking).await;
    let contents = reading.expect("it ends").finish().unwrap();
    assert_eq!(contents.header.name, "submission");
    // The audit has both exports that began, and none that was refused.
    assert_eq!(contents.rows, u64::from(ROWS) + 2);
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_the_stop_breaks_off_is_never_taken_for_whole() {
    let store = Arc::new(MemoryStore::new());
    for row in 0..ROWS {
        let commit = Commit::new().put(row.to_be_bytes(), vec![7; VALUE_BYTES_MAX]);
        store.commit(commit).await.unwrap();
    }
    let stop = CancellationToken::new();
    let mut client = serve(store, stop.clone()).await;
    let pieces = client.export_store(ExportStoreRequest {}).await.unwrap();
    let mut pieces = pieces.into_inner();
    stop.cancel();
    let mut reading = Reading::default();
    let broken = loop {
        match pieces.message().await {
            Ok(Some(piece)) => drop(reading.push(&piece.content).unwrap()),
            Ok(None) => break None,
            Err(status) => break Some(status),
        }
    };
    assert!(broken.is_some() && reading.finish().is_err());
}

/// A store whose cluster has no majority.
#[derive(Default)]
struct Away(MemoryStore);

#[async_trait]
impl Front for Away {
    fn behind(&self) -> &dyn Store {
        &self.0
    }

    async fn pass(&self, _: Call) -> Result<(), Error> {
        let source = "too few members answer".into();
        let doing = "reading";
        Err(Error::Unavailable { doing, source })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_a_store_that_cannot_be_reached_is_told_to_come_back_later() {
    let stop = CancellationToken::new();
    let mut client = serve(Arc::new(Away::default()), stop.clone()).await;
    let refused = export(&mut client).await.err().expect("refused");
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let details = refused.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str());
    assert_eq!(reason, Some("STORE_AWAY"));
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    assert_eq!(retry, Some(RETRY_DELAY));
    stop.cancel();
}
