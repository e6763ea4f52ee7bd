//! The linear relations between the cells of one return that an edition's rules state.
//!
//! A reader has the rules and may take each of them for true, warnings and usual ranges too. Rules
//! about other periods or about other authorities say nothing linear of one return, and the
//! largest possible value bounds nothing more tightly than the tables do: these are left out.

use mesur_catalogue::{CellId, Comparator, Edition, Source, Tolerance, Weighted, Work};

/// 100 per cent in thousandths of a per cent.
const WHOLE: i64 = 100_000;

/// A weighted sum of cells, and what it is at least or exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Relation {
    /// Each cell once, in order.
    pub(crate) terms: Vec<(CellId, i64)>,
    /// Whether the sum is zero; otherwise it is zero or more.
    pub(crate) is_zero: bool,
}

/// The relations of an edition, each once.
pub(crate) fn relations(edition: &Edition) -> Vec<Relation> {
    let mut found = Vec::new();
    for step in &edition.program().steps {
        match &step.work {
            Work::Compare(left, comparator, right) => {
                let is_zero = *comparator == Comparator::Equal;
                let sides = match comparator {
                    Comparator::AtMost => [(right, 1), (left, -1)],
                    Comparator::Equal | Comparator::AtLeast => [(left, 1), (right, -1)],
                };
                found.extend(relation(&sides, is_zero));
            }
            // The two differ by at most a share of the larger: neither is less than what is left
            // of the other.
            Work::Near(left, right, Tolerance::OfLarger { percent }) => {
                let rest = WHOLE.saturating_sub(*percent);
                found.extend(relation(
                    &[(left, WHOLE), (right, rest.saturating_neg())],
                    false,
                ));
                found.extend(relation(
                    &[(right, WHOLE), (left, rest.saturating_neg())],
                    false,
                ));
            }
            Work::Rate(part, base, low, high) => {
                found.extend(relation(
                    &[(part, WHOLE), (base, low.saturating_neg())],
                    false,
                ));
                found.extend(relation(&[(base, *high), (part, -WHOLE)], false));
            }
            Work::Near(_, _, Tolerance::OfEarlier { .. })
            | Work::Every(..)
            | Work::Coverage(..)
            | Work::SameValue(_)
            | Work::Zeros(..) => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// A sum of sides that each count so often; `None` when it is about another period, about nothing,
/// or too large to be reckoned with.
fn relation(sides: &[(&mesur_catalogue::Sum, i64)], is_zero: bool) -> Option<Relation> {
    let mut terms: Vec<(CellId, i128)> = Vec::new();
    for (sum, times) in sides {
        for Weighted { source, weight } in *sum {
            let Source::Cell(cell) = source else {
                return None;
            };
            let weight = i128::from(*weight).checked_mul((*times).into())?;
            match terms.iter_mut().find(|(known, _)| known == cell) {
                Some((_, known)) => *known = known.checked_add(weight)?,
                None => terms.push((*cell, weight)),
            }
        }
    }
    terms.retain(|(_, weight)| *weight != 0);
    terms.sort_unstable();
    let divisor = terms
        .iter()
        .fold(0, |divisor, (_, weight)| gcd(divisor, *weight));
    let first = terms.first()?.1;
    // One way to write an equation, so that each is there once.
    let divisor = if is_zero && first < 0 {
        -divisor
    } else {
        divisor
    };
    let terms = terms.into_iter().map(|(cell, weight)| {
        let weight = i64::try_from(weight.checked_div(divisor)?).ok()?;
        Some((cell, weight))
    });
    Some(Relation {
        terms: terms.collect::<Option<_>>()?,
        is_zero,
    })
}

fn gcd(one: i128, other: i128) -> i128 {
    let (mut one, mut other) = (one.saturating_abs(), other.saturating_abs());
    while other != 0 {
        (one, other) = (other, one.checked_rem(other).unwrap_or(0));
    }
    one
}
