//! What earlier releases of the collection published, so that a figure can be shown over the years.
//!
//! The values come from the data files that were published, never from returns: what was withheld
//! or protected then stays so. Values of different periods are told as they stand, with what breaks
//! the series; nothing is worked out between them.

use std::collections::{BTreeMap, BTreeSet};

use mesur_catalogue::{Comparable, DefinitionalChange, Edition, Metric, Period};
use mesur_figures::{Marks, parse_quantity};

use super::tables::{Column, Shown};

/// What one earlier release published of the nation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Earlier {
    /// The period.
    pub(crate) period: String,
    /// The nation's values by the codes of metric and category, the category empty for the total.
    pub(crate) values: BTreeMap<(String, String), EarlierValue>,
    /// The codes of what was not comparable with the release before it.
    pub(crate) breaks: BTreeSet<String>,
}

/// One published value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EarlierValue {
    /// The value in plain digits; empty where there was none.
    pub(crate) value: String,
    /// Its shorthand.
    pub(crate) marks: Marks,
    /// The authorities in it.
    pub(crate) provided: u32,
    /// The authorities of the edition.
    pub(crate) expected: u32,
}

/// The nation's value in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    /// The period.
    pub(crate) period: String,
    /// What is shown.
    pub(crate) shown: Shown,
    /// The authorities in it.
    pub(crate) provided: u32,
    /// The authorities of the edition.
    pub(crate) expected: u32,
    /// The definition changed since the point before.
    pub(crate) is_break: bool,
    /// The point before is of the period before.
    pub(crate) is_next: bool,
}

/// The codes whose series an edition breaks.
pub(crate) fn breaks(changes: &[DefinitionalChange]) -> BTreeSet<String> {
    let broken = changes
        .iter()
        .filter(|change| change.comparable == Comparable::No);
    broken.map(|change| change.code_read_as.clone()).collect()
}

/// A column over the periods held, oldest first, this release last. Empty where no earlier release
/// has it.
pub(crate) fn series(
    edition: &Edition,
    history: &[Earlier],
    metric: &Metric,
    column: &Column,
) -> Vec<Point> {
    let code = metric.code.as_str();
    let category = column
        .category
        .as_ref()
        .map_or("", |known| known.code.as_str());
    let broken = |breaks: &BTreeSet<String>| {
        breaks.contains(code)
            || (!category.is_empty() && breaks.contains(&format!("{code}{category}")))
    };
    let mut points: Vec<Point> = Vec::new();
    let mut is_break = false;
    for earlier in history {
        is_break |= broken(&earlier.breaks);
        let key = (code.to_owned(), category.to_owned());
        let Some(value) = earlier.values.get(&key) else {
            continue;
        };
        let units = parse_quantity(&value.value, metric.decimals).ok();
        // A value on a finer scale than this edition's is of another kind.
        if units.is_none() && !value.value.is_empty() {
            continue;
        }
        points.push(Point {
            is_next: is_next(points.last(), &earlier.period),
            period: earlier.period.clone(),
            shown: Shown {
                units,
                marks: value.marks,
                part_period: false,
            },
            provided: value.provided,
            expected: value.expected,
            is_break: std::mem::take(&mut is_break) && !points.is_empty(),
        });
    }
    if points.is_empty() {
        return points;
    }
    let period = edition.name().period.as_str();
    points.push(Point {
        period: period.to_owned(),
        shown: column.shown,
        provided: column.national.provided,
        expected: column.national.expected,
        is_break: is_break || broken(&breaks(edition.changes())),
        is_next: is_next(points.last(), period),
    });
    points
}

fn is_next(before: Option<&Point>, period: &str) -> bool {
    let before = before.and_then(|point| Period::parse(&point.period).ok());
    let period = Period::parse(period).ok();
    period
        .zip(before)
        .is_some_and(|(period, before)| period.follows(&before))
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Earlier, EarlierValue, series};
    use crate::domain::testing::{compiled, complete, edition};

    fn earlier(period: &str, value: &str, breaks: &[&str]) -> Earlier {
        let value = EarlierValue {
            value: value.to_owned(),
            provided: 2,
            expected: 3,
            ..EarlierValue::default()
        };
        let key = ("WA/001".to_owned(), String::new());
        Earlier {
            period: period.to_owned(),
            values: BTreeMap::from([(key, value)]),
            breaks: breaks.iter().map(|code| (*code).to_owned()).collect(),
        }
    }

    #[test]
    fn a_series_tells_where_it_breaks_and_where_a_period_is_missing() {
        let changes = "order,code_as_printed,code_read_as,change_text,kind,\
            comparable_with_previous,note\n1,WA/001,WA/001,other,amendment,no,\n";
        let edition = edition(&[("changes.csv", changes)]);
        let compiled = compiled(&edition, &complete(&edition));
        let table = &compiled.tables[0];
        let column = &table.columns[0];
        let history = [
            earlier("2027", "7", &["WA/001"]),
            earlier("2029", "", &["WA/001"]),
            earlier("2030", "9", &[]),
            earlier("2030b", "9.5", &[]),
        ];
        let points = series(&edition, &history, &table.metric, column);
        let told: Vec<_> = points
            .iter()
            .map(|point| {
                (
                    point.period.as_str(),
                    point.shown.units,
                    point.is_break,
                    point.is_next,
                )
            })
            .collect();
        // The first point has nothing before it, and 9.5 is on another scale.
        assert_eq!(
            told,
            [
                ("2027", Some(7), false, false),
                ("2029", None, true, false),
                ("2030", Some(9), false, true),
                ("2031", Some(30), true, true),
            ]
        );
        assert!(series(&edition, &[], &table.metric, column).is_empty());
    }
}
