//! The service as a process: its options, and how it runs with them.

use std::net::SocketAddr;
use std::process::ExitCode;

use mesur_process::{ListenError, Options, listen};

use crate::{Config, RunError, run as serve};

/// The options of the process.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Those of every service.
    #[command(flatten)]
    pub options: Options,
    /// Where submission is, such as `http://127.0.0.1:7401`.
    #[arg(long)]
    pub submission: String,
    /// Where the page for statisticians is served. Without `--tls-cert` only a loopback address is
    /// taken.
    #[arg(long)]
    pub web: Option<SocketAddr>,
}

/// Why the process ended before it was asked to.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The page cannot be served there.
    #[error("--web")]
    Listen(#[from] ListenError),
    /// The service ended.
    #[error("running the service")]
    Run(#[from] RunError),
}

/// Serves until a signal stops it, and says how it ended.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments {
        options,
        submission,
        web,
    } = arguments;
    mesur_process::run("validation", &options, |parts| async move {
        let web = match web {
            Some(address) => Some(listen(address, parts.tls.as_ref()).await?),
            None => None,
        };
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            submission,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: parts.limits,
            web,
        };
        Ok::<_, Error>(serve(config, parts.listener, parts.stop).await?)
    })
}
