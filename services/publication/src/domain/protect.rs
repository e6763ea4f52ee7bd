//! Disclosure control of a release: the step on the tables between what stands and what is revised.
//!
//! Small values are hidden or rounded as the policy of their metric says, and others with them so
//! that nothing hidden can be worked out; `mesur-disclosure` says which. What is hidden carries `c`
//! and no other mark but `t` and `r`. A protected value that was collected as another one in the
//! revision before carries `r` whether that can be seen or not: so a value without it is the same,
//! and that is what the audit takes a reader to know.
//!
//! A figure of the main points is worked out again from what the tables show where it rests on a
//! value that they do not show as it is, and left out where that cannot be done.
//!
//! Without a policy in the edition nothing is touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesur_catalogue::{CellId, CellRef, Edition, Expression, FigureKind, Operand};
use mesur_disclosure::{Area, Audit, Collected, Revision, Scaled, Treatment};
use mesur_figures::{Marks, Shorthand, percent, rescale};
use mesur_proto::aggregation::v1::Totals;

use super::figure::{FigureFact, Share};
use super::revise::ShownTables;
use super::tables::{Column, Shown, Table};
use super::totals::{CellTotals, CellValue, CheckedTotals, NationalCell, TotalsError};

/// A revision as it was published: what it was made from, and what is shown.
#[derive(Debug, Clone)]
pub(crate) struct Disclosed {
    /// The totals of its snapshot.
    pub(crate) totals: Totals,
    /// Its values as they are shown.
    pub(crate) shown: Arc<ShownTables>,
}

/// Whether any metric of the edition has a policy.
pub(crate) fn is_controlled(edition: &Edition) -> bool {
    let mut metrics = edition.metrics().iter();
    metrics.any(|metric| metric.disclosure.is_some())
}

/// What a reader of the revisions, the oldest first, can derive of every hidden value.
pub(crate) fn audit(edition: &Edition, revisions: &[Disclosed]) -> Result<Audit, TotalsError> {
    Ok(mesur_disclosure::audit(edition, &read(edition, revisions)?))
}

/// Hides and rounds what must be in the tables of a new revision, which are those of `totals` as
/// far as they are published; `earlier` are the published revisions, the oldest first.
pub(super) fn protect(
    edition: &Edition,
    totals: &CheckedTotals,
    earlier: &[Disclosed],
    tables: &mut [Table],
) -> Result<(), TotalsError> {
    if !is_controlled(edition) {
        return Ok(());
    }
    let earlier = read(edition, earlier)?;
    let new = revision(edition, totals, &ShownTables::of(edition, tables));
    let new = mesur_disclosure::protect(edition, &earlier, new);
    for table in tables {
        let policy = table.metric.disclosure.as_deref();
        let policy = policy.map(|policy| Scaled::new(policy, table.metric.decimals));
        for column in &mut table.columns {
            let Some(cell) = cell_of(edition, &table.metric.code, column) else {
                continue;
            };
            let before = earlier.last().map(|revision| (revision, cell));
            let hidden = new.columns.get(cell.index()).map(|column| &column.hidden);
            for (area, shown) in areas_mut(column) {
                let Some(value) = shown.units else { continue };
                let treatment = match (hidden, policy) {
                    (Some(hidden), _) if hidden.contains(&area) => Treatment::Hidden,
                    (_, Some(policy)) => policy.treat(value),
                    (_, None) => Treatment::Exact,
                };
                show(shown, treatment);
                let was = before.and_then(|(revision, cell)| collected(revision, cell, area));
                let has_changed = was.is_some_and(|was| was != Collected::Value(value));
                if has_changed && treatment != Treatment::Exact {
                    shown.marks = shown.marks.with(Shorthand::Revised);
                }
            }
            // What was added up is no longer anybody's business.
            column.national.units = column.shown.units;
        }
    }
    Ok(())
}

