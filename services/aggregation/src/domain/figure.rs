//! The figures of a release: counts, and percentages over the authorities that provided every
//! value in them.

use std::collections::BTreeMap;

use mesur_catalogue::{
    Edition, Expression, Figure, FigureKind, MetricCode, Operand, OutsideFigure, Rank,
};
use mesur_figures::{Percent, percent, rescale};
use mesur_returns::{DataReturn, Date, Observed};

use super::Error;
use super::rank::{RankedShare, rank_authorities};
use super::totals::{CellTotal, Returns};

/// A part and its base before rounding, on the edition's largest number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The part.
    pub(crate) numerator: i128,
    /// The base.
    pub(crate) denominator: i128,
    /// The authorities in it.
    pub(crate) authorities: u32,
}

impl Share {
    /// The percentage by the edition's rounding rule.
    pub(crate) fn percent(&self, edition: &Edition) -> Option<Percent> {
        let settings = edition.settings();
        percent(self.numerator, self.denominator, settings.percent_decimals, settings.rounding)
    }
}

/// Authorities whose values cover the same part of the period for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartPeriod {
    /// The last day covered, where the comment states it.
    pub(crate) end: Option<Date>,
    /// The id of the reason, where the edition knows it.
    pub(crate) reason: Option<String>,
}

/// A figure worked out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FigureValue {
    /// Scaled by `decimals`; `None` when it cannot be worked out.
    pub(crate) value: Option<i64>,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// A share below 100 that rounds to 100.
    pub(crate) nearly_100: bool,
    /// Over the authorities that provided every value in it.
    pub(crate) matched: Option<Share>,
    /// Over the national sums, each over whoever provided it.
    pub(crate) plain: Option<Share>,
    /// Authorities that did not provide every value that the figure needs.
    pub(crate) not_provided: u32,
    /// Part-period values in the figure, with the number of authorities.
    pub(crate) part_periods: BTreeMap<PartPeriod, u32>,
    /// The place of the authority that the figure is about.
    pub(crate) authority: Option<usize>,
    /// The metrics that the figure rests on.
    pub(crate) metrics: Vec<MetricCode>,
}

/// Works every figure of the edition out, in the order of the table.
pub(crate) fn figure_values(
    edition: &Edition,
    returns: &Returns<'_>,
    totals: &[CellTotal],
) -> Result<Vec<FigureValue>, Error> {
    let values = edition.figures().iter().map(|figure| {
        figure_value(edition, returns, totals, figure)
            .ok_or_else(|| Error::TotalTooLarge { item: figure.id.clone() })
    });
    values.collect()
}

/// `None` when a sum does not fit.
fn figure_value(
    edition: &Edition,
    returns: &Returns<'_>,
    totals: &[CellTotal],
    figure: &Figure,
) -> Option<FigureValue> {
    match &figure.kind {
        FigureKind::Count { numerator } => count(edition, returns, numerator),
        FigureKind::Percent { numerator, denominator } => {
            share(edition, returns, totals, numerator, denominator)
        }
        FigureKind::AuthorityPercent { of, rank } => {
            let ranked = rank_authorities(edition, returns, of)?;
            authority_percent(edition, of, &ranked, *rank)
        }
        FigureKind::AuthorityCount { of, threshold, excluding_highest } => {
            let ranked = rank_authorities(edition, returns, of)?;
            authority_count(edition, of, &ranked, *threshold, *excluding_highest)
        }
        FigureKind::Outside(outside) => Some(outside_figure(outside)),
    }
}

/// A side of a figure in one return; `Ok(None)` when the authority lacks a value that it names.
/// A cell that does not apply counts as nothing and is not missing.
pub(crate) fn side(
    edition: &Edition,
    data_return: &DataReturn,
    expression: &Expression,
) -> Option<Option<i128>> {
    let scale = edition.decimals_max();
    let value = |operand: &Operand| {
        let Operand::Cell(cell) = operand else { return None };
        match data_return.observations.get(cell.index())?.value {
            Observed::Provided(value) | Observed::PartPeriod { value, .. } => {
                rescale(value, edition.cell(*cell)?.decimals, scale)
            }
            Observed::NotApplicable => Some(0),
            Observed::NotProvided => None,
        }
    };
    expression.evaluate(value).ok()
}

fn count(edition: &Edition, returns: &Returns<'_>, numerator: &Expression) -> Option<FigureValue> {
    let mut sum: i128 = 0;
    let mut matched: u32 = 0;
    let mut with_value = false;
    for data_return in returns.by_authority().flatten() {
        if let Some(value) = side(edition, data_return, numerator)? {
            sum = sum.checked_add(value)?;
            matched = matched.checked_add(1)?;
            with_value |= has_value(data_return, numerator);
        }
    }
    let value = if with_value { Some(i64::try_from(sum).ok()?) } else { None };
    Some(FigureValue {
        value,
        decimals: edition.decimals_max(),
        not_provided: returns.expected().checked_sub(matched)?,
        part_periods: part_periods(edition, returns, &[numerator]),
        metrics: metrics(edition, &[numerator]),
        ..FigureValue::default()
    })
}

