//! The figures of a release: counts, and percentages over the authorities that provided every
//! value in them. Each is kept so that one return more or less costs one return's work.

use mesur_catalogue::{
    Edition, Expression, Figure, FigureKind, MetricCode, Operand, OutsideFigure, Overflow, Rank,
};
use mesur_figures::rescale;
use mesur_returns::DataReturn;

use super::change::Matched;
use super::part_period::{PartPeriods, part_period_of};
use super::rank::RankTally;
use super::rate::{Rate, decimals};
use super::share::{Share, own_share, side};
use super::tally::Tally;
use super::totals::{CellTotal, Contribution, expected};
use super::{Error, Step};

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
    pub(crate) part_periods: PartPeriods,
    /// The place of the authority that the figure is about.
    pub(crate) authority: Option<usize>,
    /// The metrics that the figure rests on.
    pub(crate) metrics: Vec<MetricCode>,
}

/// What is kept of a figure while authorities come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FigureTally {
    /// A count: the sum, the authorities in it, and those of them that have a value at all.
    Count {
        sum: i128,
        authorities: u32,
        with_value: u32,
        part_periods: PartPeriods,
    },
    /// A percentage.
    Percent {
        matched: Share,
        part_periods: PartPeriods,
    },
    /// One authority of a ranking.
    One { ranking: usize },
    /// Authorities of a ranking that reach a threshold.
    Reaching { ranking: usize, reached: i64 },
    /// Nothing here: it comes from outside, or is kept with the rates or the changes.
    Elsewhere,
}

impl FigureTally {
    /// Of nobody; `ranking` finds the ranking by a percent figure.
    pub(crate) fn new(figure: &Figure, ranking: impl Fn(&str) -> Option<usize>) -> Self {
        let part_periods = PartPeriods::default();
        match &figure.kind {
            FigureKind::Count { .. } => Self::Count {
                sum: 0,
                authorities: 0,
                with_value: 0,
                part_periods,
            },
            FigureKind::Percent { .. } => Self::Percent {
                matched: Share::NONE,
                part_periods,
            },
            FigureKind::AuthorityPercent { of, .. } => {
                ranking(of).map_or(Self::Elsewhere, |ranking| Self::One { ranking })
            }
            FigureKind::AuthorityCount { of, .. } => match ranking(of) {
                Some(ranking) => Self::Reaching {
                    ranking,
                    reached: 0,
                },
                None => Self::Elsewhere,
            },
            FigureKind::Rate { .. } | FigureKind::Change { .. } | FigureKind::Outside(_) => {
                Self::Elsewhere
            }
        }
    }

    /// Adds an authority, or takes it out; `shares` has its share in each ranking where it is
    /// ranked.
    pub(crate) fn step(
        &mut self,
        step: Step,
        (edition, kind): (&Edition, &FigureKind),
        own: &Contribution<'_>,
        shares: &[Option<Share>],
    ) -> Result<(), Overflow> {
        let stepped = match (self, kind) {
            (
                Self::Count {
                    sum,
                    authorities,
                    with_value,
                    part_periods,
                },
                FigureKind::Count { numerator },
            ) => {
                let decimals = decimals(edition, numerator);
                let Some(value) = side(edition, own.data_return, numerator, decimals)? else {
                    return Ok(());
                };
                let part = part_period_of(edition, own.data_return, &[numerator]);
                *sum = step.sum(*sum, value).ok_or(Overflow)?;
                *authorities = step.count(*authorities).ok_or(Overflow)?;
                if has_value(own.data_return, numerator) {
                    *with_value = step.count(*with_value).ok_or(Overflow)?;
                }
                part_periods.step(step, part.as_ref())
            }
            (
                Self::Percent {
                    matched,
                    part_periods,
                },
                FigureKind::Percent {
                    numerator,
                    denominator,
                },
            ) => {
                let sides = (numerator, denominator);
                let Some(share) = own_share(edition, own.data_return, sides)? else {
                    return Ok(());
                };
                let part = part_period_of(edition, own.data_return, &[numerator, denominator]);
                matched.step(step, &share).ok_or(Overflow)?;
                part_periods.step(step, part.as_ref())
            }
            (Self::Reaching { ranking, reached }, FigureKind::AuthorityCount { threshold, .. }) => {
                let Some(share) = shares.get(*ranking).and_then(Option::as_ref) else {
                    return Ok(());
                };
                let one = i64::from(is_at_least(share, *threshold).ok_or(Overflow)?);
                let sum = match step {
                    Step::Add => reached.checked_add(one),
                    Step::Remove => reached.checked_sub(one),
                };
                *reached = sum.ok_or(Overflow)?;
                Some(())
            }
            _ => Some(()),
        };
        stepped.ok_or(Overflow)
    }

