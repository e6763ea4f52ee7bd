//! Calls that wait for the keys of the provider of identities.
//!
//! A provider that changes its keys signs with one that is not known here yet. The first token
//! signed with it has the provider asked again, and its call waits for the answer, as do those that
//! come meanwhile; so nobody is refused for having come first. How often that happens is bounded by
//! the source of the keys, how long a call waits by [`RENEWAL_WAIT_MAX`]; every other call passes at once.

use std::pin::Pin;
use std::task::{Context, Poll};

use mesur_access::Renewal;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};

use super::gate::Gate;
use crate::access::RENEWAL_WAIT_MAX;

type Admitted<B> = Result<Request<B>, Response<Body>>;

/// Ends when it is known whether a call may be made.
pub(super) enum Admission<B> {
    /// It is known; taken when it was told. In a box, as the request is large beside the other.
    Known(Option<Box<Admitted<B>>>),
    /// The provider is asked first.
    Waiting(Pin<Box<dyn Future<Output = Admitted<B>> + Send>>),
}

impl<B: Send + 'static> Admission<B> {
    /// Looks at a call, and once more after waiting where that may change the answer.
    pub(super) fn of(gate: &Gate, mut request: Request<B>) -> Self {
        let refusal = match gate.admit(&mut request) {
            Ok(()) => return Self::Known(Some(Box::new(Ok(request)))),
            Err(refusal) => refusal,
        };
        match gate.renewal(&refusal) {
            Some(renewal) => Self::Waiting(Box::pin(again(gate.clone(), request, renewal))),
            None => Self::Known(Some(Box::new(Err(gate.response(&refusal))))),
        }
    }
}

async fn again<B>(gate: Gate, mut request: Request<B>, renewal: Renewal) -> Admitted<B> {
    // Whether it was renewed or not: the second look tells.
    let _ = timeout(RENEWAL_WAIT_MAX, renewal).await;
    match gate.admit(&mut request) {
        Ok(()) => Ok(request),
        Err(refusal) => Err(gate.response(&refusal)),
    }
}

impl<B> Future for Admission<B> {
    type Output = Admitted<B>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Admitted<B>> {
        match self.get_mut() {
            Self::Known(admitted) => match admitted.take() {
                Some(admitted) => Poll::Ready(*admitted),
                None => Poll::Pending,
            },
            Self::Waiting(waiting) => waiting.as_mut().poll(context),
        }
    }
}
