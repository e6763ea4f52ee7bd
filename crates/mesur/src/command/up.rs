//! `mesur up`: the suite on this machine until a signal stops it, with a token for each part to play.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use mesur_process::{Bounds, Etcd, Probes, Seen, Telemetry};
use mesur_publication::TimetableOptions;
use mesur_rpc::clock::SystemClock;
use mesur_suite::{Config, Ports, Stores, Suite};
use tokio_util::sync::CancellationToken;

use super::access;
use crate::output::say;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the stores are; the folder is made when it is not there. With `--etcd` the stores are in etcd,
    /// and the tokens and the signing key here.
    #[arg(long, default_value = "mesur-data", value_name = "DIR")]
    data: PathBuf,
    /// A folder with a further edition; may be given again.
    #[arg(long = "edition", value_name = "DIR")]
    editions: Vec<PathBuf>,
    /// The port of the web page on loopback. The services listen on the four ports after it, and
    /// the page for statisticians is on the fifth; 0 lets the system choose all of them.
    #[arg(long, default_value_t = 7400, value_name = "PORT")]
    port: u16,
    #[command(flatten)]
    timetable: TimetableOptions,
    #[command(flatten)]
    etcd: Etcd,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    telemetry: Telemetry,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut seen = runtime.block_on(async { Seen::begin("up", &arguments.telemetry) })?;
    let next = |offset: u16| match arguments.port {
        0 => Ok(0),
        port => port
            .checked_add(offset)
            .context("the five ports after --port are needed too"),
    };
    let catalogue = mesur_process::catalogue(&arguments.editions)?;
    let config = Config {
        catalogue: Arc::clone(&catalogue),
        stores: if arguments.etcd.is_chosen() {
            Stores::Etcd(Box::new(arguments.etcd.clone()), arguments.data.clone())
        } else {
            Stores::Folder(arguments.data.clone())
        },
        ports: Ports {
            web: arguments.port,
            submission: next(1)?,
            validation: next(2)?,
            aggregation: next(3)?,
            publication: next(4)?,
            statisticians: next(5)?,
        },
        clock: Arc::new(SystemClock),
        limits: arguments.bounds.limits(),
        timetable: arguments.timetable.read()?,
    };
    runtime.block_on(async {
        let stop = mesur_rpc::shutdown::on_signal()?;
        let (admin, serving) = (seen.admin(), CancellationToken::new());
        seen.answer(Probes::new(serving.clone(), stop.clone()));
        let mut suite = Suite::start(config, stop).await?;
        serving.cancel();
        let tokens = arguments.data.join("access");
        access::write(suite.issuer(), &tokens, &catalogue)?;
        let endpoints = suite.endpoints();
        say!("web            {}", endpoints.web);
        say!("submission     {}", endpoints.submission);
        say!("validation     {}", endpoints.validation);
        say!("aggregation    {}", endpoints.aggregation);
        say!("publication    {}", endpoints.publication);
        say!("statisticians  {}", endpoints.statisticians);
        say!("tokens         {}", tokens.display());
        if let Some(address) = admin {
            say!("admin          http://{address}");
        }
        say!(
            "ready in {} ms; Ctrl-C stops",
            started.elapsed().as_millis()
        );
        suite.ended().await
    })?;
    Ok(ExitCode::SUCCESS)
}
