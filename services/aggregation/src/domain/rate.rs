//! Numbers per 1,000 people.
//!
//! Over the authorities that provided a value for the whole period and whose population the edition
//! holds: a value of part of a year beside people of a whole one would be no rate. The people of the
//! others are not in it either, so nothing is scaled up.

use mesur_catalogue::{AuthorityCode, CellId, Edition, Expression, FigureKind, Overflow};
use mesur_figures::percent;
use mesur_returns::{DataReturn, Observed};

use super::Step;
use super::figure::FigureValue;
use super::share::{Share, side};

/// Digits after the point of a rate.
const RATE_DECIMALS: u8 = 1;

/// What some authorities count, with their people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rate {
    /// The sum, scaled by the decimals of what is counted.
    pub(crate) numerator: i128,
    /// Their people.
    pub(crate) population: i128,
    /// The authorities.
    pub(crate) authorities: u32,
}

impl Rate {
    /// The rate in tenths by the edition's rounding rule; `None` without people.
    pub(crate) fn value(&self, edition: &Edition, decimals: u8) -> Option<i64> {
        let share = self.share(decimals)?;
        // A number per 1,000 in tenths is the same as one per 100 in hundredths.
        let rounding = edition.settings().rounding;
        let rounded = percent(share.numerator, share.denominator, 2, rounding);
        rounded.map(|percent| percent.units)
    }

    /// The same as a share of the people, both with `decimals`; `None` when they do not fit.
    fn share(&self, decimals: u8) -> Option<Share> {
        let one = 10_i128.checked_pow(decimals.into())?;
        Some(Share {
            numerator: self.numerator,
            denominator: self.population.checked_mul(one)?,
            authorities: self.authorities,
        })
    }

    /// A figure of kind `rate`.
    pub(crate) fn figure(&self, edition: &Edition, expected: u32) -> FigureValue {
        let decimals = edition.decimals_max();
        FigureValue {
            value: self.value(edition, decimals),
            decimals: RATE_DECIMALS,
            matched: self.share(decimals),
            not_provided: expected.saturating_sub(self.authorities),
            ..FigureValue::default()
        }
    }

    fn step(&mut self, step: Step, numerator: i128, people: i128) -> Option<()> {
        self.numerator = step.sum(self.numerator, numerator)?;
        self.population = step.sum(self.population, people)?;
        self.authorities = step.count(self.authorities)?;
        Some(())
    }

    fn merge(&mut self, other: &Self) -> Option<()> {
        self.numerator = self.numerator.checked_add(other.numerator)?;
        self.population = self.population.checked_add(other.population)?;
        self.authorities = self.authorities.checked_add(other.authorities)?;
        Some(())
    }
}

/// The rates of every cell and of the figures of kind `rate` over some returns. One return more or
/// less costs one return's work, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rates {
    /// In catalogue order.
    pub(crate) cells: Vec<Rate>,
    /// In the order of the table of figures, on the edition's largest number of decimals; `None` for
    /// a figure of another kind.
    pub(crate) figures: Vec<Option<Rate>>,
}

impl Rates {
    /// Those of no return.
    pub(crate) fn new(edition: &Edition) -> Self {
        let figures = edition.figures().iter();
        Self {
            cells: vec![Rate::default(); edition.cells().len()],
            figures: figures
                .map(|figure| counted(&figure.kind).map(|_| Rate::default()))
                .collect(),
        }
    }

    /// Adds a return, or takes it out.
    pub(crate) fn step(
        &mut self,
        step: Step,
        edition: &Edition,
        data_return: &DataReturn,
    ) -> Result<(), Overflow> {
        let Some(people) = people(edition, &data_return.authority) else {
            return Ok(());
        };
        for (rate, cell) in self.cells.iter_mut().zip(0..) {
            if let Some(Observed::Provided(value)) = data_return.observed(CellId(cell)) {
                rate.step(step, value.into(), people).ok_or(Overflow)?;
            }
        }
        for (rate, figure) in self.figures.iter_mut().zip(edition.figures()) {
            let Some((rate, numerator)) = rate.as_mut().zip(counted(&figure.kind)) else {
                continue;
            };
            if let Some(value) = whole(edition, data_return, numerator)? {
                rate.step(step, value, people).ok_or(Overflow)?;
            }
        }
        Ok(())
    }

    /// Adds those of other returns.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        for (rate, other) in self.cells.iter_mut().zip(&other.cells) {
            rate.merge(other).ok_or(Overflow)?;
        }
        let figures = self.figures.iter_mut().zip(&other.figures);
        for (rate, other) in figures.filter_map(|(rate, other)| rate.as_mut().zip(other.as_ref())) {
            rate.merge(other).ok_or(Overflow)?;
        }
        Ok(())
    }
}

/// What a figure of kind `rate` counts.
fn counted(kind: &FigureKind) -> Option<&Expression> {
    match kind {
        FigureKind::Rate { numerator } => Some(numerator),
        FigureKind::Count { .. }
        | FigureKind::Percent { .. }
        | FigureKind::Change { .. }
        | FigureKind::AuthorityPercent { .. }
        | FigureKind::AuthorityCount { .. }
        | FigureKind::Outside(_) => None,
    }
}

fn people(edition: &Edition, authority: &AuthorityCode) -> Option<i128> {
    edition.population(authority).map(i128::from)
}

/// The decimals of the most precise cell of an expression.
pub(crate) fn decimals(edition: &Edition, expression: &Expression) -> u8 {
    let cells = expression.cells().filter_map(|cell| edition.cell(cell));
    cells.map(|cell| cell.decimals).max().unwrap_or(0)
}

/// An expression in one return, on the edition's largest number of decimals, where every cell of it
/// covers the whole period or does not apply, and one at least has a value.
pub(crate) fn whole(
    edition: &Edition,
    data_return: &DataReturn,
    expression: &Expression,
) -> Result<Option<i128>, Overflow> {
    let mut provided = false;
    for cell in expression.cells() {
        match data_return.observed(cell) {
            Some(Observed::Provided(_)) => provided = true,
            Some(Observed::NotApplicable) => {}
            Some(Observed::PartPeriod { .. } | Observed::NotProvided) | None => return Ok(None),
        }
    }
    if provided {
        side(edition, data_return, expression, edition.decimals_max())
    } else {
        Ok(None)
    }
}