fn share(
    edition: &Edition,
    returns: &Returns<'_>,
    totals: &[CellTotal],
    numerator: &Expression,
    denominator: &Expression,
) -> Option<FigureValue> {
    let mut matched = Share { numerator: 0, denominator: 0, authorities: 0 };
    for data_return in returns.by_authority().flatten() {
        let part = side(edition, data_return, numerator)?;
        let base = side(edition, data_return, denominator)?;
        if let (Some(part), Some(base)) = (part, base) {
            matched.numerator = matched.numerator.checked_add(part)?;
            matched.denominator = matched.denominator.checked_add(base)?;
            matched.authorities = matched.authorities.checked_add(1)?;
        }
    }
    let rounded = matched.percent(edition);
    Some(FigureValue {
        value: rounded.map(|percent| percent.units),
        decimals: edition.settings().percent_decimals,
        nearly_100: rounded.is_some_and(|percent| percent.nearly_100),
        matched: Some(matched),
        plain: plain_share(edition, totals, numerator, denominator)?,
        not_provided: returns.expected().checked_sub(matched.authorities)?,
        part_periods: part_periods(edition, returns, &[numerator, denominator]),
        metrics: metrics(edition, &[numerator, denominator]),
        authority: None,
    })
}

/// The share of the printed national sums; `Some(None)` when one of them is not there.
fn plain_share(
    edition: &Edition,
    totals: &[CellTotal],
    numerator: &Expression,
    denominator: &Expression,
) -> Option<Option<Share>> {
    let value = |operand: &Operand| {
        let Operand::Cell(cell) = operand else { return None };
        let units = totals.get(cell.index())?.value?;
        rescale(units, edition.cell(*cell)?.decimals, edition.decimals_max())
    };
    let part = numerator.evaluate(value).ok()?;
    let base = denominator.evaluate(value).ok()?;
    // Authorities differ from cell to cell here; the widest cell says how many are in it.
    let cells = numerator.cells().chain(denominator.cells());
    let authorities =
        cells.filter_map(|cell| Some(totals.get(cell.index())?.provided)).max().unwrap_or(0);
    Some(part.zip(base).map(|(numerator, denominator)| Share {
        numerator,
        denominator,
        authorities,
    }))
}

fn authority_percent(
    edition: &Edition,
    of: &str,
    ranked: &[RankedShare],
    rank: Rank,
) -> Option<FigureValue> {
    let found = match rank {
        Rank::Lowest => ranked.first(),
        Rank::SecondLowest => ranked.get(1),
        Rank::Highest => ranked.last(),
    };
    let rounded = found.and_then(|ranked| ranked.share.percent(edition));
    Some(FigureValue {
        value: rounded.map(|percent| percent.units),
        decimals: edition.settings().percent_decimals,
        nearly_100: rounded.is_some_and(|percent| percent.nearly_100),
        matched: found.map(|ranked| ranked.share),
        authority: found.map(|ranked| ranked.authority),
        metrics: metrics_of(edition, of),
        ..FigureValue::default()
    })
}

fn authority_count(
    edition: &Edition,
    of: &str,
    ranked: &[RankedShare],
    threshold: i64,
    excluding_highest: bool,
) -> Option<FigureValue> {
    let counted = ranked.len().saturating_sub(usize::from(excluding_highest));
    let mut count: i64 = 0;
    for ranked in ranked.iter().take(counted) {
        // share >= threshold / 1000 per cent, without dividing.
        let part = ranked.share.numerator.checked_mul(100_000)?;
        let bound = ranked.share.denominator.checked_mul(threshold.into())?;
        count = count.checked_add(i64::from(part >= bound))?;
    }
    Some(FigureValue {
        value: (!ranked.is_empty()).then_some(count),
        metrics: metrics_of(edition, of),
        ..FigureValue::default()
    })
}

fn outside_figure(outside: &OutsideFigure) -> FigureValue {
    FigureValue {
        value: Some(outside.units),
        decimals: outside.decimals,
        ..FigureValue::default()
    }
}

fn has_value(data_return: &DataReturn, expression: &Expression) -> bool {
    expression.cells().any(|cell| {
        data_return.observations.get(cell.index()).is_some_and(|observation| {
            matches!(observation.value, Observed::Provided(_) | Observed::PartPeriod { .. })
        })
    })
}

/// Each authority once, by the first part-period value among the cells.
fn part_periods(
    edition: &Edition,
    returns: &Returns<'_>,
    sides: &[&Expression],
) -> BTreeMap<PartPeriod, u32> {
    let mut groups = BTreeMap::new();
    for data_return in returns.by_authority().flatten() {
        let mut cells = sides.iter().flat_map(|side| side.cells());
        let first = cells.find_map(|cell| {
            let observation = data_return.observations.get(cell.index())?;
            let Observed::PartPeriod { end, .. } = observation.value else { return None };
            let reason = edition.reason_in(&observation.comment);
            Some(PartPeriod { end, reason: reason.map(|reason| reason.id.clone()) })
        });
        if let Some(group) = first {
            let count: &mut u32 = groups.entry(group).or_default();
            *count = count.saturating_add(1);
        }
    }
    groups
}

fn metrics(edition: &Edition, sides: &[&Expression]) -> Vec<MetricCode> {
    let mut found: Vec<MetricCode> = Vec::new();
    for cell in sides.iter().flat_map(|side| side.cells()) {
        if let Some(cell) = edition.cell(cell)
            && !found.contains(&cell.reference.metric)
        {
            found.push(cell.reference.metric.clone());
        }
    }
    found
}

fn metrics_of(edition: &Edition, figure: &str) -> Vec<MetricCode> {
    match edition.figure(figure).map(|figure| &figure.kind) {
        Some(FigureKind::Percent { numerator, denominator }) => {
            metrics(edition, &[numerator, denominator])
        }
        _ => Vec::new(),
    }
}
