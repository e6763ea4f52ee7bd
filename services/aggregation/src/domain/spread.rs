//! How the values of authorities lie: range, quartiles and median.
//!
//! By the nearest rank, so that each of them is a value that an authority has and nothing is
//! rounded. They are over the robust values, of the whole period or part of it: what is not told of
//! its authority is not told as a quartile either. Below three values nothing is said: two would be
//! the authorities themselves.

/// The fewest values of which a spread is told.
pub(super) const AUTHORITIES_MIN: usize = 3;

/// How values lie, scaled by the metric's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    /// The lowest.
    pub(crate) minimum: i64,
    /// A quarter of the values lie at or below it.
    pub(crate) lower_quartile: i64,
    /// The median, the lower of the two middle ones.
    pub(crate) median: i64,
    /// Three quarters of the values lie at or below it.
    pub(crate) upper_quartile: i64,
    /// The highest.
    pub(crate) maximum: i64,
    /// How many values.
    pub(crate) authorities: u32,
}

impl Spread {
    /// The spread of some values, which come into another order: each quartile is selected, for to
    /// put very many in order takes several times as long.
    pub(crate) fn of(values: &mut [i64]) -> Option<Self> {
        let count = values.len();
        if count < AUTHORITIES_MIN {
            return None;
        }
        let place = |quarters| rank_of(count, quarters)?.checked_sub(1);
        let [lower, middle, upper] = [place(1)?, place(2)?, place(3)?];
        let (minimum, maximum) = (*values.iter().min()?, *values.iter().max()?);
        // Of three values and more the places differ.
        let upper = upper.checked_sub(middle)?.checked_sub(1)?;
        let (below, median, above) = values.select_nth_unstable(middle);
        let select = |values: &mut [i64], place: usize| {
            let is_there = place < values.len();
            is_there.then(|| *values.select_nth_unstable(place).1)
        };
        Some(Self {
            minimum,
            lower_quartile: select(below, lower)?,
            median: *median,
            upper_quartile: select(above, upper)?,
            maximum,
            authorities: u32::try_from(count).ok()?,
        })
    }
}

/// The nearest rank of so many quarters, from 1: that part of the count, rounded up.
pub(super) fn rank_of(count: usize, quarters: usize) -> Option<usize> {
    Some(count.checked_mul(quarters)?.div_ceil(4))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn two_values_have_no_spread_and_three_have_one() {
        assert_eq!(Spread::of(&mut [7, 1]), None);
        let spread = Spread {
            minimum: 1,
            lower_quartile: 1,
            median: 4,
            upper_quartile: 7,
            maximum: 7,
            authorities: 3,
        };
        assert_eq!(Spread::of(&mut [7, 1, 4]), Some(spread));
        // Of an even number the median is the lower of the middle ones.
        let of_four = Spread::of(&mut [40, 10, 30, 20]).map(|spread| spread.median);
        assert_eq!(of_four, Some(20));
    }

    /// The least value at or below which so many quarters of the values lie, from the definition.
    fn reference(values: &[i64], quarters: usize) -> Option<i64> {
        let reaches = |value: &&i64| {
            let below = values.iter().filter(|other| other <= value).count();
            below.saturating_mul(4) >= values.len().saturating_mul(quarters)
        };
        values.iter().filter(reaches).min().copied()
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 512,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(4),
            ..ProptestConfig::default()
        })]

        #[test]
        fn quartiles_are_what_their_definition_says(
            values in proptest::collection::vec(prop_oneof![-3_i64..30, any::<i64>()], 3..40)
        ) {
            let spread = Spread::of(&mut values.clone()).expect("three values");
            let found = [spread.minimum, spread.lower_quartile, spread.median,
                spread.upper_quartile, spread.maximum].map(Some);
            let due = [values.iter().min().copied(), reference(&values, 1), reference(&values, 2),
                reference(&values, 3), values.iter().max().copied()];
            prop_assert_eq!(found, due);
        }
    }
}
