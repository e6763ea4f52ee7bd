//! The table of a metric: every authority and the nation, cell by cell.

use mesur_catalogue::{Category, Edition, Metric};

use super::totals::{CellValue, CheckedTotals, NationalCell};

/// One metric over all authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// The metric.
    pub(crate) metric: Metric,
    /// Its cells: the total if it has one, then its categories.
    pub(crate) columns: Vec<Column>,
}

/// One cell of the metric over all authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The category; `None` is the metric's total.
    pub(crate) category: Option<Category>,
    /// The nation.
    pub(crate) national: NationalCell,
    /// Each authority, in the edition's order.
    pub(crate) values: Vec<CellValue>,
}

/// The tables in catalogue order, of all metrics or of those that are published.
pub(crate) fn tables(
    edition: &Edition,
    totals: &CheckedTotals,
    published_only: bool,
) -> Vec<Table> {
    let metrics = edition.metrics().iter().enumerate();
    metrics
        .filter(|(_, metric)| metric.published || !published_only)
        .map(|(place, metric)| {
            let columns = totals.cells_of(edition, place).map(|(id, cell)| Column {
                category: edition
                    .cell(id)
                    .and_then(|cell| edition.category_of(cell))
                    .cloned(),
                national: cell.national,
                values: cell.values.clone(),
            });
            Table {
                metric: metric.clone(),
                columns: columns.collect(),
            }
        })
        .collect()
}
