//! What a revision changes of what was published before.
//!
//! Values are compared as they are shown, after protection, which has put `r` itself on every protected
//! value that was collected as another one, seen or not: so a value without `r` is the same. A value that
//! differs from the one published before carries `r`, whatever it was before, and loses a `p` that it
//! carried before; a `p` that this revision puts on it stays. What did not change carries no `r`, also
//! if an earlier revision marked it: `r` says what this update changed. Rows never vanish: where the
//! metric, the cell or the value is gone, the row stays without a value, with `x`, and with `r` if there
//! was a value. A published row that the edition itself no longer knows is a fault of the edition, as is
//! one whose values have another number of decimals now.
//!
//! A figure of the main points is compared as it is printed, too: its value, that it is nearly 100 and
//! the authority that it is about.

mod figures;

use std::collections::BTreeMap;

use mesur_catalogue::{Category, Edition, Metric};
use mesur_figures::{Marks, Shorthand};

use super::tables::{Column, Shown, Table};
use super::totals::NationalCell;

pub(crate) use figures::{FigureChange, ShownFigure};
pub(super) use figures::{revise_figures, stated};

/// The values of a release as they were published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ShownTables {
    /// The code of the nation, whose values come first.
    pub(crate) nation: String,
    /// The codes of the authorities, in the order of the values.
    pub(crate) authorities: Vec<String>,
    /// The metrics in catalogue order.
    pub(crate) metrics: Vec<ShownMetric>,
    /// The codes of what is not comparable with the period before.
    pub(crate) breaks: Vec<String>,
    /// The figures that the statements state, each once.
    pub(crate) figures: Vec<ShownFigure>,
}

/// The values of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownMetric {
    /// Its code.
    pub(crate) code: String,
    /// Its titles as they were published, in English and in Welsh; empty where none is held.
    pub(crate) titles: [String; 2],
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// Its cells.
    pub(crate) columns: Vec<ShownColumn>,
}

/// The values of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownColumn {
    /// The category's code; empty for the metric itself.
    pub(crate) category: String,
    /// The category's labels in English and in Welsh; empty where none is held.
    pub(crate) labels: [String; 2],
    /// The authorities in the nation's value.
    pub(crate) provided: u32,
    /// The authorities of the edition.
    pub(crate) expected: u32,
    /// The nation, then the authorities.
    pub(crate) values: Vec<Shown>,
}

/// What an update says of itself, in English and in Welsh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpdateNote {
    /// What changed.
    pub(crate) what: [String; 2],
    /// Why.
    pub(crate) why: [String; 2],
}

/// A value that a revision changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The metric's code.
    pub(crate) metric: String,
    /// The category's code; empty for the metric itself.
    pub(crate) category: String,
    /// The code of the authority or of the nation.
    pub(crate) area: String,
    /// Digits after the point of both values.
    pub(crate) decimals: u8,
    /// What was published before.
    pub(crate) before: Shown,
    /// What is published now.
    pub(crate) after: Shown,
}

/// A published row that the edition no longer has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{row} was published and is not in the edition: a row stays, if need be without values")]
pub(crate) struct RowGone {
    /// The metric, cell or authority.
    pub(crate) row: String,
}

impl ShownTables {
    /// The values of tables, and no figures.
    pub(crate) fn of(edition: &Edition, tables: &[Table]) -> Self {
        let authorities = edition.authorities().iter();
        let metrics = tables.iter().map(|table| ShownMetric {
            code: table.metric.code.to_string(),
            titles: [table.metric.title_en.clone(), table.metric.title_cy.clone()],
            decimals: table.metric.decimals,
            columns: table.columns.iter().map(ShownColumn::of).collect(),
        });
        Self {
            nation: edition.nation().code.to_string(),
            authorities: authorities.map(|one| one.code.to_string()).collect(),
            metrics: metrics.collect(),
            breaks: super::breaks(edition.changes()).into_iter().collect(),
            figures: Vec::new(),
        }
    }
}

impl ShownColumn {
    fn of(column: &Column) -> Self {
        let nation = std::iter::once(column.shown);
        let category = column.category.as_ref();
        let labels = category.map(|category| {
            let words = &category.words;
            [words.label_en.clone(), words.label_cy.clone()]
        });
        Self {
            category: code_of(category).to_owned(),
            labels: labels.unwrap_or_default(),
            provided: column.national.provided,
            expected: column.national.expected,
            values: nation.chain(column.values.iter().copied()).collect(),
        }
    }
}

fn code_of(category: Option<&Category>) -> &str {
    category.map_or("", |category| category.code.as_str())
}

/// Marks what changed since `before`, keeps every row of it, and tells the changes in the order of
/// the tables.
pub(crate) fn revise(
    edition: &Edition,
    tables: &mut Vec<Table>,
    before: &ShownTables,
) -> Result<Vec<Change>, RowGone> {
    keep_rows(edition, tables, before)?;
    let areas = areas(edition, &before.authorities)?;
    let mut published: BTreeMap<_, &ShownColumn> = BTreeMap::new();
    for metric in &before.metrics {
        for column in &metric.columns {
            published.insert((metric.code.as_str(), column.category.as_str()), column);
        }
    }
    let mut changes = Vec::new();
    for table in tables {
        let metric = &table.metric;
        for column in &mut table.columns {
            let category = code_of(column.category.as_ref()).to_owned();
            let Some(earlier) = published.get(&(metric.code.as_str(), category.as_str())) else {
                continue;
            };
            let mut shown = std::iter::once(&mut column.shown)
                .chain(&mut column.values)
                .collect::<Vec<_>>();
            for ((place, area), before) in areas.iter().zip(&earlier.values) {
                let Some(after) = shown.get_mut(*place) else {
                    continue;
                };
                if mark(before, after) {
                    changes.push(Change {
                        metric: metric.code.to_string(),
                        category: category.clone(),
                        area: area.clone(),
                        decimals: metric.decimals,
                        before: *before,
                        after: **after,
                    });
                }
            }
        }
    }
    Ok(changes)
}

