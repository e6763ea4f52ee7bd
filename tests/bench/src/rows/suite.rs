//! The four services in one process, as an operator has them: how soon they are ready with ten years of
//! data, how soon a release is made, what memory they rest in, and how long a whole year takes.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Effort;
use crate::history::{History, LARGER, TIMES};
use crate::invented::{authority_code, write_authorities};
use crate::measure::{Better, Measured, Side, alternate};
use crate::process::{self, memory};
use crate::production::{BUNDLED, Content, Production, samples, write_year};
use crate::report::{Aim, Growth, Row};
use crate::suite::Suite;

pub(crate) const RENDER: &str = "render";
pub(crate) const READY: &str = "ready";
pub(crate) const REST: &str = "rest";
pub(crate) const YEAR: &str = "year";

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
const SENT: [u32; 2] = [1, LARGER];
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
    for times in effort.sizes(SENT) {
        let years = Years::make(&runtime, times)?;
        let aims = aims(times, 1_000.0);
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
    let mut rows = Vec::new();
    let mut growth = [Growth::default(), Growth::default()];
    for times in effort.sizes(TIMES) {
        let (mut made, mut started) = (Vec::new(), Vec::new());
        for _ in 0..rounds(effort, times) {
            let history = History::make(&runtime, times)?;
            made.push(rested(history.suite())?);
            let history = history.started_again(&runtime)?;
            started.push(rested(history.suite())?);
        }
        let moments = [
            ("after the year was made", made),
            ("after a new start", started),
        ];
        for ((when, rounds), growth) in moments.into_iter().zip(&mut growth) {
            let measured = Measured::alone(&rounds);
            rows.push(Row {
                aims: aims(times, 64.0),
                note: format!(
                    "resident set, {} s after the last call{}",
                    IDLE.as_secs(),
                    growth.note(LARGER, &measured)
                ),
                ..row(REST, format!("{}, {when}", years(times)), "MiB", measured)
            });
        }
    }
    Ok(rows)
}

/// What is aimed at for as much as the demonstration has.
fn aims(times: u32, figure: f64) -> Vec<Aim> {
    (times == 1)
        .then_some(Aim::Figure(figure))
        .into_iter()
        .collect()
}

fn years(times: u32) -> String {
    match times {
        1 => "two years".to_owned(),
        _ => format!("{} years", 2 * times),
    }
}

/// What takes long is done once.
fn rounds(effort: Effort, times: u32) -> usize {
    if times == 1 { effort.rounds } else { 1 }
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
    let mut rows = vec![Row {
        aims: vec![Aim::Figure(3.0)],
        note: "mesur demo --once: two years of 22 returns and a release each".to_owned(),
        ..row(YEAR, "the demonstration".to_owned(), "s", measured)
    }];
    let runtime = Runtime::new().context("the runtime")?;
    let mut growth = Growth::default();
    for times in effort.sizes(TIMES) {
        let make = || {
            let start = Instant::now();
            History::make(&runtime, times)?;
            Ok(start.elapsed().as_secs_f64())
        };
        let sides = vec![Side::new("Mesur", make)];
        let measured = alternate(rounds(effort, times), Better::Less, sides)?;
        rows.push(Row {
            note: format!(
                "by a client of mesur up, from its start to its stop{}",
                growth.note(LARGER, &measured)
            ),
            ..row(YEAR, years(times), "s", measured)
        });
    }
    Ok(rows)
}
