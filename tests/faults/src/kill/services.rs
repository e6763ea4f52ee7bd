//! The four services, each a process of its own on a port and a folder that it keeps.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use mesur_access::dev::{self, Issuer};
use mesur_catalogue::AuthorityCode;
use mesur_tests::ports::free_addresses;
use tokio::time::sleep;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// How long a service may take to answer after it was started.
const READY_TIMEOUT: Duration = Duration::from_mins(1);
/// How often it is asked.
const READY_INTERVAL: Duration = Duration::from_millis(5);

/// The services, in the order of the data's way.
pub(crate) const NAMES: [&str; 4] = ["submission", "validation", "aggregation", "publication"];

/// A service that is killed and started again.
#[derive(Debug)]
pub(crate) struct Service {
    /// Which one.
    pub(crate) name: &'static str,
    address: SocketAddr,
    command: Vec<String>,
    log: PathBuf,
    process: Child,
}

impl Service {
    /// Where it is, `http://127.0.0.1:port`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills it, starts it at once, and waits until it answers: how long that took.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.stop()?;
        self.start().await?;
        Ok(begun.elapsed())
    }

    /// Kills it.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        self.must_run()?;
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it, and waits until it answers.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        self.process = start(&self.command, &self.log)?;
        self.ready().await
    }

    /// Refuses a service that ended by itself.
    pub(crate) fn must_run(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("{} ended by itself with {status}", self.name);
        }
        Ok(())
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
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
            sleep(READY_INTERVAL).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that is gone already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(command: &[String], log: &Path) -> anyhow::Result<Child> {
    let (program, arguments) = command.split_first().context("a program")?;
    let log: File = OpenOptions::new().create(true).append(true).open(log)?;
    Command::new(program)
        .args(arguments)
        .env("MESUR_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("starting {program}"))
}

/// Writes the tokens of everybody into a folder, and starts the four services; they answer when this
/// returns.
pub(crate) async fn start_all(
    bin: &Path,
    folder: &Path,
    authorities: &[AuthorityCode],
) -> anyhow::Result<Vec<Service>> {
    let access = folder.join("access");
    dev::write_folder(&Issuer::generate(), &access, authorities, Timestamp::now())?;
    let addresses: [SocketAddr; 5] = free_addresses(5)?.try_into().ok().context("five")?;
    let [submission, validation, aggregation, publication, web] = addresses;
    let at = |address: SocketAddr| format!("http://{address}");
    let further: [Vec<String>; 4] = [
        vec![format!("--validation={}", at(validation))],
        vec![format!("--submission={}", at(submission))],
        vec![
            format!("--submission={}", at(submission)),
            format!("--validation={}", at(validation)),
        ],
        vec![
            format!("--aggregation={}", at(aggregation)),
            format!("--web={web}"),
        ],
    ];
    let listens = [submission, validation, aggregation, publication];
    let mut services = Vec::new();
    for ((name, address), further) in NAMES.into_iter().zip(listens).zip(further) {
        let mut command = vec![
            bin.join("mesur").display().to_string(),
            "serve".to_owned(),
            name.to_owned(),
            format!("--listen={address}"),
            format!("--data={}", folder.join(name).display()),
            format!("--jwks={}", access.join("jwks.json").display()),
            format!("--issuer={}", dev::ISSUER),
            format!("--token-file={}", access.join("service.token").display()),
        ];
        command.extend(further);
        let log = folder.join(format!("{name}.log"));
        services.push(Service {
            name,
            address,
            process: start(&command, &log)?,
            command,
            log,
        });
    }
    for service in &mut services {
        service.ready().await?;
    }
    Ok(services)
}

/// The folder with the services' programs; they are built unless one was given.
pub(crate) fn programs(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let own = std::env::current_exe()?;
    let bin = own.parent().context("a folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "mesur"]);
    if bin.ends_with("release") {
        build.arg("--release");
    }
    let ended = build.status().context("running cargo")?;
    ensure!(ended.success(), "the services cannot be built");
    Ok(bin.to_owned())
}

/// Has the stores looked through by the command that operators have; what it complains of, if anything.
pub(crate) fn complaint(bin: &Path, folder: &Path) -> anyhow::Result<Option<String>> {
    let looked = Command::new(bin.join("mesur"))
        .args(["store", "check", "--data"])
        .arg(folder)
        .output()
        .context("running mesur store check")?;
    let said = [looked.stdout, looked.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok((!looked.status.success()).then_some(said))
}
