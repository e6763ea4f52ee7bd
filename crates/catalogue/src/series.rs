//! Which cells of an edition go on from an earlier one: what a change may be told of.
//!
//! The list of definitional changes has the last word on a metric that it names: `yes` says that the
//! series goes on, `no` that it broke off, and of `unknown` nobody has said that it goes on. A metric
//! that is not named goes on while its definition is the same in both editions. A wording that only
//! one of them holds, capitals, translations and what is published are no part of a definition.
//!
//! Deliberately not here: a guess which cell took the place of another. A cell without one of the
//! same name in the earlier edition is new.

use crate::change::Comparable;
use crate::edition::Edition;
use crate::ids::{CellId, CellRef};
use crate::metric::{Category, Metric};

/// How a cell stands to the same cell of an earlier edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// The earlier edition does not have the cell.
    New,
    /// It has, but the two are not to be compared.
    Broken,
    /// The series goes on from this cell of the earlier edition.
    Goes(CellId),
}

impl Edition {
    /// How every cell of this edition stands to `earlier`, in catalogue order.
    pub fn series_from(&self, earlier: &Self) -> Vec<Series> {
        let cells = self.cells().iter();
        let series = cells.map(|cell| match earlier.cell_id(&cell.reference) {
            None => Series::New,
            Some(before) if self.goes_on(earlier, &cell.reference, before) => Series::Goes(before),
            Some(_) => Series::Broken,
        });
        series.collect()
    }

    fn goes_on(&self, earlier: &Self, cell: &CellRef, before: CellId) -> bool {
        let metrics = self.metric(&cell.metric).zip(earlier.metric(&cell.metric));
        let Some((metric, metric_before)) = metrics else {
            return false;
        };
        // Fewer decimals than before could not hold the earlier value exactly.
        if metric.decimals < metric_before.decimals {
            return false;
        }
        let mut listed = self
            .changes()
            .iter()
            .filter(|change| change.is_of(cell))
            .peekable();
        if listed.peek().is_some() {
            return listed.all(|change| change.comparable == Comparable::Yes);
        }
        let of = |edition: &Self, id| {
            let cell = edition.cell(id)?;
            edition.category_of(cell).cloned()
        };
        let category = self.cell_id(cell).and_then(|id| of(self, id));
        same_metric(metric, metric_before)
            && match (category, of(earlier, before)) {
                (Some(now), Some(before)) => same_category(&now, &before),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
    }
}

fn same_metric(now: &Metric, before: &Metric) -> bool {
    same_words(&now.title_en, &before.title_en)
        && (&now.population, &now.period_basis, &now.unit)
            == (&before.population, &before.period_basis, &before.unit)
        && (&now.answer, now.has_total, &now.based_on)
            == (&before.answer, before.has_total, &before.based_on)
}

fn same_category(now: &Category, before: &Category) -> bool {
    same_words(&now.words.label_en, &before.words.label_en)
        && (&now.words.dimension, &now.words.answer)
            == (&before.words.dimension, &before.words.answer)
        && now.is_unknown_remainder == before.is_unknown_remainder
}

/// Whether two wordings are one, as far as both are held.
fn same_words(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one.to_lowercase() == other.to_lowercase()
}