    /// Adds other authorities.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        match (self, other) {
            (
                Self::Count {
                    sum,
                    authorities,
                    with_value,
                    part_periods,
                },
                Self::Count {
                    sum: sum_of_others,
                    authorities: others,
                    with_value: others_with_value,
                    part_periods: parts_of_others,
                },
            ) => {
                *sum = sum.checked_add(*sum_of_others)?;
                *authorities = authorities.checked_add(*others)?;
                *with_value = with_value.checked_add(*others_with_value)?;
                part_periods.merge(parts_of_others)
            }
            (
                Self::Percent {
                    matched,
                    part_periods,
                },
                Self::Percent {
                    matched: others,
                    part_periods: parts_of_others,
                },
            ) => {
                matched.merge(others)?;
                part_periods.merge(parts_of_others)
            }
            (
                Self::Reaching { reached, .. },
                Self::Reaching {
                    reached: others, ..
                },
            ) => {
                *reached = reached.checked_add(*others)?;
                Some(())
            }
            _ => Some(()),
        }
    }
}

/// Works every figure of the edition out, in the order of the table.
pub(crate) fn figure_values(
    edition: &Edition,
    tally: &Tally,
    totals: &[CellTotal],
) -> Result<Vec<FigureValue>, Error> {
    let figures = edition.figures().iter().zip(&tally.figures).enumerate();
    let values = figures.map(|(place, (figure, own))| {
        let known = Known {
            edition,
            tally,
            totals,
            place,
        };
        known
            .value(figure, own)
            .map_err(|Overflow| Error::TotalTooLarge {
                item: figure.id.clone(),
            })
    });
    values.collect()
}

/// What a figure is worked out from.
struct Known<'a> {
    edition: &'a Edition,
    tally: &'a Tally,
    totals: &'a [CellTotal],
    place: usize,
}

