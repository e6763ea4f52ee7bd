//! From a folder of tables to an edition, or to every fault in them.

use std::sync::Arc;

use crate::cell_index::CellIndex;
use crate::edition::Edition;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellId, CellRef};
use crate::metric::Metric;
use crate::program::Program;
use crate::rule::Rule;
use crate::{authority, change, figure, metric, population, release, rule, settings};

/// The most cells an edition may have: far above any collection, and such that a return of them
/// can still be taken in. While an edition is loaded a cell takes about 100 bytes besides its words.
const CELLS_MAX: usize = 8_000_000;

/// Checks everything and compiles the cell index.
pub(crate) fn load(folder: &Folder) -> Result<Edition, Faults> {
    let mut faults = Faults::default();
    let first_row = metric::first_row(folder);
    let period = first_row.as_ref().map(|row| row.get("edition"));
    let settings = settings::load(folder, first_row.as_ref(), &mut faults);
    let (authorities, nation) = authority::load(folder, &mut faults);
    let loaded = metric::load(folder, period, settings.as_ref(), &mut faults);
    let cells = Arc::new(CellIndex::new(&loaded.metrics));
    check_size(cells.cells.len(), &mut faults);
    // With a table unread the edition is refused anyway. Any number will do then: every rule that
    // names a cell of the table would be faulted too, and hide the cause.
    let cell_id = |reference: &CellRef| {
        let found = cells.find(reference.metric.as_str(), reference.category_str());
        found.or_else(|| loaded.may_be_unread(reference).then_some(CellId(0)))
    };
    check_bases(&loaded.metrics, &mut faults);
    let named = rule::read::Named {
        cell: cell_id,
        index: &cells,
        metrics: &loaded.metrics,
    };
    let rules = rule::read::load(folder, period, &named, &mut faults);
    let changes = change::load(folder, &mut faults);
    let populations = population::load(folder, &mut faults);
    let mut codes = authorities.table.iter().map(|authority| &authority.code);
    let populated = codes.any(|code| populations.has(code));
    let figures = figure::load(folder, cell_id, populated, &mut faults);
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
        program: Program::new(&rules, &changes, &cells),
        cells,
        rules_by_id: in_order_of_ids(&rules),
        rules,
        changes,
        populations,
        figures: figures.stated,
        reasons,
        release,
    })
}

fn in_order_of_ids(rules: &[Rule]) -> Vec<usize> {
    let id = |place: &usize| rules.get(*place).map(|rule| &rule.id);
    let mut places: Vec<usize> = (0..rules.len()).collect();
    places.sort_by_key(|place| id(place));
    places
}

fn check_size(cells: usize, faults: &mut Faults) {
    if cells > CELLS_MAX {
        faults.file("categories.csv", format!("more than {CELLS_MAX} cells"));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_may_have_so_many_cells_and_no_more() {
        let faults = |cells| {
            let mut faults = Faults::default();
            check_size(cells, &mut faults);
            faults
        };
        assert!(faults(CELLS_MAX).is_empty());
        assert_eq!(
            faults(CELLS_MAX + 1).0[0].message,
            "more than 8000000 cells"
        );
    }
}