/// The figures as they can be stated beside protected tables.
pub(super) fn restate(edition: &Edition, tables: &[Table], figures: &mut [FigureFact]) {
    if !is_controlled(edition) {
        return;
    }
    let columns = tables.iter().flat_map(|table| {
        let columns = table.columns.iter();
        columns.filter_map(move |column| {
            Some((
                cell_of(edition, &table.metric.code, column)?,
                (table, column),
            ))
        })
    });
    let shown = ShownCells {
        edition,
        columns: columns.collect(),
    };
    for figure in figures {
        shown.restate(figure);
    }
}

fn read(edition: &Edition, revisions: &[Disclosed]) -> Result<Vec<Revision>, TotalsError> {
    let read = revisions.iter().map(|disclosed| {
        let totals = CheckedTotals::new(edition, &disclosed.totals)?;
        Ok(revision(edition, &totals, &disclosed.shown))
    });
    read.collect()
}

/// What was collected, and what is not told of it.
fn revision(edition: &Edition, totals: &CheckedTotals, shown: &ShownTables) -> Revision {
    let mut published: BTreeMap<(&str, &str), &[Shown]> = BTreeMap::new();
    for metric in &shown.metrics {
        for column in &metric.columns {
            let place = (metric.code.as_str(), column.category.as_str());
            published.insert(place, &column.values);
        }
    }
    let columns = edition
        .cells()
        .iter()
        .zip(totals.cells())
        .map(|(cell, totals)| {
            let place = (
                cell.reference.metric.as_str(),
                cell.reference.category_str(),
            );
            let values = published.get(&place).copied().unwrap_or_default();
            column(totals, values)
        });
    Revision {
        columns: columns.collect(),
    }
}

fn column(totals: &CellTotals, published: &[Shown]) -> mesur_disclosure::Column {
    let mut column = mesur_disclosure::Column {
        nation: nation(&totals.national),
        authorities: totals.values.iter().map(authority).collect(),
        hidden: [].into(),
        withheld: [].into(),
    };
    let authorities = (0..column.authorities.len()).map(Area::Authority);
    let mut shown = published.iter();
    for area in std::iter::once(Area::Nation).chain(authorities) {
        let shown = shown.next().copied().unwrap_or_default();
        if shown.marks.has(Shorthand::Confidential) {
            column.hidden.insert(area);
        } else if shown.units.is_none() {
            column.withheld.insert(area);
        }
    }
    column
}

fn nation(national: &NationalCell) -> Collected {
    match national.units {
        Some(units) => Collected::Value(units),
        None if national.not_applicable == national.expected => Collected::NotApplicable,
        None => Collected::Absent,
    }
}

fn authority(value: &CellValue) -> Collected {
    match value {
        CellValue::Value { units, .. } => Collected::Value(*units),
        CellValue::NotRobust => Collected::Untold,
        CellValue::NotProvided => Collected::Absent,
        CellValue::NotApplicable => Collected::NotApplicable,
    }
}

fn collected(revision: &Revision, cell: CellId, area: Area) -> Option<Collected> {
    let column = revision.columns.get(cell.index())?;
    match area {
        Area::Nation => Some(column.nation),
        Area::Authority(place) => column.authorities.get(place).copied(),
    }
}

fn cell_of(
    edition: &Edition,
    metric: &mesur_catalogue::MetricCode,
    column: &Column,
) -> Option<CellId> {
    edition.cell_id(&CellRef {
        metric: metric.clone(),
        category: column
            .category
            .as_ref()
            .map(|category| category.code.clone()),
    })
}

fn areas_mut(column: &mut Column) -> impl Iterator<Item = (Area, &mut Shown)> {
    let authorities = column.values.iter_mut().enumerate();
    std::iter::once((Area::Nation, &mut column.shown))
        .chain(authorities.map(|(place, shown)| (Area::Authority(place), shown)))
}

fn show(shown: &mut Shown, treatment: Treatment) {
    match treatment {
        Treatment::Exact => return,
        Treatment::Rounded { units, .. } => shown.units = Some(units),
        Treatment::Hidden => {
            let total = shown
                .marks
                .has(Shorthand::Total)
                .then_some(Shorthand::Total);
            *shown = Shown {
                marks: total.into_iter().collect::<Marks>(),
                ..Shown::default()
            };
        }
    }
    if let Some(letter) = treatment.letter() {
        shown.marks = shown.marks.with(letter);
    }
}

