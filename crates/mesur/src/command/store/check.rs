//! Looking through stores or a backup. Exit code 1 when anything is wrong.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use mesur_store::check::{Problem, Report};
use mesur_store::{MemoryStore, Store, export};
use mesur_wording::{Args, Wording};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::service::{Service, Stores, misfits};
use super::{Place, Which, files, moving};
use crate::connection::Print;
use crate::output::table::{Table, plain};
use crate::output::{printable, say};
use crate::refusal::WRONG;
use crate::words;

/// How many problems of a store are printed.
const PROBLEMS_SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Look through a backup instead; it is read into memory.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "etcd"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    print: Print,
}

/// What was found.
pub(super) struct Found {
    pub(super) reports: Vec<(Service, Report)>,
    /// What does not fit between the stores.
    pub(super) misfits: Vec<Problem>,
}

impl Found {
    pub(super) fn is_sound(&self) -> bool {
        let mut reports = self.reports.iter();
        reports.all(|(_, report)| report.problems_total == 0) && self.misfits.is_empty()
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let wording = words::named(&arguments.print.language)?;
    let found = Runtime::new()?.block_on(async {
        let stores = open(arguments).await?;
        check(&stores).await
    })?;
    if arguments.print.json {
        say!("{}", serde_json::to_string_pretty(&as_json(&found))?);
    } else {
        print(&found, &wording);
    }
    Ok(if found.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(WRONG)
    })
}

async fn open(arguments: &Arguments) -> anyhow::Result<Stores> {
    let mut stores = Stores::new();
    let Some(from) = &arguments.from else {
        for service in arguments.which.services() {
            if let Some(store) = arguments.place.open(service).await? {
                stores.insert(service, store);
            }
        }
        if stores.is_empty() {
            bail!("{}", moving::no_store(&arguments.place));
        }
        return Ok(stores);
    };
    let services: Vec<Service> = arguments.which.services().collect();
    for stored in files::read(from)?.stores {
        let service = stored.service()?;
        if services.contains(&service) {
            let mut file = files::open(from, &stored)?;
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let loaded = export::load(&mut file, &*store).await;
            loaded.with_context(|| format!("reading {}", stored.file))?;
            stores.insert(service, store);
        }
    }
    Ok(stores)
}

/// Looks through stores, each by itself and all together.
pub(super) async fn check(stores: &Stores) -> anyhow::Result<Found> {
    let mut reports = Vec::new();
    for (service, store) in stores {
        let report = service.check(&**store).await;
        let report = report.with_context(|| format!("looking through {}", service.name()))?;
        reports.push((*service, report));
    }
    let misfits = misfits(stores).await?;
    Ok(Found { reports, misfits })
}

fn print(found: &Found, wording: &Wording) {
    let columns = ["col-service", "col-kind", "#col-rows", "#col-bytes"];
    let mut table = Table::new(wording, &columns);
    for (service, report) in &found.reports {
        for (kind, count) in &report.counts {
            table.row([
                plain(service.name()),
                plain(kind),
                plain(count.rows.to_string()),
                plain(count.bytes.to_string()),
            ]);
        }
    }
    say!("{}", table.render());
    for (service, report) in &found.reports {
        let args = |count: u64| {
            let args = Args::new().text("service", service.name());
            args.text("count", &count.to_string())
        };
        if report.problems_total == 0 {
            say!("{}", words::text(wording, "store-sound", &args(0)));
            continue;
        }
        let total = report.problems_total;
        say!("{}", words::text(wording, "store-problems", &args(total)));
        for problem in report.problems.iter().take(PROBLEMS_SHOWN) {
            say!("  {}", printable(&problem.to_string()));
        }
        let shown = u64::try_from(PROBLEMS_SHOWN).unwrap_or(u64::MAX);
        if let Some(more @ 1..) = total.checked_sub(shown) {
            say!("  … {more}");
        }
    }
    for problem in &found.misfits {
        say!("{}", printable(&problem.to_string()));
    }
}

fn as_json(found: &Found) -> Value {
    let problem = |problem: &Problem| json!({ "item": problem.item, "problem": problem.problem });
    let store = |(service, report): &(Service, Report)| {
        let counts = report.counts.iter();
        let counts = counts
            .map(|(kind, count)| json!({ "kind": kind, "rows": count.rows, "bytes": count.bytes }));
        json!({
            "service": service.name(),
            "kinds": counts.collect::<Vec<_>>(),
            "problems_total": report.problems_total,
            "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
        })
    };
    json!({
        "stores": found.reports.iter().map(store).collect::<Vec<_>>(),
        "misfits": found.misfits.iter().map(problem).collect::<Vec<_>>(),
    })
}
