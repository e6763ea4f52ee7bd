//! Ends a writer at every step of a commit that the store has named, and looks at what is left.
//!
//! The points are read from the store's sources, so none is forgotten; one that no run comes to is a
//! failure too. Each is tried at several passes, and the writer that goes on afterwards is ended at the
//! same point again, so that putting things in order is broken off as well.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, anyhow, bail, ensure};

use crate::checking::Checker;
use crate::workload::Workload;

/// Where the store names its points.
const SOURCES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../crates/store/src/embedded"
);
/// What a process ends itself with.
const SIGABRT: i32 = 6;
/// After how many passes the writer ends.
const PASSES: [u32; 5] = [0, 1, 2, 7, 40];

/// Options of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Points {
    /// What is written follows from this.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds of a writer that is not ended.
    #[arg(long, default_value_t = 900)]
    commits: u64,
    /// How many write at once.
    #[arg(long, default_value_t = 6)]
    workers: u64,
}

/// What came of the passes of one point.
#[derive(Debug, Default)]
struct Tried {
    ended: usize,
    problems: Vec<String>,
}

impl Points {
    /// Tries every point; fails when one of them leaves something broken, or is never come to.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        ensure!(
            cfg!(feature = "failpoints"),
            "the store has its points only with --features failpoints"
        );
        let work = tempfile::Builder::new().prefix("mesur-faults-").tempdir()?;
        let points = Mutex::new(named(Path::new(SOURCES))?);
        let threads = std::thread::available_parallelism()?.get();
        let failed = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.serve(&points, work.path())))
                .collect();
            let mut failed = 0;
            for thread in running {
                failed += thread.join().map_err(|_| anyhow!("a try panicked"))??;
            }
            anyhow::Ok(failed)
        })?;
        if failed > 0 {
            let kept = work.keep();
            bail!("{failed} points failed; kept in {}", kept.display());
        }
        Ok(())
    }

    fn serve(&self, points: &Mutex<BTreeSet<String>>, work: &Path) -> anyhow::Result<usize> {
        let mut failed = 0;
        loop {
            let point = points.lock().map_err(|_| anyhow!("a try panicked"))?;
            let point = { point }.pop_first();
            let Some(point) = point else {
                return Ok(failed);
            };
            let tried = self.try_point(&point, work)?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "{point}: ended {} times", tried.ended)?;
            for problem in &tried.problems {
                writeln!(out, "    {problem}")?;
            }
            failed += usize::from(!tried.problems.is_empty());
        }
    }

    fn try_point(&self, point: &str, work: &Path) -> anyhow::Result<Tried> {
        let checker = Checker::new(Workload {
            seed: self.seed,
            workers: self.workers,
        });
        let mut tried = Tried::default();
        for passes in PASSES {
            let folder = work.join(format!("{point}-{passes}"));
            fs::create_dir(&folder)?;
            for passes in [passes, 0] {
                tried.ended += usize::from(self.ended_at(point, passes, &folder)?);
            }
            match checker.check(&folder)? {
                None => fs::remove_dir_all(&folder)?,
                Some(problem) => tried
                    .problems
                    .push(format!("behind {passes} passes: {problem}")),
            }
        }
        if tried.ended == 0 {
            tried.problems.push("no writer came to it".to_owned());
        }
        Ok(tried)
    }

    /// Runs a writer that ends behind so many passes of the point; whether it came to that.
    fn ended_at(&self, point: &str, passes: u32, folder: &Path) -> anyhow::Result<bool> {
        let log = folder.join("writer-log");
        let ended = Command::new(std::env::current_exe()?)
            .arg("writer")
            .arg(folder.join("store"))
            .arg("--marks")
            .arg(folder.join("marks"))
            .args(["--seed", &self.seed.to_string()])
            .args(["--workers", &self.workers.to_string()])
            .args(["--commits", &self.commits.to_string()])
            .env("FAILPOINTS", format!("{point}={passes}*off->return"))
            .stderr(File::create(&log)?)
            .status()?;
        let died = ended.signal() == Some(SIGABRT);
        ensure!(
            ended.success() || died,
            "the writer for {point} ended with {ended}: {}",
            fs::read_to_string(&log)?
        );
        Ok(died)
    }
}

/// The names of the points in a folder of sources.
fn named(sources: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let files = fs::read_dir(sources).with_context(|| format!("reading {}", sources.display()))?;
    for file in files {
        let text = fs::read_to_string(file?.path())?;
        let places = text.split("point!(\"").skip(1);
        names.extend(places.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    ensure!(!names.is_empty(), "the store names no point");
    Ok(names)
}
