//! What every Mesur process does the same: options, logging, who is let in, the catalogue, the store,
//! signals.
//!
//! A service's `main` parses its own options, which hold [`Options`], and hands a future to
//! [`run`]. Everything is passed on by argument; nothing is global but the log.

mod etcd;
mod identity;

use std::future::Future;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use mesur_catalogue::Catalogue;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_rpc::server::{Drained, Listener};
use mesur_store::{Settings, SledStore, Store};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

pub use etcd::Etcd;
pub use identity::Identity;

/// The options of every service.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where to listen. Without TLS only a loopback address is taken.
    #[arg(long)]
    pub listen: SocketAddr,
    /// The folder of the service's own store; it is made when it is not there. With `--etcd` the store is
    /// in etcd.
    #[arg(long)]
    pub data: PathBuf,
    /// A folder with a further edition; may be given again.
    #[arg(long = "edition", value_name = "FOLDER")]
    pub editions: Vec<PathBuf>,
    /// Where the store is, if not in the folder.
    #[command(flatten)]
    pub etcd: Etcd,
    /// Who is let in, and as whom the service calls others.
    #[command(flatten)]
    pub identity: Identity,
}

/// What a service is given to run with.
pub struct Parts {
    /// Bound, and accepting nothing yet.
    pub listener: Listener,
    /// The bundled editions and those of the options.
    pub catalogue: Arc<Catalogue>,
    /// The service's own store.
    pub store: Arc<dyn Store>,
    /// The system's clock.
    pub clock: Arc<dyn Clock>,
    /// Who is let in.
    pub authenticator: Authenticator,
    /// The service's own token.
    pub bearer: Bearer,
    /// Cancelled by the first signal.
    pub stop: CancellationToken,
}

/// Logs to standard error; `MESUR_LOG` filters, `info` by default.
pub fn init_log() {
    let filter = EnvFilter::try_from_env("MESUR_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Whoever read the log may be gone; that must not bring the process down.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .init();
}

/// The bundled editions with those in `folders`. One that takes the place of another of the same
/// name is logged: returns of the other content will be refused.
pub fn catalogue(folders: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>> {
    let mut catalogue = Catalogue::bundled()?;
    for folder in folders {
        let before = catalogue.clone();
        let edition = catalogue.add_folder(folder)?;
        let other = before.get(edition.name());
        if let Some(other) = other.filter(|other| other.digest() != edition.digest()) {
            tracing::warn!(
                edition = %edition.name(),
                folder = %folder.display(),
                digest = edition.digest(),
                replaced_digest = other.digest(),
                "the edition in the folder replaces another of the same name"
            );
        }
    }
    Ok(Arc::new(catalogue))
}

/// Opens, or makes, the store in a folder.
pub fn open_store(folder: &Path) -> anyhow::Result<Arc<dyn Store>> {
    let store = SledStore::open(folder, Settings::default())
        .with_context(|| format!("opening the store in {}", folder.display()))?;
    Ok(Arc::new(store))
}

/// Opens, or makes, the store of a service: in etcd where that is chosen, and in the folder otherwise.
pub async fn open_chosen(
    etcd: &Etcd,
    service: &str,
    folder: &Path,
) -> anyhow::Result<Arc<dyn Store>> {
    if etcd.is_chosen() {
        etcd.open(service).await
    } else {
        open_store(folder)
    }
}

/// Runs one service until a signal stops it, and says how it ended.
pub fn run<F, E>(service: &str, options: &Options, serve: impl FnOnce(Parts) -> F) -> ExitCode
where
    F: Future<Output = Result<Drained, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    init_log();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let ended = runtime.block_on(async {
        let parts = prepare(service, options).await?;
        serve(parts).await.map_err(anyhow::Error::new)
    });
    match ended {
        Ok(Drained { connections_cut: 0 }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

async fn prepare(service: &str, options: &Options) -> anyhow::Result<Parts> {
    if !options.listen.ip().is_loopback() {
        bail!(
            "{} is not a loopback address: there is no TLS yet",
            options.listen
        );
    }
    let stop = mesur_rpc::shutdown::on_signal().context("listening for signals")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let authenticator = options.identity.authenticator(Arc::clone(&clock))?;
    let bearer = options.identity.bearer()?;
    Ok(Parts {
        listener: Listener::bind(options.listen).await?,
        catalogue: catalogue(&options.editions)?,
        store: open_chosen(&options.etcd, service, &options.data).await?,
        clock,
        authenticator,
        bearer,
        stop,
    })
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::error!("{error:#}");
    ExitCode::FAILURE
}
