//! The servers under load, each in a process of its own: this program again, with a hidden command.
//!
//! A server says on its first line where it is and which tokens it takes, and ends when its
//! standard input does, so none outlives a harness that was stopped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, anyhow};
use mesur_access::Role;
use mesur_access::dev::Issuer;
use mesur_catalogue::Catalogue;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_rpc::server::{Limits, Listener};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;

use crate::floor::append::AppendLog;
use crate::floor::echo::{Echo, Reading};
use crate::floor::web;
use crate::invented;

/// Where nobody listens: validation is away, so that only what the call costs is measured.
const NOBODY: &str = "http://127.0.0.1:1";
/// How long tokens are good for.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// What a server says on its first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Ready(Ready),
    /// Why it did not start.
    Failed(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    address: String,
    /// By authority.
    tokens: BTreeMap<String, String>,
}

/// What a server process is.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Serve {
    /// The bare server.
    #[command(hide = true)]
    Floor {
        /// A file of what it answers; without one, what it was sent.
        #[arg(long)]
        answer: Option<PathBuf>,
        /// A file that it appends what it was sent to, before it answers with nothing.
        #[arg(long, conflicts_with = "answer")]
        log: Option<PathBuf>,
    },
    /// The bare web server.
    #[command(hide = true)]
    Web {
        /// What it answers.
        file: PathBuf,
    },
    /// The submission service alone.
    #[command(hide = true)]
    Submission {
        /// The folder of its store.
        #[arg(long)]
        data: PathBuf,
        /// The folder of its edition.
        #[arg(long)]
        edition: PathBuf,
    },
}

impl Serve {
    /// Serves until standard input ends.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let served = match self {
            Self::Floor { answer, log } => floor(answer.as_deref(), log.as_deref()),
            Self::Web { file } => web(file),
            Self::Submission { data, edition } => submission(data, edition),
        };
        if let Err(error) = &served {
            // Nobody reads this but a harness that still waits for the first line.
            let _ = say(&Said::Failed(format!("{error:#}")));
        }
        served
    }
}

fn floor(answer: Option<&Path>, log: Option<&Path>) -> anyhow::Result<()> {
    let echo = match log {
        Some(log) => Echo::appending(AppendLog::create(log)?),
        None => Echo::answering(answer.map(std::fs::read).transpose()?),
    };
    Runtime::new()?.block_on(async {
        // As tonic's own `serve` listens: with Nagle's delay a small answer takes 40 ms.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let incoming = TcpIncoming::bind(address)?.with_nodelay(Some(true));
        say(&Said::Ready(Ready {
            address: format!("http://{}", incoming.local_addr()?),
            tokens: BTreeMap::new(),
        }))?;
        let server = tonic::transport::Server::builder()
            .add_service(Reading(echo.clone()))
            .add_service(echo);
        let ended = input_ends();
        server
            .serve_with_incoming_shutdown(incoming, ended.cancelled_owned())
            .await?;
        Ok(())
    })
}

fn web(file: &Path) -> anyhow::Result<()> {
    let ready = |address| {
        let tokens = BTreeMap::new();
        say(&Said::Ready(Ready { address, tokens }))
    };
    Runtime::new()?.block_on(web::serve(file, ready, input_ends()))
}

fn submission(data: &Path, edition: &Path) -> anyhow::Result<()> {
    mesur_process::init_log();
    let catalogue = load(edition)?;
    let issuer = Issuer::generate();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now = clock.now();
    let token = |identity: &str, role| issuer.token(identity, &[role], TOKEN_LIFETIME, now);
    let codes = catalogue
        .editions()
        .flat_map(|edition| edition.authorities());
    let tokens = codes.map(|authority| {
        let code = authority.code.to_string();
        let role = Role::Submitter(authority.code.clone());
        (code.clone(), token(&format!("submitter of {code}"), role))
    });
    let tokens = tokens.collect();
    Runtime::new()?.block_on(async {
        let listener = Listener::loopback(0).await?;
        let address = format!("http://{}", listener.local_addr());
        let config = mesur_submission::Config {
            catalogue,
            store: mesur_process::open_store(data)?,
            clock: Arc::clone(&clock),
            validation: NOBODY.to_owned(),
            authenticator: Authenticator::trusting(&issuer, clock),
            bearer: Bearer::new(&token("submission", Role::Service))?,
            // One client stands for many here.
            limits: Limits {
                identity_rate: None,
                ..Limits::default()
            },
        };
        say(&Said::Ready(Ready { address, tokens }))?;
        mesur_submission::run(config, listener, input_ends()).await?;
        Ok(())
    })
}

/// The edition alone, loaded by a thread that stays. What the allocator keeps of that thread's
/// freed memory is not given to another one, so it cannot hide what a call takes.
fn load(edition: &Path) -> anyhow::Result<Arc<Catalogue>> {
    let (sender, loaded) = mpsc::channel();
    let edition = edition.to_owned();
    std::thread::Builder::new()
        .name("edition".to_owned())
        .spawn(move || {
            let mut catalogue = Catalogue::default();
            let added = catalogue.add_folder(&edition).map(|_| catalogue);
            if sender.send(added.map(Arc::new)).is_ok() {
                loop {
                    std::thread::park();
                }
            }
        })?;
    Ok(loaded.recv()??)
}

fn say(said: &Said) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, said)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Cancelled when standard input ends.
fn input_ends() -> CancellationToken {
    let ended = CancellationToken::new();
    let told = ended.clone();
    std::thread::spawn(move || {
        // An input that fails has ended too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        told.cancel();
    });
    ended
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    ready: Ready,
}

impl Server {
    /// Starts the bare server.
    pub(crate) fn floor() -> anyhow::Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("floor"))
    }

    /// Starts the bare server that answers every call with what is in a file.
    pub(crate) fn answering(file: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::start(command.args(["floor", "--answer"]).arg(file))
    }

    /// Starts the bare server that appends to a file before it answers.
    pub(crate) fn appending(file: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::start(command.args(["floor", "--log"]).arg(file))
    }

    /// Starts the bare web server of a file.
    pub(crate) fn web(file: &Path) -> anyhow::Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("web").arg(file))
    }

    /// Starts the submission service with the edition in a folder.
    pub(crate) fn submission(data: &Path, edition: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("submission").arg("--data").arg(data);
        Self::start(command.arg("--edition").arg(edition))
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = command
            .env("MESUR_LOG", "error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a server")?;
        let mut line = String::new();
        let output = process.stdout.take().context("a server's output")?;
        BufReader::new(output).read_line(&mut line)?;
        match serde_json::from_str(&line).context("a server that says nothing")? {
            Said::Ready(ready) => Ok(Self { process, ready }),
            Said::Failed(reason) => {
                // This only takes the process off the list.
                let _ = process.wait();
                Err(anyhow!(reason))
            }
        }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &str {
        &self.ready.address
    }

    /// The token of an authority's submitter, by the number of the authority.
    pub(crate) fn token(&self, authority: u32) -> anyhow::Result<&str> {
        let code = invented::authority_code(authority);
        let token = self.ready.tokens.get(&code);
        token
            .map(String::as_str)
            .ok_or_else(|| anyhow!("no token of {code}"))
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // One that does not end is seen by whoever looks at the processes; nothing depends on it.
        let _ = self.process.wait();
    }
}
