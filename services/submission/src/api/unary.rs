//! `SubmitReturn` as the server takes it in: its message is read where it lies, by
//! [`mesur_wire::Submitted`], because making a `String` of every text of a thousand observations would
//! cost more than all that is done with them.
//!
//! Every other method goes to the generated server.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use mesur_proto::submission::v1 as pb;
use mesur_proto::submission::v1::submission_service_server::{
    SERVICE_NAME, SubmissionServiceServer,
};
use mesur_rpc::channel::{MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX};
use prost::Message as _;
use prost::bytes::{Buf as _, Bytes};
use tonic::body::Body;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};

use super::Api;

const METHOD: &str = "/mesur.submission.v1.SubmissionService/SubmitReturn";

/// Bytes of the buffer that a message is taken in with: a return of 1,200 cells, and as much again that
/// tonic asks for when it knows the length, so that it is not moved as it comes.
const TAKEN_IN_BYTES: usize = 64 * 1024;

/// The server of the submission service.
#[derive(Clone)]
pub(crate) struct ApiServer {
    api: Arc<Api>,
    generated: SubmissionServiceServer<Api>,
}

impl ApiServer {
    /// Serves `api`.
    pub(crate) fn new(api: Api) -> Self {
        let api = Arc::new(api);
        let generated = SubmissionServiceServer::from_arc(Arc::clone(&api))
            .max_decoding_message_size(REQUEST_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Self { api, generated }
    }
}

impl NamedService for ApiServer {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for ApiServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != METHOD {
            return self.generated.call(request);
        }
        let method = SubmitReturn(Arc::clone(&self.api));
        Box::pin(async move {
            let mut grpc = Grpc::new(AsItCame)
                .apply_max_message_size_config(Some(REQUEST_BYTES_MAX), Some(MESSAGE_BYTES_MAX));
            Ok(grpc.unary(method, request).await)
        })
    }
}

struct SubmitReturn(Arc<Api>);

impl UnaryService<Bytes> for SubmitReturn {
    type Response = pb::SubmitReturnResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let api = Arc::clone(&self.0);
        Box::pin(async move { api.submit_bytes(request).await })
    }
}

/// Takes a message as the bytes that it is, and answers with one.
#[derive(Debug, Clone, Copy)]
struct AsItCame;

impl Codec for AsItCame {
    type Encode = pb::SubmitReturnResponse;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsItCame {
    type Item = pb::SubmitReturnResponse;
    type Error = Status;

    fn encode(&mut self, item: Self::Item, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for AsItCame {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(TAKEN_IN_BYTES, TAKEN_IN_BYTES)
    }
}
