//! Two replicas of every service on a real cluster of etcd: takes replicas and members away, and holds
//! what is there against what was acknowledged.
//!
//! A whole year is sent, signed off, frozen and put on the calendar. The replica that is to publish dies
//! in that second; then members of the cluster die and are cut off while authorities work, half of them
//! with each replica; then a revision's moment comes while the replica that is to publish it is paused. In
//! the end everything acknowledged must hold, and the stores are moved to the other back end and back.
//!
//! Only publication's clock is set ahead, to the days of release. A member is cut off from the
//! services, not from the other members: that is what happens to a member that is paused, of which
//! `crates/store/tests/it/etcd` has more.

pub(crate) mod cluster;
mod day;
mod faults;
pub(crate) mod http;
mod moving;
pub(crate) mod processes;
mod proxy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fastrand::Rng;
use jiff::Timestamp;
use mesur_access::dev::{self, Issuer};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use mesur_proto::publication::v1::Release;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::Status;

use crate::kill::authority::{self, Authority};
use crate::kill::calls::{Caller, reason};
use crate::kill::checks::Checks;
use crate::kill::journal::Journal;
use crate::kill::people::Person;
use crate::kill::production::Production;
use crate::kill::{conclude, refused, say};
use cluster::Cluster;
use day::Fate;
use processes::{Replicas, Setting};

/// How long all of it may take.
const RUN_TIMEOUT: Duration = Duration::from_mins(10);
/// How long a service may take to catch up with another.
const CATCH_UP_TIMEOUT: Duration = Duration::from_mins(1);
/// How often it is asked.
const CATCH_UP_AFTER: Duration = Duration::from_millis(20);

/// Options of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// How often the cluster is broken in each way.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// What the clients do follows from this [default: another each time].
    #[arg(long)]
    seed: Option<u64>,
    /// How many authorities work while the cluster is broken.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u8).range(1..=22))]
    authorities: u8,
    /// The folder with the programs, built with etcd [default: they are built].
    #[arg(long)]
    bin: Option<PathBuf>,
}

/// Who makes releases, and who looks.
struct Makers {
    production: Production,
    caller: Caller,
}

