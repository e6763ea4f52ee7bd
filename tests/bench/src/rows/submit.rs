//! Durable submits over gRPC, beside a bare call and a bare log of the same bytes.
//!
//! Every client is an authority of its own that amends its return again and again, over a
//! connection of its own. The submission service runs alone in its process, as the bare server
//! does. The one that appends to the log before it answers, `both`, is shown beside them: what is left for
//! everything else is between it and Mesur.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use tokio::runtime::Runtime;

use super::commit::Appender;
use super::{Effort, WRITERS};
use crate::content::{Cell, Submission, amended, sample};
use crate::floor::append::AppendLog;
use crate::invented::{
    COLLECTION, PERIOD, PERIOD_BEFORE, Shape, authority_code, write_authorities,
};
use crate::load::{Client, rate};
use crate::measure::{Better, Side, alternate};
use crate::report::{Aim, Growth, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "submit";

/// One authority for each client.
const AUTHORITIES: u32 = 256;

/// How much larger the large return is than the invented one.
pub(crate) const LARGER: u32 = 10;

/// Cells of the largest return that something is aimed at for.
pub(crate) const AIMED_CELLS: usize = 1_200;

type MakeMaterial = fn(&Path) -> anyhow::Result<Material>;

/// What is sent: an edition in a folder and a return of it.
pub(crate) struct Material {
    /// The edition in a return's name, `pif-2022-23`.
    pub(crate) edition: String,
    /// The edition before it.
    pub(crate) edition_before: String,
    /// The return.
    pub(crate) cells: Vec<Cell>,
}

impl Material {
    /// A sample return of the bundled edition.
    pub(crate) fn bundled(folder: &Path) -> anyhow::Result<Self> {
        Self::bundled_for(folder, AUTHORITIES)
    }

    /// The same for so many authorities.
    pub(crate) fn bundled_for(folder: &Path, authorities: u32) -> anyhow::Result<Self> {
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../crates/catalogue/editions/pif/2022-23");
        for entry in std::fs::read_dir(&bundled).context("the bundled edition")? {
            let entry = entry?;
            std::fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
        write_authorities(folder, authorities)?;
        Ok(Self {
            edition: "pif-2022-23".to_owned(),
            edition_before: "pif-2021-22".to_owned(),
            cells: sample("W06000003", "2022-23")?,
        })
    }

    /// An invented return of 1,200 cells.
    pub(crate) fn invented(folder: &Path) -> anyhow::Result<Self> {
        Self::of(folder, Shape::ordinary(AUTHORITIES))
    }

    fn of(folder: &Path, shape: Shape) -> anyhow::Result<Self> {
        shape.write_edition(folder)?;
        Ok(Self {
            edition: format!("{COLLECTION}-{PERIOD}"),
            edition_before: format!("{COLLECTION}-{PERIOD_BEFORE}"),
            cells: shape.cells_of(1).collect(),
        })
    }

    /// One of ten times as many.
    pub(crate) fn large(folder: &Path) -> anyhow::Result<Self> {
        Self::of(folder, Shape::large(AUTHORITIES))
    }

    /// The return and another one, of an authority.
    pub(crate) fn submissions(
        &self,
        authority: u32,
        validate_only: bool,
    ) -> anyhow::Result<[Submission; 2]> {
        let code = authority_code(authority);
        let submission =
            |cells: &[Cell]| Submission::new(&code, &self.edition, cells, validate_only);
        Ok([submission(&self.cells)?, submission(&amended(&self.cells))?])
    }
}

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut growth = BTreeMap::new();
    let [one, few, ..] = WRITERS;
    let materials: [(MakeMaterial, &[u32]); 3] = [
        (Material::bundled, &WRITERS),
        (Material::invented, &WRITERS),
        (Material::large, &[one, few]),
    ];
    for (material, writers) in materials {
        let folder = tempfile::tempdir().context("a folder")?;
        let edition = folder.path().join("edition");
        std::fs::create_dir(&edition)?;
        let material = material(&edition)?;
        let mesur = Server::submission(&folder.path().join("store"), &edition)?;
        let floor = Server::floor()?;
        let both = Server::appending(&folder.path().join("both"))?;
        let log = Arc::new(AppendLog::create(&folder.path().join("log"))?);
        let runtime = Runtime::new().context("the runtime")?;
        for clients in writers {
            let bench = Bench {
                runtime: &runtime,
                material: &material,
                mesur: &mesur,
                floor: &floor,
                both: &both,
                log: &log,
            };
            let grown = growth.entry((material.edition.clone(), *clients));
            rows.push(bench.row(effort, *clients, grown.or_default())?);
        }
    }
    Ok(rows)
}

struct Bench<'a> {
    runtime: &'a Runtime,
    material: &'a Material,
    mesur: &'a Server,
    floor: &'a Server,
    both: &'a Server,
    log: &'a Arc<AppendLog>,
}

impl Bench<'_> {
    fn row(&self, effort: Effort, clients: u32, growth: &mut Growth) -> anyhow::Result<Row> {
        let runtime = self.runtime;
        let mut senders = self.clients(self.mesur, clients)?;
        let mut answer_bytes = 0;
        for sender in &mut senders {
            // The first revision of each authority, before the clock starts.
            answer_bytes = runtime.block_on(sender.submit())?.len();
        }
        let callers = |server| -> anyhow::Result<Vec<Client>> {
            let callers = self.clients(server, clients)?.into_iter();
            Ok(callers.map(Client::echoed).collect())
        };
        let (mut echoed, mut appended) = (callers(self.floor)?, callers(self.both)?);
        let bytes = Bytes::from(senders.first_mut().context("a client")?.next());
        let request_bytes = bytes.len();
        let mut appends: Vec<_> = (0..clients)
            .map(|_| Appender {
                log: Arc::clone(self.log),
                bytes: bytes.clone(),
            })
            .collect();
        let sides = vec![
            Side::new("Mesur", || rate(runtime, effort.window, &mut senders)),
            Side::new("echo", || rate(runtime, effort.window, &mut echoed)),
            Side::new("log", || rate(runtime, effort.window, &mut appends)),
            Side::shown("both", || rate(runtime, effort.window, &mut appended)),
        ];
        let measured = alternate(effort.rounds, Better::More, sides)?;
        let cells = self.material.cells.len();
        Ok(Row {
            name: NAME,
            size: format!("{cells} cells, {clients} at once"),
            unit: "returns/s",
            better: Better::More,
            aims: if cells > AIMED_CELLS {
                Vec::new()
            } else {
                vec![Aim::Ratio(0.5)]
            },
            note: sent_and_answered(request_bytes, answer_bytes)
                + &growth.rate("a return", LARGER, &measured),
            measured: Some(measured),
        })
    }

    fn clients(&self, server: &Server, clients: u32) -> anyhow::Result<Vec<Client>> {
        (0..clients)
            .map(|authority| {
                let submissions = self.material.submissions(authority, false)?;
                let token = self.mesur.token(authority)?;
                let connecting = Client::connect(server.address(), token, submissions);
                self.runtime.block_on(connecting)
            })
            .collect()
    }
}

/// What both servers are sent, and what they answer.
pub(crate) fn sent_and_answered(request_bytes: usize, answer_bytes: usize) -> String {
    format!(
        "{request_bytes} bytes sent; {answer_bytes} answered by Mesur, and by the echo as many as it got"
    )
}
