//! Clients that call as fast as they are answered.
//!
//! Each has a connection of its own, shows its token and sends bytes that were encoded before. What
//! a call costs on this side is the same whoever answers.

use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use mesur_rpc::channel::MESSAGE_BYTES_MAX;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{IntoStreamingRequest, Request};

use crate::content::Submission;
use crate::floor::echo::Payload;
use crate::raw::RawCodec;

pub(crate) const SUBMIT: &str = "/mesur.submission.v1.SubmissionService/SubmitReturn";
const RECORD_PREVIOUS: &str = "/mesur.submission.v1.SubmissionService/RecordPreviousValues";
pub(crate) const QUERY: &str = "/mesur.publication.v1.PublicationService/QueryDataset";
const UPLOAD: &str = "/mesur.submission.v1.SubmissionService/UploadReturn";

/// One sender.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    grpc: Grpc<Channel>,
    authorization: MetadataValue<Ascii>,
    /// Whether what is sent goes to the bare server, as a payload.
    echoed: bool,
    /// What it sends by turns, so that no two revisions in a row are the same.
    submissions: [Submission; 2],
    sent: usize,
}

impl Client {
    /// Connects to a server.
    pub(crate) async fn connect(
        address: &str,
        token: &str,
        submissions: [Submission; 2],
    ) -> anyhow::Result<Self> {
        let channel = Endpoint::from_str(address)?.connect().await?;
        Ok(Self {
            grpc: Grpc::new(channel),
            authorization: format!("Bearer {token}").parse()?,
            echoed: false,
            submissions,
            sent: 0,
        })
    }

    /// Sends to a bare server, which takes the same bytes as a payload.
    pub(crate) fn echoed(mut self) -> Self {
        self.echoed = true;
        self
    }

    /// The bytes of the next submission, with a request id of its own.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let [one, other] = &self.submissions;
        self.sent += 1;
        if self.sent.is_multiple_of(2) {
            one
        } else {
            other
        }
        .next()
    }

    /// Sends the next submission and waits for the answer.
    pub(crate) async fn submit(&mut self) -> anyhow::Result<Bytes> {
        let bytes = self.next();
        let bytes = if self.echoed {
            Payload::encoded(bytes)
        } else {
            bytes.into()
        };
        self.call(SUBMIT, bytes).await
    }

    /// Records values of the year before.
    pub(crate) async fn record_previous(&mut self, request: Bytes) -> anyhow::Result<()> {
        self.call(RECORD_PREVIOUS, request).await?;
        Ok(())
    }

    async fn call(&mut self, path: &'static str, bytes: Bytes) -> anyhow::Result<Bytes> {
        self.grpc.ready().await?;
        let request = self.labelled(Request::new(bytes));
        let path = PathAndQuery::from_static(path);
        Ok(self.grpc.unary(request, path, RawCodec).await?.into_inner())
    }

    /// Sends a stream of messages and waits for the answer.
    pub(crate) async fn upload(
        &mut self,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> anyhow::Result<Bytes> {
        self.grpc.ready().await?;
        let request = self.labelled(messages.into_streaming_request());
        let path = PathAndQuery::from_static(UPLOAD);
        let answer = self.grpc.client_streaming(request, path, RawCodec).await?;
        Ok(answer.into_inner())
    }

    fn labelled<T>(&self, mut request: Request<T>) -> Request<T> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.authorization.clone());
        request
    }
}

/// One who asks the same again and again, without a token, as a reader may.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    grpc: Grpc<Channel>,
    request: Bytes,
}

