//! How far each authority is from the others, for statisticians: the rules of kind `peers`.
//!
//! A value, per head of the population where the rule says so, is held against the median of all
//! authorities; how far it may be is a multiple of the median absolute deviation. Both are robust:
//! a few odd values do not move them. Arithmetic is in integers of 128 bits; a value per head is
//! cut off beyond `HEAD_DECIMALS` decimals, and a rule whose figures do not fit is not worked out.
//!
//! Deliberately not here: whether a difference matters. It is for people to look at, and no
//! authority is told what others sent.

use mesur_catalogue::{AuthorityCode, CellId, Edition, Expression, Rule, SCALE, Source, Test};

use crate::cells::{Cells, Status};
use crate::check::{Breach, effect, of_rule};
use crate::finding::{self, Finding};
use crate::plain::plain;

/// Decimals of a value per head beyond those of the common scale.
const HEAD_DECIMALS: u32 = 9;

/// Decimals of a value as it is printed, where they suffice.
const PRINTED_DECIMALS: u8 = 3;

/// A value that is far from those of other authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerFinding {
    /// Whose value it is.
    pub authority: AuthorityCode,
    /// What was found.
    pub finding: Finding,
}

/// Compares returns of an edition with each other, one for each authority. `population` is how many
/// people live where an authority is; one without is left out of what is compared per head. The
/// findings of an authority are together, in the order of `returns`.
pub fn compare(
    edition: &Edition,
    returns: &[(&AuthorityCode, &Cells)],
    population: impl Fn(&AuthorityCode) -> Option<u64>,
) -> Vec<PeerFinding> {
    let mut found: Vec<Vec<Finding>> = vec![Vec::new(); returns.len()];
    for rule in edition.rules() {
        let Test::Peers {
            left,
            per_head,
            multiple,
            peers_min,
        } = &rule.test
        else {
            continue;
        };
        let values = returns
            .iter()
            .zip(0..)
            .filter_map(|((authority, cells), place)| {
                let people = if *per_head { population(authority)? } else { 1 };
                Some((place, value(edition, cells, left, people)?))
            });
        let values: Vec<(usize, i128)> = values.collect();
        let others = values.len().saturating_sub(1);
        if u32::try_from(others).is_ok_and(|others| others < *peers_min) {
            continue;
        }
        for (place, breach) in outliers(&values, *multiple, *per_head).unwrap_or_default() {
            if let (Some((_, cells)), Some(found)) = (returns.get(place), found.get_mut(place)) {
                found.push(on_rule(edition, rule, cells, left, &breach));
            }
        }
    }
    let mut all = Vec::new();
    for ((authority, _), mut findings) in returns.iter().zip(found) {
        finding::sort(edition, &mut findings);
        all.extend(findings.into_iter().map(|finding| PeerFinding {
            authority: (*authority).clone(),
            finding,
        }));
    }
    all
}

/// The value of a sum per head. Every cell must be there for the whole period: part of a period
/// cannot be compared with a whole one.
fn value(edition: &Edition, cells: &Cells, sum: &Expression, people: u64) -> Option<i128> {
    let mut total: i128 = 0;
    let mut provided = false;
    for term in edition.program().sum_of(sum) {
        let Source::Cell(cell) = term.source else {
            return None;
        };
        match cells.status(cell) {
            Status::Provided => {
                provided = true;
                let value = i128::from(*cells.values().get(cell.index())?);
                total = total.checked_add(value.checked_mul(term.weight.into())?)?;
            }
            Status::NotApplicable => {}
            Status::Missing | Status::Erroneous | Status::PartPeriod | Status::NotProvided => {
                return None;
            }
        }
    }
    let precise = total.checked_mul(10_i128.checked_pow(HEAD_DECIMALS)?)?;
    precise
        .checked_div_euclid(people.into())
        .filter(|_| provided)
}

/// The values that are further from the median than so many thousandths of the median absolute
/// deviation; none where more than half of the values are the same. `None` when the figures do not
/// fit.
fn outliers(
    values: &[(usize, i128)],
    multiple: i64,
    per_head: bool,
) -> Option<Vec<(usize, Breach)>> {
    // Twice the median and four times the deviation are whole numbers.
    let median = twice_median(values.iter().map(|(_, value)| *value))?;
    let gap = |value: i128| value.checked_mul(2)?.checked_sub(median)?.checked_abs();
    let gaps: Option<Vec<i128>> = values.iter().map(|(_, value)| gap(*value)).collect();
    let deviation = twice_median(gaps?.into_iter())?;
    if deviation == 0 {
        return Some(Vec::new());
    }
    let allowed = deviation.checked_mul(multiple.into())?;
    let mut found = Vec::new();
    for (place, value) in values {
        if gap(*value)?.checked_mul(2_000)? <= allowed {
            continue;
        }
        // The bounds are printed, not compared with: what they are cut off by does not matter.
        let reach = allowed.checked_div(4_000)?;
        let middle = median.checked_div(2)?;
        let (low, high) = (middle.checked_sub(reach)?, middle.checked_add(reach)?);
        let (expected, text) = texts((low.max(0), high), *value, per_head)?;
        let breach = Breach {
            expected,
            found: text,
            effect: effect(middle, *value),
        };
        found.push((*place, breach));
    }
    Some(found)
}

/// Twice the median: of an even number of values it is the sum of the middle two.
fn twice_median(values: impl Iterator<Item = i128>) -> Option<i128> {
    let mut values: Vec<i128> = values.collect();
    values.sort_unstable();
    let upper = values.len().checked_div(2)?;
    let lower = values.len().checked_sub(1)?.checked_div(2)?;
    values.get(lower)?.checked_add(*values.get(upper)?)
}

/// The bounds and a value outside them, with as many decimals as it takes to show that.
fn texts((low, high): (i128, i128), value: i128, per_head: bool) -> Option<(String, String)> {
    let mut decimals = PRINTED_DECIMALS;
    loop {
        let print = |value| printed(value, decimals, per_head);
        let (low, high, value) = (print(low)?, print(high)?, print(value)?);
        if decimals >= SCALE || (value != low && value != high) {
            return Some((format!("{low}-{high}"), value));
        }
        decimals = decimals.saturating_add(1);
    }
}

/// A value in plain digits; per head it is a number for every thousand people.
fn printed(value: i128, decimals: u8, per_head: bool) -> Option<String> {
    // A value for a thousand people is a thousand times as large.
    let (thousand, sign) = if per_head { (3, "‰") } else { (0, "") };
    let held = u32::from(SCALE).checked_add(HEAD_DECIMALS)?;
    let dropped = held.checked_sub(thousand)?.checked_sub(decimals.into())?;
    let kept = value.checked_div(10_i128.checked_pow(dropped)?)?;
    Some(format!("{}{sign}", plain(kept, decimals)))
}

fn on_rule(
    edition: &Edition,
    rule: &Rule,
    observed: &Cells,
    left: &Expression,
    breach: &Breach,
) -> Finding {
    let mut cells: Vec<CellId> = Vec::new();
    for cell in left.cells() {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    of_rule(edition, rule, observed, &cells, breach, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_is_never_printed_as_if_it_were_a_bound() {
        let bounds = (78_000_000_000, 1_652_000_000_000);
        let text = texts(bounds, 1_652_100_000_000, true).expect("figures that fit");
        let (expected, found) = (text.0.as_str(), text.1.as_str());
        assert_eq!((expected, found), ("0.078‰-1.652‰", "1.6521‰"));
    }
}
