//! How the values of authorities lie: lowest, quartiles, median and highest.
//!
//! By the nearest rank, over the values of authorities as they are shown, so that each of them is a
//! value that stands in the table and nothing can be worked back from them. Where a value is hidden
//! nothing is told: without it the values would seem to lie higher than they do. Below three values
//! nothing is told either.

use mesur_figures::Shorthand;

use super::tables::Column;

/// The fewest values of which a spread is told.
const AUTHORITIES_MIN: usize = 3;

/// How values lie, scaled by the metric's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    /// Lowest, lower quartile, median, upper quartile, highest.
    pub(crate) units: [i64; 5],
    /// How many values.
    pub(crate) authorities: usize,
}

impl Spread {
    /// The spread of a column.
    pub(crate) fn of(column: &Column) -> Option<Self> {
        let is_hidden = |shown: &super::tables::Shown| shown.marks.has(Shorthand::Confidential);
        if column.values.iter().any(is_hidden) {
            return None;
        }
        let shown = column.values.iter();
        let mut values: Vec<i64> = shown.filter_map(|shown| shown.units).collect();
        if values.len() < AUTHORITIES_MIN {
            return None;
        }
        values.sort_unstable();
        // The least value at or below which so many quarters of the values lie.
        let at = |quarters: usize| {
            let rank = values.len().checked_mul(quarters)?.div_ceil(4).max(1);
            values.get(rank.checked_sub(1)?).copied()
        };
        Some(Self {
            units: [at(0)?, at(1)?, at(2)?, at(3)?, at(4)?],
            authorities: values.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use mesur_proto::types::v1::observation::Status;

    use super::*;
    use crate::domain::tables::Shown;
    use crate::domain::testing::{compiled, edition, totals};

    #[test]
    fn a_spread_is_of_values_that_are_shown_and_of_none_where_one_is_hidden() {
        let edition = edition(&[]);
        let totals = totals(&edition, |authority, _| {
            (Status::Provided, Some([30, 10, 20][authority]))
        });
        let mut column = compiled(&edition, &totals).tables[0].columns[0].clone();
        let spread = Spread::of(&column).expect("three values");
        assert_eq!(
            (spread.units, spread.authorities),
            ([10, 10, 20, 30, 30], 3)
        );
        column.values[1] = Shown::nothing(Shorthand::NotAvailable);
        assert_eq!(
            Spread::of(&column),
            None,
            "two are the authorities themselves"
        );
        let fourth = |units| Shown {
            units: Some(units),
            ..Shown::default()
        };
        column.values.extend([fourth(40), fourth(50)]);
        let spread = Spread::of(&column).expect("four values");
        assert_eq!(spread.units, [20, 20, 30, 40, 50]);
        column.values[1] = Shown::nothing(Shorthand::Confidential);
        assert_eq!(Spread::of(&column), None);
    }
}
