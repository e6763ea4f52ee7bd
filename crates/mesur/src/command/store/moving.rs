//! Stores of stopped services into files, and files into new stores.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_rpc::clock::{Clock as _, SystemClock};
use mesur_store::export;
use mesur_wording::Args;
use tokio::runtime::Runtime;

use super::files::{Making, Manifest};
use super::service::{Service, Stores, misfits};
use super::{Place, Which, backup, files};
use crate::connection::Print;
use crate::output::say;
use crate::words;

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// The folder that is to have the files; it is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    print: Print,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// The folder with the files of a backup or of an export.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    print: Print,
}

/// Makes stores, and says so in the words of the command that was given.
pub(super) fn make(arguments: &Load, done: &str) -> anyhow::Result<ExitCode> {
    let Load {
        from,
        place,
        which,
        print,
    } = arguments;
    let manifest = Runtime::new()?.block_on(load(from, place, which))?;
    told(&manifest, print, (done, from))
}

pub(super) fn export(arguments: &Export) -> anyhow::Result<ExitCode> {
    let Export {
        place,
        out,
        which,
        print,
    } = arguments;
    let manifest = Runtime::new()?.block_on(save(place, out, which))?;
    told(&manifest, print, ("store-exported", out))
}

fn told(manifest: &Manifest, print: &Print, done: (&str, &Path)) -> anyhow::Result<ExitCode> {
    let wording = words::named(&print.language)?;
    backup::print(manifest, print.json, &wording)?;
    if !print.json {
        let (text, folder) = done;
        let args = Args::new().text("folder", &folder.display().to_string());
        say!("{}", words::text(&wording, text, &args));
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the stores of a backup. Everything is read and checked before the first is made.
pub(super) async fn load(from: &Path, place: &Place, which: &Which) -> anyhow::Result<Manifest> {
    let mut manifest = files::read(from)?;
    let services: Vec<Service> = which.services().collect();
    let is_meant = |name: &str| services.iter().any(|service| service.name() == name);
    manifest.stores.retain(|stored| is_meant(&stored.service));
    if manifest.stores.is_empty() {
        bail!("{} has no store that is meant", from.display());
    }
    for stored in &manifest.stores {
        place.require_none(stored.service()?).await?;
        files::open(from, stored)?;
    }
    for stored in &manifest.stores {
        let service = stored.service()?;
        let mut file = files::open(from, stored)?;
        let store = place.make(service).await?;
        let loaded = export::load(&mut file, &*store).await;
        loaded.with_context(|| {
            let remains = place.name(service);
            format!("loading {}; remove {remains} and begin anew", stored.file)
        })?;
    }
    Ok(manifest)
}

/// Writes the stores that are there.
pub(super) async fn save(place: &Place, out: &Path, which: &Which) -> anyhow::Result<Manifest> {
    let making = Making::begin(out)?;
    let time = SystemClock.now();
    let mut stores = Stores::new();
    // All are held before the first is written: no service can be started in between.
    for service in which.services() {
        if let Some(store) = place.open(service).await? {
            stores.insert(service, store);
        }
    }
    if stores.is_empty() {
        bail!("{}", no_store(place));
    }
    if let Some(problem) = misfits(&stores).await?.first() {
        bail!(
            "the stores do not fit one another: {problem}; export them one by one with --service"
        );
    }
    let mut written = Vec::new();
    for (service, store) in &stores {
        let mut file = making.file(*service)?;
        let contents = export::write(&**store, service.name(), &mut file).await;
        let contents = contents.with_context(|| format!("exporting {}", service.name()))?;
        written.push(file.finish(&contents)?);
    }
    making.finish(written, time)
}

/// That no store is where it was looked for.
pub(super) fn no_store(place: &Place) -> String {
    let wanted = place.name(Service::Submission);
    format!("there is no store: each service's has a place of its own, such as {wanted}")
}
