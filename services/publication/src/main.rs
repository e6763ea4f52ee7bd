//! The publication service as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use mesur_process::Options;
use mesur_publication::{Config, RunError, run};
use tokio::net::TcpListener;

/// Compiles releases, publishes them and serves them.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Where aggregation is, such as `http://127.0.0.1:7403`.
    #[arg(long)]
    aggregation: String,
    /// Where the web page is served.
    #[arg(long)]
    web: SocketAddr,
}

fn main() -> ExitCode {
    let Arguments {
        options,
        aggregation,
        web,
    } = Arguments::parse();
    mesur_process::run(&options, |parts| async move {
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            aggregation,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            limits: mesur_rpc::server::Limits::default(),
        };
        let web = TcpListener::bind(web).await.map_err(RunError::Web)?;
        run(config, parts.listener, web, parts.stop).await
    })
}
