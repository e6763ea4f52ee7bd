//! Has folders checked, as many at once as there are processors, each by a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::workload::Workload;

/// How long an opening and all that is asked of the store may take.
const TIMEOUT: Duration = Duration::from_mins(2);
/// How often it is looked whether it is done.
const POLL: Duration = Duration::from_millis(2);

/// A folder to be checked.
struct Job {
    folder: PathBuf,
    number: usize,
}

/// Checks folders.
#[derive(Debug)]
pub(crate) struct Checker {
    workload: Workload,
}

/// Where folders to be checked are put.
pub(crate) struct Queue(SyncSender<Job>);

impl Queue {
    /// Has `folder` checked, with what was `told`, and removed.
    pub(crate) fn put(&self, folder: PathBuf, told: &str, number: usize) -> anyhow::Result<()> {
        fs::write(folder.join("marks"), told)?;
        let sent = self.0.send(Job { folder, number });
        sent.map_err(|_| anyhow!("nobody checks any more"))
    }
}

impl Checker {
    /// Checks for what a workload leaves.
    pub(crate) fn new(workload: Workload) -> Self {
        Self { workload }
    }

    /// What the stores were written by.
    pub(crate) fn workload(&self) -> &Workload {
        &self.workload
    }

    /// Checks all that `put` puts into the queue; the failed ones by their number.
    pub(crate) fn all(
        &self,
        put: impl FnOnce(&Queue) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<(usize, String)>> {
        let threads = std::thread::available_parallelism()?.get();
        let (sender, jobs) = sync_channel(threads);
        let jobs = Mutex::new(jobs);
        let failed = std::thread::scope(|scope| {
            let checking: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.serve(&jobs)))
                .collect();
            let queue = Queue(sender);
            put(&queue)?;
            drop(queue);
            let mut failed = Vec::new();
            for thread in checking {
                let found = thread.join().map_err(|_| anyhow!("a check panicked"))?;
                failed.extend(found?);
            }
            anyhow::Ok(failed)
        });
        let mut failed = failed?;
        failed.sort();
        Ok(failed)
    }

    fn serve(&self, jobs: &Mutex<Receiver<Job>>) -> anyhow::Result<Vec<(usize, String)>> {
        let mut failed = Vec::new();
        loop {
            let job = jobs.lock().map_err(|_| anyhow!("a check panicked"))?.recv();
            let Ok(Job { folder, number }) = job else {
                return Ok(failed);
            };
            if let Some(what) = self.check(&folder)? {
                failed.push((number, what));
            }
            fs::remove_dir_all(&folder)?;
        }
    }

    fn arguments(&self, folder: &Path) -> Vec<String> {
        vec![
            "check".to_owned(),
            folder.join("store").display().to_string(),
            format!("--marks={}", folder.join("marks").display()),
            format!("--seed={}", self.workload.seed),
            format!("--workers={}", self.workload.workers),
        ]
    }

    /// The command that checks a folder.
    pub(crate) fn command(&self, folder: &Path) -> String {
        let arguments = self.arguments(folder).join(" ");
        format!("cargo run -p mesur-faults -- {arguments}")
    }

    /// What is wrong with the store in a folder, if anything is.
    pub(crate) fn check(&self, folder: &Path) -> anyhow::Result<Option<String>> {
        let log = folder.join("log");
        let mut child = Command::new(std::env::current_exe()?)
            .args(self.arguments(folder))
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("starting a check")?;
        let begun = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if begun.elapsed() > TIMEOUT {
                child.kill()?;
                child.wait()?;
                break None;
            }
            std::thread::sleep(POLL);
        };
        let said = || -> anyhow::Result<String> {
            let said = fs::read(&log)?;
            Ok(String::from_utf8_lossy(&said).trim().to_owned())
        };
        match ended {
            Some(status) if status.success() => Ok(None),
            Some(status) => Ok(Some(format!("{status}: {}", said()?))),
            None => Ok(Some(format!("no end after {TIMEOUT:?}: {}", said()?))),
        }
    }
}
