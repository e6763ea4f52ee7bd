//! Checking one return over gRPC, warm: `SubmitReturn` with `validate_only`, beside a bare call of
//! the same bytes. The values of the year before are held, so every rule is worked out.

use std::collections::BTreeMap;

use anyhow::Context;
use tokio::runtime::Runtime;

use super::Effort;
use super::submit::{AIMED_CELLS, LARGER, Material, sent_and_answered};
use crate::content::previous_values;
use crate::load::{Client, median_time};
use crate::measure::{Better, Side, alternate};
use crate::report::{Aim, Growth, Row};
use crate::server::Server;

pub(crate) const NAME: &str = "check";

pub(crate) fn run(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let runtime = Runtime::new().context("the runtime")?;
    let floor = Server::floor()?;
    let mut rows = Vec::new();
    let mut growth = BTreeMap::new();
    for material in [Material::bundled, Material::invented, Material::large] {
        let folder = tempfile::tempdir().context("a folder")?;
        let edition = folder.path().join("edition");
        std::fs::create_dir(&edition)?;
        let material = material(&edition)?;
        let mesur = Server::submission(&folder.path().join("store"), &edition)?;
        let token = mesur.token(1)?;
        let client = |server: &Server| {
            let submissions = material.submissions(1, true)?;
            runtime.block_on(Client::connect(server.address(), token, submissions))
        };
        let mut sender = client(&mesur)?;
        let previous = previous_values(1, &material.edition_before, &material.cells);
        runtime.block_on(sender.record_previous(previous))?;
        let answer_bytes = runtime.block_on(sender.submit())?.len();
        let mut caller = client(&floor)?.echoed();
        let request_bytes = sender.next().len();
        let sides = vec![
            Side::new("Mesur", || {
                median_time(&runtime, effort.window, &mut sender)
            }),
            Side::new("echo", || median_time(&runtime, effort.window, &mut caller)),
        ];
        let measured = alternate(effort.rounds, Better::Less, sides)?;
        let growth: &mut Growth = growth.entry(material.edition).or_default();
        rows.push(Row {
            name: NAME,
            size: format!("{} cells", material.cells.len()),
            unit: "µs",
            better: Better::Less,
            aims: if material.cells.len() > AIMED_CELLS {
                Vec::new()
            } else {
                vec![Aim::Ratio(0.5), Aim::Figure(1_000.0)]
            },
            note: format!(
                "median call; {}{}",
                sent_and_answered(request_bytes, answer_bytes),
                growth.note(LARGER, &measured)
            ),
            measured: Some(measured),
        });
    }
    Ok(rows)
}
