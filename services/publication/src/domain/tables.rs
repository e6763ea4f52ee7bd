//! The table of a metric: every authority and the nation, cell by cell.

use mesur_catalogue::{Category, Edition, Metric};
use mesur_figures::{Marks, Shorthand};

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
    /// The nation: its coverage, and the sum as it was added up. What is shown of it is `shown`.
    pub(crate) national: NationalCell,
    /// What is shown of the nation.
    pub(crate) shown: Shown,
    /// What is shown of each authority, in the edition's order.
    pub(crate) values: Vec<Shown>,
}

/// A value as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    /// The value, scaled by the metric's decimals; without one the marks say why.
    pub(crate) units: Option<i64>,
    /// The shorthand beside it, or instead of it.
    pub(crate) marks: Marks,
    /// Whether the value covers only part of the period, or for the nation some of its values do.
    pub(crate) part_period: bool,
}

impl Shown {
    /// No value, and why.
    pub(crate) fn nothing(why: Shorthand) -> Self {
        Self {
            marks: Marks::NONE.with(why),
            ..Self::default()
        }
    }

    /// An authority's value as it was provided.
    fn of_authority(value: CellValue) -> Self {
        match value {
            CellValue::Value { units, part_period } => Self {
                units: Some(units),
                marks: Marks::NONE,
                part_period,
            },
            CellValue::NotRobust => Self::nothing(Shorthand::LowReliability),
            CellValue::NotProvided => Self::nothing(Shorthand::NotAvailable),
            CellValue::NotApplicable => Self::nothing(Shorthand::NotApplicable),
        }
    }

    /// The nation's value as it was added up.
    fn of_nation(national: &NationalCell) -> Self {
        let shown = match national.units {
            Some(_) => Self {
                units: national.units,
                marks: Marks::NONE,
                part_period: national.part_period > 0,
            },
            None if national.not_applicable == national.expected => {
                Self::nothing(Shorthand::NotApplicable)
            }
            None => Self::nothing(Shorthand::NotAvailable),
        };
        Self {
            marks: shown.marks.with(Shorthand::Total),
            ..shown
        }
    }
}

/// The tables of all metrics in catalogue order, with everything that was provided.
pub(crate) fn tables(edition: &Edition, totals: &CheckedTotals) -> Vec<Table> {
    let metrics = edition.metrics().iter().enumerate();
    metrics
        .map(|(place, metric)| {
            let columns = totals.cells_of(edition, place).map(|(id, cell)| Column {
                category: edition
                    .cell(id)
                    .and_then(|cell| edition.category_of(cell))
                    .cloned(),
                national: cell.national,
                shown: Shown::of_nation(&cell.national),
                values: cell
                    .values
                    .iter()
                    .copied()
                    .map(Shown::of_authority)
                    .collect(),
            });
            Table {
                metric: metric.clone(),
                columns: columns.collect(),
            }
        })
        .collect()
}
