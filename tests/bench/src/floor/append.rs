//! The floor under durable writes: one file, one thread that appends what is queued, `fdatasync`,
//! and only then the answers.
//!
//! It promises no more than that the bytes are on disk: no index, no versions, no reading back.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::thread::JoinHandle;

use anyhow::Context;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

/// Writes that may wait, and the most that are synced together.
const QUEUE: usize = 1024;

struct Append {
    bytes: Bytes,
    written: oneshot::Sender<()>,
}

/// A file that many writers append to.
pub(crate) struct AppendLog {
    queue: Option<mpsc::Sender<Append>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl AppendLog {
    /// An empty file at `path`.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        let (queue, queued) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("append-log".to_owned())
            .spawn(move || run(file, queued))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Returns once the bytes are on disk.
    pub(crate) async fn append(&self, bytes: Bytes) -> anyhow::Result<()> {
        let (written, answer) = oneshot::channel();
        let queue = self.queue.as_ref().context("the log is closed")?;
        queue
            .send(Append { bytes, written })
            .await
            .context("the log has failed")?;
        answer.await.context("the log has failed")
    }
}

impl Drop for AppendLog {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A failure was told to the writers already.
            let _ = thread.join();
        }
    }
}

fn run(mut file: File, mut queued: mpsc::Receiver<Append>) -> std::io::Result<()> {
    let mut group = Vec::with_capacity(QUEUE);
    let mut bytes = Vec::new();
    while queued.blocking_recv_many(&mut group, QUEUE) > 0 {
        bytes.clear();
        for append in &group {
            bytes.extend_from_slice(&append.bytes);
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        for append in group.drain(..) {
            // A writer that went away needs no answer.
            let _ = append.written.send(());
        }
    }
    Ok(())
}
