//! Calls that are refused early, so that those let in are answered.
//!
//! Every call passes twice. [`AddressLayer`] stands before it is known who calls and holds addresses
//! to their rate. [`CallLayer`] stands behind the gate: it holds identities to theirs, and lets so
//! many calls work at a time; a few more wait for a moment, and what is beyond them is told at once
//! to come again. A call counts as at work until its response begins, and as open until the answer is
//! sent.
//!
//! Health is never refused here: answering costs no more than refusing. Nor is reflection behind the
//! gate.

use std::collections::HashMap;
use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use mesur_access::{Grant, Role};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{Extensions, HeaderName, Request, Response};
use tower::{Layer, Service};
use tracing::warn;

use super::Limits;
use super::answer::{Answer, Open};
use super::deadline::within;
use super::rates::{Buckets, network};
use crate::status::{Kind, RETRY_DELAY, Reason, to_status};
use crate::tls::Peer;

/// The service of every server that is never refused.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// The header with the code of a status.
static STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// How often a log line says that calls are refused.
const SAID_EVERY: Duration = Duration::from_secs(10);

type Answered = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// Why a call is refused before its method is reached.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("more calls than one caller may make: {per_second} a second")]
    Rate { per_second: u32, wait: Duration },
    #[error("more calls open than one caller may have: {limit}")]
    CallerCalls { limit: usize },
    #[error("the service is busy: {limit} calls are open")]
    OpenCalls { limit: usize },
    #[error("the service is busy: {limit} calls are at work")]
    Calls { limit: usize },
    #[error("the request is larger than the largest message that is taken, 4 MiB")]
    RequestTooLarge,
}

impl Reason for Error {
    fn reason(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "RATE_EXCEEDED",
            Self::CallerCalls { .. } => "TOO_MANY_CALLS",
            Self::OpenCalls { .. } | Self::Calls { .. } => "OVERLOADED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::RequestTooLarge => Kind::Invalid,
            _ => Kind::TooMuch,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Rate { per_second, .. } => vec![("calls_per_second", per_second.to_string())],
            Self::CallerCalls { limit } | Self::OpenCalls { limit } | Self::Calls { limit } => {
                vec![("calls_max", limit.to_string())]
            }
            Self::RequestTooLarge => {
                let bytes = crate::channel::REQUEST_BYTES_MAX;
                vec![("limit_bytes", bytes.to_string())]
            }
        }
    }

    fn retry_after(&self) -> Duration {
        match self {
            Self::Rate { wait, .. } => *wait,
            _ => RETRY_DELAY,
        }
    }
}

/// Who is counted as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Identity(String),
    Network([u16; 4]),
}

/// All that one server counts. Its layers share it.
pub(super) struct Shedding {
    name: &'static str,
    limits: Limits,
    start: Instant,
    identities: Option<Buckets>,
    addresses: Option<Buckets>,
    at_work: Arc<Semaphore>,
    waiting: AtomicUsize,
    open: Mutex<HashMap<Caller, usize>>,
    all_open: AtomicUsize,
    refused: Mutex<(u64, Option<Instant>)>,
}

impl Shedding {
    pub(super) fn new(name: &'static str, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            name,
            limits: limits.clone(),
            start: Instant::now(),
            identities: limits.identity_rate.map(Buckets::new),
            addresses: limits.address_rate.map(Buckets::new),
            at_work: Arc::new(Semaphore::new(limits.calls_max)),
            waiting: AtomicUsize::new(0),
            open: Mutex::default(),
            all_open: AtomicUsize::new(0),
            refused: Mutex::default(),
        })
    }

    /// Holds addresses to their rate.
    pub(super) fn by_address(self: &Arc<Self>) -> AddressLayer {
        AddressLayer(Arc::clone(self))
    }

    /// Holds identities to theirs, and the server to what it can do.
    pub(super) fn by_caller(self: &Arc<Self>) -> CallLayer {
        CallLayer(Arc::clone(self))
    }

    /// The network that a call comes from, where that is counted.
    fn network(&self, extensions: &Extensions) -> Option<[u16; 4]> {
        let peer = extensions.get::<Peer>()?;
        let address = peer.address()?.ip().to_canonical();
        let is_counted = self.limits.limit_loopback || !address.is_loopback();
        is_counted.then(|| network(address))
    }

    fn take(
        &self,
        buckets: Option<&Buckets>,
        rate: Option<super::Rate>,
        caller: &Caller,
    ) -> Result<(), Error> {
        let (Some(buckets), Some(rate)) = (buckets, rate) else {
            return Ok(());
        };
        let taken = buckets.take(caller, self.start.elapsed());
        taken.map_err(|wait| Error::Rate {
            per_second: rate.per_second,
            wait,
        })
    }

    fn admit_address(&self, request: &Request<Body>) -> Result<(), Error> {
        if request.uri().path().starts_with(HEALTH) {
            return Ok(());
        }
        match self.network(request.extensions()) {
            Some(network) => {
                let caller = Caller::Network(network);
                self.take(self.addresses.as_ref(), self.limits.address_rate, &caller)
            }
            None => Ok(()),
        }
    }

    /// Lets a call in, perhaps after a moment.
    async fn admit(
        self: Arc<Self>,
        caller: Option<Caller>,
    ) -> Result<(Open, OwnedSemaphorePermit), Error> {
        if let Some(caller @ Caller::Identity(_)) = &caller {
            self.take(self.identities.as_ref(), self.limits.identity_rate, caller)?;
        }
        let open = self.open(caller)?;
        Ok((open, self.turn().await?))
    }

    fn open(self: &Arc<Self>, caller: Option<Caller>) -> Result<Open, Error> {
        let limit = self.limits.open_calls_max;
        let counted = self
            .all_open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
                (open < limit).then(|| open.saturating_add(1))
            });
        if counted.is_err() {
            return Err(Error::OpenCalls { limit });
        }
        // From here on it is given back.
        let mut call = Open::of_nobody(Arc::clone(self));
        if let Some(caller) = caller {
            let limit = self.limits.open_calls_per_caller_max;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let count = open.get(&caller).copied().unwrap_or(0);
            if count >= limit {
                return Err(Error::CallerCalls { limit });
            }
            open.insert(caller.clone(), count.saturating_add(1));
            call.caller = Some(caller);
        }
        Ok(call)
    }

    /// The call is over.
    pub(super) fn close(&self, caller: Option<&Caller>) {
        self.all_open.fetch_sub(1, Ordering::Relaxed);
        let Some(caller) = caller else {
            return;
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(caller) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(caller);
            }
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let busy = Error::Calls {
            limit: self.limits.calls_max,
        };
        if let Ok(permit) = Arc::clone(&self.at_work).try_acquire_owned() {
            return Ok(permit);
        }
        let Some(_waiting) = Waiting::begin(&self.waiting, self.limits.waiting_calls_max) else {
            return Err(busy);
        };
        let turn = Arc::clone(&self.at_work).acquire_owned();
        match timeout(self.limits.waiting_timeout, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(busy),
        }
    }

    /// The answer to a call that is refused.
    fn refuse(&self, error: &Error) -> Response<Body> {
        let now = Instant::now();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, said) = &mut *refused;
        *count = count.saturating_add(1);
        if error.kind() == Kind::TooMuch && said.is_none_or(|said| now - said >= SAID_EVERY) {
            *said = Some(now);
            let refused = mem::take(count);
            warn!(server = self.name, refused, %error, "calls are refused");
        }
        drop(refused);
        to_status(self.name, error).into_http()
    }
}

