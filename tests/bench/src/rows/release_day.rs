//! The day of a release: readers of the page, of its data and of single values, all of them as fast as they
//! are answered, while authorities send the returns of the year after; beside the same senders undisturbed.
//!
//! Senders and readers have threads of their own, so that within this program none waits for another. All
//! of it is on one machine, and readers cost here what they would cost elsewhere. Before each round
//! validation has caught up. A call that fails or is refused ends the row.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use mesur_proto::submission::v1::SubmitReturnResponse;
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Effort, query};
use crate::content::{Cell, Submission, amended};
use crate::load::{Asking, Client, Done, work};
use crate::measure::{Better, Measured, Side, alternate};
use crate::pages::{Reader, Taken};
use crate::production::{BUNDLED, demo, reported, samples, write_year};
use crate::report::{Aim, Row};
use crate::suite::{Clients, Suite};

pub(crate) const NAME: &str = "release_day";

/// How much longer the rounds are than those of other rows: five with readers are a minute.
const WINDOWS: u32 = 12;
/// The share of the undisturbed rate that must be left.
const LEFT: f64 = 0.5;
/// The year of which returns are sent: the one after the release's.
const YEAR: u16 = 2023;
/// What is read, and how many read each.
const READ: [&str; 3] = ["release.en.html, compressed", "data.csv", "23 values"];
const READERS_OF_EACH: u32 = 64;

type Start = fn(&std::path::Path, &[std::path::PathBuf]) -> anyhow::Result<Suite>;

/// How the services run, and what is aimed at: in one process all wait for one another alike.
const WAYS: [(&str, Start, Option<Aim>); 2] = [
    (
        "a process for each service",
        Suite::apart,
        Some(Aim::Ratio(LEFT)),
    ),
    ("mesur up", Suite::start, None),
];

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (way, start, aim) in WAYS {
        let folder = tempfile::tempdir().context("a folder")?;
        rows.extend(Day::begin(folder, start)?.rows(effort, way, aim)?);
    }
    Ok(rows)
}

/// Everybody who has to do with the services on that day.
struct Day {
    senders: RefCell<Senders>,
    /// What is read.
    release: String,
    // Last, for whoever calls them is gone first.
    suite: Suite,
    _folder: TempDir,
}

impl Day {
    fn begin(folder: TempDir, start: Start) -> anyhow::Result<Self> {
        let edition = folder.path().join("edition");
        let period = write_year(&edition, YEAR)?;
        let suite = start(&folder.path().join("data"), &[edition])?;
        let senders = Senders::connect(&suite, &period)?;
        let releases = senders.runtime.block_on(demo(&suite))?;
        Ok(Self {
            senders: senders.into(),
            release: releases.into_iter().next_back().context("a release")?,
            suite,
            _folder: folder,
        })
    }

    fn rows(&self, effort: Effort, way: &str, aim: Option<Aim>) -> anyhow::Result<Vec<Row>> {
        let window = effort.window * WINDOWS;
        let (beside, alone) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let mut read: [[Vec<f64>; 2]; READ.len()] = Default::default();
        let sides = vec![
            Side::new("Mesur", || {
                let mut senders = self.senders.borrow_mut();
                senders.settle()?;
                // Connections that nobody asks on are closed before long.
                let mut readers = Readers::connect(&self.suite, &self.release)?;
                let (sent, done) = together(window, &mut senders, &mut readers)?;
                for ([rates, slow], done) in read.iter_mut().zip(done) {
                    rates.push(done.rate);
                    slow.push(done.slow());
                }
                Ok(told(sent, &beside))
            }),
            Side::new("undisturbed", || {
                let mut senders = self.senders.borrow_mut();
                senders.settle()?;
                Ok(told(senders.send(window)?, &alone))
            }),
        ];
        let sent = alternate(effort.rounds, Better::More, sides)?;
        let row = |what: String, unit, better, measured| Row {
            name: NAME,
            size: format!("{way}: {what}"),
            unit,
            better,
            measured: Some(measured),
            aims: Vec::new(),
            note: String::new(),
        };
        let [beside, alone] = [beside, alone].map(|slow| warm(&slow.into_inner()));
        let mut rows = vec![
            Row {
                aims: aim.into_iter().collect(),
                note: format!(
                    "beside {READERS_OF_EACH} readers each of {}; a call that failed would have ended it",
                    READ.join(", of "),
                ),
                ..row("returns".to_owned(), "returns/s", Better::More, sent)
            },
            Row {
                note: "the slowest but one of a hundred".to_owned(),
                ..row(
                    "a return".to_owned(),
                    "ms",
                    Better::Less,
                    Measured {
                        beside: vec![("undisturbed", alone.mesur)],
                        ..beside
                    },
                )
            },
        ];
        for (what, [rates, slow]) in READ.iter().zip(read) {
            let rate = warm(&rates).mesur.median;
            rows.push(Row {
                note: format!("the slowest but one of a hundred; {rate:.0} a second"),
                ..row((*what).to_owned(), "ms", Better::Less, warm(&slow))
            });
        }
        Ok(rows)
    }
}

