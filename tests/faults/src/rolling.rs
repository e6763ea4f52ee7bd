//! An upgrade without downtime: restarts every replica of every service, one after another, while authorities
//! work and readers read, and wants no request to fail.
//!
//! Before the replicas of each service stands what a Service of Kubernetes is: it asks them whether they are ready,
//! sends new connections to those that are, and leaves open ones where they are. A replica is asked to stop by a
//! signal, and by nothing else. The services call one another the same way. Clients do what `docs/integrating.md`
//! says: what stays unanswered is sent again, with the same request id.

mod balancer;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use jiff::Timestamp;
use mesur_access::dev::{self, Issuer};
use mesur_catalogue::{AuthorityCode, Catalogue, Edition, EditionName};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::kill::authority::{self, Authority};
use crate::kill::calls::Caller;
use crate::kill::checks::Checks;
use crate::kill::journal::Journal;
use crate::kill::people::World;
use crate::kill::production::Production;
use crate::kill::{conclude, refused, say};
use crate::replicas::cluster::Cluster;
use crate::replicas::http;
use crate::replicas::processes::{self, Replicas, Setting};
use balancer::Balancer;

/// How long all of it may take.
const RUN_TIMEOUT: Duration = Duration::from_mins(10);
/// How long a replica is left alone before the next one goes, as `minReadySeconds` says.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a client may have to send one request.
const ATTEMPTS_MAX: usize = 3;
/// How many read pages at once.
const READERS: usize = 4;
/// How long a reader looks at a page.
const READING: Duration = Duration::from_millis(5);

/// Options of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Rolling {
    /// How often every replica is restarted.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// What the clients do follows from this [default: another each time].
    #[arg(long)]
    seed: Option<u64>,
    /// How many authorities work meanwhile.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u8).range(1..=22))]
    authorities: u8,
    /// The folder with the programs, built with etcd [default: they are built].
    #[arg(long)]
    bin: Option<PathBuf>,
}

impl Rolling {
    /// Restarts under a load; fails when a request does, or when anything acknowledged does not hold.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        say(&format!("rolling: seed {seed}"))?;
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
        conclude(seed, folder, &told.problems, ended)
    }

    async fn go(
        &self,
        seed: u64,
        bin: &Path,
        folder: &Path,
        journal: &Arc<Journal>,
    ) -> anyhow::Result<()> {
        let catalogue = Catalogue::bundled()?;
        let edition = catalogue.get(&EditionName::parse("pif/2022-23")?);
        let edition = edition.context("the edition is bundled")?;
        let mut rng = Rng::with_seed(seed);
        let cluster = Cluster::start(folder).await?;
        let setting = Setting {
            bin: bin.to_owned(),
            folder: folder.to_owned(),
            etcd: cluster.endpoints(),
        };
        let mut deployed = Deployed::start(&setting, edition).await?;
        let world = deployed.world(folder);
        let mut caller = || Caller::new(Arc::clone(journal), rng.u64(..));
        let hold = Arc::new(RwLock::new(()));
        let mut production = Production::new(&world, Arc::clone(&hold), caller())?;
        production.open_round().await.map_err(refused)?;

        let stop = Arc::new(AtomicBool::new(false));
        let mut working = JoinSet::new();
        let authorities = edition.authorities().iter().map(|one| &one.code);
        for code in authorities.take(self.authorities.into()) {
            let sample = authority::sample(&catalogue, edition, code)?;
            let authority = Authority::new(&world, code, sample, Arc::clone(&hold), caller())?;
            working.spawn(authority.act(Arc::clone(&stop)));
        }
        let mut reading = JoinSet::new();
        for _ in 0..READERS {
            reading.spawn(read(deployed.web.address, Arc::clone(&stop)));
        }
        let begun = Instant::now();
        for _ in 0..self.rounds {
            deployed.restart().await?;
        }
        let took = begun.elapsed();
        stop.store(true, Ordering::Relaxed);
        while let Some(client) = working.join_next().await {
            client.context("a client panicked")?;
        }
        let mut pages = 0;
        while let Some(reader) = reading.join_next().await {
            pages += reader.context("a reader panicked")??;
        }
        count(journal, pages, took, self.rounds)?;
        let mut checks = Checks {
            caller: caller(),
            statistician: world.person("statistician")?,
            catalogue: &catalogue,
            edition,
        };
        checks.all().await.map_err(refused)?;
        deployed.pair.iter_mut().try_for_each(Replicas::must_run)
    }
}

