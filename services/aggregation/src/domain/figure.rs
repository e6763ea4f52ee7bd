//! The figures of a release: counts, and percentages over the authorities that provided every
//! value in them.

use std::collections::BTreeMap;

use mesur_catalogue::{
    Edition, Expression, Figure, FigureKind, MetricCode, Operand, OutsideFigure, Overflow, Rank,
};
use mesur_figures::rescale;
use mesur_returns::{DataReturn, Date, Observed};

use super::Error;
use super::rank::{RankedShare, percent_sides, rank_authorities};
use super::share::{Share, matched, own_shares, side};
use super::totals::{CellTotal, Returns};

/// The part of the period that a value covers, and why.
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
    returns: &Returns<'_>,
    totals: &[CellTotal],
) -> Result<Vec<FigureValue>, Error> {
    let figures = returns.edition().figures().iter();
    let values = figures.map(|figure| {
        figure_value(returns, totals, figure).map_err(|Overflow| Error::TotalTooLarge {
            item: figure.id.clone(),
        })
    });
    values.collect()
}

fn figure_value(
    returns: &Returns<'_>,
    totals: &[CellTotal],
    figure: &Figure,
) -> Result<FigureValue, Overflow> {
    match &figure.kind {
        FigureKind::Count { numerator } => count(returns, numerator),
        FigureKind::Percent {
            numerator,
            denominator,
        } => share(returns, totals, numerator, denominator),
        FigureKind::AuthorityPercent { of, rank } => authority_percent(returns, of, *rank),
        FigureKind::AuthorityCount {
            of,
            threshold,
            excluding_highest,
        } => authority_count(returns, of, *threshold, *excluding_highest),
        FigureKind::Outside(outside) => Ok(outside_figure(outside)),
    }
}

/// The sum over the authorities that provided every cell of it, with as many decimals as the most
/// precise of its cells.
fn count(returns: &Returns<'_>, numerator: &Expression) -> Result<FigureValue, Overflow> {
    let edition = returns.edition();
    let cells = numerator.cells().filter_map(|cell| edition.cell(cell));
    let decimals = cells.map(|cell| cell.decimals).max().unwrap_or(0);
    let mut sum: i128 = 0;
    let mut with_value = false;
    let mut authorities = Vec::new();
    for (authority, data_return) in returns.by_authority().enumerate() {
        let Some(data_return) = data_return else {
            continue;
        };
        if let Some(value) = side(edition, data_return, numerator, decimals)? {
            sum = sum.checked_add(value).ok_or(Overflow)?;
            authorities.push(authority);
            with_value |= has_value(data_return, numerator);
        }
    }
    let sum = i64::try_from(sum).map_err(|_| Overflow)?;
    Ok(FigureValue {
        // Where it applies to nobody there is no number to state, not even zero.
        value: with_value.then_some(sum),
        decimals,
        not_provided: missing(returns, &authorities),
        part_periods: part_periods(returns, &authorities, &[numerator]),
        metrics: metrics(edition, &[numerator]),
        ..FigureValue::default()
    })
}

fn share(
    returns: &Returns<'_>,
    totals: &[CellTotal],
    numerator: &Expression,
    denominator: &Expression,
) -> Result<FigureValue, Overflow> {
    let edition = returns.edition();
    let shares = own_shares(returns, numerator, denominator)?;
    let matched = matched(&shares)?;
    let authorities: Vec<usize> = shares.iter().map(|(authority, _)| *authority).collect();
    let sides = [numerator, denominator];
    Ok(FigureValue {
        plain: plain_share(edition, totals, numerator, denominator)?,
        not_provided: missing(returns, &authorities),
        part_periods: part_periods(returns, &authorities, &sides),
        metrics: metrics(edition, &sides),
        ..percentage(edition, matched)
    })
}

/// What a percentage says of its own.
fn percentage(edition: &Edition, share: Share) -> FigureValue {
    let rounded = share.percent(edition);
    FigureValue {
        value: rounded.map(|percent| percent.units),
        decimals: edition.settings().percent_decimals,
        nearly_100: rounded.is_some_and(|percent| percent.nearly_100),
        matched: Some(share),
        ..FigureValue::default()
    }
}

/// The share of the printed national sums; `Ok(None)` when one of them is not there.
fn plain_share(
    edition: &Edition,
    totals: &[CellTotal],
    numerator: &Expression,
    denominator: &Expression,
) -> Result<Option<Share>, Overflow> {
    let value = |operand: &Operand| {
        let Operand::Cell(cell) = operand else {
            return None;
        };
        let units = totals.get(cell.index())?.value?;
        rescale(units, edition.cell(*cell)?.decimals, edition.decimals_max())
    };
    let (part, base) = (numerator.evaluate(value)?, denominator.evaluate(value)?);
    // Authorities differ from cell to cell here; the widest cell says how many are in it.
    let cells = numerator.cells().chain(denominator.cells());
    let wide = |total: &CellTotal| total.provided.saturating_add(total.not_applicable);
    let authorities = cells.filter_map(|cell| totals.get(cell.index()).map(wide));
    let authorities = authorities.max().unwrap_or(0);
    Ok(part.zip(base).map(|(numerator, denominator)| Share {
        numerator,
        denominator,
        authorities,
    }))
}

