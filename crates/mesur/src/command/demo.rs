//! `mesur demo`: everything, with the bundled sample.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use mesur_catalogue::{Catalogue, EditionName};
use mesur_publication::Timetable;
use mesur_rpc::access::Bearer;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use mesur_wording::Language;

use crate::findings;
use crate::output::{say, width, wrapped};
use crate::production::{Clients, Outcome, PreviousByAuthority, Run};
use crate::refusal::told;
use crate::{samples, words};

/// The bundled years, in their order: the later is compared with the earlier.
const YEARS: [&str; 2] = ["pif/2020-21", "pif/2022-23"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after printing, instead of serving the web page.
    #[arg(long)]
    once: bool,
    /// The port of the web page on loopback; 0 lets the system choose.
    #[arg(long, default_value_t = 7400, value_name = "PORT")]
    port: u16,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(Catalogue::bundled()?);
    let temporary = tempfile::tempdir().context("making a temporary folder")?;
    let web = if arguments.once { 0 } else { arguments.port };
    let config = Config {
        catalogue: Arc::clone(&catalogue),
        stores: Stores::Folder(temporary.path().to_owned()),
        ports: Ports {
            web,
            ..Ports::default()
        },
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled()?,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let stop = mesur_rpc::shutdown::on_signal()?;
        let started = Suite::start(config, stop.clone()).await;
        let mut suite = started.context("starting the suite; --port chooses another port")?;
        for year in YEARS {
            produce(&catalogue, &suite, year).await?;
        }
        say!("The values of single authorities in this sample are synthetic.");
        if arguments.once {
            suite.stop().await?;
        } else {
            say!(
                "The releases are at {}/ until Ctrl-C.",
                suite.endpoints().web
            );
            suite.ended().await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn produce(catalogue: &Catalogue, suite: &Suite, year: &str) -> anyhow::Result<()> {
    let name = EditionName::parse(year)?;
    let edition = catalogue
        .get(&name)
        .with_context(|| format!("{year} is not bundled"))?;
    let wording = words::of(Language::En)?;
    let progress = ProgressBar::new(0);
    progress.set_style(ProgressStyle::with_template(&format!(
        "{year} {{bar:40}} {{pos}}/{{len}} {{msg}}"
    ))?);
    let run = Run {
        suite,
        catalogue,
        edition,
        wording: &wording,
        progress,
    };
    let mut rows = Vec::new();
    let returns = samples::returns(name.period.as_str());
    let outcome = run
        .produce(&PreviousByAuthority::new(), &returns, &mut rows)
        .await?;
    run.progress.finish_and_clear();
    say!(
        "{year}: {} returns, {}",
        returns.len(),
        findings::summary_of(&rows, &wording)
    );
    if !rows.is_empty() {
        say!("{}", findings::table(&rows, &wording));
    }
    let Outcome::Published(published) = outcome else {
        anyhow::bail!("{year} of the bundled sample has errors");
    };
    let public = Clients::new(suite.endpoints(), &Bearer::none())?;
    let text = public
        .download(&published.release.name, "main-points.en.txt")
        .await
        .map_err(told(&wording))
        .context("downloading the main points")?;
    for line in String::from_utf8(text)?
        .lines()
        .flat_map(|line| wrapped(line, width()))
    {
        say!("{line}");
    }
    Ok(())
}
