//! How far a value that is not shown can be moved without a reader seeing it.

use std::collections::BTreeMap;

use crate::repair;
use crate::solver::{self, DISTANCE_MAX, End};
use crate::system::{System, Trial, Var};

/// Variables that may move when an end is looked for. A part of a system that is larger is cut to
/// those nearest, and what lies beyond is held: the interval may then be wider than is said.
const MOVABLE_MAX: usize = 400;

/// What was proved of each value: the least and the greatest that was found to fit everything.
#[derive(Debug, Default)]
pub(crate) struct Proved(BTreeMap<Var, (i64, i64)>);

impl Proved {
    /// The interval that is proved for a value.
    pub(crate) fn of(&self, system: &System, var: Var) -> (i64, i64) {
        let start = system.of(var).start;
        let (lower, upper) = self.0.get(&var).copied().unwrap_or((start, start));
        let claim = system.of(var).claim;
        (
            claim.lower.map_or(lower, |least| lower.max(least)),
            claim.upper.map_or(upper, |most| upper.min(most)),
        )
    }

    /// Takes in an assignment that fits.
    pub(crate) fn note(&mut self, system: &System, values: &BTreeMap<Var, i64>) {
        for (var, value) in values {
            let start = system.of(*var).start;
            let (lower, upper) = self.0.entry(*var).or_insert((start, start));
            *lower = (*lower).min(*value);
            *upper = (*upper).max(*value);
        }
    }

    fn note_found(&mut self, system: &System, found: Option<Trial<'_>>) {
        if let Some(trial) = found {
            self.note(system, trial.values());
        }
    }

    /// Whether the interval that is proved is wide enough.
    pub(crate) fn is_wide(&self, system: &System, var: Var) -> bool {
        let (lower, upper) = self.of(system, var);
        let width = system.of(var).guard.map_or(0, |guard| guard.width);
        upper.saturating_sub(lower) >= width
    }

    /// Whether a value needs no more protection, once its interval was searched.
    pub(crate) fn is_protected(&self, system: &System, var: Var) -> bool {
        let safe_from = system.of(var).guard.and_then(|guard| guard.safe_from);
        let (lower, _) = self.of(system, var);
        self.is_wide(system, var) || safe_from.is_some_and(|safe| lower >= safe)
    }

    /// Where an end would have to be for the interval to be wide enough, the other end as it is;
    /// `None` where it is there.
    pub(crate) fn goal(&self, system: &System, var: Var, end: End) -> Option<i64> {
        let width = system.of(var).guard.map_or(0, |guard| guard.width);
        let claim = system.of(var).claim;
        let (lower, upper) = self.of(system, var);
        let (goal, now) = match end {
            End::Upper => (lower.saturating_add(width), upper),
            End::Lower => (upper.saturating_sub(width), lower),
        };
        let goal = claim.upper.map_or(goal, |most| goal.min(most));
        let goal = claim.lower.map_or(goal, |least| goal.max(least));
        let is_beyond = match end {
            End::Upper => goal > now,
            End::Lower => goal < now,
        };
        is_beyond.then_some(goal)
    }

    /// Tries to make the interval wide enough by hand.
    pub(crate) fn widen(&mut self, system: &System, var: Var) {
        for end in [End::Upper, End::Lower] {
            if let Some(goal) = self.goal(system, var, end) {
                self.note_found(system, repair::moved(system, var, goal));
            }
        }
    }

    /// Looks for both ends of the tightest interval.
    pub(crate) fn search(&mut self, system: &System, var: Var) {
        let claim = system.of(var).claim;
        for (end, goal) in [(End::Lower, claim.lower), (End::Upper, claim.upper)] {
            if let Some(goal) = goal {
                if self.reaches(system, var, goal) {
                    continue;
                }
                self.note_found(system, repair::moved(system, var, goal));
                if self.reaches(system, var, goal) {
                    continue;
                }
            }
            let movable = system.around(var, MOVABLE_MAX, |_| false);
            self.note_found(system, solver::furthest(system, var, end, &movable));
        }
    }

    fn reaches(&self, system: &System, var: Var, goal: i64) -> bool {
        let (lower, upper) = self.of(system, var);
        lower == goal || upper == goal
    }

    /// The upper end, unless nothing bounds it.
    pub(crate) fn upper(&self, system: &System, var: Var) -> Option<i64> {
        let (_, upper) = self.of(system, var);
        let far = system.of(var).start.saturating_add(DISTANCE_MAX);
        (upper < far).then_some(upper)
    }
}
