//! The floor under a call: a bare tonic server of the same bytes, at the same path.
//!
//! It takes the bytes of a request and answers with bytes as many as Mesur's answer has. It decodes
//! nothing, checks no token and keeps nothing; its server is tonic's with nothing set.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio_stream::StreamExt as _;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{ClientStreamingService, Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status, Streaming};

use crate::raw::RawCodec;

/// How many bytes the answer has: the header that a client of the harness says it with.
pub(crate) const ANSWER_BYTES: &str = "answer-bytes";

/// Answers with bytes that mean nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "mesur.submission.v1.SubmissionService";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let streamed = request.uri().path().ends_with("/UploadReturn");
        Box::pin(async move {
            let mut grpc = Grpc::new(RawCodec);
            Ok(if streamed {
                grpc.client_streaming(Self, request).await
            } else {
                grpc.unary(Self, request).await
            })
        })
    }
}

impl UnaryService<Bytes> for Echo {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        Box::pin(async move { answer(&request) })
    }
}

impl ClientStreamingService<Bytes> for Echo {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, mut request: Request<Streaming<Bytes>>) -> Self::Future {
        Box::pin(async move {
            while let Some(chunk) = request.get_mut().next().await {
                chunk?;
            }
            answer(&request)
        })
    }
}

fn answer<T>(request: &Request<T>) -> Result<Response<Bytes>, Status> {
    let header = request.metadata().get(ANSWER_BYTES);
    let length = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let length: usize = length.ok_or_else(|| Status::invalid_argument(ANSWER_BYTES))?;
    // Zeroed pages cost what an encoded answer of this size costs at the least.
    Ok(Response::new(Bytes::from(vec![0; length])))
}
