//! `mesur access`: tokens for trying Mesur out without a provider of identities.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use mesur_access::dev::{Issuer, write_folder};
use mesur_catalogue::Catalogue;
use mesur_rpc::clock::{Clock as _, SystemClock};

use crate::output::say;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key, and write its key set and a token for each part to play. The key itself is
    /// thrown away.
    Keys(Keys),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Keys {
    /// Where to write them; only its owner will be able to read the folder.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A folder with a further edition, for whose authorities there are to be tokens; may be given
    /// again.
    #[arg(long = "edition", value_name = "DIR")]
    editions: Vec<PathBuf>,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Keys(arguments) = command;
    let catalogue = mesur_process::catalogue(&arguments.editions)?;
    write(&Issuer::generate(), &arguments.out, &catalogue)?;
    say!("tokens  {}", arguments.out.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes the tokens of an issuer, with those of every authority of the editions.
pub(super) fn write(issuer: &Issuer, folder: &Path, catalogue: &Catalogue) -> anyhow::Result<()> {
    let authorities = catalogue
        .editions()
        .flat_map(|edition| edition.authorities());
    let codes: BTreeSet<_> = authorities.map(|authority| &authority.code).collect();
    write_folder(issuer, folder, codes, SystemClock.now())
        .with_context(|| format!("writing tokens into {}", folder.display()))
}
