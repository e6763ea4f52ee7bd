//! Values as they go out: the methods whose answers are copied together instead of encoded row by row.
//!
//! Generated code answers with messages. These methods have their own way in, with the same names, the
//! same limits and the same bytes on the wire; every other method is the generated service's.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use mesur_proto::publication::v1 as pb;
use mesur_proto::publication::v1::publication_service_server::{
    PublicationServiceServer, SERVICE_NAME,
};
use mesur_rpc::channel::{MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use prost::Message;
use prost::bytes::BufMut;
use tonic::body::Body;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, BoxStream, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstDecoder;

use super::Api;
use super::dataset::{Page, Piece};

const QUERY: &str = "/mesur.publication.v1.PublicationService/QueryDataset";
const STREAM: &str = "/mesur.publication.v1.PublicationService/StreamDataset";

/// What writes itself as the message `Message`.
pub(super) trait Encoded: Send + 'static {
    /// What it is once it is decoded.
    type Message: Message + Default;

    /// About how many bytes it is: room is made for so many at once.
    fn bytes(&self) -> usize;

    /// Writes all fields.
    fn write(&self, buffer: &mut impl BufMut);

    /// The message.
    fn decoded(&self) -> Result<Self::Message, Status> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        Self::Message::decode(&*bytes).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Requests are decoded, answers write themselves.
struct EncodedCodec<Q, A>(PhantomData<(Q, A)>);

/// The writing half.
struct Writer<A>(PhantomData<A>);

impl<Q: Message + Default + 'static, A: Encoded> Codec for EncodedCodec<Q, A> {
    type Encode = A;
    type Decode = Q;
    type Encoder = Writer<A>;
    type Decoder = ProstDecoder<Q>;

    fn encoder(&mut self) -> Writer<A> {
        Writer(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<Q> {
        ProstDecoder::default()
    }
}

impl<A: Encoded> Encoder for Writer<A> {
    type Item = A;
    type Error = Status;

    fn encode(&mut self, item: A, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(item.bytes());
        item.write(buffer);
        Ok(())
    }
}

fn method<Q: Message + Default + 'static, A: Encoded>() -> Grpc<EncodedCodec<Q, A>> {
    Grpc::new(EncodedCodec(PhantomData))
        .apply_max_message_size_config(Some(REQUEST_BYTES_MAX), Some(MESSAGE_BYTES_MAX))
}

struct Query(Arc<Api>);

impl UnaryService<pb::QueryDatasetRequest> for Query {
    type Response = Page;
    type Future = Ready<Result<Response<Page>, Status>>;

    fn call(&mut self, request: Request<pb::QueryDatasetRequest>) -> Self::Future {
        ready(self.0.query(&request).map(Response::new))
    }
}

struct Stream(Arc<Api>);

impl ServerStreamingService<pb::StreamDatasetRequest> for Stream {
    type Response = Piece;
    type ResponseStream = BoxStream<Piece>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<pb::StreamDatasetRequest>) -> Self::Future {
        let pieces = self.0.pieces(&request);
        ready(pieces.map(|pieces| {
            let pieces = tokio_stream::iter(pieces.map(Ok));
            Response::new(Box::pin(pieces) as Self::ResponseStream)
        }))
    }
}

/// All methods of the service.
#[derive(Clone)]
pub(crate) struct PublicationServer {
    api: Arc<Api>,
    generated: PublicationServiceServer<Api>,
}

impl PublicationServer {
    /// Serves `api`.
    pub(crate) fn new(api: Api) -> Self {
        let api = Arc::new(api);
        let generated = PublicationServiceServer::from_arc(Arc::clone(&api))
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Self { api, generated }
    }
}

impl NamedService for PublicationServer {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for PublicationServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let api = Arc::clone(&self.api);
        match request.uri().path() {
            QUERY => Box::pin(async { Ok(method().unary(Query(api), request).await) }),
            STREAM => Box::pin(async { Ok(method().server_streaming(Stream(api), request).await) }),
            _ => self.generated.call(request),
        }
    }
}
