//! Cuts the power of the embedded store, on paper: everything that a writer did to its files is
//! recorded, and the folder is built as a disk could have it at many points of that record.
//!
//! Each folder is opened and checked by a process of its own. A run has several generations: what one
//! cut left is what the next writer begins with, so that putting things in order is cut off too. At
//! the end the same record is tried on a disk that never keeps what was synced; a harness that finds no
//! fault with that finds none at all.

mod disk;
mod recording;
#[cfg(test)]
mod tests;
mod trace;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{bail, ensure};
use fastrand::Rng;

use crate::checking::Checker;
use crate::powercut::disk::{Disk, Fate};
use crate::powercut::recording::Recorder;
use crate::powercut::trace::Record;
use crate::workload::Workload;

/// Cuts of the disk that never keeps anything, of which one at the least must be noticed.
const LYING_CUTS: usize = 20;

/// Options of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct PowerCut {
    /// What is written and where it is cut follows from this [default: another each time].
    #[arg(long)]
    seed: Option<u64>,
    /// Rounds of a generation.
    #[arg(long, default_value_t = 600)]
    commits: u64,
    /// How many write at once.
    #[arg(long, default_value_t = 6)]
    workers: u64,
    /// Cuts of a generation.
    #[arg(long, default_value_t = 100)]
    cuts: usize,
    /// How often the writer of a generation is killed, and started again, before the power goes.
    #[arg(long, default_value_t = 3)]
    deaths: u8,
    /// How often a writer goes on with what a cut left.
    #[arg(long, default_value_t = 3)]
    generations: u64,
}

/// How the changes that were not synced fare.
#[derive(Debug, Clone, Copy)]
enum Loss {
    All,
    Nothing,
    /// All behind one point.
    Late,
    /// Some, here and there.
    Some,
    /// Some, and of others some sectors.
    Torn,
}

const LOSSES: [Loss; 5] = [Loss::All, Loss::Nothing, Loss::Late, Loss::Some, Loss::Torn];

/// A folder that is not what it must be.
#[derive(Debug)]
struct Failed {
    what: String,
    /// How to see it again.
    check: String,
}

/// One recorded writer.
struct Generation {
    /// The folder that it began with.
    start: PathBuf,
    /// Where it thought it was.
    root: PathBuf,
    records: Vec<Record>,
    /// What earlier ones were told.
    told_before: String,
}

/// A point in a record, and what the disk makes of it.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// How many records were before it.
    at: usize,
    loss: Loss,
    seed: u64,
    /// Whether what was synced may be lost.
    lying: bool,
}

impl PowerCut {
    /// Records, cuts and checks; fails when any cut loses something.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let begun = Instant::now();
        say(&format!("power cut: seed {seed}"))?;
        let work = work_folder()?;
        let recorder = Recorder::compile(work.path())?;
        let checker = Checker::new(Workload {
            seed,
            workers: self.workers,
        });
        let mut rng = Rng::with_seed(seed);
        let mut start = work.path().join("empty");
        fs::create_dir(&start)?;
        let (mut told, mut failed, mut tried) = (String::new(), Vec::new(), 0);
        for number in 0..self.generations.max(1) {
            let folder = work.path().join(format!("generation-{number}"));
            let deaths: Vec<u64> = (0..self.deaths)
                .map(|_| rng.u64(1..=self.commits.max(1) * 2))
                .collect();
            let generation = self.record(&recorder, &checker, &folder, (start, told), &deaths)?;
            let next = generation.somewhere(&mut rng);
            let mut cuts = generation.choose(self.cuts, &mut rng);
            cuts.retain(|cut| cut.at != next.at);
            cuts.push(next);
            cuts.sort_unstable_by_key(|cut| cut.at);
            failed.extend(generation.check(&cuts, &checker, &folder)?);
            tried += cuts.len();
            say(&generation.summary(number, cuts.len()))?;
            if number == 0 {
                generation.must_be_noticed(&checker, &folder, &mut rng)?;
            }
            start = folder.join("next");
            told = generation.build(&next, &start)?;
            if !failed.is_empty() {
                break;
            }
        }
        say(&format!(
            "{tried} cuts, {} lost something, {:.1} s",
            failed.len(),
            begun.elapsed().as_secs_f32()
        ))?;
        if failed.is_empty() {
            return Ok(());
        }
        for Failed { what, check } in failed {
            say(&format!("{what}\n    again: {check}"))?;
        }
        let kept = work.keep();
        bail!("seed {seed}: kept in {}", kept.display())
    }

    fn record(
        &self,
        recorder: &Recorder,
        checker: &Checker,
        folder: &Path,
        (start, told_before): (PathBuf, String),
        deaths: &[u64],
    ) -> anyhow::Result<Generation> {
        fs::create_dir(folder)?;
        let root = folder.join("disk");
        // The writer begins on a copy: what it began with is needed for every cut.
        Disk::of_folder(&start)?.found(&root, |_| Fate::Kept, &mut Rng::with_seed(0))?;
        let records = recorder.record(&root, folder, checker.workload(), self.commits, deaths)?;
        fs::remove_dir_all(&root)?;
        Ok(Generation {
            start,
            root,
            records,
            told_before,
        })
    }
}

