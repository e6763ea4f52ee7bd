//! The period before: what of a change on it is told.
//!
//! The changes of a table are worked out from the values of both periods as they are published, over the
//! authorities whose value covers the whole period in both. So nothing that is hidden or rounded in
//! either can be worked back from them, and a reader can work them out again.
//!
//! A figure of kind `change` comes from the snapshot, so from the returns of the period before as they
//! were sent. It is told only where every earlier value in it is published as it was collected;
//! while nothing is published of that period, only where its edition hides and rounds nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesur_catalogue::{CellId, CellRef, Edition, FigureKind, Series};
use mesur_figures::{Shorthand, percent, rescale};
use mesur_proto::aggregation::v1::Totals;
use mesur_wire::EditionResource;

use super::figure::FigureFact;
use super::protect::is_controlled;
use super::revise::{ShownColumn, ShownMetric, ShownTables};
use super::tables::{Column, Shown, Table};

/// The period before.
#[derive(Debug, Clone)]
pub(crate) struct Previous {
    /// Its edition.
    pub(crate) edition: Arc<Edition>,
    /// What is published of it, if anything is.
    pub(crate) shown: Option<Arc<ShownTables>>,
}

/// How a cell stands to the period before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum YearChange {
    /// The definition changed.
    Break,
    /// The change over the authorities that are in both.
    Change {
        /// In per cent of the period before, scaled by `decimals`; `None` where that was nothing.
        units: Option<i64>,
        /// Digits after the point.
        decimals: u8,
        /// How many authorities.
        authorities: u32,
    },
}

/// How the cells of a release stand to the period before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct YearChanges {
    /// The period before; empty where nothing of one is published.
    pub(crate) period: String,
    /// By the codes of metric and category, the category empty for the metric itself.
    pub(crate) cells: BTreeMap<(String, String), YearChange>,
}

impl Previous {
    /// The changes of the tables on what is published of the period before.
    pub(super) fn changes(&self, edition: &Edition, tables: &[Table]) -> YearChanges {
        let Some(shown) = self.shown.as_deref() else {
            return YearChanges::default();
        };
        let mut cells = BTreeMap::new();
        let series = edition.series_from(&self.edition);
        for table in tables {
            for column in &table.columns {
                let category = column.category.as_ref().map(|one| one.code.clone());
                let reference = CellRef {
                    metric: table.metric.code.clone(),
                    category,
                };
                let cell = edition.cell_id(&reference);
                let change = match cell.and_then(|cell| series.get(cell.index())) {
                    Some(Series::Broken) => Some(YearChange::Break),
                    Some(Series::Goes(before)) => self
                        .column(shown, *before)
                        .and_then(|before| matched(edition, (table, column), shown, before)),
                    Some(Series::New) | None => None,
                };
                let key = (
                    reference.metric.to_string(),
                    reference.category_str().to_owned(),
                );
                cells.extend(change.map(|change| (key, change)));
            }
        }
        YearChanges {
            period: self.edition.name().period.to_string(),
            cells,
        }
    }

    /// A cell as it is published.
    fn column<'a>(
        &self,
        shown: &'a ShownTables,
        cell: CellId,
    ) -> Option<(&'a ShownMetric, &'a ShownColumn)> {
        let reference = &self.edition.cell(cell)?.reference;
        let mut metrics = shown.metrics.iter();
        let metric = metrics.find(|metric| metric.code == reference.metric.as_str())?;
        let mut columns = metric.columns.iter();
        let column = columns.find(|column| column.category == reference.category_str())?;
        Some((metric, column))
    }

    /// Whether every value of a cell is published as it was collected.
    fn is_exact(&self, cell: CellId) -> bool {
        let Some(shown) = self.shown.as_deref() else {
            return !is_controlled(&self.edition);
        };
        let metric = self.edition.cell(cell).map(|cell| cell.metric);
        let metric = metric.and_then(|metric| self.edition.metrics().get(metric));
        let rounds = metric
            .and_then(|metric| metric.disclosure.as_ref())
            .is_some_and(|policy| policy.base > 1);
        !rounds
            && self.column(shown, cell).is_some_and(|(_, column)| {
                let mut values = column.values.iter();
                let is_told = values
                    .clone()
                    .next()
                    .is_some_and(|nation| nation.units.is_some());
                is_told && !values.any(|shown| shown.marks.has(Shorthand::Confidential))
            })
    }
}

/// Takes the value from the figures of kind `change` that could tell what is hidden of the period
/// before; also where the totals compare with another edition than that of `previous`.
pub(super) fn withhold_changes(
    edition: &Edition,
    totals: &Totals,
    previous: Option<&Previous>,
    figures: &mut [FigureFact],
) {
    if totals.previous_edition.is_empty() {
        return;
    }
    let previous = previous.filter(|previous| {
        let known = EditionResource(previous.edition.name().clone()).to_string();
        let digest = previous.edition.digest();
        (known.as_str(), digest)
            == (
                totals.previous_edition.as_str(),
                totals.previous_edition_digest.as_str(),
            )
    });
    let series = previous.map(|previous| edition.series_from(&previous.edition));
    for figure in figures {
        let FigureKind::Change { numerator } = &figure.kind else {
            continue;
        };
        let is_exact = previous
            .zip(series.as_ref())
            .is_some_and(|(previous, series)| {
                numerator
                    .cells()
                    .all(|cell| match series.get(cell.index()) {
                        Some(Series::Goes(before)) => previous.is_exact(*before),
                        Some(Series::New | Series::Broken) | None => false,
                    })
            });
        if !is_exact {
            figure.units = None;
            figure.matched = None;
            figure.plain = None;
        }
    }
}

/// The change of a column over the authorities whose value covers the whole period in both.
fn matched(
    edition: &Edition,
    (table, column): (&Table, &Column),
    shown: &ShownTables,
    (metric, before): (&ShownMetric, &ShownColumn),
) -> Option<YearChange> {
    let whole = |shown: &Shown| shown.units.filter(|_| !shown.part_period);
    let values = before.values.get(1..)?;
    let earlier: BTreeMap<&str, &Shown> = shown
        .authorities
        .iter()
        .map(String::as_str)
        .zip(values)
        .collect();
    let (mut now, mut then, mut authorities) = (0_i128, 0_i128, 0_u32);
    for (authority, value) in edition.authorities().iter().zip(&column.values) {
        let before = earlier.get(authority.code.as_str());
        let pair = whole(value).zip(before.and_then(|before| whole(before)));
        let Some((value, before)) = pair else {
            continue;
        };
        let before = rescale(before, metric.decimals, table.metric.decimals)?;
        now = now.checked_add(value.into())?;
        then = then.checked_add(before)?;
        authorities = authorities.saturating_add(1);
    }
    if authorities == 0 {
        return None;
    }
    let settings = edition.settings();
    let decimals = settings.percent_decimals;
    let share = percent(now.checked_sub(then)?, then, decimals, settings.rounding);
    Some(YearChange::Change {
        units: share.map(|share| share.units),
        decimals,
        authorities,
    })
}

#[cfg(test)]
mod tests;
