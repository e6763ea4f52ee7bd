//! Two replicas of each service, each a process of its own, on the stores of one cluster.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use mesur_access::dev;
use mesur_tests::ports::free_addresses;
use tokio::time::{Instant, sleep};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::kill::people::World;
use crate::kill::services::NAMES;

/// How long a duty stays with a replica that has died or is paused.
pub(crate) const LEASE_SECONDS: u64 = 2;
/// How long a replica serves on after it was asked to stop.
const UNREADY_SECONDS: u64 = 1;
/// How long a service may take to answer after it was started.
const READY_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a service may take to stop: that, its drain, and what a busy machine makes of it.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// How often something is looked at again.
const INTERVAL: Duration = Duration::from_millis(5);
/// What the replicas say: of their duties, and of what publication has in memory.
const LOG: &str = "warn,mesur_rpc::duty=debug,mesur_publication::releases=info";
/// The library that sets a clock ahead.
const CLOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clock/clock.c");

/// What all replicas are started with.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The folder with the programs.
    pub(crate) bin: PathBuf,
    /// The folder of the run, with everybody's tokens in `access`.
    pub(crate) folder: PathBuf,
    /// The members of the cluster.
    pub(crate) etcd: String,
}

impl Setting {
    /// Compiles what sets a clock ahead.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let ended = Command::new(&compiler)
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"])
            .args([&self.clock(), Path::new(CLOCK)])
            .arg("-ldl")
            .status()
            .with_context(|| format!("running {}", compiler.display()))?;
        ensure!(ended.success(), "the clock does not compile");
        Ok(())
    }

    fn clock(&self) -> PathBuf {
        self.folder.join("clock.so")
    }
}

/// One replica of one service.
#[derive(Debug)]
pub(crate) struct Replica {
    name: String,
    pub(crate) address: SocketAddr,
    /// Where it says whether it is ready.
    pub(crate) admin: SocketAddr,
    command: Vec<String>,
    clock: PathBuf,
    log: PathBuf,
    process: Child,
}

impl Replica {
    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it again with its clock so many seconds ahead.
    pub(crate) fn start_again(&mut self, ahead: i64) -> anyhow::Result<()> {
        self.kill()?;
        self.process = start(&self.command, &self.log, &self.clock, ahead)?;
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Stops its process where it is, or lets it go on.
    pub(crate) fn pause(&self, is_paused: bool) -> anyhow::Result<()> {
        self.signal(if is_paused { "-STOP" } else { "-CONT" })
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status()?;
        ensure!(sent.success(), "{} cannot be sent {signal}", self.name);
        Ok(())
    }

    /// Asks it to stop and waits for it; an error when it cut a call off, or takes too long.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.signal("-TERM")?;
        let begun = Instant::now();
        loop {
            match self.process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{} was asked to stop and ended with {status}", self.name),
                None if begun.elapsed() > STOP_TIMEOUT => bail!("{} does not stop", self.name),
                None => sleep(INTERVAL).await,
            }
        }
    }

    /// The lines with all of these words that it said since it was started, the last one last.
    pub(crate) fn said(&self, words: &[&str]) -> anyhow::Result<Vec<String>> {
        let log = fs::read_to_string(&self.log)?;
        let has_all = |line: &&str| words.iter().all(|word| line.contains(word));
        let lines = log.lines().filter(has_all);
        Ok(lines.map(str::to_owned).collect())
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&mut self) -> anyhow::Result<()> {
        let channel = Endpoint::from_shared(self.endpoint())?.connect_lazy();
        let begun = Instant::now();
        loop {
            let asked = HealthClient::new(channel.clone())
                .check(HealthCheckRequest::default())
                .await;
            match asked {
                Ok(_) => return Ok(()),
                Err(status) if begun.elapsed() > READY_TIMEOUT => {
                    bail!("{} does not answer: {status}", self.name)
                }
                Err(_) => self.must_run()?,
            }
            sleep(INTERVAL).await;
        }
    }

    /// Refuses a replica that ended by itself.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("{} ended by itself with {status}", self.name);
        }
        Ok(())
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // One that is gone already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(command: &[String], log: &Path, clock: &Path, ahead: i64) -> anyhow::Result<Child> {
    let (program, arguments) = command.split_first().context("a program")?;
    let log = File::create(log)?;
    Command::new(program)
        .args(arguments)
        .env("MESUR_LOG", LOG)
        .env("LD_PRELOAD", clock)
        .env("MESUR_FAULTS_AHEAD", ahead.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("starting {program}"))
}