fn authority_percent(returns: &Returns<'_>, of: &str, rank: Rank) -> Result<FigureValue, Overflow> {
    let edition = returns.edition();
    // The catalogue lets `of` name nothing but a percentage.
    let Some(sides) = percent_sides(edition, of) else {
        return Ok(FigureValue::default());
    };
    let ranking = rank_authorities(returns, sides)?;
    let found = match rank {
        Rank::Lowest => ranking.ranked.first(),
        Rank::SecondLowest => ranking.ranked.get(1),
        Rank::Highest => ranking.ranked.last(),
    };
    let stated = found.map(|ranked| percentage(edition, ranked.share));
    let authority = found.map(|ranked| ranked.authority);
    let sides = [sides.0, sides.1];
    Ok(FigureValue {
        decimals: edition.settings().percent_decimals,
        not_provided: u32::try_from(ranking.missing.len()).map_err(|_| Overflow)?,
        part_periods: part_periods(returns, authority.as_slice(), &sides),
        authority,
        metrics: metrics(edition, &sides),
        ..stated.unwrap_or_default()
    })
}

fn authority_count(
    returns: &Returns<'_>,
    of: &str,
    threshold: i64,
    excluding_highest: bool,
) -> Result<FigureValue, Overflow> {
    let edition = returns.edition();
    let Some(sides) = percent_sides(edition, of) else {
        return Ok(FigureValue::default());
    };
    let ranking = rank_authorities(returns, sides)?;
    let counted = ranking.ranked.len();
    let counted = counted.saturating_sub(usize::from(excluding_highest));
    let mut count: i64 = 0;
    for ranked in ranking.ranked.iter().take(counted) {
        let reached = is_at_least(&ranked.share, threshold).ok_or(Overflow)?;
        count = count.checked_add(reached.into()).ok_or(Overflow)?;
    }
    let authority = |ranked: &RankedShare| ranked.authority;
    let authorities: Vec<usize> = ranking.ranked.iter().map(authority).collect();
    let sides = [sides.0, sides.1];
    Ok(FigureValue {
        value: (!authorities.is_empty()).then_some(count),
        not_provided: u32::try_from(ranking.missing.len()).map_err(|_| Overflow)?,
        part_periods: part_periods(returns, &authorities, &sides),
        metrics: metrics(edition, &sides),
        ..FigureValue::default()
    })
}

/// Whether a share is at or above a threshold in thousandths of a per cent, without dividing.
fn is_at_least(share: &Share, threshold: i64) -> Option<bool> {
    let part = share.numerator.checked_mul(100_000)?;
    Some(part >= share.denominator.checked_mul(threshold.into())?)
}

fn outside_figure(outside: &OutsideFigure) -> FigureValue {
    FigureValue {
        value: Some(outside.units),
        decimals: outside.decimals,
        ..FigureValue::default()
    }
}

/// How many authorities are not among those in a figure.
fn missing(returns: &Returns<'_>, authorities: &[usize]) -> u32 {
    let present = u32::try_from(authorities.len()).unwrap_or(u32::MAX);
    returns.expected().saturating_sub(present)
}

fn has_value(data_return: &DataReturn, expression: &Expression) -> bool {
    let mut cells = expression.cells();
    cells.any(|cell| {
        let observed = data_return.observed(cell);
        observed.is_some_and(|observed| observed.value().is_some())
    })
}

/// The part-period values of the authorities in a figure: each authority once, by the first such
/// value among the cells.
fn part_periods(
    returns: &Returns<'_>,
    authorities: &[usize],
    sides: &[&Expression],
) -> BTreeMap<PartPeriod, u32> {
    let mut groups = BTreeMap::new();
    for (authority, data_return) in returns.by_authority().enumerate() {
        let Some(data_return) = data_return.filter(|_| authorities.contains(&authority)) else {
            continue;
        };
        let mut cells = sides.iter().flat_map(|side| side.cells());
        let first = cells.find_map(|cell| {
            let observation = data_return.observation(cell)?;
            let Observed::PartPeriod { end, .. } = observation.value else {
                return None;
            };
            let edition = returns.edition();
            let reason = edition.reason(observation.reason);
            let reason = reason.or_else(|| edition.reason_in(observation.comment));
            let reason = reason.map(|reason| reason.id.clone());
            Some(PartPeriod { end, reason })
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
