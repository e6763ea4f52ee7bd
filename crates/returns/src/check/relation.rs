//! When two figures break a rule, and what is said of them then.

use std::cmp::Ordering;

use mesur_catalogue::{Comparator, SCALE, Tolerance};
use mesur_figures::rescale;

use crate::plain::{THOUSANDTHS, plain, rate};

/// A hundred per cent in thousandths of a per cent.
const WHOLE: i128 = 100_000;

/// The whole of an effect.
const EFFECT_WHOLE: u128 = 1_000;

/// What a broken rule asks for and what is there.
pub(crate) struct Breach {
    /// As it is printed.
    pub(crate) expected: String,
    /// As it is printed.
    pub(crate) found: String,
    /// How far apart the two are.
    pub(crate) effect: u64,
}

impl Breach {
    /// Of two figures on the common scale.
    pub(super) fn new(expected: i128, found: i128) -> Self {
        Self {
            expected: plain(expected, SCALE),
            found: plain(found, SCALE),
            effect: effect(expected, found),
        }
    }
}

/// How far two figures are apart, in thousandths of the larger one, whole ones only: comparable
/// between metrics, however large they are.
pub(crate) fn effect(expected: i128, found: i128) -> u64 {
    let larger = expected.unsigned_abs().max(found.unsigned_abs());
    let gap = expected.abs_diff(found);
    // Figures so large that a thousand of them do not fit are as far apart without their last digits.
    let (gap, larger) = match gap.checked_mul(EFFECT_WHOLE) {
        Some(gap) => (gap, larger),
        None => (gap, larger.checked_div(EFFECT_WHOLE).unwrap_or(1)),
    };
    let share = gap.checked_div(larger).unwrap_or(0);
    u64::try_from(share).unwrap_or(u64::MAX)
}

pub(super) fn holds(comparator: Comparator, left: i128, right: i128) -> bool {
    match comparator {
        Comparator::Equal => left == right,
        Comparator::AtMost => left <= right,
        Comparator::AtLeast => left >= right,
    }
}

/// Two sides near each other; the right one is the earlier value where the tolerance is of it.
pub(super) fn near(left: i128, right: i128, tolerance: Tolerance) -> Option<Breach> {
    let gap = left.checked_sub(right)?.checked_abs()?;
    let shares = gap.checked_mul(WHOLE)?;
    let share_of = |percent: i64, of: i128| i128::from(percent).checked_mul(of.checked_abs()?);
    let apart = match tolerance {
        Tolerance::OfLarger { percent } => {
            let larger = left.checked_abs()?.max(right.checked_abs()?);
            shares > share_of(percent, larger)?
        }
        Tolerance::OfEarlier { percent, number } => {
            let more = gap > rescale(number, THOUSANDTHS, SCALE)?;
            more && shares > share_of(percent, right)?
        }
    };
    apart.then(|| Breach::new(right, left))
}

/// A part as a percentage of its base between two bounds. Nothing of nothing is no rate, and
/// something of nothing is outside any bounds.
pub(super) fn within(part: i128, base: i128, low: i64, high: i64) -> Option<Breach> {
    let (part, base) = match base.cmp(&0) {
        Ordering::Less => (part.checked_neg()?, base.checked_neg()?),
        Ordering::Equal if part == 0 => return None,
        Ordering::Equal | Ordering::Greater => (part, base),
    };
    let share = part.checked_mul(WHOLE)?;
    let bound = |percent: i64| i128::from(percent).checked_mul(base);
    let (lowest, highest) = (bound(low)?, bound(high)?);
    let inside = base != 0 && share >= lowest && share <= highest;
    let nearest = if share < lowest { lowest } else { highest };
    (!inside).then(|| Breach {
        expected: format!(
            "{}-{}%",
            plain(low.into(), THOUSANDTHS),
            plain(high.into(), THOUSANDTHS)
        ),
        found: rate(part, base, low, high),
        effect: effect(nearest, share),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_a_share_of_the_larger_side_whatever_its_size() {
        for (expected, found, share) in [
            (0, 0, 0),
            (100, 100, 0),
            (100, 90, 100),
            (90, 100, 100),
            (3, 1, 666),
            (0, 7, 1_000),
            (7, 0, 1_000),
            (-5, 5, 2_000),
            (i128::MAX, 0, 1_000),
            (i128::MIN, i128::MAX, 1_999),
        ] {
            let found = effect(expected, found);
            assert!(found.abs_diff(share) <= 1, "{expected}: {found}");
        }
    }
}
