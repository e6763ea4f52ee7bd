//! The queue of commits before the one task or thread of a store that makes them.
//!
//! Whoever finds no place in it waits for one, and has committed nothing when they give up before: a
//! call that waits for too long changed nothing. What has a place has its turn, whether or not anybody
//! waits for the answer still.
//! It deliberately refuses nobody: callers are refused where calls are let in, and what a service does
//! by itself waits and is done.

use tokio::sync::mpsc;

/// Commits that may wait for what makes them; further ones wait for a place.
const QUEUE_COMMITS: usize = 1024;

/// An empty queue.
pub(crate) fn commits<R>() -> (mpsc::Sender<R>, mpsc::Receiver<R>) {
    mpsc::channel(QUEUE_COMMITS)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn so_many_commits_wait_and_the_next_has_no_place_until_one_is_taken() {
        let mut context = Context::from_waker(Waker::noop());
        let (queue, mut taken) = commits();
        for number in 0..QUEUE_COMMITS {
            let placed = pin!(queue.send(number)).poll(&mut context);
            assert!(placed.is_ready(), "{number}");
        }
        // One who gives up before there is a place for it has put nothing there.
        assert!(pin!(queue.send(9_999)).poll(&mut context).is_pending());
        let mut next = pin!(queue.send(QUEUE_COMMITS));
        assert!(next.as_mut().poll(&mut context).is_pending());
        assert_eq!(taken.try_recv(), Ok(0));
        assert_eq!(next.as_mut().poll(&mut context), Poll::Ready(Ok(())));
        assert!(pin!(queue.send(9_999)).poll(&mut context).is_pending());
        for number in 1..=QUEUE_COMMITS {
            assert_eq!(taken.try_recv(), Ok(number));
        }
        assert!(taken.try_recv().is_err());
    }
}
