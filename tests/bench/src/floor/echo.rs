//! The floor under a call: a bare tonic server that echoes, at the path of Mesur's method.
//!
//! Its message has one field of bytes, through the codec that tonic generates for any service; it
//! answers with the message that it got, or with one that it was given at its start, checks no token
//! and keeps nothing; with a log it appends what it got, and answers with nothing once that is on disk. A
//! stream it reads to its end, and answers with an empty message. Nothing of the server is set.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use prost::Message;
use tokio_stream::StreamExt as _;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{ClientStreamingService, Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::append::AppendLog;
use crate::raw::RawCodec;

/// What is echoed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(bytes = "vec", tag = "1")]
    payload: Vec<u8>,
}

impl Payload {
    /// The message with these bytes, encoded.
    pub(crate) fn encoded(payload: Vec<u8>) -> Bytes {
        Self { payload }.encode_to_vec().into()
    }
}

/// Echoes at the paths of submission.
#[derive(Clone)]
pub(crate) struct Echo {
    does: Does,
}

/// What is done with a call.
#[derive(Clone)]
enum Does {
    Echo,
    Answer(Arc<Payload>),
    Append(Arc<AppendLog>),
}

/// The same at the paths of publication.
#[derive(Clone)]
pub(crate) struct Reading(pub(crate) Echo);

impl Echo {
    /// Answers with these bytes; without any, with what it gets.
    pub(crate) fn answering(answer: Option<Vec<u8>>) -> Self {
        let answer = answer.map(|payload| Does::Answer(Arc::new(Payload { payload })));
        Self {
            does: answer.unwrap_or(Does::Echo),
        }
    }

    /// Answers with nothing, once what it got is on disk.
    pub(crate) fn appending(log: AppendLog) -> Self {
        Self {
            does: Does::Append(Arc::new(log)),
        }
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "mesur.submission.v1.SubmissionService";
}

impl NamedService for Reading {
    const NAME: &'static str = "mesur.publication.v1.PublicationService";
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
        let echo = self.clone();
        Box::pin(async move {
            Ok(if streamed {
                Grpc::new(RawCodec).client_streaming(echo, request).await
            } else {
                let codec = ProstCodec::<Payload, Payload>::default();
                Grpc::new(codec).unary(echo, request).await
            })
        })
    }
}

impl Service<http::Request<Body>> for Reading {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Service::call(&mut self.0, request)
    }
}

impl UnaryService<Payload> for Echo {
    type Response = Payload;
    type Future = BoxFuture<Response<Payload>, Status>;

    fn call(&mut self, request: Request<Payload>) -> Self::Future {
        let does = self.does.clone();
        Box::pin(async move {
            let payload = match does {
                Does::Echo => request.into_inner(),
                Does::Answer(answer) => Payload::clone(&answer),
                Does::Append(log) => {
                    let appended = log.append(request.into_inner().payload.into()).await;
                    appended.map_err(|error| Status::internal(error.to_string()))?;
                    Payload::default()
                }
            };
            Ok(Response::new(payload))
        })
    }
}

impl ClientStreamingService<Bytes> for Echo {
    type Response = Bytes;
    type Future = BoxFuture<Response<Bytes>, Status>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        Box::pin(async move {
            let mut stream = request.into_inner();
            while let Some(chunk) = stream.next().await {
                chunk?;
            }
            Ok(Response::new(Bytes::new()))
        })
    }
}
