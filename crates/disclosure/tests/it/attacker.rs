//! An attacker who tries every whole number: slow, and nothing like the crate.
//!
//! They know the policy, that cases add up by kind and over authorities, that urgent cases are some of
//! all, and which values did not change between revisions; the strict one also which hidden
//! values are small.

use std::collections::BTreeMap;

use mesur_disclosure::{Area, Collected, Revision};

/// What the attacker knows of the policy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) threshold: i64,
    pub(crate) base: i64,
    /// How wide the interval of a hidden value must be.
    pub(crate) width: i64,
    /// No value is tried above this.
    pub(crate) most: i64,
}

/// The least and the greatest value that fit, by revision, area and cell.
pub(crate) type Intervals = BTreeMap<(usize, Area, usize), (i64, i64)>;

struct Unknown {
    candidates: Vec<i64>,
    seen: Option<(i64, i64)>,
}

/// Each sum is zero, or with `false` zero or more.
type Sum = (Vec<(usize, i64)>, bool);

/// The intervals of all values, by trying every combination.
pub(crate) fn attack(policy: Policy, is_strict: bool, revisions: &[Revision]) -> Intervals {
    let mut unknown: Vec<Unknown> = Vec::new();
    let mut places: BTreeMap<(usize, Area, usize), usize> = BTreeMap::new();
    for (number, revision) in revisions.iter().enumerate() {
        for cell in 0..revision.columns.len() {
            for area in areas(revision) {
                let value = value(revision, area, cell);
                let is_hidden = revision.columns[cell].hidden.contains(&area);
                let told = candidates(policy, value, is_hidden, is_strict);
                let before = number.checked_sub(1).and_then(|before| {
                    let same = self::value(&revisions[before], area, cell) == value;
                    same.then(|| places[&(before, area, cell)])
                });
                let at = before.unwrap_or_else(|| {
                    unknown.push(Unknown {
                        candidates: told.clone(),
                        seen: None,
                    });
                    unknown.len() - 1
                });
                unknown[at].candidates.retain(|one| told.contains(one));
                places.insert((number, area, cell), at);
            }
        }
    }
    let mut sums = Vec::new();
    for (number, revision) in revisions.iter().enumerate() {
        let last = revision.columns.len() - 1;
        let at = |area, cell| places[&(number, area, cell)];
        for cell in 0..=last {
            let parts = areas(revision)
                .into_iter()
                .filter(|area| *area != Area::Nation);
            let mut terms: Vec<_> = parts.map(|area| (at(area, cell), 1)).collect();
            terms.push((at(Area::Nation, cell), -1));
            sums.push((terms, true));
        }
        for area in areas(revision)
            .into_iter()
            .filter(|area| *area != Area::Nation)
        {
            if last > 1 {
                let mut terms: Vec<_> = (1..last).map(|cell| (at(area, cell), 1)).collect();
                terms.push((at(area, 0), -1));
                sums.push((terms, true));
            }
            let both = value(revision, area, last) <= value(revision, area, 0);
            if both {
                sums.push((vec![(at(area, 0), 1), (at(area, last), -1)], false));
            }
        }
    }
    let mut values = vec![0; unknown.len()];
    try_all(0, &mut values, &mut unknown, &sums);
    let seen = places.into_iter().map(|(place, at)| {
        let (number, area, cell) = place;
        let (lower, upper) = unknown[at].seen.expect("what was collected fits");
        let value = value(&revisions[number], area, cell);
        let is_small = (1..policy.threshold).contains(&value);
        let ends = if is_small && revisions[number].columns[cell].hidden.contains(&area) {
            // Of a value that is hidden for itself it is known that it is small, and not zero.
            (lower.max(1), upper.min(policy.threshold - 1))
        } else {
            (lower, upper)
        };
        (place, ends)
    });
    seen.collect()
}

fn areas(revision: &Revision) -> Vec<Area> {
    let count = revision.columns[0].authorities.len();
    std::iter::once(Area::Nation)
        .chain((0..count).map(Area::Authority))
        .collect()
}

fn value(revision: &Revision, area: Area, cell: usize) -> i64 {
    let column = &revision.columns[cell];
    let collected = match area {
        Area::Nation => column.nation,
        Area::Authority(place) => column.authorities[place],
    };
    match collected {
        Collected::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

/// Every number that would be shown like `value`.
fn candidates(policy: Policy, value: i64, is_hidden: bool, is_strict: bool) -> Vec<i64> {
    let is_small = |one: i64| one > 0 && one < policy.threshold;
    let rounded = |one: i64| (one + policy.base / 2) / policy.base * policy.base;
    let fits = |one: &i64| {
        if is_hidden {
            return !is_strict || !is_small(value) || *one < policy.threshold;
        }
        !is_small(*one) && (*one == 0) == (value == 0) && rounded(*one) == rounded(value)
    };
    (0..=policy.most).filter(fits).collect()
}

fn try_all(next: usize, values: &mut Vec<i64>, unknown: &mut Vec<Unknown>, sums: &[Sum]) {
    if !sums.iter().all(|sum| can_hold(sum, next, values, unknown)) {
        return;
    }
    if next == values.len() {
        for (unknown, value) in unknown.iter_mut().zip(values) {
            let (lower, upper) = unknown.seen.unwrap_or((*value, *value));
            unknown.seen = Some((lower.min(*value), upper.max(*value)));
        }
        return;
    }
    for candidate in unknown[next].candidates.clone() {
        values[next] = candidate;
        try_all(next + 1, values, unknown, sums);
    }
}

/// Whether a sum can still hold with the first `next` values chosen.
fn can_hold((terms, is_zero): &Sum, next: usize, values: &[i64], unknown: &[Unknown]) -> bool {
    let (mut least, mut most) = (0, 0);
    for (at, weight) in terms {
        let candidates = &unknown[*at].candidates;
        let (low, high) = if *at < next {
            (values[*at], values[*at])
        } else {
            (candidates[0], candidates[candidates.len() - 1])
        };
        let (one, other) = (low * weight, high * weight);
        least += one.min(other);
        most += one.max(other);
    }
    most >= 0 && (!*is_zero || least <= 0)
}
