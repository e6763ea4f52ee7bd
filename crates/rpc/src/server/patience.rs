//! How long a connection may keep the server waiting.
//!
//! A client may connect and not speak, speak without end, or ask and not take what it asked for. The
//! socket alone cannot tell the last: with HTTP/2 the client closes the window of one stream and goes
//! on talking. So every answer says when the client was last given a piece of it ([`Given`]), and
//! the connection ([`Patience`]) looks now and then whether a piece lies there for too long. Waiting
//! for the server is never counted: a stream with nothing to say may last.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Ends the head of a request of HTTP/1.1, and stands in the preface of HTTP/2.
const HEAD_END: &[u8; 4] = b"\r\n\r\n";

/// What was given to the client of one connection and not taken yet.
#[derive(Clone, Default)]
pub(crate) struct Given(Arc<Mutex<Lying>>);

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

#[derive(Default)]
struct Lying {
    next: u64,
    /// Since when what lies there, by the answer: few at a time, for a connection has few calls.
    since: Vec<(u64, Instant)>,
}

impl Lying {
    fn given(&mut self, id: u64) {
        let now = Instant::now();
        match self.since.iter_mut().find(|(other, _)| *other == id) {
            Some((_, since)) => *since = now,
            None => self.since.push((id, now)),
        }
    }

    fn taken(&mut self, id: u64) {
        let place = self.since.iter().position(|(other, _)| *other == id);
        if let Some(place) = place {
            self.since.swap_remove(place);
        }
    }
}

/// One answer on its way to the client.
pub(super) struct Piece {
    given: Given,
    id: u64,
}

impl Given {
    /// An answer that the client may take from now on.
    pub(super) fn piece(&self) -> Piece {
        let mut lying = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = lying.next;
        lying.next = id.wrapping_add(1);
        lying.given(id);
        drop(lying);
        Piece {
            given: self.clone(),
            id,
        }
    }

    /// Since when the oldest piece lies there.
    fn oldest(&self) -> Option<Instant> {
        let lying = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lying.since.iter().map(|(_, since)| *since).min()
    }
}

impl Piece {
    /// The client took what it had been given, and has or has not been given more.
    pub(super) fn taken(&self, more: bool) {
        let mut lying = self.given.0.lock().unwrap_or_else(PoisonError::into_inner);
        if more {
            lying.given(self.id);
        } else {
            lying.taken(self.id);
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.taken(false);
    }
}

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// For its first head.
    pub(super) first_bytes: Duration,
    /// For taking in what was sent.
    pub(super) send: Duration,
    /// For everything.
    pub(super) life: Duration,
}

/// What a connection may still do, and since when it keeps the server waiting.
pub(super) struct Patience {
    send_timeout: Duration,
    /// When the connection is cut, whatever is under way.
    end: Instant,
    /// When the first head must be there; none once it is.
    first: Option<Instant>,
    /// How much of [`HEAD_END`] was read last.
    matched: usize,
    /// Since when the socket takes nothing.
    blocked: Option<Instant>,
    given: Given,
    alarm: Pin<Box<Sleep>>,
    /// Whom the alarm wakes.
    waker: Option<Waker>,
}

impl Patience {
    /// Patience with a connection that begins now.
    pub(super) fn new(times: Times, given: &Given) -> Self {
        let now = Instant::now();
        Self {
            send_timeout: times.send,
            end: now + times.life,
            first: Some(now + times.first_bytes),
            matched: 0,
            blocked: None,
            given: given.clone(),
            alarm: Box::pin(sleep(times.first_bytes.min(times.send / 4).min(times.life))),
            waker: None,
        }
    }

    /// Fails when it is over, and otherwise sees that the task is woken when it may be.
    pub(super) fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.rings(context) {
            let now = Instant::now();
            let is_late = |since: Option<Instant>| {
                since.is_some_and(|since| now.duration_since(since) >= self.send_timeout)
            };
            let is_silent = self.first.is_some_and(|first| now >= first);
            if is_silent || now >= self.end || is_late(self.blocked) || is_late(self.given.oldest())
            {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let next = self.end.min(now + self.send_timeout / 4);
            let next = self.first.map_or(next, |first| first.min(next));
            self.alarm.as_mut().reset(next);
            self.waker = None;
        }
        Ok(())
    }