/// The published cells as they are shown.
struct ShownCells<'a> {
    edition: &'a Edition,
    columns: BTreeMap<CellId, (&'a Table, &'a Column)>,
}

impl ShownCells<'_> {
    fn restate(&self, figure: &mut FigureFact) {
        match &figure.kind {
            FigureKind::Outside(_) => {}
            FigureKind::Count { numerator } => {
                if !self.is_exact(numerator.cells()) {
                    figure.units = self
                        .sum(numerator, figure.decimals)
                        .and_then(|sum| i64::try_from(sum).ok());
                }
            }
            FigureKind::Percent {
                numerator,
                denominator,
            } => {
                if self.is_exact(numerator.cells().chain(denominator.cells())) {
                    return;
                }
                let share = self.share(figure, numerator, denominator);
                figure.nearly_100 = share.is_some_and(|(_, nearly_100)| nearly_100);
                figure.matched = share.map(|(share, _)| share);
                figure.plain = figure.matched;
                figure.units = figure.matched.and_then(|share| share.units);
            }
            // Each authority's value, or those of an earlier period, would be needed.
            FigureKind::Rate { .. }
            | FigureKind::Change { .. }
            | FigureKind::AuthorityPercent { .. }
            | FigureKind::AuthorityCount { .. } => {
                let rests_on = self.columns.iter().filter(|(_, (table, _))| {
                    figure
                        .metrics
                        .iter()
                        .any(|code| code == table.metric.code.as_str())
                });
                let cells: Vec<CellId> = rests_on.map(|(cell, _)| *cell).collect();
                if !self.is_exact(cells.into_iter()) {
                    figure.units = None;
                    figure.nearly_100 = false;
                    figure.matched = None;
                    figure.plain = None;
                    figure.authority = None;
                }
            }
        }
    }

    /// Whether every value of the cells that is shown is shown as it is, and none is hidden. A
    /// cell that is not published is not of interest: what rests on it is left out anyway.
    fn is_exact(&self, mut cells: impl Iterator<Item = CellId>) -> bool {
        cells.all(|cell| {
            self.columns.get(&cell).is_none_or(|(table, column)| {
                let rounds = table
                    .metric
                    .disclosure
                    .as_ref()
                    .is_some_and(|policy| policy.base > 1);
                let shown = std::iter::once(&column.shown).chain(&column.values);
                let mut marks = shown.map(|shown| shown.marks);
                !rounds && !marks.any(|marks| marks.has(Shorthand::Confidential))
            })
        })
    }

    /// A sum of national values as they are shown.
    fn sum(&self, sum: &Expression, decimals: u8) -> Option<i128> {
        let value = |operand: &Operand| {
            let Operand::Cell(cell) = operand else {
                return None;
            };
            let (table, column) = self.columns.get(cell)?;
            rescale(column.shown.units?, table.metric.decimals, decimals)
        };
        sum.evaluate(value).ok().flatten()
    }

    /// A percentage of national values as they are shown, and whether it is nearly 100; none where
    /// not every authority that is in one of them is in all.
    fn share(
        &self,
        figure: &FigureFact,
        numerator: &Expression,
        denominator: &Expression,
    ) -> Option<(Share, bool)> {
        let matched = figure.matched?.authorities;
        let mut cells = numerator.cells().chain(denominator.cells());
        let is_whole = cells.all(|cell| {
            let column = self.columns.get(&cell);
            column.is_some_and(|(_, column)| column.national.provided == matched)
        });
        if !is_whole {
            return None;
        }
        let decimals = self.edition.decimals_max();
        let part = self.sum(numerator, decimals)?;
        let base = self.sum(denominator, decimals)?;
        let rounding = self.edition.settings().rounding;
        let share = percent(part, base, figure.decimals, rounding);
        let units = Share {
            numerator: i64::try_from(part).ok()?,
            denominator: i64::try_from(base).ok()?,
            units: share.map(|share| share.units),
            authorities: matched,
        };
        Some((units, share.is_some_and(|share| share.nearly_100)))
    }
}

#[cfg(test)]
mod tests;
