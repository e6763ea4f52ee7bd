//! Published files over HTTP: a page as browsers take it, and the data as programs do, beside axum and
//! nginx with the same bytes; and how soon the first byte is there.

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use super::{Effort, READERS};
use crate::floor::nginx::Nginx;
use crate::load::{median_of, rate};
use crate::measure::{Better, Side, alternate};
use crate::pages::{Reader, Taken};
use crate::production::demo;
use crate::report::{Aim, Row};
use crate::server::Server;
use crate::suite::Suite;

pub(crate) const NAME: &str = "page";

/// The files, and how they are taken.
const FILES: [(&str, Taken); 3] = [
    ("release.en.html", Taken::Compressed),
    ("release.en.html", Taken::Plain),
    ("data.csv", Taken::Plain),
];
/// How soon the first byte is to be there, in microseconds.
const FIRST_BYTE_AIM: f64 = 1_000.0;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let folder = tempfile::tempdir().context("a folder")?;
    let suite = Suite::start(&folder.path().join("data"), &[])?;
    let releases = runtime.block_on(demo(&suite))?;
    let release = releases.last().context("a release")?;
    let mut rows = Vec::new();
    for (file, taken) in FILES {
        let address = format!("{}/{release}/{file}", suite.address("web")?);
        let mut reader = runtime.block_on(Reader::connect(&address, taken))?;
        let (body, compressed) = runtime.block_on(reader.page())?;
        ensure!(
            compressed == (taken == Taken::Compressed),
            "how {file} came"
        );
        let copy = folder.path().join("copy");
        std::fs::write(&copy, &body)?;
        let page = Page {
            runtime: &runtime,
            title: match taken {
                Taken::Compressed => format!("{file}, compressed"),
                Taken::Plain => file.to_owned(),
            },
            taken,
            address,
            length: body.len(),
        };
        let axum = Server::web(&copy)?;
        let nginx = Nginx::start(&body)?;
        for readers in READERS {
            rows.push(page.rates(effort, readers, Beside("axum", axum.address(), 0.8))?);
            match &nginx {
                Some(nginx) => {
                    let beside = Beside("nginx", nginx.address(), 0.5);
                    rows.push(page.rates(effort, readers, beside)?);
                }
                None => rows.push(page.without_nginx(readers)),
            }
        }
        rows.push(page.first_byte(effort, axum.address())?);
    }
    Ok(rows)
}

/// What stands beside Mesur: its name, where it is, and the ratio to reach.
struct Beside<'a>(&'static str, &'a str, f64);

/// A published file.
struct Page<'a> {
    runtime: &'a Runtime,
    title: String,
    taken: Taken,
    address: String,
    /// Bytes of its body.
    length: usize,
}

impl Page<'_> {
    fn rates(
        &self,
        effort: Effort,
        readers: u32,
        Beside(name, address, least): Beside<'_>,
    ) -> anyhow::Result<Row> {
        let mut ours = self.readers(&self.address, readers)?;
        let mut others = self.readers(address, readers)?;
        let sides = vec![
            Side::new("Mesur", || rate(self.runtime, effort.window, &mut ours)),
            Side::new(name, || rate(self.runtime, effort.window, &mut others)),
        ];
        let measured = alternate(effort.rounds, Better::More, sides)?;
        Ok(Row {
            measured: Some(measured),
            aims: vec![Aim::Ratio(least)],
            note: format!("{} bytes by both, without headers", self.length),
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
            size: format!("{}, {readers} at once", self.title),
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
            size: format!("{}, first byte", self.title),
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
