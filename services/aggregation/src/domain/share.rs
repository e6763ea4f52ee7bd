//! Shares: a part and its base, each an expression over the cells of one return.

use std::cmp::Ordering;

use mesur_catalogue::{Edition, Expression, Operand, Overflow};
use mesur_figures::{Percent, percent, rescale};
use mesur_returns::DataReturn;

use super::Step;

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
    /// The share of nobody.
    pub(crate) const NONE: Self = Self {
        numerator: 0,
        denominator: 0,
        authorities: 0,
    };

    /// Adds an authority's own share, or takes it out.
    pub(crate) fn step(&mut self, step: Step, own: &Self) -> Option<()> {
        self.numerator = step.sum(self.numerator, own.numerator)?;
        self.denominator = step.sum(self.denominator, own.denominator)?;
        self.authorities = step.count(self.authorities)?;
        Some(())
    }

    /// Adds the share of other authorities.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        self.numerator = self.numerator.checked_add(other.numerator)?;
        self.denominator = self.denominator.checked_add(other.denominator)?;
        self.authorities = self.authorities.checked_add(other.authorities)?;
        Some(())
    }

    /// The percentage by the edition's rounding rule; `None` without a base.
    pub(crate) fn percent(&self, edition: &Edition) -> Option<Percent> {
        let settings = edition.settings();
        percent(
            self.numerator,
            self.denominator,
            settings.percent_decimals,
            settings.rounding,
        )
    }

    /// Compares two shares with positive bases, exactly: whole parts first, then the remainders
    /// by their reciprocals, as in Euclid's algorithm, so that nothing is multiplied and nothing
    /// can overflow.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let (mut one, mut two) = (
            (self.numerator, self.denominator),
            (other.numerator, other.denominator),
        );
        loop {
            let (Some((whole_one, rest_one)), Some((whole_two, rest_two))) =
                (divide(one), divide(two))
            else {
                // One without a base has no place; below all that have one.
                return (self.denominator > 0).cmp(&(other.denominator > 0));
            };
            match whole_one.cmp(&whole_two) {
                Ordering::Equal => {}
                unequal @ (Ordering::Less | Ordering::Greater) => return unequal,
            }
            if rest_one == 0 || rest_two == 0 {
                return rest_one.cmp(&rest_two);
            }
            // a/b < c/d exactly when d/c < b/a.
            (one, two) = ((two.1, rest_two), (one.1, rest_one));
        }
    }
}

fn divide((numerator, denominator): (i128, i128)) -> Option<(i128, i128)> {
    let whole = numerator.checked_div_euclid(denominator)?;
    Some((whole, numerator.checked_rem_euclid(denominator)?))
}

/// A side of a figure in one return, with `decimals`; `Ok(None)` when the authority lacks a value
/// that it names. A cell that does not apply counts as nothing and is not missing.
pub(crate) fn side(
    edition: &Edition,
    data_return: &DataReturn,
    expression: &Expression,
    decimals: u8,
) -> Result<Option<i128>, Overflow> {
    expression.evaluate(|operand| {
        let Operand::Cell(cell) = operand else {
            return None;
        };
        let value = data_return.observed(*cell)?.counted()?;
        rescale(value, edition.cell(*cell)?.decimals, decimals)
    })
}

/// An authority's own share, if it provided every value on both sides. The base may be zero.
pub(crate) fn own_share(
    edition: &Edition,
    data_return: &DataReturn,
    (numerator, denominator): (&Expression, &Expression),
) -> Result<Option<Share>, Overflow> {
    let decimals = edition.decimals_max();
    let part = side(edition, data_return, numerator, decimals)?;
    let base = side(edition, data_return, denominator, decimals)?;
    Ok(part.zip(base).map(|(numerator, denominator)| Share {
        numerator,
        denominator,
        authorities: 1,
    }))
}
