//! The four services in one process, as an operator has them: how soon they are ready with ten years of
//! data, how soon a release is made, what memory they rest in, and how long a whole year takes.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Effort;
use crate::invented::{authority_code, write_authorities};
use crate::measure::{Better, Measured, Side, alternate};
use crate::process::{self, memory};
use crate::production::{BUNDLED, Content, Production, demo, samples, write_year};
use crate::report::{Aim, Growth, Row};
use crate::suite::Suite;

pub(crate) const RENDER: &str = "render";
pub(crate) const READY: &str = "ready";
pub(crate) const REST: &str = "rest";
pub(crate) const YEAR: &str = "year";

/// How much larger the second size is than the first.
const LARGER: u32 = 10;
/// Authorities of which a release is made.
const AUTHORITIES: [u32; 2] = [22, 22 * MORE_AUTHORITIES];
/// How many more the second release is of: at ten times as many its bundle is over the 64 MiB that a
/// store takes as one value.
const MORE_AUTHORITIES: u32 = 5;
/// A metric of which one more breaks no rule.
const CHANGED: &str = "AD/002";
/// The years of which there are data: the first, and how many.
const YEARS: (u16, u16) = (2013, 10);
/// How often each return of those years was sent.
const TIMES: [u32; 2] = [1, LARGER];
/// How long the services are left alone before their memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
/// A mebibyte.
const MIB: f64 = 1_048_576.0;

fn row(name: &'static str, size: String, unit: &'static str, measured: Measured) -> Row {
    Row {
        name,
        size,
        unit,
        better: Better::Less,
        measured: Some(measured),
        aims: Vec::new(),
        note: String::new(),
    }
}

/// Makes releases of 116 metrics, each of a snapshot that no release was made of.
pub(crate) fn render(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut growth = Growth::default();
    for authorities in effort.sizes(AUTHORITIES) {
        let runtime = Runtime::new().context("the runtime")?;
        let folder = tempfile::tempdir().context("a folder")?;
        let edition = folder.path().join("edition");
        write_year(&edition, 2022)?;
        let mut contents = samples(BUNDLED)?;
        let is_bundled = contents.len() == usize::try_from(authorities)?;
        if !is_bundled {
            write_authorities(&edition, authorities)?;
            let repeated = (0..authorities).zip(contents.into_iter().cycle());
            let invented = repeated.map(|(number, content)| Content {
                authority: authority_code(number),
                ..content
            });
            contents = invented.collect();
        }
        let suite = Suite::start(&folder.path().join("data"), &[edition])?;
        let seconds = releases(&runtime, effort, &suite, &contents)?;
        rows.push(Row {
            aims: is_bundled.then_some(Aim::Figure(2.0)).into_iter().collect(),
            note: format!(
                "CompileRelease, until every file is kept durably{}",
                growth.note(MORE_AUTHORITIES, &seconds)
            ),
            ..row(
                RENDER,
                format!("116 metrics, {authorities} authorities"),
                "s",
                seconds,
            )
        });
    }
    Ok(rows)
}

fn releases(
    runtime: &Runtime,
    effort: Effort,
    suite: &Suite,
    contents: &[Content],
) -> anyhow::Result<Measured> {
    let first = contents.first().context("a return")?;
    let production = runtime.block_on(async { Production::new(suite, BUNDLED) })?;
    let mut signed = Vec::new();
    for content in contents {
        signed.push(runtime.block_on(production.signed_off(content, 1))?);
    }
    let mut changed = first.clone();
    let one = || {
        // Another return, so that no file of the release is held already.
        let cell = changed.cells.iter_mut().find(|cell| cell.metric == CHANGED);
        let value = cell.and_then(|cell| cell.value.as_mut());
        *value.context("a value")? += 1;
        let current = signed.first_mut().context("a return")?;
        *current = runtime.block_on(production.amended(&changed, current))?;
        let snapshot = runtime.block_on(production.snapshot(&signed))?;
        let (took, _) = runtime.block_on(production.compiled(&snapshot))?;
        Ok(took.as_secs_f64())
    };
    alternate(effort.rounds, Better::Less, vec![Side::new("Mesur", one)])
}