impl Generation {
    /// Points at, before and between syncs, in their order.
    fn choose(&self, count: usize, rng: &mut Rng) -> Vec<Cut> {
        let syncs: Vec<usize> = (1..=self.records.len())
            .filter(|at| self.records.get(*at - 1).is_some_and(Record::is_sync))
            .collect();
        let mut points = BTreeSet::new();
        // One half where the store may believe that all is well, the other anywhere.
        for sync in rng.choose_multiple(&syncs, count / 2) {
            points.insert(*sync);
        }
        let wanted = count.min(self.records.len());
        while points.len() < wanted {
            points.insert(rng.usize(1..=self.records.len()));
        }
        let cut = |at| Cut {
            at,
            loss: *rng.choice(&LOSSES).unwrap_or(&Loss::All),
            seed: rng.u64(..),
            lying: false,
        };
        points.into_iter().map(cut).collect()
    }

    /// A point where something was written lately, to go on from.
    fn somewhere(&self, rng: &mut Rng) -> Cut {
        Cut {
            at: rng.usize(self.records.len() / 2..=self.records.len()),
            loss: Loss::Torn,
            seed: rng.u64(..),
            lying: false,
        }
    }

    /// Builds the folders of cuts, which come in order, and has each checked.
    fn check(&self, cuts: &[Cut], checker: &Checker, folder: &Path) -> anyhow::Result<Vec<Failed>> {
        let failed = checker.all(|queue| {
            let (mut disk, mut done) = (self.disk()?, 0);
            let mut told = self.told_before.clone();
            for cut in cuts {
                self.advance(&mut disk, &mut told, done, cut)?;
                done = cut.at;
                let found = folder.join(format!("cut-{}", cut.at));
                cut.found(&disk, &found)?;
                queue.put(found, &told, cut.at)?;
            }
            Ok(())
        })?;
        let mut kept = Vec::new();
        for (at, what) in failed {
            let Some(cut) = cuts.iter().find(|cut| cut.at == at) else {
                continue;
            };
            let found = folder.join(format!("failed-{at}"));
            if !cut.lying {
                let told = self.build(cut, &found)?;
                fs::write(found.join("marks"), told)?;
            }
            kept.push(Failed {
                what: format!("cut behind record {at}, {:?} lost: {what}", cut.loss),
                check: checker.command(&found),
            });
        }
        Ok(kept)
    }

    fn disk(&self) -> anyhow::Result<Disk> {
        let mut disk = Disk::of_folder(&self.start)?;
        disk.is_at(&self.root);
        Ok(disk)
    }

    fn advance(
        &self,
        disk: &mut Disk,
        told: &mut String,
        done: usize,
        cut: &Cut,
    ) -> anyhow::Result<()> {
        for record in self.records.get(done..cut.at).unwrap_or_default() {
            match record {
                Record::Mark { text } => told.push_str(text),
                record if cut.lying && record.is_sync() => {}
                record => disk.apply(record.clone())?,
            }
        }
        Ok(())
    }

    /// The folder of one cut; with it what was acknowledged before it.
    fn build(&self, cut: &Cut, to: &Path) -> anyhow::Result<String> {
        let mut told = self.told_before.clone();
        let mut disk = self.disk()?;
        self.advance(&mut disk, &mut told, 0, cut)?;
        cut.found(&disk, to)?;
        Ok(told)
    }

    /// The same record on a disk that keeps nothing must lose something.
    fn must_be_noticed(
        &self,
        checker: &Checker,
        folder: &Path,
        rng: &mut Rng,
    ) -> anyhow::Result<()> {
        let mut cuts = self.choose(LYING_CUTS, rng);
        for cut in &mut cuts {
            (cut.lying, cut.loss) = (true, Loss::Late);
        }
        let noticed = self.check(&cuts, checker, folder)?.len();
        ensure!(
            noticed > 0,
            "a disk that keeps nothing of what is synced lost nothing in {} cuts",
            cuts.len()
        );
        say(&format!(
            "on a disk that ignores syncs {noticed} of {} cuts lost something, as they must",
            cuts.len()
        ))
    }

    fn summary(&self, number: u64, cuts: usize) -> String {
        let count = |is: fn(&Record) -> bool| self.records.iter().filter(|r| is(r)).count();
        format!(
            "generation {number}: {} writes, {} syncs, {} renames and removals, {} acknowledged; {cuts} cuts",
            count(|r| matches!(r, Record::Write { .. })),
            count(|r| matches!(r, Record::SyncEnd { .. })),
            count(|r| matches!(r, Record::Rename { .. } | Record::Unlink { .. })),
            count(|r| matches!(r, Record::Mark { .. })),
        )
    }
}

impl Cut {
    /// Writes what is found after it.
    fn found(&self, disk: &Disk, to: &Path) -> anyhow::Result<()> {
        let mut rng = Rng::with_seed(self.seed);
        let (first, last) = disk.unsynced_since();
        let late = rng.u64(first..=last);
        let odds = *rng.choice(&[1_u8, 5, 9]).unwrap_or(&5);
        let mut fates = rng.fork();
        let mut is_lost = |at| match self.loss {
            Loss::All => true,
            Loss::Nothing => false,
            Loss::Late => at >= late,
            Loss::Some | Loss::Torn => fates.u8(..10) >= odds,
        };
        let mut tears = rng.fork();
        let fate = |at| {
            if is_lost(at) {
                Fate::Lost
            } else if matches!(self.loss, Loss::Torn) && tears.bool() {
                Fate::Torn
            } else {
                Fate::Kept
            }
        };
        disk.found(to, fate, &mut rng)
    }
}

/// In memory where the system has a place for that: a disk is what is played here.
fn work_folder() -> anyhow::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("mesur-faults-");
    let work = builder.tempdir_in(memory).or_else(|_| builder.tempdir());
    Ok(work?)
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
