//! Group commit: the embedded store with many writers, beside a bare log.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use mesur_store::{Commit, Settings, SledStore, Store};
use tokio::runtime::Runtime;

use super::{Effort, WRITERS};
use crate::floor::append::AppendLog;
use crate::load::{Work, rate};
use crate::measure::{Better, Measured, Side, alternate};
use crate::report::{Aim, Growth, Row};

pub(crate) const NAME: &str = "commit";

/// How much larger the second size is than the first.
const LARGER: u32 = 10;
/// Kilobytes of a value.
const VALUE_KILOBYTES: [usize; 2] = [2, 20];

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let mut rows = Vec::new();
    let mut growth: [Growth; WRITERS.len()] = Default::default();
    for kilobytes in VALUE_KILOBYTES {
        for (writers, growth) in WRITERS.into_iter().zip(&mut growth) {
            let measured = measure(&runtime, effort, kilobytes, writers)?;
            rows.push(Row {
                name: NAME,
                size: format!("{kilobytes} KB, {writers} at once"),
                unit: "commits/s",
                better: Better::More,
                aims: vec![Aim::Ratio(0.5)],
                note: format!(
                    "a new key each time{}",
                    growth.rate("a commit", LARGER, &measured)
                ),
                measured: Some(measured),
            });
        }
    }
    Ok(rows)
}

fn measure(
    runtime: &Runtime,
    effort: Effort,
    kilobytes: usize,
    writers: u32,
) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir().context("a folder")?;
    let mut random = fastrand::Rng::with_seed(7);
    let value: Bytes = std::iter::repeat_with(|| random.u8(..))
        .take(kilobytes * 1024)
        .collect();
    let store = Arc::new(SledStore::open(
        &folder.path().join("store"),
        Settings::default(),
    )?);
    let log = Arc::new(AppendLog::create(&folder.path().join("log"))?);
    let mut commits: Vec<_> = (0..writers)
        .map(|writer| CommitWriter::new(store.clone(), value.clone(), writer))
        .collect();
    let mut appends: Vec<_> = (0..writers)
        .map(|_| Appender {
            log: Arc::clone(&log),
            bytes: value.clone(),
        })
        .collect();
    let sides = vec![
        Side::new("Mesur", || rate(runtime, effort.window, &mut commits)),
        Side::new("log", || rate(runtime, effort.window, &mut appends)),
    ];
    alternate(effort.rounds, Better::More, sides)
}

/// Writes a new key each time, as every revision of a return has one.
pub(super) struct CommitWriter {
    store: Arc<dyn Store>,
    value: Bytes,
    writer: u32,
    written: u32,
}

impl CommitWriter {
    /// One of several, who have not written yet.
    pub(super) fn new(store: Arc<dyn Store>, value: Bytes, writer: u32) -> Self {
        Self {
            store,
            value,
            writer,
            written: 0,
        }
    }
}

impl Work for CommitWriter {
    async fn once(&mut self) -> anyhow::Result<()> {
        let key = [self.writer.to_be_bytes(), self.written.to_be_bytes()].concat();
        self.written += 1;
        let commit = Commit::new().put(key, self.value.as_ref());
        self.store.commit(commit).await?;
        Ok(())
    }
}

/// Appends the same bytes.
pub(crate) struct Appender {
    pub(crate) log: Arc<AppendLog>,
    pub(crate) bytes: Bytes,
}

impl Work for Appender {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.log.append(self.bytes.clone()).await
    }
}
