//! What authorities are compared by: values for so many people, or the values themselves.
//!
//! A count says mostly how large an authority is. So where the population of every authority that has a
//! value is held, a count is set against it; the base is the smallest of 1,000, 10,000 and 100,000
//! people at which the whole is at least one. Everything is worked out from the values as they
//! are shown, so that nothing hidden or rounded can be worked back from it, and rounded once.
//!
//! The whole is that of the authorities whose shown value covers the whole period: their sum over their people, or
//! without a population their mean.

use mesur_catalogue::{Edition, Metric};
use mesur_figures::{Rounding, Shorthand, percent};

use crate::domain::{Column, Shown};

/// The bases that a rate may have.
const BASES: [i64; 3] = [1_000, 10_000, 100_000];
/// Decimals of a rate.
const RATE_DECIMALS: u8 = 1;
/// The fewest authorities that are worth comparing.
const FEWEST: usize = 3;

/// The values of one column as they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measure {
    /// For how many people; `None` when the values themselves are compared.
    pub(crate) per: Option<i64>,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// Each authority's, in the edition's order.
    pub(crate) values: Vec<Option<i64>>,
    /// That of the authorities together.
    pub(crate) whole: Option<i64>,
    /// How many authorities are in it.
    pub(crate) authorities: usize,
}

impl Measure {
    /// The measure of a column; `None` when too few authorities have a value.
    pub(crate) fn of(edition: &Edition, metric: &Metric, column: &Column) -> Option<Self> {
        let rounding = edition.settings().rounding;
        let people = edition
            .authorities()
            .iter()
            .map(|authority| edition.population(&authority.code));
        let rows: Vec<(&Shown, Option<u64>)> = column.values.iter().zip(people).collect();
        let with_value = rows.iter().filter(|(shown, _)| shown.units.is_some());
        if with_value.clone().count() < FEWEST {
            return None;
        }
        let is_rate = metric.decimals == 0
            && with_value
                .clone()
                .all(|(_, people)| people.is_some_and(|people| people > 0));
        let counted: Vec<(i128, i128)> = rows
            .iter()
            .filter(|(shown, _)| is_whole(shown))
            .filter_map(|(shown, people)| {
                Some((shown.units?.into(), i128::from(people.unwrap_or(0))))
            })
            .collect();
        let sum: i128 = counted.iter().map(|(units, _)| units).sum();
        if !is_rate {
            let count = i128::try_from(counted.len()).ok()?;
            return Some(Self {
                per: None,
                decimals: metric.decimals,
                values: column.values.iter().map(|shown| shown.units).collect(),
                whole: rate(sum, count, 1, 0, rounding),
                authorities: counted.len(),
            });
        }
        let people: i128 = counted.iter().map(|(_, people)| people).sum();
        let of_whole = |per: i64| rate(sum, people, per, RATE_DECIMALS, rounding);
        let is_large = |per: &i64| of_whole(*per).is_some_and(|units| units >= 10);
        let per =
            BASES
                .into_iter()
                .find(is_large)
                .unwrap_or(if sum == 0 { 1_000 } else { 100_000 });
        let value = |(shown, people): &(&Shown, Option<u64>)| {
            rate(
                shown.units?.into(),
                (*people)?.into(),
                per,
                RATE_DECIMALS,
                rounding,
            )
        };
        Some(Self {
            per: Some(per),
            decimals: RATE_DECIMALS,
            values: rows.iter().map(value).collect(),
            whole: of_whole(per),
            authorities: counted.len(),
        })
    }

    /// The largest value, the whole among them.
    pub(crate) fn most(&self) -> i64 {
        self.values
            .iter()
            .copied()
            .chain([self.whole])
            .flatten()
            .max()
            .unwrap_or(0)
    }
}

/// A value that covers the whole period and may be relied on.
fn is_whole(shown: &Shown) -> bool {
    shown.units.is_some() && !shown.part_period && !shown.marks.has(Shorthand::LowReliability)
}

fn rate(sum: i128, base: i128, per: i64, decimals: u8, rounding: Rounding) -> Option<i64> {
    // `percent` sets against a hundred.
    let share = percent(
        sum.checked_mul(per.into())?,
        base.checked_mul(100)?,
        decimals,
        rounding,
    );
    share.map(|share| share.units)
}

#[cfg(test)]
mod tests {
    use super::Measure;
    use crate::domain::testing::{bundled, compiled, complete, edition};

    #[test]
    fn counts_are_set_against_people_and_other_values_stand_for_themselves() {
        let pif = bundled("pif/2022-23");
        let release = compiled(&pif, &complete(&pif));
        let table = &release.tables[0];
        let measure = Measure::of(&pif, &table.metric, &table.columns[0]).expect("a measure");
        // 220 of 3,152,879 people are 7.0 in 100,000; ten of the 70,043 of the first authority 14.3.
        assert_eq!((measure.per, measure.whole), (Some(100_000), Some(70)));
        assert_eq!((measure.values[0], measure.authorities), (Some(143), 22));

        let edition = edition(&[]);
        let release = compiled(&edition, &complete(&edition));
        let table = &release.tables[0];
        let measure = Measure::of(&edition, &table.metric, &table.columns[0]).expect("a measure");
        assert_eq!(
            (measure.per, measure.whole, measure.most()),
            (None, Some(10), 10)
        );
        let mut column = table.columns[0].clone();
        column.values[0].units = None;
        assert_eq!(Measure::of(&edition, &table.metric, &column), None);
    }
}
