//! The dense cell index: every metric and category a number, in catalogue order.

use std::cmp::Ordering;
use std::ops::Range;

use crate::ids::{CellId, CellRef, MetricCode};
use crate::metric::Metric;

/// One cell of the edition: a metric's total, or one of its categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The reference as it is written.
    pub reference: CellRef,
    /// The place of the metric in [`Edition::metrics`](crate::Edition::metrics).
    pub metric: usize,
    /// Decimals of its values.
    pub decimals: u8,
    /// The place of the category in the metric; of no meaning for a total.
    place: u32,
}

// There are millions of them in the largest edition: see `load`.
const _: () = assert!(size_of::<Cell>() <= 48, "a cell takes tens of bytes");

impl Cell {
    /// The place of the category in the metric, for a cell of the breakdown.
    pub(crate) fn category(&self) -> Option<usize> {
        self.reference.category.as_ref()?;
        usize::try_from(self.place).ok()
    }
}

/// The cells of an edition, found by number or by their codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellIndex {
    pub(crate) cells: Vec<Cell>,
    /// The cells of each metric, by its place.
    pub(crate) of_metric: Vec<Range<u32>>,
    /// The numbers of the cells in the order of their codes.
    by_code: Vec<u32>,
    /// The metrics in the order of their codes, with the places of their cells among `by_code`: a
    /// few codes that are looked at often, before one metric's many.
    metrics_by_code: Vec<(MetricCode, Range<usize>)>,
}

impl CellIndex {
    /// Numbers the cells of metrics: the total if there is one, then the categories.
    pub(crate) fn new(metrics: &[Metric]) -> Self {
        let cells = metrics.iter().map(|metric| {
            metric
                .categories
                .len()
                .saturating_add(metric.has_total.into())
        });
        let mut index = Self {
            cells: Vec::with_capacity(cells.fold(0, usize::saturating_add)),
            ..Self::default()
        };
        let next = |cells: &Vec<Cell>| u32::try_from(cells.len()).unwrap_or(u32::MAX);
        for (of, metric) in metrics.iter().enumerate() {
            let start = next(&index.cells);
            let total = metric.has_total.then_some(None);
            let categories = (0..metric.categories.len()).map(Some);
            for category in total.into_iter().chain(categories) {
                let place = category.unwrap_or(0);
                let code = category.and_then(|at: usize| metric.categories.get(at));
                index.cells.push(Cell {
                    reference: CellRef {
                        metric: metric.code.clone(),
                        category: code.map(|code| code.code.clone()),
                    },
                    metric: of,
                    decimals: metric.decimals,
                    place: u32::try_from(place).unwrap_or(u32::MAX),
                });
            }
            index.of_metric.push(start..next(&index.cells));
        }
        let codes = |number: &u32| index.cells.get(CellId(*number).index()).map(codes_of);
        let mut by_code: Vec<u32> = (0..next(&index.cells)).collect();
        by_code.sort_unstable_by(|one, other| codes(one).cmp(&codes(other)));
        for (at, number) in by_code.iter().enumerate() {
            let Some(cell) = index.cells.get(CellId(*number).index()) else {
                continue;
            };
            let metric = &cell.reference.metric;
            let end = at.saturating_add(1);
            match index.metrics_by_code.last_mut() {
                Some((last, places)) if last == metric => places.end = end,
                _ => index.metrics_by_code.push((metric.clone(), at..end)),
            }
        }
        index.by_code = by_code;
        index
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A cell by its number.
    pub fn get(&self, id: CellId) -> Option<&Cell> {
        self.cells.get(id.index())
    }

    /// Every cell with its number, in the order of their codes.
    pub fn by_code(&self) -> impl Iterator<Item = (CellId, &Cell)> {
        let numbers = self.by_code.iter().map(|number| CellId(*number));
        numbers.filter_map(|id| Some((id, self.get(id)?)))
    }

    /// The number of a cell by its two codes, the category's empty for the metric itself.
    pub fn find(&self, metric: &str, category: &str) -> Option<CellId> {
        let metrics = &self.metrics_by_code;
        let of = metrics.binary_search_by(|(code, _)| code.as_str().cmp(metric));
        let (_, places) = metrics.get(of.ok()?)?;
        let numbers = self.by_code.get(places.clone())?;
        let order = |number: &u32| {
            let cell = self.cells.get(CellId(*number).index());
            cell.map_or(Ordering::Less, |cell| {
                cell.reference.category_str().cmp(category)
            })
        };
        let at = numbers.binary_search_by(order).ok()?;
        numbers.get(at).copied().map(CellId)
    }

    /// The same, at once where it is the cell after `before`.
    pub(crate) fn find_after(
        &self,
        before: Option<CellId>,
        metric: &str,
        category: &str,
    ) -> Option<CellId> {
        let next = CellId(before.map_or(0, |cell| cell.0.saturating_add(1)));
        let cell = self.cells.get(next.index());
        let is_it = |cell: &Cell| {
            let (own_metric, own_category) = codes_of(cell);
            own_metric == metric && same(own_category, category)
        };
        if cell.is_some_and(is_it) {
            return Some(next);
        }
        self.find(metric, category)
    }
}

/// Whether two codes are the same. Most are empty, and to compare nothing with nothing byte by
/// byte takes longer than all the rest of finding a cell.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

fn codes_of(cell: &Cell) -> (&str, &str) {
    (
        cell.reference.metric.as_str(),
        cell.reference.category_str(),
    )
}
