//! `mesur rehearse`: a whole production run in a temporary suite.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use mesur_catalogue::Edition;
use mesur_outputs::bundle;
use mesur_publication::Timetable;
use mesur_publication::{data_rows, write_data_csv};
use mesur_returns::file_bytes_max;
use mesur_rpc::access::Bearer;
use mesur_rpc::clock::SystemClock;
use mesur_rpc::server::Limits;
use mesur_suite::{Config, Ports, Stores, Suite};
use mesur_wording::{Language, Wording};
use tokio_util::sync::CancellationToken;

use crate::findings::{self, Row};
use crate::output::say;
use crate::production::{Clients, Outcome, PreviousByAuthority, Published, Reader, Run};
use crate::refusal::told;
use crate::{editions, files, words};

/// The files of a release that are written out.
const RELEASE_FILES: [&str; 7] = [
    "main-points.en.txt",
    "main-points.cy.txt",
    "release.en.html",
    "release.cy.html",
    "release.json",
    "data.csv",
    // Holds all others.
    bundle::FILE,
];

const FINDINGS_FILE: &str = "findings.csv";
const TOTALS_FILE: &str = "totals.csv";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The edition: a bundled one such as pif/2022-23, or a folder.
    #[arg(long, value_name = "NAME_OR_DIR")]
    edition: String,
    /// The folder of the return files, one CSV, XLSX or ODS file for each authority.
    #[arg(long, value_name = "DIR")]
    returns: PathBuf,
    /// The folder of the return files of an earlier period, for the rules that compare with it.
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    /// Where the release, the findings and the totals are written.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Exits with 0 when a release came out and with 1 when findings block it.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (catalogue, edition) = editions::find(&arguments.edition)?;
    let returns = files::read_folder(&arguments.returns, file_bytes_max(&edition))?;
    let faults = editions::template_faults(edition.release())?;
    if !faults.is_empty() {
        bail!("the edition's templates have faults\n{}", faults.join("\n"));
    }
    let wording = words::of(Language::En)?;
    let reader = Reader {
        edition: &edition,
        catalogue: &catalogue,
        wording: &wording,
    };
    let previous = match &arguments.previous {
        Some(folder) => {
            reader.read_previous(&files::read_folder(folder, file_bytes_max(&edition))?)?
        }
        None => PreviousByAuthority::new(),
    };
    fs::create_dir_all(&arguments.out)
        .with_context(|| format!("making the folder {}", arguments.out.display()))?;
    remove_earlier(&arguments.out)?;
    let temporary = tempfile::tempdir().context("making a temporary folder")?;
    let config = Config {
        catalogue: Arc::clone(&catalogue),
        stores: Stores::Folder(temporary.path().to_owned()),
        ports: Ports::default(),
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        timetable: Timetable::bundled()?,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let suite = Suite::start(config, CancellationToken::new()).await?;
        let run = Run {
            suite: &suite,
            catalogue: &catalogue,
            edition: &edition,
            wording: &wording,
            progress: ProgressBar::new(0),
        };
        let mut rows = Vec::new();
        let outcome = run.produce(&previous, &returns, &mut rows);
        let outcome = outcome.await;
        run.progress.finish_and_clear();
        write_findings(&arguments.out, &rows)?;
        let code = match outcome? {
            Outcome::Published(published) => {
                let public = Clients::new(suite.endpoints(), &Bearer::none())?;
                let files = write_release(&public, &arguments.out, &edition, &published, &wording);
                files.await?;
                say!(
                    "{}: {}",
                    edition.name(),
                    findings::summary_of(&rows, &wording)
                );
                say!("the release is in {}", arguments.out.display());
                ExitCode::SUCCESS
            }
            Outcome::Blocked => {
                account_of_errors(&edition, &rows, &wording, &arguments.out);
                ExitCode::FAILURE
            }
        };
        suite.stop().await?;
        Ok(code)
    })
}

fn account_of_errors(edition: &Edition, rows: &[Row], wording: &Wording, out: &Path) {
    let errors: Vec<Row> = rows.iter().filter(|row| row.is_error()).cloned().collect();
    say!("{}", findings::table(&errors, wording));
    say!(
        "{}: no release, because of {} error(s); every finding is in {}",
        edition.name(),
        errors.len(),
        out.join(FINDINGS_FILE).display()
    );
}

/// An earlier rehearsal's files must not stand beside the findings of this one.
fn remove_earlier(out: &Path) -> anyhow::Result<()> {
    for name in RELEASE_FILES
        .into_iter()
        .chain([FINDINGS_FILE, TOTALS_FILE])
    {
        let path = out.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn write_findings(out: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let path = out.join(FINDINGS_FILE);
    let file = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    findings::write_csv(rows, file)
}

async fn write_release(
    clients: &Clients,
    out: &Path,
    edition: &Edition,
    published: &Published,
    wording: &Wording,
) -> anyhow::Result<()> {
    for name in RELEASE_FILES {
        let bytes = clients.download(&published.release.name, name).await;
        let bytes = bytes
            .map_err(told(wording))
            .with_context(|| format!("downloading {name}"))?;
        write(&out.join(name), &bytes)?;
    }
    let totals = published
        .snapshot
        .totals
        .as_ref()
        .context("the snapshot has no totals")?;
    let mut every_cell = Vec::new();
    write_data_csv(&data_rows(edition, totals, false)?, &mut every_cell)?;
    write(&out.join(TOTALS_FILE), &every_cell)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}