impl Known<'_> {
    fn value(&self, figure: &Figure, own: &FigureTally) -> Result<FigureValue, Overflow> {
        match (&figure.kind, own) {
            (
                FigureKind::Count { numerator },
                FigureTally::Count {
                    sum,
                    authorities,
                    with_value,
                    part_periods,
                },
            ) => Ok(FigureValue {
                // Where it applies to nobody there is no number to state, not even zero.
                value: match with_value {
                    0 => None,
                    _ => Some(i64::try_from(*sum).map_err(|_| Overflow)?),
                },
                decimals: decimals(self.edition, numerator),
                not_provided: self.missing(*authorities),
                part_periods: part_periods.clone(),
                metrics: metrics(self.edition, &[numerator]),
                ..FigureValue::default()
            }),
            (
                FigureKind::Percent {
                    numerator,
                    denominator,
                },
                FigureTally::Percent {
                    matched,
                    part_periods,
                },
            ) => Ok(FigureValue {
                plain: self.plain_share(numerator, denominator)?,
                not_provided: self.missing(matched.authorities),
                part_periods: part_periods.clone(),
                metrics: metrics(self.edition, &[numerator, denominator]),
                ..percentage(self.edition, *matched)
            }),
            (FigureKind::Rate { numerator }, _) => {
                let rate = self.tally.rates.figures.get(self.place).copied().flatten();
                Ok(self.rate(numerator, rate.unwrap_or_default()))
            }
            (FigureKind::Change { numerator }, _) => {
                let changes = self.tally.changes.as_ref();
                let matched = changes.and_then(|changes| changes.figures.get(self.place).copied());
                Ok(self.change(numerator, matched.flatten()))
            }
            (FigureKind::AuthorityPercent { rank, .. }, FigureTally::One { ranking }) => {
                Ok(self.authority_percent(*ranking, *rank))
            }
            (
                FigureKind::AuthorityCount {
                    threshold,
                    excluding_highest,
                    ..
                },
                FigureTally::Reaching { ranking, reached },
            ) => self.authority_count(*ranking, *reached, *threshold, *excluding_highest),
            (FigureKind::Outside(outside), _) => Ok(outside_figure(outside)),
            // The catalogue lets a ranking be of nothing but a percentage.
            _ => Ok(FigureValue::default()),
        }
    }

    fn missing(&self, present: u32) -> u32 {
        expected(self.edition).saturating_sub(present)
    }

    fn rate(&self, numerator: &Expression, rate: Rate) -> FigureValue {
        FigureValue {
            metrics: metrics(self.edition, &[numerator]),
            ..rate.figure(self.edition, expected(self.edition))
        }
    }

    fn change(&self, numerator: &Expression, matched: Option<Matched>) -> FigureValue {
        FigureValue {
            metrics: metrics(self.edition, &[numerator]),
            ..Matched::figure(self.edition, expected(self.edition), matched.as_ref())
        }
    }

    /// The share of the printed national sums; `Ok(None)` when one of them is not there.
    fn plain_share(
        &self,
        numerator: &Expression,
        denominator: &Expression,
    ) -> Result<Option<Share>, Overflow> {
        let (edition, totals) = (self.edition, self.totals);
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

    fn ranking(&self, ranking: usize) -> Option<(&RankTally, Vec<MetricCode>)> {
        let (figure, tally) = self.tally.rankings.get(ranking)?;
        let figure = self.edition.figures().get(*figure)?;
        let sides = super::rank::sides(figure)?;
        Some((tally, metrics(self.edition, &[sides.0, sides.1])))
    }

    fn authority_percent(&self, ranking: usize, rank: Rank) -> FigureValue {
        let Some((ranking, metrics)) = self.ranking(ranking) else {
            return FigureValue::default();
        };
        let found = match rank {
            Rank::Lowest => ranking.order.iter().next(),
            Rank::SecondLowest => ranking.order.iter().nth(1),
            Rank::Highest => ranking.order.iter().next_back(),
        };
        let stated = found.map(|(standing, _)| percentage(self.edition, standing.share));
        let mut part_periods = PartPeriods::default();
        if let Some(part) = found.and_then(|(_, part)| part.clone()) {
            part_periods.0.insert(part, 1);
        }
        FigureValue {
            decimals: self.edition.settings().percent_decimals,
            not_provided: self.missing(ranking.provided),
            part_periods,
            authority: found.map(|(standing, _)| standing.authority),
            metrics,
            ..stated.unwrap_or_default()
        }
    }

    fn authority_count(
        &self,
        ranking: usize,
        reached: i64,
        threshold: i64,
        excluding_highest: bool,
    ) -> Result<FigureValue, Overflow> {
        let Some((ranking, metrics)) = self.ranking(ranking) else {
            return Ok(FigureValue::default());
        };
        let highest = ranking
            .order
            .keys()
            .next_back()
            .filter(|_| excluding_highest);
        let highest = match highest {
            Some(highest) => is_at_least(&highest.share, threshold).ok_or(Overflow)?,
            None => false,
        };
        let count = reached.checked_sub(highest.into()).ok_or(Overflow)?;
        Ok(FigureValue {
            value: (!ranking.order.is_empty()).then_some(count),
            not_provided: self.missing(ranking.provided),
            part_periods: ranking.part_periods.clone(),
            metrics,
            ..FigureValue::default()
        })
    }
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

fn has_value(data_return: &DataReturn, expression: &Expression) -> bool {
    let mut cells = expression.cells();
    cells.any(|cell| {
        let observed = data_return.observed(cell);
        observed.is_some_and(|observed| observed.value().is_some())
    })
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