impl Asking {
    /// Connects to a server.
    pub(crate) async fn connect(address: &str, request: Bytes) -> anyhow::Result<Self> {
        let channel = Endpoint::from_str(address)?.connect().await?;
        Ok(Self {
            grpc: Grpc::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX),
            request,
        })
    }

    /// Asks a bare server, which takes the same bytes as a payload.
    pub(crate) fn echoed(self) -> Self {
        Self {
            request: Payload::encoded(self.request.to_vec()),
            ..self
        }
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&mut self) -> anyhow::Result<Bytes> {
        self.grpc.ready().await?;
        let request = Request::new(self.request.clone());
        let path = PathAndQuery::from_static(QUERY);
        Ok(self.grpc.unary(request, path, RawCodec).await?.into_inner())
    }
}

impl Work for Asking {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.ask().await?;
        Ok(())
    }
}

/// Something that is done again and again.
pub(crate) trait Work: Send + 'static {
    /// Does it once.
    fn once(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

impl Work for Client {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.submit().await?;
        Ok(())
    }
}

/// What came of some work.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How often a second it was done.
    pub(crate) rate: f64,
    /// How long it took each time.
    times: Vec<Duration>,
}

impl Done {
    /// How long the slowest took, but for one of a hundred, in milliseconds.
    pub(crate) fn slow(mut self) -> f64 {
        self.times.sort_unstable();
        let place = (self.times.len() * 99 / 100).min(self.times.len().saturating_sub(1));
        let slow = self.times.get(place).copied().unwrap_or_default();
        slow.as_secs_f64() * 1e3
    }
}

/// All workers do their work for so long, each as fast as it can. The first failure ends it.
pub(crate) async fn work<W: Work>(window: Duration, workers: &mut Vec<W>) -> anyhow::Result<Done> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut worker in workers.drain(..) {
        tasks.spawn(async move {
            let mut times = Vec::new();
            let mut begun = start.elapsed();
            while begun < window {
                worker.once().await?;
                let ended = start.elapsed();
                times.push(ended.saturating_sub(begun));
                begun = ended;
            }
            anyhow::Ok((worker, times))
        });
    }
    let mut times = Vec::new();
    let mut count = 0u32;
    while let Some(ended) = tasks.join_next().await {
        let (worker, done) = ended.context("a worker panicked")??;
        workers.push(worker);
        count += u32::try_from(done.len())?;
        times.extend(done);
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    Ok(Done { rate, times })
}

/// How often a second all workers together get their work done.
pub(crate) fn rate<W: Work>(
    runtime: &Runtime,
    window: Duration,
    workers: &mut Vec<W>,
) -> anyhow::Result<f64> {
    Ok(runtime.block_on(work(window, workers))?.rate)
}

/// How often clients connect in one round of [`rate_anew`].
const CONNECTIONS: u32 = 8;

/// The rate of clients that connect anew several times, one set of connections after another, all within
/// the window. A connection may be half as fast again as the next for as long as it lasts, by what the
/// system has made of its windows and where it has put its two ends.
pub(crate) fn rate_anew<W: Work>(
    runtime: &Runtime,
    window: Duration,
    mut connect: impl FnMut() -> anyhow::Result<Vec<W>>,
) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for _ in 0..CONNECTIONS {
        sum += rate(runtime, window / CONNECTIONS, &mut connect()?)?;
    }
    Ok(sum / f64::from(CONNECTIONS))
}

/// The median time of one call after another, in microseconds.
pub(crate) fn median_time<W: Work>(
    runtime: &Runtime,
    window: Duration,
    worker: &mut W,
) -> anyhow::Result<f64> {
    let median = median_of(runtime, window, async || {
        let begun = Instant::now();
        worker.once().await?;
        Ok(begun.elapsed())
    });
    Ok(median? * 1e6)
}

/// The median, in seconds, of what one call after another says that it took.
pub(crate) fn median_of(
    runtime: &Runtime,
    window: Duration,
    mut call: impl AsyncFnMut() -> anyhow::Result<Duration>,
) -> anyhow::Result<f64> {
    runtime.block_on(async {
        let start = Instant::now();
        let mut times = Vec::new();
        while start.elapsed() < window || times.is_empty() {
            times.push(call().await?);
        }
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        Ok(median.as_secs_f64())
    })
}
