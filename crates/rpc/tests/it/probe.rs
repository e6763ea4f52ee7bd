//! A service of one method, `mesur.test.v1.Probe/Call`: a string goes in, a string or a status
//! comes out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::codegen::{BoxFuture, Context, Poll, Service};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

pub(crate) const NAME: &str = "mesur.test.v1.Probe";

type Handle = Arc<dyn Fn(String) -> BoxFuture<String, Status> + Send + Sync>;

#[derive(Clone)]
struct Probe(Handle);

impl NamedService for Probe {
    const NAME: &'static str = NAME;
}

impl Service<http::Request<Body>> for Probe {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = Call(self.0.clone());
        Box::pin(async move {
            let codec = ProstCodec::<String, String>::default();
            Ok(tonic::server::Grpc::new(codec).unary(method, request).await)
        })
    }
}

struct Call(Handle);

impl Service<Request<String>> for Call {
    type Response = Response<String>;
    type Error = Status;
    type Future = BoxFuture<Response<String>, Status>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let answer = (self.0)(request.into_inner());
        Box::pin(async move { answer.await.map(Response::new) })
    }
}

/// A running probe server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) stop: CancellationToken,
    running: JoinHandle<Result<Drained, server::Error>>,
}

impl Server {
    pub(crate) async fn start<F, A>(limits: Limits, handle: F) -> Self
    where
        F: Fn(String) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, Status>> + Send + 'static,
    {
        let listener = Listener::loopback(0).await.unwrap();
        let address = listener.local_addr();
        let stop = CancellationToken::new();
        let routes = Routes::new(Probe(Arc::new(move |text| Box::pin(handle(text)))));
        let contract = Contract {
            service_names: vec![NAME],
            ..Contract::default()
        };
        let serving = server::serve("probe", listener, routes, contract, limits, stop.clone());
        Self {
            address,
            stop,
            running: tokio::spawn(serving),
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        mesur_rpc::channel::connect_lazy(&format!("http://{}", self.address)).unwrap()
    }

    /// How the server ended. Never waits for ever, so that a drain that hangs fails its test.
    pub(crate) async fn ended(self) -> Drained {
        let bound = std::time::Duration::from_secs(20);
        tokio::time::timeout(bound, self.running)
            .await
            .expect("hangs")
            .unwrap()
            .unwrap()
    }
}

/// Calls the probe.
pub(crate) async fn call(channel: Channel, text: &str) -> Result<String, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static("/mesur.test.v1.Probe/Call");
    let codec = ProstCodec::<String, String>::default();
    client
        .unary(Request::new(text.to_owned()), path, codec)
        .await
        .map(Response::into_inner)
}
