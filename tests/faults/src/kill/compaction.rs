//! Making the stores smaller by the command that operators have, killed on the way again and again, with
//! every event as old as can be.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use fastrand::Rng;
use tokio::time::sleep;

use super::say;
use super::services::Service;

/// How often the command is killed.
const KILLS: u32 = 8;
/// How long it is left alone before, in milliseconds.
const ALONE_MS: std::ops::Range<u64> = 0..1_500;

/// Stops the services, has their stores made smaller, and starts them again.
pub(crate) async fn compact(
    services: &mut [Service],
    bin: &Path,
    folder: &Path,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    for service in services.iter_mut() {
        service.stop()?;
    }
    let mut unfinished = 0;
    for _ in 0..KILLS {
        let mut compacting = begin(bin, folder, Stdio::null())?;
        sleep(Duration::from_millis(rng.u64(ALONE_MS))).await;
        unfinished += u32::from(compacting.try_wait()?.is_none());
        compacting.kill()?;
        compacting.wait()?;
    }
    let ended = begin(bin, folder, Stdio::inherit())?.wait()?;
    ensure!(ended.success(), "mesur store compact ended with {ended}");
    for service in services {
        service.start().await?;
    }
    say(&format!(
        "stores made smaller, killed {unfinished} times on the way"
    ))
}

fn begin(bin: &Path, folder: &Path, said: Stdio) -> anyhow::Result<Child> {
    Command::new(bin.join("mesur"))
        .args(["store", "compact", "--events-days", "0", "--data"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .context("running mesur store compact")
}
