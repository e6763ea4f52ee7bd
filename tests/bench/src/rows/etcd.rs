//! Commits to a cluster of etcd, beside what etcd's own command writes to it.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use mesur_store::{EtcdSettings, EtcdStore};
use tokio::runtime::Runtime;

use super::commit::CommitWriter;
use super::{Effort, WINDOW_MIN};
use crate::floor::etcd::{Cluster, WRITERS};
use crate::load::rate;
use crate::measure::{Better, Side, alternate};
use crate::report::{Aim, Growth, Row};

pub(crate) const NAME: &str = "etcd";

/// How much larger the second size is, which that command does not have.
const LARGER: u32 = 10;
/// The bytes that `etcdctl check perf` writes as a value.
const VALUE_BYTES: usize = 1_024;
/// How many windows long a side of ours is, whose other side takes a minute.
const WINDOWS: u32 = 20;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let row = |kilobytes: u32, note: &str| Row {
        name: NAME,
        size: format!("{kilobytes} KB, {WRITERS} at once"),
        unit: "commits/s",
        better: Better::More,
        measured: None,
        aims: Vec::new(),
        note: note.to_owned(),
    };
    let absent = |note: &str| Row {
        aims: vec![Aim::Ratio(0.7)],
        ..row(1, note)
    };
    if effort.window < WINDOW_MIN {
        return Ok(vec![absent("its other side takes a minute at the least")]);
    }
    let Some(cluster) = Cluster::start()? else {
        return Ok(vec![absent("no etcd with etcdctl on this machine")]);
    };
    let runtime = Runtime::new().context("the runtime")?;
    let settings = EtcdSettings::new(cluster.endpoints(), "bench".to_owned());
    let store = Arc::new(runtime.block_on(EtcdStore::open(settings))?);
    let mut random = fastrand::Rng::with_seed(7);
    let mut writers = |bytes: usize| -> Vec<_> {
        let value: Bytes = std::iter::repeat_with(|| random.u8(..))
            .take(bytes)
            .collect();
        (0..WRITERS)
            .map(|writer| CommitWriter::new(store.clone(), value.clone(), writer))
            .collect()
    };
    let (mut commits, mut larger) = (
        writers(VALUE_BYTES),
        writers(VALUE_BYTES * usize::try_from(LARGER)?),
    );
    let window = effort.window.saturating_mul(WINDOWS);
    let sides = vec![
        Side::new("Mesur", || rate(&runtime, window, &mut commits)),
        Side::new("etcdctl check perf", || cluster.check_perf()),
    ];
    let measured = alternate(effort.rounds, Better::More, sides)?;
    let sides = vec![Side::new("Mesur", || rate(&runtime, window, &mut larger))];
    let grown = alternate(effort.rounds, Better::More, sides)?;
    let mut growth = Growth::default();
    let members = "three members on this machine, each synced to the same disk";
    growth.rate("a commit", LARGER, &measured);
    let note = growth.rate("a commit", LARGER, &grown);
    Ok(vec![
        Row {
            measured: Some(measured),
            ..absent(members)
        },
        Row {
            measured: Some(grown),
            ..row(LARGER, &format!("{members}{note}"))
        },
    ])
}
