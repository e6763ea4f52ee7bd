//! An answer on its way to the client, counted until it is there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Body as _, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::patience::{Given, Piece};
use super::shedding::{Caller, Shedding};

/// Held by a call until its answer is sent or given up.
pub(super) struct Open {
    shedding: Arc<Shedding>,
    pub(super) caller: Option<Caller>,
}

impl Open {
    pub(super) fn of_nobody(shedding: Arc<Shedding>) -> Self {
        Self {
            shedding,
            caller: None,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shedding.close(self.caller.as_ref());
    }
}

/// The body of a response, which tells its connection what the client has not taken.
pub(super) struct Answer {
    body: Body,
    piece: Option<Piece>,
    _open: Open,
}

impl Answer {
    pub(super) fn new(body: Body, open: Open, given: Option<&Given>) -> Self {
        Self {
            body,
            piece: given.map(Given::piece),
            _open: open,
        }
    }

    pub(super) fn into_body(self) -> Body {
        // An empty body stays one: the status is then sent with the head.
        if self.body.is_end_stream() {
            return self.body;
        }
        Body::new(self)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Some(piece) = &self.piece {
            piece.taken(matches!(polled, Poll::Ready(Some(Ok(_)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
