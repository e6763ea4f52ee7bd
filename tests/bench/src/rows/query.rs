//! Values of published releases, asked for by readers: `QueryDataset` beside a bare call that is sent as
//! many bytes and answers as many.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use bytes::Bytes;
use mesur_proto::publication::v1::{DatasetFilter, QueryDatasetRequest, QueryDatasetResponse};
use prost::Message;
use tokio::runtime::Runtime;

use super::{Effort, MANY, READERS};
use crate::history::{History, LARGER, TIMES};
use crate::load::{Asking, rate_anew};
use crate::measure::{Better, Side, alternate};
use crate::production::BUNDLED;
use crate::report::{Aim, Growth, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "query";

/// The most values of one answer.
const PAGE_MAX: i32 = 1_000;

/// What is asked, encoded: the values of one metric, and a page.
pub(crate) fn requests() -> [Vec<u8>; 2] {
    let one_metric = DatasetFilter {
        periods: vec![BUNDLED.to_owned()],
        metrics: vec!["AD/004".to_owned()],
        ..DatasetFilter::default()
    };
    [one_metric, DatasetFilter::default()].map(|filter| {
        let request = QueryDatasetRequest {
            filter: Some(filter),
            page_size: PAGE_MAX,
            page_token: String::new(),
        };
        request.encode_to_vec()
    })
}

/// How many values an answer has.
pub(crate) fn values(answer: &Bytes) -> anyhow::Result<usize> {
    let values = QueryDatasetResponse::decode(answer.clone())?.rows.len();
    ensure!(values > 0, "no values");
    Ok(values)
}

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let mut rows = Vec::new();
    let mut growth = BTreeMap::new();
    for times in effort.sizes(TIMES) {
        let history = History::make(&runtime, times)?;
        let readers = if times == 1 { &READERS[..] } else { &[MANY] };
        for request in requests() {
            let asked = Asked {
                runtime: &runtime,
                history: &history,
                request,
            };
            rows.extend(asked.rows(effort, readers, &mut growth)?);
        }
    }
    Ok(rows)
}

/// Rates by values of an answer and by readers.
type Grown = BTreeMap<(usize, u32), Growth>;

/// What is asked of services with years behind them.
struct Asked<'a> {
    runtime: &'a Runtime,
    history: &'a History,
    request: Vec<u8>,
}

impl Asked<'_> {
    fn rows(
        &self,
        effort: Effort,
        readers: &[u32],
        growth: &mut Grown,
    ) -> anyhow::Result<Vec<Row>> {
        let mesur = self.history.suite().address("publication")?;
        let answer = self.runtime.block_on(self.connect(mesur)?.ask())?;
        let values = values(&answer)?;
        let folder = tempfile::tempdir().context("a folder")?;
        let file = folder.path().join("answer");
        std::fs::write(&file, &answer)?;
        let floor = Server::answering(&file)?;
        let mut rows = Vec::new();
        for readers in readers {
            let all = |address: &str| -> anyhow::Result<Vec<Asking>> {
                (0..*readers).map(|_| self.connect(address)).collect()
            };
            let echoed = || {
                Ok(all(floor.address())?
                    .into_iter()
                    .map(Asking::echoed)
                    .collect())
            };
            let (runtime, window) = (self.runtime, effort.window);
            let sides = vec![
                Side::new("Mesur", || rate_anew(runtime, window, || all(mesur))),
                Side::new("echo", || rate_anew(runtime, window, echoed)),
            ];
            let measured = alternate(effort.rounds, Better::More, sides)?;
            let growth = growth.entry((values, *readers)).or_default();
            rows.push(Row {
                name: NAME,
                size: format!("{values} values{}, {readers} at once", self.history.among()),
                unit: "answers/s",
                better: Better::More,
                aims: vec![Aim::Ratio(0.8)],
                note: format!(
                    "{} bytes sent, {} answered by both{}",
                    self.request.len(),
                    answer.len(),
                    growth.rate("an answer", LARGER, &measured)
                ),
                measured: Some(measured),
            });
        }
        Ok(rows)
    }

    fn connect(&self, address: &str) -> anyhow::Result<Asking> {
        let asking = Asking::connect(address, self.request.clone().into());
        self.runtime.block_on(asking)
    }
}
