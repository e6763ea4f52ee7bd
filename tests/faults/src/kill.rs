//! Kills the services while many clients work, and holds what is there against what was acknowledged.
//!
//! The four programs run as they do in production, each on a folder of its own. A seed says what every
//! client does and which service is killed when; what happens in between is up to the machine, so the
//! same seed makes the same kind of run and not the same run to the letter.

pub(crate) mod authority;
pub(crate) mod calls;
pub(crate) mod checks;
mod compaction;
pub(crate) mod journal;
pub(crate) mod people;
pub(crate) mod production;
pub(crate) mod services;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fastrand::Rng;
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::Status;

use authority::Authority;
use calls::Caller;
use checks::Checks;
use journal::Journal;
use people::World;
use production::Production;
use services::Service;

/// The edition that is collected.
pub(crate) const EDITION: &str = "collections/pif/editions/2022-23";
/// How long a service is left alone before the next one is killed, in milliseconds.
const ALONE_MS: std::ops::Range<u64> = 50..1_500;

/// Options of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Kill {
    /// How many services are killed.
    #[arg(long, default_value_t = 10)]
    kills: usize,
    /// What the clients do and what is killed when follows from this [default: another each time].
    #[arg(long)]
    seed: Option<u64>,
    /// How many authorities work at once.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u8).range(1..=22))]
    authorities: u8,
    /// The folder with the services' programs [default: they are built].
    #[arg(long)]
    bin: Option<PathBuf>,
}

/// Everything of a run.
struct Running {
    services: Vec<Service>,
    clients: JoinSet<()>,
    production: tokio::task::JoinHandle<Production>,
    stop: Arc<AtomicBool>,
}

impl Kill {
    /// Runs, kills and checks; fails when anything acknowledged does not hold.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        say(&format!("kill: seed {seed}, {} kills", self.kills))?;
        let bin = services::programs(self.bin.as_deref())?;
        let folder = tempfile::Builder::new().prefix("mesur-faults-").tempdir()?;
        let journal = Arc::new(Journal::default());
        let ended = Runtime::new()?.block_on(async {
            // Whoever stops the run stops the services with it.
            let mut stopped = signal(SignalKind::terminate())?;
            tokio::select! {
                ended = self.go(seed, &bin, folder.path(), &journal) => ended,
                _ = stopped.recv() => bail!("the run was stopped"),
            }
        });
        // The services are gone with their run, killed once more.
        if let Some(complaint) = services::complaint(&bin, folder.path())? {
            journal.problem(format!("mesur store check: {complaint}"));
        }
        let told = journal.told();
        say(&format!(
            "{} changes acknowledged: {:?}; {} requests sent again without an answer and {} with one, \
             {} snapshots, {} releases; refused for now: {:?}",
            told.acknowledged.values().sum::<usize>(),
            told.acknowledged,
            told.repeated,
            told.doubled,
            told.snapshots.len(),
            told.published.len(),
            told.refused
        ))?;
        conclude(seed, folder, &told.problems, ended)
    }

    async fn go(
        &self,
        seed: u64,
        bin: &Path,
        folder: &Path,
        journal: &Arc<Journal>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        let catalogue = Catalogue::bundled()?;
        let edition = catalogue.get(&EditionName::parse("pif/2022-23")?);
        let edition = edition.context("the edition is bundled")?;
        let codes: Vec<AuthorityCode> = edition
            .authorities()
            .iter()
            .map(|authority| authority.code.clone())
            .collect();
        let mut rng = Rng::with_seed(seed);
        let services = services::start_all(bin, folder, &codes).await?;
        let world = World::new(&services, folder);
        let mut checks = Checks {
            caller: Caller::new(Arc::clone(journal), rng.u64(..)),
            statistician: world.person("statistician")?,
            catalogue: &catalogue,
            edition,
        };
        let codes = codes.get(..usize::from(self.authorities));
        let codes = codes.context("as many authorities as there are")?;
        let parts = (&catalogue, &**edition, codes);
        let mut running = start_clients(services, &world, parts, journal, &mut rng).await?;
        let mut times = Vec::new();
        for _ in 0..self.kills {
            let alone = Duration::from_millis(rng.u64(ALONE_MS));
            sleep(alone).await;
            while journal.told().starving > 0 {
                sleep(alone).await;
            }
            let victim = rng.choice(&mut running.services).context("a service")?;
            times.push(victim.kill().await?);
            checks.latest().await.map_err(refused)?;
        }
        times.sort_unstable();
        running.stop.store(true, Ordering::Relaxed);
        while let Some(client) = running.clients.join_next().await {
            client.context("a client panicked")?;
        }
        let mut production = running.production.await.context("a client panicked")?;
        let (worked, checking) = (begun.elapsed(), Instant::now());
        // Only who has followed everything can publish what is signed off now.
        production.last_release().await.map_err(refused)?;
        checks.all().await.map_err(refused)?;
        // Nothing that holds now may rest on what is taken out or packed.
        compaction::compact(&mut running.services, bin, folder, &mut rng).await?;
        checks.all().await.map_err(refused)?;
        for service in &mut running.services {
            service.must_run()?;
        }
        say(&format!(
            "{} kills, {} ms to recover in the median and {} ms at worst; {:.1} s of work, {:.1} s of checks",
            times.len(),
            times.get(times.len() / 2).map_or(0, Duration::as_millis),
            times.last().map_or(0, Duration::as_millis),
            worked.as_secs_f32(),
            checking.elapsed().as_secs_f32(),
        ))
    }
}

async fn start_clients(
    services: Vec<Service>,
    world: &World,
    (catalogue, edition, codes): (&Catalogue, &Edition, &[AuthorityCode]),
    journal: &Arc<Journal>,
    rng: &mut Rng,
) -> anyhow::Result<Running> {
    let hold = Arc::new(RwLock::new(()));
    let stop = Arc::new(AtomicBool::new(false));
    let mut caller = || Caller::new(Arc::clone(journal), rng.u64(..));
    let mut production = Production::new(world, Arc::clone(&hold), caller())?;
    production.open_round().await.map_err(refused)?;
    let mut clients = JoinSet::new();
    for code in codes {
        let sample = authority::sample(catalogue, edition, code)?;
        let authority = Authority::new(world, code, sample, Arc::clone(&hold), caller())?;
        clients.spawn(authority.act(Arc::clone(&stop)));
    }
    Ok(Running {
        services,
        clients,
        production: tokio::spawn(production.act(Arc::clone(&stop))),
        stop,
    })
}

pub(crate) fn refused(status: Status) -> anyhow::Error {
    anyhow::Error::new(status).context("what had to be answered was refused")
}

pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Says what was wrong with a run, and keeps its folder if anything was.
pub(crate) fn conclude(
    seed: u64,
    folder: TempDir,
    problems: &[String],
    ended: anyhow::Result<()>,
) -> anyhow::Result<()> {
    for problem in problems {
        say(problem)?;
    }
    if ended.is_ok() && problems.is_empty() {
        return Ok(());
    }
    let what = format!(
        "seed {seed}: {} problems; kept in {}",
        problems.len(),
        folder.keep().display()
    );
    match ended {
        Ok(()) => bail!(what),
        Err(error) => Err(error.context(what)),
    }
}