/// Starts the suite, and opens each store, with ten years of returns and releases.
pub(crate) fn ready(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let mut rows = Vec::new();
    let mut growth = [Growth::default(), Growth::default()];
    for times in effort.sizes(TIMES) {
        let years = Years::make(&runtime, times)?;
        let aims = if times == 1 {
            vec![Aim::Figure(1_000.0)]
        } else {
            Vec::new()
        };
        let start = || {
            let start = Instant::now();
            let suite = Suite::start(&years.data, &years.editions)?;
            runtime.block_on(suite.healthy())?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        };
        let started = alternate(effort.rounds, Better::Less, vec![Side::new("Mesur", start)])?;
        let open = || {
            let start = Instant::now();
            let store = mesur_process::open_store(&years.data.join("submission"))?;
            let took = start.elapsed().as_secs_f64() * 1e3;
            drop(store);
            Ok(took)
        };
        let opened = alternate(effort.rounds, Better::Less, vec![Side::new("Mesur", open)])?;
        let sent = if times == 1 {
            "once".to_owned()
        } else {
            format!("{times} times")
        };
        let size = format!("ten years, each return sent {sent}");
        let megabytes = f64::from(process::kilobytes_in(&years.data)?) / 1e3;
        let note = format!("{megabytes:.1} MB in all stores");
        let [of_suite, of_store] = &mut growth;
        let [suite, store] = [
            of_suite.note(LARGER, &started),
            of_store.note(LARGER, &opened),
        ];
        rows.push(Row {
            aims: aims.clone(),
            note: format!(
                "from the start of mesur up to four answers of its health; {note}{suite}"
            ),
            ..row(READY, format!("{size}, the suite"), "ms", started)
        });
        rows.push(Row {
            aims,
            note: format!("{note}{store}"),
            ..row(
                READY,
                format!("{size}, the store of submission"),
                "ms",
                opened,
            )
        });
    }
    Ok(rows)
}

/// Ten years of the samples, with a release of each.
struct Years {
    _folder: TempDir,
    data: PathBuf,
    editions: Vec<PathBuf>,
}

impl Years {
    fn make(runtime: &Runtime, times: u32) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a folder")?;
        let (first, count) = YEARS;
        let mut editions = Vec::new();
        let mut periods = Vec::new();
        for year in first..first + count {
            let edition = folder.path().join(year.to_string());
            periods.push(write_year(&edition, year)?);
            editions.push(edition);
        }
        let data = folder.path().join("data");
        let suite = Suite::start(&data, &editions)?;
        let contents = samples(BUNDLED)?;
        for period in periods {
            let production = runtime.block_on(async { Production::new(&suite, &period) })?;
            let mut signed = Vec::new();
            for content in &contents {
                signed.push(runtime.block_on(production.signed_off(content, times))?);
            }
            runtime.block_on(production.published(&signed))?;
        }
        drop(suite);
        Ok(Self {
            data,
            editions,
            _folder: folder,
        })
    }
}

/// Memory of the suite with the demonstration's data: after they were made, and after a new start.
pub(crate) fn rest(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let folder = tempfile::tempdir().context("a folder")?;
    let (mut made, mut started) = (Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        let data = folder.path().join(round.to_string());
        let suite = Suite::start(&data, &[])?;
        runtime.block_on(demo(&suite))?;
        made.push(rested(&suite)?);
        drop(suite);
        let suite = Suite::start(&data, &[])?;
        runtime.block_on(suite.healthy())?;
        started.push(rested(&suite)?);
    }
    let rows = [
        ("after the year was made", made),
        ("after a new start", started),
    ];
    let rows = rows.map(|(when, rounds)| Row {
        aims: vec![Aim::Figure(64.0)],
        note: format!("resident set, {} s after the last call", IDLE.as_secs()),
        ..row(
            REST,
            format!("two years, {when}"),
            "MiB",
            Measured::alone(&rounds),
        )
    });
    Ok(rows.into())
}

fn rested(suite: &Suite) -> anyhow::Result<f64> {
    std::thread::sleep(IDLE);
    Ok(memory(&suite.id(), "VmRSS")? / MIB)
}

/// The demonstration from its start to its end.
pub(crate) fn year(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mesur = process::mesur()?;
    let demo = || {
        let start = Instant::now();
        let mut command = Command::new(&mesur);
        command.args(["demo", "--once"]).stdout(Stdio::null());
        let ended = command.env("MESUR_LOG", "error").status()?;
        ensure!(ended.success(), "the demonstration: {ended}");
        Ok(start.elapsed().as_secs_f64())
    };
    let measured = alternate(effort.rounds, Better::Less, vec![Side::new("Mesur", demo)])?;
    Ok(vec![Row {
        aims: vec![Aim::Figure(3.0)],
        note: "mesur demo --once: two years of 22 returns and a release each".to_owned(),
        ..row(YEAR, "the demonstration".to_owned(), "s", measured)
    }])
}
