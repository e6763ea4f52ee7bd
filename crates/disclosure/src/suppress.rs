//! Complementary suppression: hiding further values until nothing hidden can be worked out.
//!
//! For each value whose interval is too narrow, the cheapest set of shown values is looked for that
//! would have to be hidden for it to be as wide as its policy asks: one linear programme that
//! moves the value to where the interval must reach, and pays for each shown value that has to move
//! with it. Hiding those makes the interval as wide, for good: hiding more never narrows another.
//! What is hidden so is looked after in its turn.

use std::collections::VecDeque;

use crate::interval::Proved;
use crate::solver::{self, End};
use crate::system::{System, Var};

/// Variables that may move when values to hide are looked for: those nearest, and further ones
/// where that does not do.
const MOVABLE_MAX: [usize; 3] = [250, 1_500, usize::MAX];

/// Hides what must be hidden. The values that were.
pub(crate) fn suppress(system: &mut System) -> Vec<Var> {
    let mut proved = Proved::default();
    let guarded = system.vars().filter(|var| system.of(*var).guard.is_some());
    let mut due: VecDeque<Var> = guarded.collect();
    let mut hidden = Vec::new();
    while let Some(var) = due.pop_front() {
        let more = protect(system, &mut proved, var);
        due.extend(&more);
        hidden.extend(more);
    }
    hidden
}

/// Hides what must be hidden for one value.
fn protect(system: &mut System, proved: &mut Proved, var: Var) -> Vec<Var> {
    let mut hidden = Vec::new();
    // The second time both ends are as far as they go without hiding more.
    for is_searched in [false, true] {
        if is_searched {
            proved.search(system, var);
        } else {
            proved.widen(system, var);
        }
        let may_be_large = system
            .of(var)
            .guard
            .is_some_and(|guard| guard.safe_from.is_some());
        if proved.is_wide(system, var) || (is_searched && proved.is_protected(system, var)) {
            break;
        }
        // What may turn out to need no protection is searched before anything is hidden for it.
        if may_be_large && !is_searched {
            continue;
        }
        for end in [End::Upper, End::Lower] {
            if let Some(goal) = proved.goal(system, var, end) {
                hidden.extend(hide_for(system, proved, var, goal));
            }
        }
    }
    hidden
}

/// Hides the cheapest values that let `var` be `goal`; none where nothing does.
fn hide_for(system: &mut System, proved: &mut Proved, var: Var, goal: i64) -> Vec<Var> {
    for limit in MOVABLE_MAX {
        let movable = system.around(var, limit, |variable| variable.cost.is_some());
        let found = solver::cheapest(system, var, goal, &movable);
        if let Some((trial, hidden)) = found {
            proved.note(system, trial.values());
            for one in &hidden {
                system.hide(*one);
            }
            return hidden;
        }
        if movable.len() < limit {
            break;
        }
    }
    Vec::new()
}
