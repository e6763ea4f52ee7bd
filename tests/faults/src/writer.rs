//! The process whose power is cut: it opens a store, checks what it finds, and commits the rounds of
//! a [`Workload`], several workers at once, noting each that is acknowledged.
//!
//! It closes the store and opens it again in between, so that a trace has openings in it, of a store
//! that has something to put in order too. It ends by itself, wherever that is.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow};
use mesur_store::{Settings, SledStore, Store};

use crate::check;
use crate::workload::Workload;

/// How often the store is opened.
const SESSIONS: u64 = 3;
/// Small, so that a short run goes through everything that a long one does.
pub(crate) const SETTINGS: Settings = Settings {
    cache_bytes: 1024 * 1024,
    journal_file_bytes: 256 * 1024,
};

/// Options of the writer.
#[derive(Debug, clap::Args)]
pub(crate) struct Writer {
    /// The store's folder.
    folder: PathBuf,
    /// Where acknowledged rounds are noted.
    #[arg(long)]
    marks: PathBuf,
    /// What the changes follow from.
    #[arg(long)]
    seed: u64,
    /// How many write at once.
    #[arg(long)]
    workers: u64,
    /// How many rounds all together.
    #[arg(long)]
    commits: u64,
}

impl Writer {
    /// Writes all rounds.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        // The store's points are set by the environment, and only for as long as this lives.
        #[cfg(feature = "failpoints")]
        let _points = fail::FailScenario::setup();
        let workload = Workload {
            seed: self.seed,
            workers: self.workers,
        };
        let marks = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.marks)
            .context("opening the file of marks")?;
        for _ in 0..SESSIONS {
            session(&self.folder, &workload, &marks, self.commits / SESSIONS)?;
        }
        Ok(())
    }
}

fn session(folder: &Path, workload: &Workload, marks: &File, commits: u64) -> anyhow::Result<()> {
    let store = SledStore::open(folder, SETTINGS)?;
    let found = block_on(check::inspect(&store, workload))?.context("the writer's own opening")?;
    // What a reader saw must be durable as well.
    for (worker, round) in &found.rounds {
        let version = found.commits.get(&(*worker, *round)).copied();
        mark(marks, *worker, *round, version.unwrap_or_default())?;
    }
    let left = AtomicU64::new(commits);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workload.workers)
            .map(|worker| {
                let (store, left) = (&store, &left);
                let after = found.rounds.get(&worker).copied().unwrap_or_default();
                scope.spawn(move || work(store, workload, marks, worker, after, left))
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow!("a worker panicked"))??;
        }
        Ok(())
    })
}

fn work(
    store: &SledStore,
    workload: &Workload,
    marks: &File,
    worker: u64,
    after: u64,
    left: &AtomicU64,
) -> anyhow::Result<()> {
    block_on(async {
        for round in after + 1.. {
            let claimed =
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
            if claimed.is_err() {
                break;
            }
            let version = store.commit(workload.commit(worker, round)).await?;
            mark(marks, worker, round, version.get())?;
        }
        Ok(())
    })?
}

/// Notes, in one write, that a round was acknowledged.
fn mark(mut marks: &File, worker: u64, round: u64, version: u64) -> anyhow::Result<()> {
    let line = format!("{worker} {round} {version}\n");
    marks
        .write_all(line.as_bytes())
        .context("noting a round that was acknowledged")
}

/// Runs a future on this thread alone.
pub(crate) fn block_on<F: Future>(future: F) -> anyhow::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(future))
}

/// Rounds that were acknowledged, each with its version.
pub(crate) type Acknowledged = BTreeMap<(u64, u64), u64>;

/// Reads the lines of [`mark`].
pub(crate) fn read_marks(text: &str) -> anyhow::Result<Acknowledged> {
    let mut acknowledged = Acknowledged::new();
    for line in text.lines() {
        let numbers: Result<Vec<u64>, _> = line.split(' ').map(str::parse).collect();
        match numbers?.as_slice() {
            // A worker of an empty store has made no round.
            [_, 0, _] => {}
            [worker, round, version] => {
                acknowledged.insert((*worker, *round), *version);
            }
            _ => return Err(anyhow!("{line:?} is no mark")),
        }
    }
    Ok(acknowledged)
}
