//! `mesur catalogue`: editions.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mesur_catalogue::{Catalogue, Error};

use crate::editions;
use crate::output::say;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check the folder of an edition: every fault with file, row and column.
    Check {
        /// The folder.
        folder: PathBuf,
    },
    /// Say what changed between two editions, as JSON.
    Compare {
        /// The earlier edition: a bundled one or a folder.
        from: String,
        /// The later edition: a bundled one or a folder.
        to: String,
    },
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check { folder } => check(folder),
        Command::Compare { from, to } => {
            let (_, from) = editions::find(from)?;
            let (_, to) = editions::find(to)?;
            say!("{}", serde_json::to_string_pretty(&from.compare(&to))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Exits with 0 when the edition is sound and with 1 when it has faults.
fn check(folder: &Path) -> anyhow::Result<ExitCode> {
    let edition = match Catalogue::default().add_folder(folder) {
        Ok(edition) => edition,
        Err(Error::Faults { source, .. }) => return Ok(tell(&source.0)),
        Err(error) => return Err(error.into()),
    };
    let faults = editions::template_faults(edition.release())?;
    if !faults.is_empty() {
        return Ok(tell(&faults));
    }
    say!(
        "{} is sound: {} metrics, {} cells, {} rules, {} authorities, {}",
        edition.name(),
        edition.metrics().len(),
        edition.cells().len(),
        edition.rules().len(),
        edition.authorities().len(),
        edition.digest()
    );
    Ok(ExitCode::SUCCESS)
}

fn tell(faults: &[impl Display]) -> ExitCode {
    for fault in faults {
        say!("{fault}");
    }
    say!("{} fault(s)", faults.len());
    ExitCode::FAILURE
}
