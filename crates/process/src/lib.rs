//! What every Mesur process does the same: options, logging, who is let in, the catalogue, the store,
//! signals.
//!
//! A service's `main` parses its own options, which hold [`Options`], and hands a future to
//! [`run`]. Everything is passed on by argument; nothing is global but the log.

mod bounds;
mod etcd;
mod identity;
mod keys;
mod telemetry;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use mesur_catalogue::Catalogue;
use mesur_rpc::access::{Authenticator, Bearer};
use mesur_rpc::clock::{Clock, SystemClock};
use mesur_rpc::server::{Drained, Limits, Listener};
use mesur_rpc::tls::ServerTls;
use mesur_store::{Settings, SledStore, Store};
use tokio_util::sync::CancellationToken;

pub use bounds::Bounds;
pub use etcd::Etcd;
pub use identity::Identity;
pub use keys::{Keys, Place};
pub use telemetry::{Format, Probes, Seen, Telemetry};
pub use tls::{ListenError, Tls, listen};

/// The options of every service.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Where to listen. Without `--tls-cert` only a loopback address is taken.
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
    /// What the service shows of itself, and whom it trusts.
    #[command(flatten)]
    pub tls: Tls,
    /// How much the service takes on.
    #[command(flatten)]
    pub bounds: Bounds,
    /// How the process is seen.
    #[command(flatten)]
    pub telemetry: Telemetry,
    /// For how many seconds the process goes on taking calls after the first signal, while `/readyz`
    /// says that nobody is to be sent to it any more.
    #[arg(long, default_value_t = 0, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=600))]
    pub unready_seconds: u64,
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
    /// What the service shows to others.
    pub bearer: Bearer,
    /// What pages are served with besides the listener; see [`listen`].
    pub tls: Option<ServerTls>,
    /// What callers and readers may ask of it.
    pub limits: Limits,
    /// Cancelled by the first signal.
    pub stop: CancellationToken,
}

/// Logs to standard error; `MESUR_LOG` filters, `info` by default. [`Seen::begin`] does so too.
pub fn init_log() {
    telemetry::init_log();
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
    let begun = tokio::runtime::Runtime::new().map_err(anyhow::Error::new);
    let begun = begun.and_then(|runtime| {
        let seen = runtime.block_on(async { Seen::begin(service, &options.telemetry) })?;
        Ok((runtime, seen))
    });
    let (runtime, mut seen) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            init_log();
            return failed(&error);
        }
    };
    let ended = runtime.block_on(async {
        let parts = prepare(service, options, &mut seen).await?;
        serve(parts).await.map_err(anyhow::Error::new)
    });
    match ended {
        Ok(Drained { connections_cut }) => {
            tracing::info!(service, connections_cut, "ended");
            if connections_cut == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => failed(&error),
    }
}

async fn prepare(service: &str, options: &Options, seen: &mut Seen) -> anyhow::Result<Parts> {
    let tls = options.tls.server()?;
    let signal = mesur_rpc::shutdown::on_signal().context("listening for signals")?;
    let stop = after(&signal, Duration::from_secs(options.unready_seconds));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let authenticator = options.identity.authenticator(Arc::clone(&clock), &stop)?;
    let authenticator = authenticator.with_peers(options.tls.peer_names.clone());
    let bearer = options.identity.bearer(&options.tls)?;
    let listener = listen(options.listen, tls.as_ref()).await?;
    seen.answer(Probes::new(listener.serving(), signal));
    let catalogue = catalogue(&options.editions)?;
    tell_start(service, options, &catalogue);
    Ok(Parts {
        listener,
        catalogue,
        store: open_chosen(&options.etcd, service, &options.data).await?,
        clock,
        authenticator,
        bearer,
        tls,
        limits: options.bounds.limits(),
        stop,
    })
}

/// Cancelled so long after the signal.
fn after(signal: &CancellationToken, wait: Duration) -> CancellationToken {
    if wait.is_zero() {
        return signal.clone();
    }
    let (signal, stop) = (signal.clone(), CancellationToken::new());
    let stopping = stop.clone();
    tokio::spawn(async move {
        signal.cancelled().await;
        tracing::info!(
            seconds = wait.as_secs(),
            "not ready any more, and still serving"
        );
        tokio::time::sleep(wait).await;
        stopping.cancel();
    });
    stop
}

fn tell_start(service: &str, options: &Options, catalogue: &Catalogue) {
    let names = catalogue
        .editions()
        .map(|edition| edition.name().to_string());
    let editions = names.collect::<Vec<_>>().join(", ");
    let store = if options.etcd.is_chosen() {
        "etcd".to_owned()
    } else {
        options.data.display().to_string()
    };
    tracing::info!(
        service,
        version = env!("CARGO_PKG_VERSION"),
        listen = %options.listen,
        by_tls = options.tls.certificate.is_some(),
        store,
        editions,
        "starting"
    );
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::error!("{error:#}");
    ExitCode::FAILURE
}
