//! Finding another assignment by hand: one value is moved, and what it breaks is mended nearby.
//!
//! Most values that are not shown can be moved over their whole range this way, which costs next
//! to nothing and proves it exactly. That no mend is found proves nothing.

use crate::system::{System, Trial, Var};
use crate::treatment::Range;

/// Mends before it is given up.
const MENDS_MAX: usize = 60;

/// Everything else moved so that `var` can have `value`; `None` when no way was found.
pub(crate) fn moved(system: &System, var: Var, value: i64) -> Option<Trial<'_>> {
    let mut trial = Trial::new(system);
    trial.set(var, value);
    for _ in 0..MENDS_MAX {
        match trial.broken() {
            None => return trial.fits(&[]).then_some(trial),
            Some(row) => mend(system, &mut trial, row, var)?,
        }
    }
    None
}

/// Brings one row back into its range: first by moves that break nothing, then by the one that
/// breaks the fewest others.
fn mend(system: &System, trial: &mut Trial<'_>, row: usize, held: Var) -> Option<()> {
    let terms = &system.row(row).terms;
    let others = || terms.iter().filter(|(other, _)| *other != held);
    for (other, weight) in others() {
        let lack = system.row(row).lacks(trial.sum(row));
        if lack == 0 {
            return Some(());
        }
        let step = step(lack, *weight, system.row(row).upper.is_some());
        let step = within_told(system, trial, *other, step);
        let step = within_rows(system, trial, *other, step, row);
        if step != 0 {
            trial.set(*other, trial.value(*other).saturating_add(step));
        }
    }
    let lack = system.row(row).lacks(trial.sum(row));
    if lack == 0 {
        return Some(());
    }
    // What was moved for another row would break that one again.
    let fresh = others().filter(|(other, _)| !trial.values().contains_key(other));
    let steps = fresh.filter_map(|(other, weight)| {
        let whole = step(lack, *weight, system.row(row).upper.is_some());
        let step = within_told(system, trial, *other, whole);
        (step != 0).then(|| {
            let left = whole.saturating_sub(step).saturating_abs();
            (left, system.rows_of(*other).len(), *other, step)
        })
    });
    let (_, _, other, step) = steps.min()?;
    trial.set(other, trial.value(other).saturating_add(step));
    Some(())
}

/// How far a variable moves to add `lack` to a row's sum.
fn step(lack: i128, weight: i64, is_exact: bool) -> i64 {
    let weight = i128::from(weight);
    let whole = lack.checked_div(weight).unwrap_or(0);
    let rest = lack.checked_rem(weight).unwrap_or(0);
    let more = i128::from(rest != 0 && !is_exact).saturating_mul(lack.signum() * weight.signum());
    i64::try_from(whole.saturating_add(more)).unwrap_or(0)
}

fn within_told(system: &System, trial: &Trial<'_>, var: Var, step: i64) -> i64 {
    let Range { lower, upper } = system.of(var).told;
    let value = trial.value(var);
    let to = value.saturating_add(step);
    let to = lower.map_or(to, |lower| to.max(lower));
    let to = upper.map_or(to, |upper| to.min(upper));
    let step_within = to.saturating_sub(value);
    // A start that is outside must not be drawn the other way.
    if step_within.signum() == step.signum() {
        step_within
    } else {
        0
    }
}

/// The part of a step that breaks no other row.
fn within_rows(system: &System, trial: &Trial<'_>, var: Var, step: i64, but: usize) -> i64 {
    let mut step = i128::from(step);
    for place in system.rows_of(var).iter().filter(|place| **place != but) {
        let row = system.row(*place);
        let weight = row.terms.iter().find(|(known, _)| *known == var);
        let weight = weight.map_or(0, |(_, weight)| i128::from(*weight));
        let sum = trial.sum(*place);
        let change = step.saturating_mul(weight);
        let room = if change > 0 {
            let room = row.upper.map(|upper| upper.saturating_sub(sum));
            room.map_or(change, |room| room.clamp(0, change))
        } else {
            let room = row.lower.saturating_sub(sum);
            room.clamp(change, 0)
        };
        step = room.checked_div(weight).unwrap_or(step);
    }
    i64::try_from(step).unwrap_or(0)
}
