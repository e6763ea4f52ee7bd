//! `mesur audit`: who did what, out of the stores of the services, and whether any of it was changed.
//!
//! The log of a service is a chain (`docs/audit.md`). It is read from running services, which only
//! operators may ask, from the stores of stopped ones, from a backup, or from the lines that an export
//! wrote; whether the chain holds is found out here each time, and never taken from anybody.

mod chains;
mod lines;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_store::chain::{Broken, Link, Linked, Verifier};
use mesur_wording::{Args, Wording};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

use super::{Place, Which};
use crate::connection::{self, Options};
use crate::output::say;
use crate::output::table::{Table, plain};
use crate::refusal::WRONG;
use crate::words;
use chains::{Chain, Source};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write who did what as lines of JSON that anybody can verify, a file for each service.
    Export(Export),
    /// Say whether anything in the log was changed, left out or put in.
    Verify(Verify),
}

/// Where logs are read from; with nothing said, from the running services.
#[derive(Debug, Clone, clap::Args)]
struct Logs {
    #[command(flatten)]
    place: Place,
    /// A backup.
    #[arg(long = "from", value_name = "DIR", conflicts_with_all = ["data", "etcd"])]
    backup: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    from: Logs,
    /// The folder for the files, one for each service; it is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Files that an export wrote.
    #[arg(value_name = "FILE", conflicts_with_all = ["data", "etcd", "backup", "services"])]
    files: Vec<PathBuf>,
    #[command(flatten)]
    from: Logs,
    /// A link that was noted before, 64 hexadecimal digits: it must still be there. May be given again.
    #[arg(long = "anchor", value_name = "LINK", value_parser = parse_link)]
    anchors: Vec<Link>,
    #[command(flatten)]
    options: Options,
}

fn parse_link(text: &str) -> anyhow::Result<Link> {
    Link::parse(text).context("a link is 64 hexadecimal digits")
}

/// What was found out about one log.
struct Found {
    name: String,
    verifier: Verifier,
    broken: Option<Broken>,
}

impl Found {
    fn new(name: String) -> Self {
        Self {
            name,
            verifier: Verifier::default(),
            broken: None,
        }
    }

    /// Takes the next entry, and takes its link out of those that are looked for; behind a break nothing
    /// is found out any more.
    fn take(&mut self, linked: &Linked, missing: &mut Vec<Link>) {
        if self.broken.is_none() {
            self.broken = self.verifier.take(linked).err();
            missing.retain(|anchor| self.broken.is_some() || linked.link != *anchor);
        }
    }
}

/// Runs a subcommand.
pub(crate) fn run_command(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Export(arguments) => export(arguments),
        Command::Verify(arguments) => verify(arguments),
    }
}

/// Runs what reads logs. Only running services need to know who asks.
fn run(
    from: &Logs,
    options: &Options,
    work: impl AsyncFnOnce(&Wording) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    if from.backup.is_none() && !from.place.is_named() {
        return connection::run(options, async |session| work(&session.wording).await);
    }
    let wording = words::named(&options.print.language)?;
    Runtime::new()?.block_on(work(&wording))
}

fn export(arguments: &Export) -> anyhow::Result<ExitCode> {
    let Export { from, out, options } = arguments;
    run(from, options, async |wording| {
        let sources = sources(from, options, wording).await?;
        fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
        let mut all = Vec::new();
        for source in sources {
            let path = out.join(format!("{}.audit.jsonl", source.name()));
            if path.exists() {
                bail!("{} is there already: name another folder", path.display());
            }
            all.push(write(source, &path, wording).await?);
        }
        answer(&all, &[], options.print.json, wording)
    })
}

