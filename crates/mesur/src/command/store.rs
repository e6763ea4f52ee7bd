//! `mesur store`: back up, restore, move, look through and make smaller the stores of the services.
//!
//! A backup and an export are the same thing, a folder with a file for each service
//! (`docs/store-format.md`): the one is asked of running services, the other made of the stores of
//! stopped ones. Nothing here ever changes a store that holds something, but for `compact`.

pub(crate) mod audit;
mod backup;
mod check;
mod compact;
mod files;
mod moving;
mod service;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use mesur_process::Etcd;
use mesur_store::{Store, Version};

use service::Service;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Look through stores or a backup, and say what is wrong; nothing is repaired.
    Check(check::Arguments),
    /// Back up the stores of running services.
    Backup(backup::Arguments),
    /// Make the stores of a backup anew, in an empty folder.
    Restore(moving::Load),
    /// Write the stores of stopped services into files.
    Export(moving::Export),
    /// Make stores of such files, where there are none.
    Import(moving::Load),
    /// Make the stores of stopped services smaller, as running ones do once a day; nothing promised is lost.
    Compact(compact::Arguments),
}

pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check::run(arguments),
        Command::Backup(arguments) => backup::run(arguments),
        Command::Restore(arguments) => moving::make(arguments, "store-restored"),
        Command::Export(arguments) => moving::export(arguments),
        Command::Import(arguments) => moving::make(arguments, "store-imported"),
        Command::Compact(arguments) => compact::run(arguments),
    }
}

/// Which services are meant.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Which {
    /// Only this service: submission, validation, aggregation or publication; may be given again.
    #[arg(long = "service", value_name = "SERVICE", value_parser = Service::parse)]
    services: Vec<Service>,
}

impl Which {
    /// The services that are meant, in the order of [`Service::ALL`].
    fn services(&self) -> impl Iterator<Item = Service> + '_ {
        let all = self.services.is_empty();
        let meant = move |service: &Service| all || self.services.contains(service);
        Service::ALL.into_iter().filter(meant)
    }
}

/// Where the stores of services are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The folder with the store of each service in a folder of its name, as `mesur up --data` has it.
    /// The services must not be running.
    #[arg(long, value_name = "DIR", conflicts_with = "etcd")]
    data: Option<PathBuf>,
    #[command(flatten)]
    etcd: Etcd,
}

impl Place {
    /// Whether it was said where the stores are.
    fn is_named(&self) -> bool {
        self.data.is_some() || self.etcd.is_chosen()
    }

    /// The folder of a service's store; `None` where stores are not in folders.
    fn folder(&self, service: Service) -> anyhow::Result<Option<PathBuf>> {
        match &self.data {
            Some(data) => Ok(Some(data.join(service.name()))),
            None if self.etcd.is_chosen() => Ok(None),
            None => bail!("say where the stores are: --data DIR or --etcd ENDPOINTS"),
        }
    }

    /// The store of a service; `None` where there is none.
    async fn open(&self, service: Service) -> anyhow::Result<Option<Arc<dyn Store>>> {
        if let Some(folder) = self.folder(service)? {
            return if is_empty(&folder)? {
                Ok(None)
            } else {
                mesur_process::open_store(&folder).map(Some)
            };
        }
        let store = self.etcd.open(service.name()).await?;
        let is_new = store.dump().await?.version() == Version::ZERO;
        Ok((!is_new).then_some(store))
    }

    /// Fails where a service has a store already.
    async fn require_none(&self, service: Service) -> anyhow::Result<()> {
        let is_none = match self.folder(service)? {
            Some(folder) => is_empty(&folder)?,
            None => self.open(service).await?.is_none(),
        };
        if is_none {
            return Ok(());
        }
        bail!(
            "{} is not empty: nothing is restored over what is there; name another place",
            self.name(service)
        );
    }

    /// A new store for a service that has none.
    async fn make(&self, service: Service) -> anyhow::Result<Arc<dyn Store>> {
        self.require_none(service).await?;
        match self.folder(service)? {
            Some(folder) => mesur_process::open_store(&folder),
            None => self.etcd.open(service.name()).await,
        }
    }

    /// What the place of a service's store is called.
    fn name(&self, service: Service) -> String {
        match &self.data {
            Some(data) => data.join(service.name()).display().to_string(),
            None => format!("{}/{} in etcd", self.etcd.prefix, service.name()),
        }
    }
}

/// Whether there is no such folder, or nothing in it.
fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("looking into {}", folder.display())),
    }
}
