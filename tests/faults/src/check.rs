//! Whether a store that was found after a power cut is what it must be.
//!
//! Everything acknowledged is there, nothing is half there, the order of commits has no gap, every
//! log entry is complete, and the store goes on. Run as a process of its own: a broken store may
//! bring down or hold up whoever opens it, and that is a finding too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use mesur_store::{KeyRange, SledStore, Store};

use crate::workload::{self, Workload};
use crate::writer::{Acknowledged, SETTINGS, block_on, read_marks};

/// Entries of the log that are read at a time.
const PAGE_ENTRIES: usize = 512;

/// Options of a check.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The store's folder.
    folder: PathBuf,
    /// What was acknowledged, as the writer notes it.
    #[arg(long)]
    marks: PathBuf,
    /// What the changes follow from.
    #[arg(long)]
    seed: u64,
    /// How many wrote at once.
    #[arg(long)]
    workers: u64,
}

/// What is in a store that has no fault in itself.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many rounds of each worker.
    pub(crate) rounds: BTreeMap<u64, u64>,
    /// The version of each round of each worker.
    pub(crate) commits: BTreeMap<(u64, u64), u64>,
}

impl Check {
    /// Opens the store, checks it, commits to it, and opens and checks it once more.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let workload = Workload {
            seed: self.seed,
            workers: self.workers,
        };
        let marks = std::fs::read_to_string(&self.marks).context("reading the marks")?;
        let acknowledged = read_marks(&marks)?;
        let found = open_and_check(&self.folder, &workload, &acknowledged)?;
        let after = found.commits.values().max().copied().unwrap_or_default();
        let mut acknowledged: Acknowledged = found.commits;
        let store = SledStore::open(&self.folder, SETTINGS).context("opening it again")?;
        for worker in 0..workload.workers {
            let round = found.rounds.get(&worker).copied().unwrap_or_default() + 1;
            let version = block_on(store.commit(workload.commit(worker, round)))?
                .context("committing to what was found")?;
            ensure!(
                version.get() == after + 1 + worker,
                "the commit behind {after} and {worker} more got the version {}",
                version.get()
            );
            acknowledged.insert((worker, round), version.get());
        }
        drop(store);
        open_and_check(&self.folder, &workload, &acknowledged)
            .context("after further commits")
            .map(drop)
    }
}

fn open_and_check(
    folder: &Path,
    workload: &Workload,
    acknowledged: &Acknowledged,
) -> anyhow::Result<Found> {
    let store = SledStore::open(folder, SETTINGS).context("opening the store")?;
    let found = block_on(inspect(&store, workload))??;
    for ((worker, round), version) in acknowledged {
        match found.commits.get(&(*worker, *round)) {
            None => bail!(
                "round {round} of worker {worker} was acknowledged as version {version} and is lost"
            ),
            Some(other) if other != version => bail!(
                "round {round} of worker {worker} was acknowledged as version {version} and is {other}"
            ),
            Some(_) => {}
        }
    }
    for (worker, round) in &found.rounds {
        let told = acknowledged
            .range((*worker, 0)..=(*worker, u64::MAX))
            .next_back();
        let told = told.map_or(0, |((_, round), _)| *round);
        ensure!(
            *round <= told + 1,
            "worker {worker} was told of round {told} and round {round} is there"
        );
    }
    Ok(found)
}

/// Looks for what cannot be, whatever was acknowledged.
pub(crate) async fn inspect(store: &dyn Store, workload: &Workload) -> anyhow::Result<Found> {
    let found = read_log(store, workload).await?;
    let mut expected = BTreeMap::new();
    for (worker, rounds) in &found.rounds {
        let version = |round| found.commits.get(&(*worker, round)).copied();
        let noted = (rounds.to_be_bytes().to_vec(), version(*rounds));
        expected.insert(workload::round_key(*worker), noted);
        for (key, (value, round)) in workload.left_by(*worker, *rounds) {
            expected.insert(key, (value, version(round)));
        }
    }
    let rows = store.scan(KeyRange::all(), usize::MAX).await?;
    for (key, entry) in rows {
        let Some((value, version)) = expected.remove(&key) else {
            bail!("the key {} must not be there", key.escape_ascii());
        };
        ensure!(
            entry.value == value && Some(entry.version.get()) == version,
            "the key {} has {} bytes of version {} instead of {} of {version:?}",
            key.escape_ascii(),
            entry.value.len(),
            entry.version.get(),
            value.len()
        );
    }
    if let Some(key) = expected.keys().next() {
        let more = expected.len() - 1;
        bail!("the key {} and {more} more are missing", key.escape_ascii());
    }
    Ok(found)
}

/// Reads the whole log: every commit has entries in it.
async fn read_log(store: &dyn Store, workload: &Workload) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let (log, mut after, mut version) = (workload::log(), None, 0);
    let mut due: Vec<Vec<u8>> = Vec::new();
    loop {
        let page = store.read_log(&log, after, PAGE_ENTRIES).await?;
        for entry in &page {
            let at = entry.position.version().get();
            if at != version {
                ensure!(due.is_empty(), "version {version} lacks entries");
                ensure!(at == version + 1, "version {at} comes behind {version}");
                version = at;
                due = begin(&mut found, workload, &entry.value, at)?;
            }
            ensure!(
                due.pop().as_ref() == Some(&entry.value),
                "an entry of version {at} is not what was appended"
            );
        }
        match page.last() {
            Some(last) => after = Some(last.position),
            None => break,
        }
    }
    ensure!(due.is_empty(), "version {version} lacks entries");
    Ok(found)
}

/// The entries of a commit, the first last, by what its first one says of itself.
fn begin(
    found: &mut Found,
    workload: &Workload,
    first: &[u8],
    version: u64,
) -> anyhow::Result<Vec<Vec<u8>>> {
    let number = |place: usize| {
        let bytes = first.get(place * 8..)?.first_chunk()?;
        Some(u64::from_be_bytes(*bytes))
    };
    let (Some(worker), Some(round)) = (number(0), number(1)) else {
        bail!("an entry of version {version} is cut short");
    };
    ensure!(
        worker < workload.workers,
        "version {version} is of worker {worker}, whom nobody knows"
    );
    let before = found.rounds.insert(worker, round).unwrap_or_default();
    ensure!(
        round == before + 1,
        "round {round} of worker {worker} comes behind round {before}"
    );
    found.commits.insert((worker, round), version);
    let mut entries = workload.round(worker, round).entries;
    entries.reverse();
    Ok(entries)
}
