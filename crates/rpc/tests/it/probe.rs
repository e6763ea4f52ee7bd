//! A service under the name of a real one, whose every method takes a string and answers a string or
//! a status.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use mesur_access::dev::Issuer;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::channel::Connection;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::{self, Contract, Drained, Limits, Listener};
use mesur_rpc::tls::ServerTls;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::codegen::{Body as HttpBody, BoxFuture, Bytes, Context, Poll, Service, StdError};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::service::interceptor::{InterceptedService, Interceptor};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

pub(crate) const NAME: &str = "mesur.publication.v1.PublicationService";

type Handle = Arc<dyn Fn(Request<String>) -> BoxFuture<String, Status> + Send + Sync>;

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
        let answer = (self.0)(request);
        Box::pin(async move { answer.await.map(Response::new) })
    }
}

/// What a server by TLS has besides.
pub(crate) struct Secure {
    pub(crate) tls: ServerTls,
    /// Names that may act as a service.
    pub(crate) peers: Vec<String>,
}

/// A running probe server, and the issuer of the tokens that it takes.
pub(crate) struct Server {
    pub(crate) issuer: Issuer,
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
        Self::of_requests(limits, move |request| handle(request.into_inner())).await
    }

    /// A server whose methods see the whole request.
    pub(crate) async fn of_requests<F, A>(limits: Limits, handle: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, Status>> + Send + 'static,
    {
        Self::serving(None, limits, handle).await
    }

    /// A server by TLS, whose methods see the whole request.
    pub(crate) async fn secure<F, A>(secure: Secure, limits: Limits, handle: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, Status>> + Send + 'static,
    {
        Self::serving(Some(secure), limits, handle).await
    }

    async fn serving<F, A>(secure: Option<Secure>, limits: Limits, handle: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, Status>> + Send + 'static,
    {
        let issuer = Issuer::generate();
        let mut listener = Listener::loopback(0).await.unwrap();
        let mut authenticator = Authenticator::trusting(&issuer, Arc::new(SystemClock));
        if let Some(Secure { tls, peers }) = secure {
            listener = listener.with_tls(tls);
            authenticator = authenticator.with_peers(peers);
        }
        let address = listener.local_addr();
        let stop = CancellationToken::new();
        let routes = Routes::new(Probe(Arc::new(move |request| Box::pin(handle(request)))));
        let contract = Contract {
            service_names: vec![NAME],
            ..Contract::default()
        };
        let serving = server::serve(
            "probe",
            listener,
            routes,
            contract,
            authenticator,
            limits,
            stop.clone(),
        );
        Self {
            issuer,
            address,
            stop,
            running: tokio::spawn(serving),
        }
    }

    /// A channel of the public.
    pub(crate) fn channel(&self) -> Connection {
        self.channel_of(Bearer::none())
    }

    pub(crate) fn channel_of(&self, bearer: Bearer) -> Connection {
        mesur_rpc::channel::connect_lazy(&format!("http://{}", self.address), bearer).unwrap()
    }

    /// A channel to the server under this name.
    pub(crate) fn channel_by_tls(&self, host: &str, bearer: Bearer) -> Connection {
        let endpoint = format!("https://{host}:{}", self.address.port());
        mesur_rpc::channel::connect_lazy(&endpoint, bearer).unwrap()
    }

    /// A channel that sends what `interceptor` adds.
    pub(crate) fn channel_with<I: Interceptor>(
        &self,
        interceptor: I,
    ) -> InterceptedService<Channel, I> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        InterceptedService::new(endpoint.connect_lazy(), interceptor)
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

/// Calls a method of the probe that is for everybody.
pub(crate) async fn call<C>(channel: C, text: &str) -> Result<String, Status>
where
    C: GrpcService<Body>,
    C::ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    call_method(channel, "GetRelease", text).await
}

/// Calls a method of the probe.
pub(crate) async fn call_method<C>(channel: C, method: &str, text: &str) -> Result<String, Status>
where
    C: GrpcService<Body>,
    C::ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    let mut client = tonic::client::Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.into().to_string()))?;
    let path = PathAndQuery::try_from(format!("/{NAME}/{method}")).expect("a path");
    let codec = ProstCodec::<String, String>::default();
    client
        .unary(Request::new(text.to_owned()), path, codec)
        .await
        .map(Response::into_inner)
}