/// Marks a value that changed; tells whether it did.
fn mark(before: &Shown, after: &mut Shown) -> bool {
    if before.units == after.units {
        return false;
    }
    let kept = if before.marks.has(Shorthand::Provisional) {
        after.marks.without(Shorthand::Provisional)
    } else {
        after.marks
    };
    after.marks = kept.with(Shorthand::Revised);
    true
}

/// For each column of values that was published, its place among those of today, and its code.
fn areas(edition: &Edition, authorities: &[String]) -> Result<Vec<(usize, String)>, RowGone> {
    let mut areas = vec![(0, edition.nation().code.to_string())];
    for code in authorities {
        let mut known = edition.authorities().iter();
        let place = known.position(|known| known.code.as_str() == code);
        let place = place.ok_or_else(|| RowGone { row: code.clone() })?;
        areas.push((place.saturating_add(1), code.clone()));
    }
    Ok(areas)
}

/// Adds the published rows that are not among the tables, emptied, where the catalogue has them.
fn keep_rows(
    edition: &Edition,
    tables: &mut Vec<Table>,
    before: &ShownTables,
) -> Result<(), RowGone> {
    for published in &before.metrics {
        let gone = || RowGone {
            row: published.code.clone(),
        };
        let mut known = edition.metrics().iter();
        let metric = known
            .find(|metric| metric.code.as_str() == published.code)
            .filter(|metric| metric.decimals == published.decimals)
            .ok_or_else(gone)?;
        let place = |code: &str| {
            let mut known = edition.metrics().iter();
            known.position(|metric| metric.code.as_str() == code)
        };
        let own = place(&published.code);
        let at = tables.partition_point(|table| place(table.metric.code.as_str()) < own);
        let is_there = tables
            .get(at)
            .is_some_and(|table| table.metric.code == metric.code);
        if !is_there {
            let metric = metric.clone();
            let columns = Vec::new();
            tables.insert(at, Table { metric, columns });
        }
        let Some(table) = tables.get_mut(at) else {
            continue;
        };
        for column in &published.columns {
            let mut columns = table.columns.iter();
            if columns.any(|known| code_of(known.category.as_ref()) == column.category) {
                continue;
            }
            let category = category_of(metric, &column.category)?;
            let emptied = emptied(edition, category, &before.authorities, column);
            let order = |code: &str| {
                let mut known = metric.categories.iter();
                known.position(|category| category.code.as_str() == code)
            };
            let own = order(&column.category);
            let at = table
                .columns
                .partition_point(|known| order(code_of(known.category.as_ref())) < own);
            table.columns.insert(at, emptied);
        }
    }
    Ok(())
}

/// The category with a code; the metric itself has none.
fn category_of(metric: &Metric, code: &str) -> Result<Option<Category>, RowGone> {
    if code.is_empty() {
        return Ok(None);
    }
    let mut known = metric.categories.iter();
    let found = known.find(|category| category.code.as_str() == code);
    let found = found.ok_or_else(|| RowGone {
        row: format!("{}[{code}]", metric.code),
    })?;
    Ok(Some(found.clone()))
}

/// A column without values. What had none before stays as it was.
fn emptied(
    edition: &Edition,
    category: Option<Category>,
    authorities: &[String],
    before: &ShownColumn,
) -> Column {
    let empty = |before: Option<&Shown>| match before {
        Some(shown) if shown.units.is_none() => Shown {
            marks: shown.marks.without(Shorthand::Revised),
            ..*shown
        },
        _ => Shown::nothing(Shorthand::NotAvailable),
    };
    let (nation, values) = match before.values.split_first() {
        Some((nation, values)) => (empty(Some(nation)), values),
        None => (empty(None), [].as_slice()),
    };
    let of = |code: &str| {
        let mut published = authorities.iter().zip(values);
        empty(
            published
                .find(|(known, _)| *known == code)
                .map(|(_, shown)| shown),
        )
    };
    let expected = u32::try_from(edition.authorities().len()).unwrap_or(u32::MAX);
    let areas = edition.authorities().iter();
    Column {
        category,
        national: NationalCell {
            units: None,
            provided: 0,
            part_period: 0,
            not_provided: expected,
            not_applicable: 0,
            expected,
            coverage_percent: 0,
        },
        shown: Shown {
            marks: nation.marks.with(Shorthand::Total),
            ..nation
        },
        values: areas.map(|area| of(area.code.as_str())).collect(),
    }
}

/// The marks that a text lists, comma separated.
pub(crate) fn marks_of(text: &str) -> Option<Marks> {
    let letters = text.split(',').filter(|letter| !letter.is_empty());
    letters
        .map(|letter| {
            let mut known = Shorthand::ALL.into_iter();
            known.find(|known| known.code() == letter)
        })
        .collect()
}

#[cfg(test)]
mod tests;