/// Counts a call that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let counted = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < limit).then(|| waiting.saturating_add(1))
        });
        counted.is_ok().then_some(Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Adds [`ByAddress`].
#[derive(Clone)]
pub(super) struct AddressLayer(Arc<Shedding>);

impl<S> Layer<S> for AddressLayer {
    type Service = ByAddress<S>;

    fn layer(&self, inner: S) -> ByAddress<S> {
        ByAddress {
            shedding: Arc::clone(&self.0),
            inner,
        }
    }
}

/// Refuses what comes too fast from one address, and cuts what takes too long.
#[derive(Clone)]
pub(super) struct ByAddress<S> {
    shedding: Arc<Shedding>,
    inner: S,
}

impl<S> Service<Request<Body>> for ByAddress<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        match self.shedding.admit_address(&request) {
            Ok(()) => {
                let Shedding { name, limits, .. } = &*self.shedding;
                let answer = self.inner.call(request);
                Box::pin(within(name, limits.call_timeout, answer))
            }
            Err(error) => {
                let refusal = self.shedding.refuse(&error);
                Box::pin(async { Ok(refusal) })
            }
        }
    }
}

/// Adds [`ByCaller`].
#[derive(Clone)]
pub(super) struct CallLayer(Arc<Shedding>);

impl<S> Layer<S> for CallLayer {
    type Service = ByCaller<S>;

    fn layer(&self, inner: S) -> ByCaller<S> {
        ByCaller {
            shedding: Arc::clone(&self.0),
            inner,
        }
    }
}

/// Refuses what one caller asks too much, and what is more than the server can do.
#[derive(Clone)]
pub(super) struct ByCaller<S> {
    shedding: Arc<Shedding>,
    inner: S,
}

impl<S> Service<Request<Body>> for ByCaller<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        // Who has no grant asks for health or reflection, or for nothing that is served.
        let Some(grant) = request.extensions().get::<Grant>() else {
            return Box::pin(self.inner.call(request));
        };
        let is_service = grant.caller().roles.contains(&Role::Service);
        let caller = match grant.identity() {
            _ if is_service => None,
            "" => self
                .shedding
                .network(request.extensions())
                .map(Caller::Network),
            identity => Some(Caller::Identity(identity.to_owned())),
        };
        let given = request.extensions().get::<Peer>().map(Peer::given).cloned();
        let inner = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, inner);
        let shedding = Arc::clone(&self.shedding);
        Box::pin(async move {
            let (open, turn) = match Arc::clone(&shedding).admit(caller).await {
                Ok(admitted) => admitted,
                Err(error) => return Ok(shedding.refuse(&error)),
            };
            let response = inner.call(request).await?;
            drop(turn);
            if is_too_large(&response) {
                return Ok(shedding.refuse(&Error::RequestTooLarge));
            }
            Ok(response.map(|body| Answer::new(body, open, given.as_ref()).into_body()))
        })
    }
}

/// Whether tonic refused the message of a request for its length. Nothing else has this code here.
fn is_too_large(response: &Response<Body>) -> bool {
    let code = response.headers().get(&STATUS);
    code.is_some_and(|code| Code::from_bytes(code.as_bytes()) == Code::OutOfRange)
}
