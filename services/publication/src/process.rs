//! The service as a process: its options, and how it runs with them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use mesur_process::{Options, listen};

use crate::{
    Config, RunError, SystemTimer, TimetableOptions, run as serve, signer_from_file, signer_kept_at,
};

/// The options of the process.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Those of every service.
    #[command(flatten)]
    pub options: Options,
    /// Where aggregation is, such as `http://127.0.0.1:7403`.
    #[arg(long)]
    pub aggregation: String,
    /// Where the web page is served. Without `--tls-cert` only a loopback address is taken.
    #[arg(long)]
    pub web: SocketAddr,
    /// When releases come out.
    #[command(flatten)]
    pub timetable: TimetableOptions,
    /// The Ed25519 key that signs the bundles of releases, in PEM. Without one a key of its own is made
    /// once, `signing-key.pem` beside the folder of the store.
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
}

/// Serves until a signal stops it, and says how it ended.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments {
        options,
        aggregation,
        web,
        timetable,
        signing_key,
    } = arguments;
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
            limits: parts.limits,
        };
        let web = listen(web, parts.tls.as_ref())
            .await
            .map_err(io::Error::other)?;
        serve(config, parts.listener, web, parts.stop).await
    })
}
