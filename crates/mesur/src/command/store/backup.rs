//! Backing up the stores of running services.
//!
//! Each service exports its store as it is at one moment, and goes on. The moments are a few
//! milliseconds apart, those who follow first, so that nobody's place lies behind what they follow.
//! Submission and validation follow one another; should an event have gone over in between, the
//! places do not fit, and all is exported again.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use mesur_proto::operations::v1::{ExportStoreRequest, ExportStoreResponse};
use mesur_rpc::clock::{Clock as _, SystemClock};
use mesur_store::export::Reading;
use mesur_store::{DUMP_PAGE_ROWS, DumpRow, MemoryStore, Store, migrate};
use mesur_wording::{Args, Wording};
use tokio::task::JoinSet;
use tonic::{Status, Streaming};

use super::Which;
use super::files::{Making, Manifest, Stored, Writing};
use super::service::{Service, Stores, misfits};
use crate::connection::{self, Options, StoreClients};
use crate::output::say;
use crate::output::table::{Table, plain};
use crate::refusal::told;
use crate::words;

/// How often the stores are exported until they fit.
const ATTEMPTS_MAX: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder that is to be the backup; it is made.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    connection::run(&arguments.options, async |session| {
        let clients = arguments.options.server.stores(&session.wording).await?;
        let services: Vec<Service> = arguments.which.services().collect();
        let making = Making::begin(&arguments.to)?;
        let manifest = backup(making, &services, &clients, &session.wording).await?;
        print(&manifest, session.json, &session.wording)?;
        if !session.json {
            let args = Args::new().text("folder", &arguments.to.display().to_string());
            say!(
                "{}",
                words::text(&session.wording, "store-backed-up", &args)
            );
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints what a backup has.
pub(super) fn print(manifest: &Manifest, json: bool, wording: &Wording) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string_pretty(manifest)?);
        return Ok(());
    }
    let columns = [
        "col-service",
        "#col-commits",
        "#col-rows",
        "#col-bytes",
        "col-file",
    ];
    let mut table = Table::new(wording, &columns);
    for stored in &manifest.stores {
        table.row([
            plain(&stored.service),
            plain(stored.version.to_string()),
            plain(stored.rows.to_string()),
            plain(stored.bytes.to_string()),
            plain(&stored.file),
        ]);
    }
    say!("{}", table.render());
    Ok(())
}

/// Exports the stores of services until they fit one another.
pub(super) async fn backup(
    making: Making,
    services: &[Service],
    clients: &StoreClients,
    wording: &Wording,
) -> anyhow::Result<Manifest> {
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        let time = SystemClock.now();
        let (files, stores) = export(&making, services, clients, wording).await?;
        last = misfits(&stores).await?.into_iter().next();
        if last.is_none() {
            return making.finish(files, time);
        }
    }
    let misfit = last.map(|problem| problem.to_string());
    bail!(
        "the stores did not fit one another in {ATTEMPTS_MAX} attempts ({}): back up when less is \
         going on",
        misfit.unwrap_or_default()
    );
}

/// Exports every store; with them, what says who follows whom from where.
async fn export(
    making: &Making,
    services: &[Service],
    clients: &StoreClients,
    wording: &Wording,
) -> anyhow::Result<(Vec<Stored>, Stores)> {
    // All of them have begun, each at its moment, before the first is read.
    let mut begun = Vec::new();
    for service in services {
        let mut client = clients.of(service.name())?;
        let stream = client.export_store(ExportStoreRequest {}).await;
        let stream = stream
            .map_err(told(wording))
            .with_context(|| format!("asking {}", service.name()))?;
        begun.push((*service, stream.into_inner()));
    }
    // And they are read together, so that none is given up for being waited with.
    let mut receiving = JoinSet::new();
    for (service, stream) in begun {
        let file = making.file(service)?;
        receiving.spawn(async move { (service, receive(service, stream, file).await) });
    }
    let (mut files, mut stores) = (Vec::new(), Stores::new());
    while let Some(received) = receiving.join_next().await {
        let (service, received) = received.context("receiving an export broke off")?;
        let received = received.map_err(|error| match error.downcast::<Status>() {
            Ok(status) => told(wording)(status),
            Err(error) => error,
        });
        let (one, store) = received.with_context(|| format!("backing up {}", service.name()))?;
        files.push((service, one));
        stores.insert(service, Arc::new(store));
    }
    files.sort_by_key(|(service, _)| *service);
    let files = files.into_iter().map(|(_, one)| one);
    Ok((files.collect(), stores))
}

async fn receive(
    service: Service,
    mut pieces: Streaming<ExportStoreResponse>,
    mut file: Writing,
) -> anyhow::Result<(Stored, MemoryStore)> {
    let mut reading = Reading::default();
    let mut kept = Vec::new();
    while let Some(ExportStoreResponse { content }) = pieces.message().await? {
        let rows = reading.push(&content)?.into_iter();
        kept.extend(rows.filter(|row| is_of_following(service, row)));
        file.write_all(&content).context("writing the backup")?;
    }
    let contents = reading.finish()?;
    let name = &contents.header.name;
    if name != service.name() {
        bail!("this is the store of {name}: is the address right?");
    }
    let store = MemoryStore::new();
    for rows in kept.chunks(DUMP_PAGE_ROWS) {
        store.load(rows.to_vec()).await?;
    }
    store.finish_load(contents.header.version).await?;
    Ok((file.finish(&contents)?, store))
}

/// Whether a row says who follows whom from where.
fn is_of_following(service: Service, row: &DumpRow) -> bool {
    let kinds = service.following_kinds();
    let is_of_log = row.kind().is_none() && !row.is_chained();
    let is_of_following = |kind| kind == migrate::KIND || kinds.contains(&kind);
    is_of_log || row.kind().is_some_and(is_of_following)
}
