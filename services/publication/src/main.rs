//! The publication service as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mesur_process::Options;
use mesur_publication::{
    Config, RunError, SystemTimer, TimetableOptions, run, signer_from_file, signer_kept_at,
};
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
    #[command(flatten)]
    timetable: TimetableOptions,
    /// The Ed25519 key that signs the bundles of releases, in PEM. Without one a key of its own is made
    /// once, `signing-key.pem` beside the folder of the store.
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments {
        options,
        aggregation,
        web,
        timetable,
        signing_key,
    } = Arguments::parse();
    let own_key = options.data.with_file_name("signing-key.pem");
    mesur_process::run("publication", &options, |parts| async move {
        let signer = match signing_key {
            Some(given) => signer_from_file(&given)?,
            None => signer_kept_at(&own_key)?,
        };
        let config = Config {
            catalogue: parts.catalogue,
            store: parts.store,
            clock: parts.clock,
            timer: Arc::new(SystemTimer::start()),
            timetable: timetable.read().map_err(RunError::Timetable)?,
            aggregation,
            authenticator: parts.authenticator,
            bearer: parts.bearer,
            signer: Arc::new(signer),
            limits: mesur_rpc::server::Limits::default(),
        };
        let web = TcpListener::bind(web).await.map_err(RunError::Web)?;
        run(config, parts.listener, web, parts.stop).await
    })
}