/// Writes the lines of one log; they have their name when all of them are there.
async fn write(source: Source, path: &Path, wording: &Wording) -> anyhow::Result<Found> {
    let context = || format!("writing {}", path.display());
    let folder = path.parent().with_context(context)?;
    let mut file = NamedTempFile::new_in(folder).with_context(context)?;
    let mut found = Found::new(source.name().to_owned());
    let mut chain = Chain::open(source, wording).await?;
    while let Some(page) = chain.next(wording).await? {
        for linked in &page {
            found.take(linked, &mut Vec::new());
            let line = lines::line(linked)?;
            writeln!(file, "{line}").with_context(context)?;
        }
    }
    let owner_alone = fs::Permissions::from_mode(0o600);
    file.as_file()
        .set_permissions(owner_alone)
        .and_then(|()| file.as_file().sync_all())
        .with_context(context)?;
    file.persist_noclobber(path).with_context(context)?;
    Ok(found)
}

fn verify(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let Verify {
        files,
        from,
        anchors,
        options,
    } = arguments;
    let mut missing = anchors.clone();
    if files.is_empty() {
        return run(from, options, async |wording| {
            let mut all = Vec::new();
            for source in sources(from, options, wording).await? {
                let mut found = Found::new(source.name().to_owned());
                let mut chain = Chain::open(source, wording).await?;
                while let Some(page) = chain.next(wording).await? {
                    for linked in &page {
                        found.take(linked, &mut missing);
                    }
                }
                all.push(found);
            }
            answer(&all, &missing, options.print.json, wording)
        });
    }
    let wording = words::named(&options.print.language)?;
    let mut all = Vec::new();
    for path in files {
        let mut found = Found::new(path.display().to_string());
        for linked in lines::read(path)? {
            found.take(&linked?, &mut missing);
        }
        all.push(found);
    }
    answer(&all, &missing, options.print.json, &wording)
}

/// The logs that are meant.
async fn sources(from: &Logs, options: &Options, wording: &Wording) -> anyhow::Result<Vec<Source>> {
    let Logs {
        place,
        backup,
        which,
    } = from;
    if let Some(folder) = backup {
        return Source::of_backup(folder, which);
    }
    if place.is_named() {
        return Source::of_stores(place, which).await;
    }
    Source::of_services(&options.server.stores(wording).await?, which)
}

/// Says what was found out; exit code 1 where anything is not as it was written.
fn answer(
    all: &[Found],
    missing: &[Link],
    json: bool,
    wording: &Wording,
) -> anyhow::Result<ExitCode> {
    if json {
        say!("{}", serde_json::to_string_pretty(&as_json(all, missing))?);
    } else {
        let mut table = Table::new(wording, &["col-log", "#col-entries", "col-last-link"]);
        for found in all {
            let link = found.verifier.head().to_string();
            let entries = found.verifier.entries().to_string();
            table.row([plain(&found.name), plain(entries), plain(link)]);
        }
        say!("{}", table.render());
        for found in all {
            let args = Args::new().text("log", &found.name);
            let (id, args) = match found.broken {
                None => ("audit-holds", args),
                Some(broken) => {
                    let (entry, commit) = (broken.number, broken.position.version().get());
                    let args = args.text("entry", &entry.to_string());
                    ("audit-broken", args.text("commit", &commit.to_string()))
                }
            };
            say!("{}", words::text(wording, id, &args));
        }
        for link in missing {
            let args = Args::new().text("link", &link.to_string());
            say!("{}", words::text(wording, "audit-anchor-missing", &args));
        }
    }
    let holds = all.iter().all(|found| found.broken.is_none()) && missing.is_empty();
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    })
}

fn as_json(all: &[Found], missing: &[Link]) -> Value {
    let one = |found: &Found| {
        let broken = found.broken.map(
            |broken| json!({ "entry": broken.number, "commit": broken.position.version().get() }),
        );
        json!({
            "log": found.name,
            "entries": found.verifier.entries(),
            "last_link": found.verifier.head().to_string(),
            "broken_at": broken,
        })
    };
    let missing = missing.iter().map(ToString::to_string);
    json!({
        "logs": all.iter().map(one).collect::<Vec<_>>(),
        "missing_anchors": missing.collect::<Vec<_>>(),
    })
}
