//! From a folder of tables to an edition, or to every fault in them.

use std::collections::BTreeMap;

use crate::edition::{Cell, Edition};
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellId, CellRef};
use crate::metric::Metric;
use crate::{authority, change, figure, metric, release, rule, settings};

/// The most cells an edition may have: far above any collection, so that a slip in a table
/// cannot make every return enormous.
const CELLS_MAX: usize = 20_000;

/// Checks everything and compiles the cell index.
pub(crate) fn load(folder: &Folder) -> Result<Edition, Faults> {
    let mut faults = Faults::default();
    let first_row = metric::first_row(folder);
    let period = first_row.as_ref().map(|row| row.get("edition"));
    let settings = settings::load(folder, first_row.as_ref(), &mut faults);
    let decimals = settings.as_ref().map_or(0, |settings| settings.decimals);
    let (authorities, nation) = authority::load(folder, &mut faults);
    let loaded = metric::load(folder, period, decimals, &mut faults);
    let (cells, metric_cells, index) = number_cells(&loaded.metrics, &mut faults);
    // With a table unread the edition is refused anyway. Any number will do then: every rule that
    // names a cell of the table would be faulted too, and hide the cause.
    let cell_id = |reference: &CellRef| match index.get(reference) {
        Some(cell) => Some(*cell),
        None => loaded.may_be_unread(reference).then_some(CellId(0)),
    };
    check_bases(&loaded.metrics, &mut faults);
    let rules = rule::load(folder, period, cell_id, &mut faults);
    let changes = change::load(folder, &mut faults);
    let figures = figure::load(folder, cell_id, &mut faults);
    let reasons = figure::load_reasons(folder, &mut faults);
    let release = release::load(folder, &loaded.metrics, &figures, &mut faults);
    let (Some(settings), Some(nation), true) = (settings, nation, faults.is_empty()) else {
        faults.sort();
        return Err(faults);
    };
    Ok(Edition {
        digest: folder.digest(),
        settings,
        authorities,
        nation,
        metrics: loaded.metrics,
        cells,
        metric_cells,
        index,
        rules,
        changes,
        figures: figures.stated,
        reasons,
        release,
    })
}

type CellIndex = (
    Vec<Cell>,
    Vec<std::ops::Range<u32>>,
    BTreeMap<CellRef, CellId>,
);

fn number_cells(metrics: &[Metric], faults: &mut Faults) -> CellIndex {
    let mut cells = Vec::new();
    let mut ranges = Vec::new();
    let mut index = BTreeMap::new();
    let next = |cells: &Vec<Cell>| u32::try_from(cells.len()).unwrap_or(u32::MAX);
    for (place, metric) in metrics.iter().enumerate() {
        let start = next(&cells);
        let total = metric.has_total.then_some(None);
        let categories = (0..metric.categories.len()).map(Some);
        for category in total.into_iter().chain(categories) {
            let code = category.and_then(|at: usize| metric.categories.get(at));
            let reference = CellRef {
                metric: metric.code.clone(),
                category: code.map(|c| c.code.clone()),
            };
            index.insert(reference.clone(), CellId(next(&cells)));
            cells.push(Cell {
                reference,
                metric: place,
                category,
                decimals: metric.decimals,
            });
        }
        ranges.push(start..next(&cells));
    }
    if cells.len() > CELLS_MAX {
        faults.file("categories.csv", format!("more than {CELLS_MAX} cells"));
    }
    (cells, ranges, index)
}

/// `based_on` is kept as printed and may name a metric that this edition leaves out; it must still
/// be a reference, so that a reader can follow it.
fn check_bases(metrics: &[Metric], faults: &mut Faults) {
    for metric in metrics {
        for base in metric.based_on.split_whitespace() {
            if let Err(error) = CellRef::parse(base) {
                faults.at("metrics.csv", metric.line, "based_on", error.to_string());
            }
        }
    }
}