/// One replica of each service; they speak to one another.
#[derive(Debug)]
pub(crate) struct Replicas {
    services: Vec<Replica>,
    /// Where its web page is.
    pub(crate) web: SocketAddr,
    /// Its clients.
    pub(crate) world: World,
}

impl Replicas {
    /// Starts the services; they answer when this returns. They call one another at the addresses
    /// `before` them, in the order of the data's way, or without those directly.
    pub(crate) async fn start(
        setting: &Setting,
        letter: char,
        before: Option<[SocketAddr; 4]>,
    ) -> anyhow::Result<Self> {
        let [submission, validation, aggregation, publication, web]: [SocketAddr; 5] =
            free_addresses(5)?.try_into().ok().context("five")?;
        let admins = free_addresses(NAMES.len())?;
        let addresses = [submission, validation, aggregation, publication];
        let further = further(before.unwrap_or(addresses), web);
        let access = setting.folder.join("access");
        let mut services = Vec::new();
        let places = NAMES.into_iter().zip(addresses).zip(admins);
        for (((name, address), admin), further) in places.zip(further) {
            let mut command = vec![
                setting.bin.join("mesur").display().to_string(),
                "serve".to_owned(),
                name.to_owned(),
                format!("--listen={address}"),
                format!("--admin={admin}"),
                format!("--unready-seconds={UNREADY_SECONDS}"),
                // Beside it is the key that signs, one for all.
                format!("--data={}", setting.folder.join("unused").display()),
                format!("--etcd={}", setting.etcd),
                format!("--etcd-lease-seconds={LEASE_SECONDS}"),
                format!("--jwks={}", access.join("jwks.json").display()),
                format!("--issuer={}", dev::ISSUER),
                format!("--token-file={}", access.join("service.token").display()),
            ];
            command.extend(further);
            let name = format!("{name}-{letter}");
            let log = setting.folder.join(format!("{name}.log"));
            let clock = setting.clock();
            services.push(Replica {
                process: start(&command, &log, &clock, 0)?,
                name,
                address,
                admin,
                command,
                clock,
                log,
            });
        }
        for service in &mut services {
            service.ready().await?;
        }
        let endpoints = services.iter().map(Replica::endpoint).collect();
        Ok(Self {
            world: World::at(endpoints, &setting.folder),
            services,
            web,
        })
    }

    /// The replica of each service, in the order of the data's way.
    pub(crate) fn all(&mut self) -> &mut [Replica] {
        &mut self.services
    }

    /// The replica of publication.
    pub(crate) fn publication(&mut self) -> anyhow::Result<&mut Replica> {
        self.services.last_mut().context("publication")
    }

    /// Refuses one that ended by itself.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        self.services.iter_mut().try_for_each(Replica::must_run)
    }
}

/// What each service is told besides, in the order of the data's way.
fn further(
    [submission, validation, aggregation, _]: [SocketAddr; 4],
    web: SocketAddr,
) -> [Vec<String>; 4] {
    [
        vec![format!("--validation=http://{validation}")],
        vec![format!("--submission=http://{submission}")],
        vec![
            format!("--submission=http://{submission}"),
            format!("--validation=http://{validation}"),
        ],
        vec![
            format!("--aggregation=http://{aggregation}"),
            format!("--web={web}"),
            "--notice-days=0".to_owned(),
        ],
    ]
}

/// The folder with the programs; they are built, with etcd, unless one was given.
pub(crate) fn programs(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let own = std::env::current_exe()?;
    let bin = own.parent().context("a folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "mesur"]);
    build.args(["--features", "etcd"]);
    if bin.ends_with("release") {
        build.arg("--release");
    }
    let ended = build.status().context("running cargo")?;
    ensure!(ended.success(), "the services cannot be built");
    Ok(bin.to_owned())
}
