//! The batch task of `tests/peers`, done with Mesur's libraries: the returns of many authorities in one
//! file, and their last year's in another, are read, checked by the rules of their edition, and added up.
//!
//! One authority stands in memory at a time for each worker, however many there are. Reading and checking
//! are what every way into Mesur does; the sums are a loop over the dense cells, as in aggregation.
//! A value that is out of range stands in no other check, which the engine sees to, and in no sum.
//!
//! One thing of the task no rule can say: that a change counts only where last year's value was 20 at
//! least. The rule of the edition lets changes of up to 5 pass, which are too few beside 20; what it
//! finds beside fewer than 20 is passed over here.

mod files;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, anyhow, bail};
use mesur_catalogue::{Catalogue, CellId, Edition};
use mesur_returns::{FileReading, Finding, FindingKind, Previous, read_file};

use crate::process::memory;
use files::{Block, Returns};

/// Below this, last year's value is nothing to compare with.
const COMPARED_MIN: i64 = 20;
/// Where the three digits of the set stand in an authority's code.
const SET: std::ops::Range<usize> = 3..6;

/// Does the task with the files of a folder; answers the highest resident set in bytes.
pub(crate) fn run(data: &Path, out: &Path) -> anyhow::Result<f64> {
    let mut catalogue = Catalogue::default();
    let edition = catalogue.add_folder(&data.join("edition"))?;
    std::fs::create_dir_all(out)?;
    let failures = File::create(out.join("failures.csv"))?;
    let work = Work {
        edition: &edition,
        catalogue: &catalogue,
        returns: Mutex::new(Returns::open(data)?),
        failures: Mutex::new(BufWriter::new(failures)),
    };
    writeln!(lock(&work.failures), "authority,metric,category,check")?;
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let sums = std::thread::scope(|scope| {
        let each: Vec<_> = (0..workers).map(|_| scope.spawn(|| work.go())).collect();
        let mut all = Sums::default();
        for worker in each {
            let sums = worker.join().map_err(|_| anyhow!("a worker panicked"))??;
            all.merge(sums);
        }
        anyhow::Ok(all)
    })?;
    lock(&work.failures).flush()?;
    sums.write(&edition, &out.join("totals.csv"), workers)?;
    memory("self", "VmHWM")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the workers share.
struct Work<'a> {
    edition: &'a Edition,
    catalogue: &'a Catalogue,
    returns: Mutex<Returns>,
    failures: Mutex<BufWriter<File>>,
}

impl Work<'_> {
    /// Takes authorities until there are no more.
    fn go(&self) -> anyhow::Result<Sums> {
        let mut sums = Sums::default();
        let mut block = Block::default();
        let mut failures = Vec::new();
        while lock(&self.returns).next(&mut block)? {
            failures.clear();
            self.take(&block, &mut sums, &mut failures)?;
            if !failures.is_empty() {
                lock(&self.failures).write_all(&failures)?;
            }
        }
        Ok(sums)
    }

    fn take(&self, block: &Block, sums: &mut Sums, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let previous = Previous::read_file(&block.last, self.edition)?;
        let reading = read_file(&block.this, self.edition, self.catalogue);
        let FileReading::Read {
            authority,
            notes,
            assembly,
        } = reading
        else {
            bail!("the return of {} cannot be read", previous.authority);
        };
        let mut findings = assembly.check(self.edition, Some(&previous));
        findings.extend(notes);
        let authority = authority.as_str();
        let set: usize = authority.get(SET).context("a set")?.parse()?;
        let sums = sums.of(set, self.edition);
        let mut unsound = Vec::new();
        for finding in &findings {
            let Some(check) = check_of(finding)? else {
                continue;
            };
            writeln!(
                out,
                "{authority},{},{},{check}",
                finding.metric, finding.category
            )?;
            if check == Check::Range {
                let place = finding.cells.first().context("a cell")?;
                unsound.push(self.edition.cell_id(place).context("a cell")?);
            }
        }
        let cells = assembly
            .cells
            .statuses()
            .iter()
            .zip(assembly.cells.values());
        for ((cell, sum), (status, value)) in (0..).map(CellId).zip(sums).zip(cells) {
            if status.has_value() && !unsound.contains(&cell) {
                sum.total += value;
                sum.authorities += 1;
            }
        }
        Ok(())
    }
}