    fn rings(&mut self, context: &mut Context<'_>) -> bool {
        if self.alarm.is_elapsed() {
            return true;
        }
        // Asking the timer costs more than remembering whom it wakes.
        let woken = self.waker.as_ref();
        if woken.is_some_and(|waker| waker.will_wake(context.waker())) {
            return false;
        }
        self.waker = Some(context.waker().clone());
        self.alarm.as_mut().poll(context).is_ready()
    }

    /// The client said this.
    pub(super) fn heard(&mut self, bytes: &[u8]) {
        if self.first.is_none() {
            return;
        }
        for byte in bytes {
            let goes_on = HEAD_END.get(self.matched) == Some(byte);
            self.matched = match (goes_on, byte) {
                (true, _) => self.matched.saturating_add(1),
                (false, b'\r') => 1,
                (false, _) => 0,
            };
            if self.matched == HEAD_END.len() {
                self.first = None;
                return;
            }
        }
    }

    /// The socket took what there was to send, or did not.
    pub(super) fn wrote<T>(&mut self, polled: &Poll<io::Result<T>>) {
        self.blocked = match polled {
            Poll::Pending => self.blocked.or_else(|| Some(Instant::now())),
            Poll::Ready(_) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    const FIRST: Duration = Duration::from_secs(10);
    const SEND: Duration = Duration::from_secs(100);
    const TIMES: Times = Times {
        first_bytes: FIRST,
        send: SEND,
        life: Duration::from_hours(24),
    };

    /// How long the patience lasts; none when longer than an hour.
    async fn lasts(patience: &mut Patience) -> Option<Duration> {
        let start = Instant::now();
        let over = poll_fn(|context| match patience.check(context) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(error),
        });
        let over = timeout(Duration::from_hours(1), over).await.ok()?;
        assert_eq!(over.kind(), io::ErrorKind::TimedOut);
        Some(start.elapsed())
    }

    fn about(found: Option<Duration>, due: Duration) {
        let found = found.unwrap();
        // It is looked at four times in that time.
        assert!(found >= due && found <= due + SEND / 4, "{found:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_to_its_end_in_time_is_the_end() {
        for heard in [
            &b""[..],
            b"PRI * HTTP/2.0\r\n",
            b"GET / HTTP/1.1\r\na: b\r\n\r",
        ] {
            let mut patience = Patience::new(TIMES, &Given::default());
            patience.heard(heard);
            about(lasts(&mut patience).await, FIRST);
        }
        for heard in [
            &[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..]][..],
            &[b"GET / HTTP/1.1\r", b"\r\n", b"\r\n"],
        ] {
            let mut patience = Patience::new(TIMES, &Given::default());
            for heard in heard {
                patience.heard(heard);
            }
            assert_eq!(lasts(&mut patience).await, None, "{heard:?}");
        }
    }

    fn spoken() -> Patience {
        let mut patience = Patience::new(TIMES, &Given::default());
        patience.heard(HEAD_END);
        patience
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_takes_nothing_is_waited_for_so_long() {
        let mut patience = spoken();
        patience.wrote::<usize>(&Poll::Pending);
        advance(SEND / 2).await;
        patience.wrote(&Poll::Ready(Ok(1)));
        patience.wrote::<usize>(&Poll::Pending);
        about(lasts(&mut patience).await, SEND);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_is_waited_for_and_a_silent_server_not_counted() {
        let mut patience = spoken();
        let stream = patience.given.piece();
        stream.taken(false);
        assert_eq!(lasts(&mut patience).await, None, "nothing was given");
        stream.taken(true);
        drop(patience.given.piece());
        about(lasts(&mut patience).await, SEND);
        drop(stream);
        let mut patience = spoken();
        drop(patience.given.piece());
        assert_eq!(lasts(&mut patience).await, None, "it is all sent");
    }
}