/// Says what was asked and answered; an error when a request was sent too often, or nothing was asked.
fn count(journal: &Journal, pages: usize, took: Duration, rounds: usize) -> anyhow::Result<()> {
    let told = journal.told();
    say(&format!(
        "{} restarts in {:.1} s: {} requests answered and none failed, {} attempts repeated, {} for one request at \
         most; {} changes acknowledged; {pages} pages read and none failed",
        rounds * 8,
        took.as_secs_f32(),
        told.requests,
        told.repeated,
        told.attempts_max,
        told.acknowledged.values().sum::<usize>(),
    ))?;
    ensure!(
        told.attempts_max <= ATTEMPTS_MAX,
        "a client had to send one request {} times",
        told.attempts_max
    );
    ensure!(pages > 0 && told.requests > 0, "nobody asked for anything");
    Ok(())
}

/// Two replicas of each service, and what stands before them.
struct Deployed {
    pair: [Replicas; 2],
    /// In the order of the data's way.
    services: [Balancer; 4],
    web: Balancer,
}

impl Deployed {
    async fn start(setting: &Setting, edition: &Edition) -> anyhow::Result<Self> {
        setting.prepare()?;
        let authorities = edition.authorities().iter();
        let codes: Vec<&AuthorityCode> = authorities.map(|one| &one.code).collect();
        let access = setting.folder.join("access");
        dev::write_folder(&Issuer::generate(), &access, codes, Timestamp::now())?;
        let services = [
            Balancer::new().await?,
            Balancer::new().await?,
            Balancer::new().await?,
            Balancer::new().await?,
        ];
        let web = Balancer::new().await?;
        let before = Some(services.each_ref().map(|balancer| balancer.address));
        // One after the other: the first makes the key that signs.
        let mut pair = [
            Replicas::start(setting, 'a', before).await?,
            Replicas::start(setting, 'b', before).await?,
        ];
        for replicas in &mut pair {
            let page = replicas.web;
            web.put(page, replicas.publication()?.admin);
            for (balancer, replica) in services.iter().zip(replicas.all()) {
                balancer.put(replica.address, replica.admin);
            }
        }
        for balancer in services.iter().chain([&web]) {
            balancer.ready(2).await?;
        }
        Ok(Self {
            pair,
            services,
            web,
        })
    }

    fn world(&self, folder: &Path) -> World {
        let at = |balancer: &Balancer| format!("http://{}", balancer.address);
        World::at(self.services.iter().map(at).collect(), folder)
    }

    /// Restarts each replica of each service, the last service first, as a cluster does it.
    async fn restart(&mut self) -> anyhow::Result<()> {
        for (place, balancer) in self.services.iter().enumerate().rev() {
            for replicas in &mut self.pair {
                let replica = replicas.all().get_mut(place).context("a replica")?;
                replica.stop().await?;
                replica.start_again(0)?;
                replica.ready().await?;
                balancer.ready(2).await?;
                self.web.ready(2).await?;
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}

/// Reads the page again and again, with a connection of its own each time; how often. No page is asked for twice.
async fn read(web: SocketAddr, stop: Arc<AtomicBool>) -> anyhow::Result<usize> {
    let mut read = 0;
    while !stop.load(Ordering::Relaxed) {
        http::get(web, "/")
            .await
            .with_context(|| format!("after {read} pages"))?;
        read += 1;
        sleep(READING).await;
    }
    Ok(read)
}