impl Run {
    /// Runs, breaks and checks; fails when anything acknowledged does not hold.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        say(&format!("replicas: seed {seed}"))?;
        let bin = processes::programs(self.bin.as_deref())?;
        let folder = tempfile::Builder::new().prefix("mesur-faults-").tempdir()?;
        let journal = Arc::new(Journal::default());
        let ended = Runtime::new()?.block_on(async {
            // Whoever stops the run stops the processes with it.
            let mut stopped = signal(SignalKind::terminate())?;
            tokio::select! {
                ended = timeout(RUN_TIMEOUT, self.go(seed, &bin, folder.path(), &journal)) => {
                    ended.context("it takes too long")?
                }
                _ = stopped.recv() => bail!("the run was stopped"),
            }
        });
        let told = journal.told();
        say(&format!(
            "{} changes acknowledged, {} requests sent again without an answer and {} with one, {} releases",
            told.acknowledged.values().sum::<usize>(),
            told.repeated,
            told.doubled,
            told.published.len(),
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
        let mut rng = Rng::with_seed(seed);
        let mut cluster = Cluster::start(folder).await?;
        let setting = Setting {
            bin: bin.to_owned(),
            folder: folder.to_owned(),
            etcd: cluster.endpoints(),
        };
        let mut pair = start(&setting, edition).await?;
        say(&format!("ready after {} ms", begun.elapsed().as_millis()))?;
        let hold = Arc::new(RwLock::new(()));
        let mut caller = || Caller::new(Arc::clone(journal), rng.u64(..));
        let mut makers = Makers {
            production: Production::new(&pair[0].world, Arc::clone(&hold), caller())?,
            caller: caller(),
        };
        makers.production.open_round().await.map_err(refused)?;
        let authorities = authorities(&catalogue, edition, &pair, &hold, &mut caller)?;
        let authorities = hand_in(authorities).await?;
        let release = makers.publish(&mut pair, Fate::Killed).await?;
        let bytes = cluster.bytes().await?;
        say(&format!("the cluster holds {bytes} bytes with its past"))?;

        let stop = Arc::new(AtomicBool::new(false));
        let mut working = JoinSet::new();
        for authority in authorities.into_iter().take(self.authorities.into()) {
            working.spawn(authority.act(Arc::clone(&stop)));
        }
        for _ in 0..self.rounds {
            faults::all(&mut cluster, &mut pair, &mut makers.caller, &release.name).await?;
        }
        stop.store(true, Ordering::Relaxed);
        while let Some(authority) = working.join_next().await {
            authority.context("a client panicked")?;
        }
        let revised = makers.publish(&mut pair, Fate::Paused).await?;

        for (n, replicas) in pair.iter().enumerate() {
            let mut checks = Checks {
                caller: caller(),
                statistician: replicas.world.person("statistician")?,
                catalogue: &catalogue,
                edition,
            };
            checks.latest().await.map_err(refused)?;
            for published in [&release, &revised] {
                day::once(&mut makers.caller, replicas, published).await?;
            }
            if n > 0 {
                checks.all().await.map_err(refused)?;
            }
        }
        pair.iter_mut().try_for_each(Replicas::must_run)?;
        drop(pair);
        let moved = moving::there_and_back(bin, folder, &setting.etcd)?;
        say(&format!(
            "{moved} bytes moved from etcd to folders to etcd to folders, each time the same; {:.1} s in all",
            begun.elapsed().as_secs_f32()
        ))
    }
}

/// Starts both replicas of each service, one after the other: the first makes the key that signs.
async fn start(setting: &Setting, edition: &Edition) -> anyhow::Result<[Replicas; 2]> {
    setting.prepare()?;
    let codes: Vec<&AuthorityCode> = edition.authorities().iter().map(|one| &one.code).collect();
    let access = setting.folder.join("access");
    dev::write_folder(&Issuer::generate(), &access, codes, Timestamp::now())?;
    let first = Replicas::start(setting, 'a', None).await?;
    Ok([first, Replicas::start(setting, 'b', None).await?])
}

/// All authorities, half of them with each replica.
fn authorities(
    catalogue: &Catalogue,
    edition: &Edition,
    pair: &[Replicas; 2],
    hold: &Arc<RwLock<()>>,
    mut caller: impl FnMut() -> Caller,
) -> anyhow::Result<Vec<Authority>> {
    let worlds = pair.iter().map(|replicas| &replicas.world).cycle();
    let codes = edition.authorities().iter().map(|one| &one.code);
    let with = codes.zip(worlds).map(|(code, world)| {
        let sample = authority::sample(catalogue, edition, code)?;
        Authority::new(world, code, sample, Arc::clone(hold), caller())
    });
    with.collect()
}

/// Every authority sends its return and signs it off.
async fn hand_in(authorities: Vec<Authority>) -> anyhow::Result<Vec<Authority>> {
    let mut working = JoinSet::new();
    for (n, mut authority) in authorities.into_iter().enumerate() {
        working.spawn(async move {
            authority.hand_in().await;
            (n, authority)
        });
    }
    let mut done = Vec::new();
    while let Some(authority) = working.join_next().await {
        done.push(authority.context("a client panicked")?);
    }
    done.sort_by_key(|(n, _)| *n);
    Ok(done.into_iter().map(|(_, authority)| authority).collect())
}

impl Makers {
    /// Freezes all that is signed off, and has it published on the next working day.
    async fn publish(&mut self, pair: &mut [Replicas; 2], fate: Fate) -> anyhow::Result<Release> {
        let publisher = pair[1].world.person("publisher")?;
        let begun = Instant::now();
        let scheduled = loop {
            match self.schedule(&publisher).await {
                Err(status) if lags(&status) && begun.elapsed() < CATCH_UP_TIMEOUT => {
                    sleep(CATCH_UP_AFTER).await;
                }
                answer => break answer.map_err(refused)?,
            }
        };
        day::comes(pair, &mut self.caller, &scheduled, fate).await?;
        Ok(scheduled)
    }

    /// From the snapshot to a day on the calendar.
    async fn schedule(&mut self, publisher: &Person) -> Result<Release, Status> {
        let production = &mut self.production;
        let snapshot = production.snapshot(production.signed()).await?;
        let mut release = production.compile(&snapshot).await?;
        for step in ["SubmitRelease", "ApproveRelease"] {
            release = production.step(step, release).await?;
        }
        day::schedule(&mut self.caller, publisher, &release).await
    }
}

/// Whether a refusal is one of a service that has not caught up with another.
fn lags(status: &Status) -> bool {
    matches!(
        reason(status).as_deref(),
        Some("RETURNS_NOT_RECEIVED" | "SNAPSHOT_NOT_RECEIVED" | "SNAPSHOT_OVERTAKEN")
    )
}
