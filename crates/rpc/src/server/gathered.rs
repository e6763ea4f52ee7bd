//! Bytes to one client, written as few times as can be.
//!
//! HTTP/2 writes the head and the message of an answer, each of its further frames, and then its trailers.
//! Each write is a call of the system and wakes the client, and both cost more than a copy of the bytes. So
//! what is written while a connection is looked at is held until it is looked at once more, which is asked
//! for at once, and then goes in one write.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is held of one connection at most: some frames of HTTP/2, of 16 KiB, so that an answer of a
/// thousand values goes in one write.
const HELD_BYTES_MAX: usize = 128 * 1024;

/// What is kept ready to hold the next answer in; a longer one gives its room back.
const ROOM_KEPT: usize = 16 * 1024;

/// How a client begins that speaks HTTP/2, and no other.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket whose writes are gathered where it speaks HTTP/2.
///
/// A flush of what is held answers that it is done, and has the task woken: it must read then, as HTTP/2
/// does whenever it is looked at.
pub(super) struct Gathered<S> {
    socket: S,
    /// How much of [`PREFACE`] the client has said; none once it has said something else.
    said: Option<usize>,
    held: Vec<u8>,
    /// How much of that is written.
    written: usize,
    is_woken: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gathered<S> {
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket,
            said: Some(0),
            held: Vec::new(),
            written: 0,
            is_woken: false,
        }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.socket
    }

    fn gathers(&self) -> bool {
        self.said == Some(PREFACE.len())
    }

    fn heard(&mut self, bytes: &[u8]) {
        if let Some(said) = self.said
            && let Some(rest) = PREFACE.get(said..)
            && !rest.is_empty()
        {
            let length = rest.len().min(bytes.len());
            let goes_on = rest.get(..length) == bytes.get(..length);
            self.said = goes_on.then_some(said.saturating_add(length));
        }
    }

    /// Writes what is held, and flushes it: whoever wrote it was told that it is.
    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while let Some(rest) = self.held.get(self.written..)
            && !rest.is_empty()
        {
            let count = ready!(Pin::new(&mut self.socket).poll_write(context, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written = self.written.saturating_add(count);
        }
        ready!(Pin::new(&mut self.socket).poll_flush(context))?;
        if self.held.capacity() > ROOM_KEPT {
            self.held = Vec::new();
        }
        self.held.clear();
        self.written = 0;
        self.is_woken = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Where the socket takes no more now, the task is woken when it does, and reads again.
        if let Poll::Ready(Err(error)) = self.poll_held(context) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(context, buffer);
        if let Some(said) = buffer.filled().get(before..) {
            self.heard(said);
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum::<usize>();
        let held = self.held.len().saturating_add(length);
        if self.gathers() && held <= HELD_BYTES_MAX {
            if held > ROOM_KEPT && held > self.held.capacity() {
                let room = HELD_BYTES_MAX.saturating_sub(self.held.len());
                self.held.reserve_exact(room);
            }
            for slice in slices {
                self.held.extend_from_slice(slice);
            }
            return Poll::Ready(Ok(length));
        }
        ready!(self.poll_held(context))?;
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            return Pin::new(&mut self.socket).poll_flush(context);
        }
        if !self.is_woken {
            self.is_woken = true;
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(context))?;
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A socket of which each write takes so many bytes, or none now.
    #[derive(Default)]
    struct Probe {
        takes: VecDeque<Option<usize>>,
        writes: Vec<Vec<u8>>,
        /// How many writes a flush came after.
        flushed: usize,
        says: VecDeque<Vec<u8>>,
        is_shut: bool,
    }

    impl AsyncRead for Probe {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Some(said) = self.says.pop_front() else {
                return Poll::Pending;
            };
            buffer.put_slice(&said);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Probe {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let most = self.takes.pop_front().unwrap_or(Some(usize::MAX));
            let Some(taken) = most.and_then(|most| bytes.get(..most.min(bytes.len()))) else {
                return Poll::Pending;
            };
            self.writes.push(taken.to_vec());
            Poll::Ready(Ok(taken.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushed = self.writes.len();
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut = true;
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A connection of a client that began so, in pieces of so many bytes.
    fn begun(with: &[u8], piece: usize) -> Gathered<Probe> {
        let mut socket = Gathered::new(Probe {
            says: with.chunks(piece).map(<[u8]>::to_vec).collect(),
            ..Probe::default()
        });
        while read(&mut socket).is_ready() {}
        socket
    }

    fn read(socket: &mut Gathered<Probe>) -> Poll<io::Result<()>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut bytes = [0; 64];
        Pin::new(socket).poll_read(&mut context, &mut ReadBuf::new(&mut bytes))
    }

    /// Writes all of it, and flushes.
    fn write(socket: &mut Gathered<Probe>, bytes: &[u8], waker: &Waker) {
        let mut context = Context::from_waker(waker);
        let half = bytes.len() / 2;
        let slices = [&bytes[..half], &bytes[half..]].map(IoSlice::new);
        let polled = Pin::new(&mut *socket).poll_write_vectored(&mut context, &slices);
        assert!(matches!(polled, Poll::Ready(Ok(count)) if count == bytes.len()));
        let polled = Pin::new(socket).poll_flush(&mut context);
        assert!(matches!(polled, Poll::Ready(Ok(()))));
    }

    #[test]
    fn an_answer_goes_in_one_write_when_the_connection_is_looked_at_again() {
        for piece in [1, 5, PREFACE.len()] {
            let mut socket = begun(PREFACE, piece);
            let woken = Arc::new(Woken::default());
            let waker = Waker::from(Arc::clone(&woken));
            for _ in 0..2 {
                write(&mut socket, b"head and message", &waker);
                write(&mut socket, b", trailers", &waker);
                assert!(socket.socket.writes.is_empty());
                assert!(read(&mut socket).is_pending());
                assert_eq!(socket.socket.flushed, 1);
                let writes = std::mem::take(&mut socket.socket.writes);
                assert_eq!(writes, [b"head and message, trailers"]);
            }
            assert_eq!(woken.0.load(Ordering::Relaxed), 2, "once for each answer");
        }
    }

    #[test]
    fn nothing_is_held_of_a_client_that_does_not_speak_http_2() {
        for said in [
            &b""[..],
            b"POST / HTTP/1.1",
            &PREFACE[..20],
            b"PRI * HTTP/2.0\r\n\r\nXM\r\n\r\n",
        ] {
            let mut socket = begun(said, 7);
            let mut context = Context::from_waker(Waker::noop());
            let polled = Pin::new(&mut socket).poll_write(&mut context, b"answer");
            assert!(polled.is_ready());
            assert_eq!(socket.socket.writes, [b"answer"], "{said:?}");
        }
    }

    #[test]
    fn whatever_the_socket_takes_all_bytes_come_in_their_order() {
        let all: Vec<u8> = (0..251).cycle().take(3 * HELD_BYTES_MAX).collect();
        for length in [
            1_000,
            HELD_BYTES_MAX / 3,
            HELD_BYTES_MAX,
            HELD_BYTES_MAX + 1,
        ] {
            let mut socket = begun(PREFACE, PREFACE.len());
            let takes = [Some(1), None, Some(300), None, None, Some(7_000)];
            let mut takes = takes.into_iter().cycle();
            let mut rest = all.as_slice();
            while !rest.is_empty() {
                socket.socket.takes.push_back(takes.next().flatten());
                let piece = &rest[..length.min(rest.len())];
                let mut context = Context::from_waker(Waker::noop());
                let polled = Pin::new(&mut socket).poll_write(&mut context, piece);
                if let Poll::Ready(Ok(count)) = polled {
                    rest = &rest[count..];
                }
                let held = socket.held.len();
                assert!(held <= HELD_BYTES_MAX && socket.held.capacity() <= HELD_BYTES_MAX);
            }
            socket.socket.takes.clear();
            let mut context = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut socket).poll_shutdown(&mut context).is_ready());
            assert!(socket.socket.is_shut);
            assert!(socket.socket.writes.concat() == all, "{length}");
            assert!(socket.held.capacity() <= ROOM_KEPT);
        }
    }

    #[tokio::test]
    async fn what_a_socket_does_not_take_is_written_when_it_does() {
        let (server, mut client) = tokio::io::duplex(10);
        let mut socket = Gathered::new(server);
        socket.said = Some(PREFACE.len());
        let reading = tokio::spawn(async move {
            let mut bytes = [0; 26];
            client.read_exact(&mut bytes).await?;
            client.write_all(b"thanks").await?;
            io::Result::Ok(bytes)
        });
        let all = b"head and message, trailers";
        socket.write_all(all).await.unwrap();
        socket.flush().await.unwrap();
        let mut thanks = [0; 6];
        socket.read_exact(&mut thanks).await.unwrap();
        assert_eq!(&reading.await.unwrap().unwrap(), all);
        assert_eq!(&thanks, b"thanks");
    }
}
