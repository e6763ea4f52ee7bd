//! `mesur catalogue`: editions.

use std::path::PathBuf;
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
        Command::Check { folder } => {
            let mut catalogue = Catalogue::bundled()?;
            match catalogue.add_folder(folder) {
                Ok(edition) => {
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
                Err(Error::Faults { source, .. }) => {
                    for fault in &source.0 {
                        say!("{fault}");
                    }
                    say!("{} fault(s)", source.0.len());
                    Ok(ExitCode::FAILURE)
                }
                Err(error) => Err(error.into()),
            }
        }
        Command::Compare { from, to } => {
            let (_, from) = editions::find(from)?;
            let (_, to) = editions::find(to)?;
            say!("{}", serde_json::to_string_pretty(&from.compare(&to))?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