/// The rate; the slow ones are kept.
fn told(done: Done, slow: &RefCell<Vec<f64>>) -> f64 {
    let rate = done.rate;
    slow.borrow_mut().push(done.slow());
    rate
}

/// The first round was to warm up.
fn warm(rounds: &[f64]) -> Measured {
    Measured::alone(rounds.get(1..).unwrap_or_default())
}

/// Senders and readers at once.
fn together(
    window: Duration,
    senders: &mut Senders,
    readers: &mut Readers,
) -> anyhow::Result<(Done, [Done; READ.len()])> {
    thread::scope(|scope| {
        let reading = scope.spawn(|| readers.read(window));
        let sent = senders.send(window);
        let read = reading.join();
        Ok((sent?, read.map_err(|_| anyhow!("a reader panicked"))??))
    })
}

/// A client of every authority.
struct Senders {
    runtime: Runtime,
    clients: Vec<Client>,
    /// Sends what no other sends, for one of them.
    last: Client,
    /// The same, who asks for the report on it.
    asking: Clients,
}

impl Senders {
    fn connect(suite: &Suite, period: &str) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("the runtime")?;
        let edition = format!("pif-{period}");
        let contents = samples(BUNDLED)?;
        let connect = |authority: &str, cells: &[Cell]| -> anyhow::Result<Client> {
            let of = |cells: &[Cell]| Submission::new(authority, &edition, cells, false);
            let submissions = [of(cells)?, of(&amended(cells))?];
            let token = suite.token(&submitter(authority))?;
            let connecting = Client::connect(suite.address("submission")?, &token, submissions);
            runtime.block_on(connecting)
        };
        let first = contents.first().context("a sample")?;
        let mut others = first.cells.clone();
        let cell = others.last_mut().context("a cell")?;
        "as no other has it".clone_into(&mut cell.comment);
        let clients = contents.iter();
        let clients = clients.map(|content| connect(&content.authority, &content.cells));
        let clients = clients.collect::<anyhow::Result<_>>()?;
        let last = connect(&first.authority, &others)?;
        let asking = runtime.block_on(async { suite.clients(&submitter(&first.authority)) })?;
        Ok(Self {
            runtime,
            clients,
            last,
            asking,
        })
    }

    fn send(&mut self, window: Duration) -> anyhow::Result<Done> {
        self.runtime.block_on(work(window, &mut self.clients))
    }

    /// Returns once validation has reported on everything that was sent.
    fn settle(&mut self) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            let answer = SubmitReturnResponse::decode(self.last.submit().await?)?;
            let sent = answer.data_return.context("a return")?;
            let revision = format!("{}/revisions/{}", sent.name, sent.revision);
            reported(&self.asking, &revision).await?;
            Ok(())
        })
    }
}

fn submitter(authority: &str) -> String {
    format!("{authority}-submitter")
}

/// Those who read, in crowds.
struct Readers {
    runtime: Runtime,
    page: Vec<Reader>,
    data: Vec<Reader>,
    values: Vec<Asking>,
}

impl Readers {
    fn connect(suite: &Suite, release: &str) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("the runtime")?;
        let files = |file: &str, taken| {
            let address = format!("{}/{release}/{file}", suite.address("web")?);
            let connect = |_| runtime.block_on(Reader::connect(&address, taken));
            (0..READERS_OF_EACH)
                .map(connect)
                .collect::<anyhow::Result<Vec<_>>>()
        };
        let [request, _] = query::requests();
        let publication = suite.address("publication")?;
        let connect = |_| runtime.block_on(Asking::connect(publication, request.clone().into()));
        Ok(Self {
            page: files("release.en.html", Taken::Compressed)?,
            data: files("data.csv", Taken::Plain)?,
            values: (0..READERS_OF_EACH)
                .map(connect)
                .collect::<anyhow::Result<_>>()?,
            runtime,
        })
    }

    fn read(&mut self, window: Duration) -> anyhow::Result<[Done; READ.len()]> {
        let (page, data, values) = self.runtime.block_on(async {
            tokio::try_join!(
                work(window, &mut self.page),
                work(window, &mut self.data),
                work(window, &mut self.values),
            )
        })?;
        Ok([page, data, values])
    }
}
