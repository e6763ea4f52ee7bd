//! Making stores smaller, as running services do day by day. Each is looked through before and after;
//! one with which something is wrong is left as it is.

use std::process::ExitCode;

use anyhow::{Context, bail};
use mesur_store::Store;
use mesur_store::check::{Count, Report};
use mesur_store::compact::Old;
use mesur_store::requests::{self, LIFETIME_DAYS};
use mesur_wording::Wording;
use serde_json::json;
use tokio::runtime::Runtime;

use super::service::Service;
use super::{Place, Which, moving};
use crate::connection::Print;
use crate::output::say;
use crate::output::table::{Table, plain};
use crate::words;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Leave events out that are so many days old, where later ones stand for them. What is remembered of
    /// requests stays for 400 days in any case.
    #[arg(long, value_name = "DAYS", default_value_t = LIFETIME_DAYS)]
    events_days: usize,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    print: Print,
}

/// What a store held before and after.
pub(super) struct Compacted {
    pub(super) service: Service,
    pub(super) before: Report,
    pub(super) after: Report,
}

impl Compacted {
    /// Every kind with what there was and what there is.
    fn kinds(&self) -> impl Iterator<Item = (&str, Count, Count)> {
        let Self { before, after, .. } = self;
        // Compaction itself may leave a row of a kind that was not there.
        let new = after.counts.keys();
        let new = new.filter(|kind| !before.counts.contains_key(*kind));
        let count = |report: &Report, kind| report.counts.get(kind).copied().unwrap_or_default();
        let kinds = before.counts.keys().chain(new);
        kinds.map(move |kind| (kind.as_str(), count(before, kind), count(after, kind)))
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        place,
        events_days,
        which,
        print,
    } = arguments;
    let wording = words::named(&print.language)?;
    let done = Runtime::new()?.block_on(async {
        let mut done = Vec::new();
        for service in which.services() {
            if let Some(store) = place.open(service).await? {
                done.push(compact(service, &*store, *events_days).await?);
            }
        }
        anyhow::Ok(done)
    })?;
    if done.is_empty() {
        bail!("{}", moving::no_store(place));
    }
    if print.json {
        say!("{}", serde_json::to_string_pretty(&as_json(&done))?);
    } else {
        say!("{}", table(&done, &wording).render());
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the store of a service smaller.
pub(super) async fn compact(
    service: Service,
    store: &dyn Store,
    events_days: usize,
) -> anyhow::Result<Compacted> {
    let name = service.name();
    let look = async || {
        let report = service.check(store).await;
        let report = report.with_context(|| format!("looking through {name}"))?;
        match report.problems.first() {
            Some(problem) => bail!("{name}: {problem}; see `mesur store check`"),
            None => Ok(report),
        }
    };
    let before = look().await?;
    let days = service.request_days();
    let old = Old {
        requests: requests::days_ago(store, &days, LIFETIME_DAYS).await?,
        entries: requests::days_ago(store, &days, events_days).await?,
    };
    let compacted = service.compact(store, old).await;
    compacted.with_context(|| format!("making {name} smaller"))?;
    let after = look().await?;
    Ok(Compacted {
        service,
        before,
        after,
    })
}

fn table(done: &[Compacted], wording: &Wording) -> Table {
    let columns = [
        "col-service",
        "col-kind",
        "#col-rows",
        "#col-bytes",
        "#col-rows-after",
        "#col-bytes-after",
    ];
    let mut table = Table::new(wording, &columns);
    for compacted in done {
        for (kind, before, after) in compacted.kinds() {
            table.row([
                plain(compacted.service.name()),
                plain(kind),
                plain(before.rows.to_string()),
                plain(before.bytes.to_string()),
                plain(after.rows.to_string()),
                plain(after.bytes.to_string()),
            ]);
        }
    }
    table
}

fn as_json(done: &[Compacted]) -> serde_json::Value {
    let count = |count: Count| json!({ "rows": count.rows, "bytes": count.bytes });
    let stores = done.iter().map(|compacted| {
        let kinds = compacted.kinds().map(|(kind, before, after)| {
            json!({ "kind": kind, "before": count(before), "after": count(after) })
        });
        json!({
            "service": compacted.service.name(),
            "kinds": kinds.collect::<Vec<_>>(),
        })
    });
    json!({ "stores": stores.collect::<Vec<_>>() })
}
