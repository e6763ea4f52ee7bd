//! Answering with a stream that is made while it is taken.
//!
//! Little of an answer is held, however long it is: what makes it waits when a few messages wait for the
//! caller, and stops when the caller goes. A stream ends without an error only when all was sent; a stop
//! of the service, or a fault in what makes it, ends it with one.

use std::future::Future;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

/// Messages of many entries that wait for a slow caller, at most.
const QUEUE_BATCHES: usize = 4;
/// Messages of one entry each that wait for a slow caller, at most.
const QUEUE_ENTRIES: usize = 64;

/// A stream of messages.
pub type Messages<M> = ReceiverStream<Result<M, Status>>;

/// Where what makes a stream puts its messages.
#[derive(Debug)]
pub struct Outlet<M>(mpsc::Sender<Result<M, Status>>);

impl<M> Outlet<M> {
    /// Sends a message as soon as there is a place for it; answers whether the caller is still there.
    pub async fn send(&self, message: M) -> bool {
        self.0.send(Ok(message)).await.is_ok()
    }
}

impl<M> Clone for Outlet<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A stream of messages with many entries each, which `tell` sends, until it has told all or `stop` is
/// cancelled.
pub fn batches<M, T>(stop: &CancellationToken, tell: impl FnOnce(Outlet<M>) -> T) -> Messages<M>
where
    M: Send + 'static,
    T: Future<Output = Result<(), Status>> + Send + 'static,
{
    made(QUEUE_BATCHES, stop, tell)
}

/// The same of messages with one entry each.
pub fn entries<M, T>(stop: &CancellationToken, tell: impl FnOnce(Outlet<M>) -> T) -> Messages<M>
where
    M: Send + 'static,
    T: Future<Output = Result<(), Status>> + Send + 'static,
{
    made(QUEUE_ENTRIES, stop, tell)
}

fn made<M, T>(
    queue: usize,
    stop: &CancellationToken,
    tell: impl FnOnce(Outlet<M>) -> T,
) -> Messages<M>
where
    M: Send + 'static,
    T: Future<Output = Result<(), Status>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(queue);
    let telling = AbortOnDropHandle::new(tokio::spawn(tell(Outlet(sender.clone()))));
    let stop = stop.clone();
    tokio::spawn(async move {
        let failure = match stop.run_until_cancelled(telling).await {
            None => Status::unavailable("the service stops"),
            Some(Ok(Ok(()))) => return,
            Some(Ok(Err(status))) => status,
            Some(Err(_)) => Status::internal("the answer broke off"),
        };
        // A caller who has gone need not be told.
        let _ = sender.send(Err(failure)).await;
    });
    ReceiverStream::new(receiver)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio_stream::StreamExt as _;
    use tonic::Code;

    use super::*;

    type Make = fn(&CancellationToken, Arc<AtomicUsize>) -> Messages<usize>;

    /// More messages than may wait, and how many of them have been sent.
    async fn tell(outlet: Outlet<usize>, sent: Arc<AtomicUsize>) -> Result<(), Status> {
        for number in 0..4 * QUEUE_ENTRIES {
            if !outlet.send(number).await {
                // Counted, so that the test sees it.
                sent.store(usize::MAX, Ordering::SeqCst);
                break;
            }
            sent.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Nothing but the test runs on its one thread: who can go on does.
    async fn let_others_go_on() {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }

    const WAYS: [(usize, Make); 2] = [
        (QUEUE_BATCHES, |stop, sent| {
            batches(stop, |outlet| tell(outlet, sent))
        }),
        (QUEUE_ENTRIES, |stop, sent| {
            entries(stop, |outlet| tell(outlet, sent))
        }),
    ];

    #[tokio::test]
    async fn so_many_messages_wait_for_a_slow_caller_and_the_next_is_made_when_one_is_taken() {
        for (queue, make) in WAYS {
            let sent = Arc::new(AtomicUsize::new(0));
            let mut messages = make(&CancellationToken::new(), Arc::clone(&sent));
            let_others_go_on().await;
            assert_eq!(sent.load(Ordering::SeqCst), queue);
            assert_eq!(messages.next().await.unwrap().unwrap(), 0);
            let_others_go_on().await;
            assert_eq!(sent.load(Ordering::SeqCst), queue + 1);
            let rest: Vec<_> = messages.map(Result::unwrap).collect().await;
            assert!(rest.into_iter().eq(1..4 * QUEUE_ENTRIES));
        }
    }

    #[tokio::test]
    async fn what_makes_a_stream_ends_with_its_caller() {
        for (_, make) in WAYS {
            let sent = Arc::new(AtomicUsize::new(0));
            let messages = make(&CancellationToken::new(), Arc::clone(&sent));
            let_others_go_on().await;
            drop(messages);
            let_others_go_on().await;
            assert_eq!(sent.load(Ordering::SeqCst), usize::MAX);
        }
    }

    #[tokio::test]
    async fn a_stream_that_does_not_come_to_its_end_says_so_behind_all_that_waits() {
        for (queue, make) in WAYS {
            let stop = CancellationToken::new();
            let messages = make(&stop, Arc::default());
            let_others_go_on().await;
            stop.cancel();
            let all: Vec<_> = messages.collect().await;
            let (last, told) = all.split_last().unwrap();
            assert_eq!(told.len(), queue);
            assert!(told.iter().all(Result::is_ok));
            assert_eq!(last.as_ref().unwrap_err().code(), Code::Unavailable);
        }
        let broken = batches(&CancellationToken::new(), |outlet| async move {
            assert!(!outlet.send(1).await, "a fault");
            Ok(())
        });
        let all: Vec<_> = broken.collect().await;
        assert_eq!(all.first().unwrap().as_ref().unwrap(), &1);
        assert_eq!(
            all.last().unwrap().as_ref().unwrap_err().code(),
            Code::Internal
        );
        let refused = entries::<u8, _>(&CancellationToken::new(), |_| async {
            Err(Status::not_found("gone"))
        });
        let all: Vec<_> = refused.collect().await;
        assert_eq!(all[0].as_ref().unwrap_err().code(), Code::NotFound);
    }
}
