//! Other programs, and what the kernel says of a process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// How long a program may take until it is there, and until it has stopped.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(1);
/// After so long an allocator has given back what it was going to.
const SETTLE: Duration = Duration::from_secs(2);
/// A fall by fewer bytes is none.
const SETTLED_WITHIN: f64 = 1e6;

/// The `mesur` command, built with this program and beside it.
pub(crate) fn mesur() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let mesur = own.with_file_name("mesur");
    ensure!(
        mesur.is_file(),
        "{} is not there: build it with cargo build --release --package mesur",
        mesur.display()
    );
    Ok(mesur)
}

/// Where a program is, if it is on this machine.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Waits until something is so.
pub(crate) fn until(mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let start = Instant::now();
    while !is_so()? {
        ensure!(
            start.elapsed() < PATIENCE,
            "waited for {PATIENCE:?} in vain"
        );
        std::thread::sleep(GLANCE);
    }
    Ok(())
}

/// Asks a program to stop, as an operator does, and waits until it has.
pub(crate) fn stop(child: &mut Child) -> anyhow::Result<()> {
    let id = child.id().to_string();
    let asked = Command::new("kill")
        .args(["-TERM", &id])
        .stderr(Stdio::null())
        .status();
    asked.context("kill")?;
    until(|| Ok(child.try_wait()?.is_some()))
}

/// A line of the status of a process, `self` or its number, in bytes.
pub(crate) fn memory(process: &str, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.context("memory is read from /proc, as Linux has it")?;
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let kilobytes = found.and_then(|text| text.strip_prefix(':')?.trim().strip_suffix(" kB"));
    let kilobytes: u32 = kilobytes.context("a line of the status")?.trim().parse()?;
    Ok(f64::from(kilobytes) * 1024.0)
}

/// The resident set of a process once what it has freed is given back: it no longer falls.
pub(crate) fn settled(process: &str) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut resident = memory(process, "VmRSS")?;
    while start.elapsed() < PATIENCE {
        std::thread::sleep(SETTLE);
        let before = std::mem::replace(&mut resident, memory(process, "VmRSS")?);
        if before - resident < SETTLED_WITHIN {
            break;
        }
    }
    Ok(resident)
}

/// Lets the highest resident set of a process begin again at the present one.
pub(crate) fn forget_peak(process: &str) -> anyhow::Result<()> {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").context("resetting the peak")
}

/// Kilobytes of the files in a folder and those under it.
pub(crate) fn kilobytes_in(folder: &Path) -> anyhow::Result<u32> {
    let mut kilobytes: u32 = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        kilobytes += if entry.file_type()?.is_dir() {
            kilobytes_in(&entry.path())?
        } else {
            u32::try_from(entry.metadata()?.len() / 1_000)?
        };
    }
    Ok(kilobytes)
}
