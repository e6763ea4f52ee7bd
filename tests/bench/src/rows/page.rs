//! Published files over HTTP: a page as browsers take it, and the data as programs do, beside axum and
//! nginx with the same bytes; and how soon the first byte is there.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use super::{Effort, MANY, READERS};
use crate::floor::nginx::Nginx;
use crate::history::{History, LARGER, TIMES};
use crate::load::{median_of, rate_anew};
use crate::measure::{Better, Side, alternate};
use crate::pages::{Reader, Taken};
use crate::report::{Aim, Growth, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "page";

/// The files, and how they are taken.
pub(crate) const FILES: [(&str, Taken); 3] = [
    ("release.en.html", Taken::Compressed),
    ("release.en.html", Taken::Plain),
    ("data.csv", Taken::Plain),
];
/// How soon the first byte is to be there, in microseconds.
const FIRST_BYTE_AIM: f64 = 1_000.0;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let mut growth = BTreeMap::new();
    let mut rows = Vec::new();
    for times in effort.sizes(TIMES) {
        let history = History::make(&runtime, times)?;
        for (file, taken) in FILES {
            let page = Page::get(&runtime, &history, (file, taken))?;
            let readers = if times == 1 { &READERS[..] } else { &[MANY] };
            rows.extend(page.rows(effort, readers, &mut growth)?);
        }
    }
    Ok(rows)
}

/// Rates by file, by what stands beside and by readers.
type Grown = BTreeMap<(String, &'static str, u32), Growth>;

/// What a file is called in the report.
pub(crate) fn title(file: &str, taken: Taken) -> String {
    match taken {
        Taken::Compressed => format!("{file}, compressed"),
        Taken::Plain => file.to_owned(),
    }
}

/// What stands beside Mesur: its name, where it is, and the ratio to reach.
struct Beside<'a>(&'static str, &'a str, f64);

/// A published file.
struct Page<'a> {
    runtime: &'a Runtime,
    title: String,
    /// Among how many it is.
    among: String,
    taken: Taken,
    address: String,
    body: Vec<u8>,
}

impl<'a> Page<'a> {
    fn get(
        runtime: &'a Runtime,
        history: &History,
        (file, taken): (&str, Taken),
    ) -> anyhow::Result<Self> {
        let web = history.suite().address("web")?;
        let address = format!("{web}/{}/{file}", history.release);
        let mut reader = runtime.block_on(Reader::connect(&address, taken))?;
        let (body, compressed) = runtime.block_on(reader.page())?;
        ensure!(
            compressed == (taken == Taken::Compressed),
            "how {file} came"
        );
        Ok(Self {
            runtime,
            title: title(file, taken),
            among: history.among(),
            taken,
            address,
            body,
        })
    }

    fn rows(
        &self,
        effort: Effort,
        readers: &[u32],
        growth: &mut Grown,
    ) -> anyhow::Result<Vec<Row>> {
        let folder = tempfile::tempdir().context("a folder")?;
        let copy = folder.path().join("copy");
        std::fs::write(&copy, &self.body)?;
        let axum = Server::web(&copy)?;
        let nginx = Nginx::start(&self.body)?;
        let mut rows = Vec::new();
        for readers in readers {
            let mut beside = |name, address, least| {
                let row = self.rates(effort, *readers, Beside(name, address, least))?;
                let growth = growth.entry((self.title.clone(), name, *readers));
                let grown = row.measured.as_ref();
                let grown = grown.map(|it| growth.or_default().rate("a page", LARGER, it));
                anyhow::Ok(Row {
                    note: row.note + &grown.unwrap_or_default(),
                    ..row
                })
            };
            rows.push(beside("axum", axum.address(), 0.8)?);
            rows.push(match &nginx {
                Some(nginx) => beside("nginx", nginx.address(), 0.5)?,
                None => self.without_nginx(*readers),
            });
        }
        rows.push(self.first_byte(effort, axum.address())?);
        Ok(rows)
    }

    fn rates(
        &self,
        effort: Effort,
        readers: u32,
        Beside(name, address, least): Beside<'_>,
    ) -> anyhow::Result<Row> {
        let round = |address| {
            let connect = || self.readers(address, readers);
            rate_anew(self.runtime, effort.window, connect)
        };
        let sides = vec![
            Side::new("Mesur", || round(&self.address)),
            Side::new(name, || round(address)),
        ];
        let measured = alternate(effort.rounds, Better::More, sides)?;
        Ok(Row {
            measured: Some(measured),
            aims: vec![Aim::Ratio(least)],
            note: format!("{} bytes by both, without headers", self.body.len()),
            ..self.row(readers)
        })
    }

    fn without_nginx(&self, readers: u32) -> Row {
        Row {
            note: "nginx is not on this machine".to_owned(),
            ..self.row(readers)
        }
    }

    fn row(&self, readers: u32) -> Row {
        Row {
            name: NAME,
            size: format!("{}{}, {readers} at once", self.title, self.among),
            unit: "pages/s",
            better: Better::More,
            measured: None,
            aims: Vec::new(),
            note: String::new(),
        }
    }

    fn first_byte(&self, effort: Effort, axum: &str) -> anyhow::Result<Row> {
        let median = |reader: &mut Reader| {
            let seconds = median_of(self.runtime, effort.window, async || {
                reader.first_byte().await
            })?;
            Ok(seconds * 1e6)
        };
        let connect = |address| self.runtime.block_on(Reader::connect(address, self.taken));
        let mut ours = connect(&self.address)?;
        let mut other = connect(axum)?;
        let sides = vec![
            Side::new("Mesur", || median(&mut ours)),
            Side::new("axum", || median(&mut other)),
        ];
        Ok(Row {
            name: NAME,
            size: format!("{}{}, first byte", self.title, self.among),
            unit: "µs",
            better: Better::Less,
            measured: Some(alternate(effort.rounds, Better::Less, sides)?),
            aims: vec![Aim::Figure(FIRST_BYTE_AIM)],
            note: "one page after another; the median".to_owned(),
        })
    }

    fn readers(&self, address: &str, readers: u32) -> anyhow::Result<Vec<Reader>> {
        let connect = |_| self.runtime.block_on(Reader::connect(address, self.taken));
        (0..readers).map(connect).collect()
    }
}
