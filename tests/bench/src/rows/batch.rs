//! Returns of many authorities in files: read, checked, added up, and what was found written out, beside
//! the same by SQL on `DuckDB` and by VTL. What they write must be the same.
//!
//! Everybody is a process of its own, from its start to its end, with the same files. `tests/peers` has the
//! task, the files, the others and the comparison; what it installs is not installed here.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};

use super::Effort;
use crate::measure::{Better, Measured, Side, Spread, alternate};
use crate::process;
use crate::report::{Aim, Growth, Row};

pub(crate) const NAME: &str = "batch";

/// Sets of 22 authorities.
const SETS: [u32; 3] = [1, TIMES, TIMES * TIMES];
/// How much larger one size is than the one before.
const TIMES: u32 = 10;
/// Metrics of an authority, each a total with nine breakdowns.
const CELLS: u32 = 22 * 119 * 10;
/// What the others are, with their scripts and how many times as fast Mesur is to be.
const OTHERS: [(&str, &str, f64); 2] = [
    ("DuckDB SQL", "duckdb_sql.py", 6.0),
    ("vtlengine", "vtl.py", 20.0),
];
/// The most memory at the largest size, in MiB.
const MEMORY_AIM: f64 = 200.0;
/// A mebibyte.
const MIB: f64 = 1_048_576.0;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let peers = Peers::find();
    let mut growth = Growth::default();
    let mut rows = Vec::new();
    for sets in effort.sizes(SETS) {
        let folder = tempfile::tempdir().context("a folder")?;
        match &peers.python {
            Some(python) => {
                let mut sized = peers.rows(effort, sets, python, folder.path())?;
                if let Some(first) = sized.iter_mut().find(|row| row.measured.is_some())
                    && let Some(measured) = &first.measured
                {
                    first.note += &growth.note(TIMES, measured);
                }
                rows.extend(sized);
            }
            None => rows.push(Row {
                note: "left out: its files are made with Python, which is not on this machine"
                    .to_owned(),
                ..row(sets, "", "s")
            }),
        }
    }
    Ok(rows)
}

fn row(sets: u32, what: &str, unit: &'static str) -> Row {
    Row {
        name: NAME,
        size: format!("{} cells and the year before{what}", sets * CELLS),
        unit,
        better: Better::Less,
        measured: None,
        aims: Vec::new(),
        note: String::new(),
    }
}

/// What `tests/peers` has, and what is there to run it.
struct Peers {
    scripts: PathBuf,
    python: Option<PathBuf>,
    /// Whether that is the one that has `DuckDB` and vtlengine.
    installed: bool,
}

impl Peers {
    fn find() -> Self {
        let home = std::env::var_os("HOME")
            .map(PathBuf::from)
            .unwrap_or_default();
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|| home.join(".cache"));
        // Where `tests/peers/run` installs them.
        let own = Some(cache.join("mesur/peers/bin/python")).filter(|python| python.is_file());
        Self {
            scripts: Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers"),
            installed: own.is_some(),
            python: own.or_else(|| process::find("python3")),
        }
    }

    fn rows(
        &self,
        effort: Effort,
        sets: u32,
        python: &Path,
        folder: &Path,
    ) -> anyhow::Result<Vec<Row>> {
        let data = folder.join("data");
        let mut generate = Command::new(python);
        generate.arg(self.scripts.join("generate.py"));
        let made = generate.arg(sets.to_string()).arg(&data).status()?;
        ensure!(made.success(), "generate.py: {made}");
        let ours = Party::mesur(&data, folder)?;
        let mut rows = Vec::new();
        let mut others = Vec::new();
        for (name, script, least) in OTHERS {
            let beside = format!(", beside {name}");
            if !self.installed {
                rows.push(Row {
                    note: format!("left out: tests/peers/run installs {name}"),
                    ..row(sets, &beside, "s")
                });
                continue;
            }
            let script = self.scripts.join(script);
            let other = Party::python(name, python, &script, &data, folder);
            let sides = vec![ours.side(), other.side()];
            rows.push(Row {
                measured: Some(alternate(effort.rounds, Better::Less, sides)?),
                aims: vec![Aim::Ratio(least)],
                note: self.compared(python, &ours, &other)?,
                ..row(sets, &beside, "s")
            });
            others.push(other);
        }
        if others.is_empty() {
            let measured = alternate(effort.rounds, Better::Less, vec![ours.side()])?;
            rows.push(Row {
                measured: Some(measured),
                ..row(sets, ", alone", "s")
            });
        }
        let is_largest = SETS.last() == Some(&sets);
        rows.push(Row {
            measured: Some(Measured {
                mesur: ours.memory(),
                beside: others.iter().map(|one| (one.name, one.memory())).collect(),
                ratio: None,
            }),
            aims: is_largest
                .then_some(Aim::Figure(MEMORY_AIM))
                .into_iter()
                .collect(),
            note: "highest resident set".to_owned(),
            ..row(sets, ", memory", "MiB")
        });
        Ok(rows)
    }

    /// That two wrote the same, and how much.
    fn compared(&self, python: &Path, ours: &Party, other: &Party) -> anyhow::Result<String> {
        let mut compare = Command::new(python);
        compare.arg(self.scripts.join("compare.py")).arg(&ours.out);
        let compared = compare.arg(&other.out).output()?;
        ensure!(
            compared.status.success(),
            "Mesur and {} differ\n{}",
            other.name,
            String::from_utf8_lossy(&compared.stdout)
        );
        let count = |name: &str| -> anyhow::Result<usize> {
            let text = std::fs::read_to_string(ours.out.join(name))?;
            Ok(text.lines().skip(1).count())
        };
        let (failures, totals) = (count("failures.csv")?, count("totals.csv")?);
        Ok(format!("the same {failures} failures and {totals} totals"))
    }
}

/// One who does the task.
struct Party {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    out: PathBuf,
    /// What it took at most, in MiB, each time.
    peaks: RefCell<Vec<f64>>,
}

impl Party {
    fn mesur(data: &Path, folder: &Path) -> anyhow::Result<Self> {
        let out = folder.join("Mesur");
        Ok(Self {
            name: "Mesur",
            program: std::env::current_exe()?,
            arguments: vec![PathBuf::from(NAME), data.to_owned(), out.clone()],
            out,
            peaks: RefCell::default(),
        })
    }

    fn python(
        name: &'static str,
        python: &Path,
        script: &Path,
        data: &Path,
        folder: &Path,
    ) -> Self {
        let out = folder.join(name.replace(' ', "-"));
        Self {
            name,
            program: python.to_owned(),
            arguments: vec![script.to_owned(), data.to_owned(), out.clone()],
            out,
            peaks: RefCell::default(),
        }
    }

    /// Does the task; the seconds that it takes.
    fn side(&self) -> Side<'_> {
        Side::new(self.name, || {
            let start = Instant::now();
            let mut command = Command::new(&self.program);
            command.args(&self.arguments).stderr(Stdio::inherit());
            let ended = command.output()?;
            let took = start.elapsed().as_secs_f64();
            ensure!(ended.status.success(), "{}: {}", self.name, ended.status);
            // Everybody says how many kilobytes it took at most.
            let peak: u32 = String::from_utf8(ended.stdout)?.trim().parse()?;
            self.peaks.borrow_mut().push(f64::from(peak) * 1024.0 / MIB);
            Ok(took)
        })
    }

    fn memory(&self) -> Spread {
        Spread::of(&self.peaks.borrow())
    }
}