/// A check of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Sum,
    Range,
    Year,
    Part,
    Reason,
}

impl std::fmt::Display for Check {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Sum => "sum",
            Self::Range => "range",
            Self::Year => "year",
            Self::Part => "part",
            Self::Reason => "reason",
        })
    }
}

/// The check that a finding is of; none where the task lets it pass.
fn check_of(finding: &Finding) -> anyhow::Result<Option<Check>> {
    Ok(Some(match finding.kind {
        FindingKind::SumMismatch => Check::Sum,
        FindingKind::Negative | FindingKind::TooLarge => Check::Range,
        FindingKind::SubsetAboveBase => Check::Part,
        FindingKind::MissingReason => Check::Reason,
        FindingKind::YearOnYear => {
            let previous = finding.previous.as_ref().context("last year's value")?;
            let previous: i64 = previous.parse()?;
            return Ok((previous >= COMPARED_MIN).then_some(Check::Year));
        }
        other => bail!("{} is no check of the task", other.as_str()),
    }))
}

/// The sum of a cell over the authorities of a set.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    total: i64,
    authorities: u32,
}

/// The sums of every set, by its number.
#[derive(Debug, Default)]
struct Sums(Vec<Vec<Sum>>);

impl Sums {
    fn of(&mut self, set: usize, edition: &Edition) -> &mut [Sum] {
        if self.0.len() <= set {
            self.0.resize_with(set + 1, Vec::new);
        }
        match self.0.get_mut(set) {
            Some(sums) => {
                sums.resize_with(edition.cells().len(), Sum::default);
                sums
            }
            None => &mut [],
        }
    }

    fn merge(&mut self, other: Self) {
        if self.0.len() < other.0.len() {
            self.0.resize_with(other.0.len(), Vec::new);
        }
        for (sums, others) in self.0.iter_mut().zip(other.0) {
            if sums.len() < others.len() {
                sums.resize_with(others.len(), Sum::default);
            }
            for (sum, other) in sums.iter_mut().zip(others) {
                sum.total += other.total;
                sum.authorities += other.authorities;
            }
        }
    }

    fn write(&self, edition: &Edition, file: &Path, workers: usize) -> anyhow::Result<()> {
        let codes = edition.cells().iter().map(|cell| {
            let (metric, category) = (&cell.reference.metric, cell.reference.category_str());
            format!("{metric},{category}")
        });
        let codes: Vec<String> = codes.collect();
        let sets: Vec<(usize, &Vec<Sum>)> = self.0.iter().enumerate().collect();
        let each = sets.len().div_ceil(workers).max(1);
        let texts = std::thread::scope(|scope| {
            let parts = sets.chunks(each);
            let workers = parts.map(|part| scope.spawn(|| text_of(part, &codes)));
            let workers: Vec<_> = workers.collect();
            let texts = workers.into_iter().map(|worker| {
                let text = worker.join().map_err(|_| anyhow!("a worker panicked"))?;
                anyhow::Ok(text?)
            });
            texts.collect::<anyhow::Result<Vec<_>>>()
        })?;
        let mut out = File::create(file)?;
        writeln!(out, "set,metric,category,total,authorities")?;
        for text in texts {
            out.write_all(&text)?;
        }
        Ok(())
    }
}

/// The lines of the sums of some sets.
fn text_of(sets: &[(usize, &Vec<Sum>)], codes: &[String]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for (set, sums) in sets {
        let set = format!("{set:03}");
        for (codes, sum) in codes.iter().zip(*sums) {
            for part in [&set, ",", codes, ","] {
                text.extend_from_slice(part.as_bytes());
            }
            writeln!(text, "{},{}", sum.total, sum.authorities)?;
        }
    }
    Ok(text)
}
