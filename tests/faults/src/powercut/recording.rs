//! Has the writer's files recorded.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::trace::{self, Record};
use crate::workload::Workload;

/// What the recorder ends a process with.
const SIGKILL: i32 = 9;
/// The recorder's source.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recorder/recorder.c");

/// The recorder, ready to be loaded into a process.
#[derive(Debug)]
pub(crate) struct Recorder(PathBuf);

impl Recorder {
    /// Compiles the recorder into a folder.
    pub(crate) fn compile(folder: &Path) -> anyhow::Result<Self> {
        let library = folder.join("recorder.so");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let ended = Command::new(&compiler)
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .args([&library, Path::new(SOURCE)])
            .args(["-ldl", "-lpthread"])
            .status()
            .with_context(|| format!("running {}", compiler.display()))?;
        ensure!(ended.success(), "the recorder does not compile");
        Ok(Self(library))
    }

    /// Runs the writer on the store in `root`, with `commits` rounds; what it does to files in `root`
    /// comes back. Before that it dies once after each of so many records, which loses nothing of what
    /// the system holds: the next one finds what is not on the disk yet. The files of the run, the trace
    /// among them, are put into `beside`.
    pub(crate) fn record(
        &self,
        root: &Path,
        beside: &Path,
        workload: &Workload,
        commits: u64,
        deaths: &[u64],
    ) -> anyhow::Result<Vec<Record>> {
        let [trace, marks, log] = ["trace", "marks", "log"].map(|name| beside.join(name));
        for die in deaths.iter().map(Some).chain([None]) {
            let mut writer = Command::new(std::env::current_exe()?);
            writer
                .arg("writer")
                .arg(root.join("store"))
                .arg("--marks")
                .arg(&marks)
                .args(["--seed", &workload.seed.to_string()])
                .args(["--workers", &workload.workers.to_string()])
                .args(["--commits", &commits.to_string()])
                .env("LD_PRELOAD", &self.0)
                .env("MESUR_FAULTS_ROOT", root)
                .env("MESUR_FAULTS_MARKS", &marks)
                .env("MESUR_FAULTS_TRACE", &trace)
                .stderr(File::create(&log)?);
            if let Some(records) = die {
                writer.env("MESUR_FAULTS_DIE", records.to_string());
            }
            let ended = writer.status()?;
            let died = ended.signal() == Some(SIGKILL) && die.is_some();
            ensure!(
                ended.success() || died,
                "the writer ended with {ended}: {}",
                fs::read_to_string(&log)?
            );
        }
        trace::read(&fs::read(&trace)?)
    }
}
