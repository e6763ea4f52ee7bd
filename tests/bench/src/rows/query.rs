//! Values of published releases, asked for by readers: `QueryDataset` beside a bare call that is sent as
//! many bytes and answers as many.

use anyhow::{Context, ensure};
use mesur_proto::publication::v1::{DatasetFilter, QueryDatasetRequest, QueryDatasetResponse};
use prost::Message;
use tokio::runtime::Runtime;

use super::{Effort, READERS};
use crate::load::{Asking, rate};
use crate::measure::{Better, Side, alternate};
use crate::production::{BUNDLED, demo};
use crate::report::{Aim, Row};
use crate::server::Server;
use crate::suite::Suite;

pub(crate) const NAME: &str = "query";

/// The most values of one answer.
const PAGE_MAX: i32 = 1_000;

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let folder = tempfile::tempdir().context("a folder")?;
    let suite = Suite::start(&folder.path().join("data"), &[])?;
    runtime.block_on(demo(&suite))?;
    let one_metric = DatasetFilter {
        periods: vec![BUNDLED.to_owned()],
        metrics: vec!["AD/004".to_owned()],
        ..DatasetFilter::default()
    };
    let mut rows = Vec::new();
    for filter in [one_metric, DatasetFilter::default()] {
        let request = QueryDatasetRequest {
            filter: Some(filter),
            page_size: PAGE_MAX,
            page_token: String::new(),
        };
        let request = request.encode_to_vec();
        let connect = |address: &str| {
            let asking = Asking::connect(address, request.clone().into());
            runtime.block_on(asking)
        };
        let mesur = suite.address("publication")?;
        let answer = runtime.block_on(connect(mesur)?.ask())?;
        let values = QueryDatasetResponse::decode(answer.clone())?.rows.len();
        ensure!(values > 0, "no values");
        let file = folder.path().join("answer");
        std::fs::write(&file, &answer)?;
        let floor = Server::answering(&file)?;
        for readers in READERS {
            let all = |address: &str| -> anyhow::Result<Vec<Asking>> {
                (0..readers).map(|_| connect(address)).collect()
            };
            let mut askers = all(mesur)?;
            let callers = all(floor.address())?.into_iter();
            let mut callers: Vec<_> = callers.map(Asking::echoed).collect();
            let sides = vec![
                Side::new("Mesur", || rate(&runtime, effort.window, &mut askers)),
                Side::new("echo", || rate(&runtime, effort.window, &mut callers)),
            ];
            rows.push(Row {
                name: NAME,
                size: format!("{values} values, {readers} at once"),
                unit: "answers/s",
                better: Better::More,
                measured: Some(alternate(effort.rounds, Better::More, sides)?),
                aims: vec![Aim::Ratio(0.8)],
                note: format!(
                    "{} bytes sent, {} answered by both",
                    request.len(),
                    answer.len()
                ),
            });
        }
    }
    Ok(rows)
}
