//! The validation service as a process of its own.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use mesur_process::Options;
use mesur_validation::{Config, RunError, run};
use tokio::net::TcpListener;

/// Checks returns against the rules of their edition.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where submission is, such as `http://127.0.0.1:7401`.
    #[arg(long)]
    submission: String,
    /// Where the page for statisticians is served. Without TLS only a loopback address is taken.
    #[arg(long)]
    web: Option<SocketAddr>,
}

/// Why the process ended before it was asked to.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The page would be served to others without TLS.
    #[error("{0} is not a loopback address: there is no TLS yet")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("listening on {address}")]
    Bind {
        /// The address of the page.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The service ended.
    #[error("running the service")]
    Run(#[from] RunError),
}

fn main() -> ExitCode {
    let Arguments {
        options,
        submission,
        web,
    } = Arguments::parse();
    mesur_process::run("validation", &options, |parts| async move {
        let web = match web {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            submission,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: mesur_rpc::server::Limits::default(),
            web,
        };
        Ok::<_, Error>(run(config, parts.listener, parts.stop).await?)
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| Error::Bind { address, source })
}
