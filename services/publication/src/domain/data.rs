//! The figures as rows of a data file: one row for each area and cell.

use mesur_catalogue::{Authority, Category, Edition};
use mesur_figures::{Marks, format_quantity};
use mesur_proto::aggregation::v1::Totals;

use super::tables::{Shown, Table, tables};
use super::totals::{CheckedTotals, TotalsError};

/// One row of a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRow {
    /// The period, such as `2022-23`.
    pub period: String,
    /// The code of the authority or of the nation.
    pub area_code: String,
    /// The English name of the area.
    pub area: String,
    /// The metric's code.
    pub metric: String,
    /// The category's code; empty for the metric itself.
    pub category: String,
    /// The value in plain digits; empty where there is none, and then `shorthand` says why.
    pub value: String,
    /// The shorthand letters: `t` on the nation's rows, `u` where a value is not robust, `x` where
    /// nothing was provided, `z` where the cell does not apply, and so on.
    pub shorthand: Marks,
    /// On the nation's rows, the authorities whose value is in the sum.
    pub provided: Option<u32>,
    /// On the nation's rows, the authorities of the edition.
    pub expected: Option<u32>,
}

/// The rows of an edition's totals: cells in catalogue order, for each the nation and then the
/// authorities in the edition's order. With `published_only` the cells of metrics that are not
/// published are left out.
pub fn data_rows(
    edition: &Edition,
    totals: &Totals,
    published_only: bool,
) -> Result<Vec<DataRow>, TotalsError> {
    let totals = CheckedTotals::new(edition, totals)?;
    let tables = tables(edition, &totals);
    let tables = if published_only {
        totals.standings.apply(tables)
    } else {
        tables
    };
    Ok(rows_of(edition, &tables))
}

/// The rows of tables.
pub(crate) fn rows_of(edition: &Edition, tables: &[Table]) -> Vec<DataRow> {
    let mut rows = Vec::new();
    for table in tables {
        for column in &table.columns {
            let row = |area: &Authority, shown: &Shown| DataRow {
                period: edition.name().period.to_string(),
                area_code: area.code.to_string(),
                area: area.name_en.clone(),
                metric: table.metric.code.to_string(),
                category: column
                    .category
                    .as_ref()
                    .map_or_else(String::new, category_code),
                value: shown.units.map_or_else(String::new, |units| {
                    format_quantity(units, table.metric.decimals)
                }),
                shorthand: shown.marks,
                provided: None,
                expected: None,
            };
            let national = &column.national;
            rows.push(DataRow {
                provided: Some(national.provided),
                expected: Some(national.expected),
                ..row(edition.nation(), &column.shown)
            });
            let authorities = edition.authorities().iter().zip(&column.values);
            rows.extend(authorities.map(|(authority, shown)| row(authority, shown)));
        }
    }
    rows
}

fn category_code(category: &Category) -> String {
    category.code.to_string()
}
