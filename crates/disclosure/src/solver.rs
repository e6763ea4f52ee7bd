//! Finding another assignment by linear programming.
//!
//! The solver reckons with floats, so it only proposes: what it says is rounded to whole numbers,
//! and counts when those satisfy everything exactly. A proposal that does not, and a search that
//! was given up, prove nothing. So nothing is ever claimed to be wider than it is.
//!
//! Variables are whole numbers told by their distance from the start, which keeps the numbers that
//! the solver sees small. The search is bounded by a number of steps and not by time, so that it
//! ends alike on every machine.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, Variable};

use crate::system::{System, Trial, Var};
use crate::treatment::Range;

/// A value is never moved further: beyond it nothing is said to bound it.
pub(crate) const DISTANCE_MAX: i64 = 1_000_000_000;

/// Branches before a search for whole numbers is given up.
const BRANCHES_MAX: u64 = 200;

/// Which end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Lower,
    Upper,
}

/// The assignment in which `var` is furthest towards an end of its claim, when only `movable` move.
pub(crate) fn furthest<'s>(
    system: &'s System,
    var: Var,
    end: End,
    movable: &[Var],
) -> Option<Trial<'s>> {
    let direction = match end {
        End::Lower => OptimizationDirection::Minimize,
        End::Upper => OptimizationDirection::Maximize,
    };
    let mut model = Model::new(system, direction);
    for moved in movable {
        let variable = system.of(*moved);
        let range = if *moved == var {
            variable.told.within(variable.claim)
        } else {
            variable.told
        };
        let cost = if *moved == var { 1.0 } else { 0.0 };
        model.add(*moved, cost, distance(range, variable.start));
    }
    model.relate(movable, (var, 0))?;
    let trial = model.solve()?;
    trial.fits(&[]).then_some(trial)
}

/// The assignment in which `var` has `value` and the least is moved of what is shown, by its cost,
/// and those of `movable` that would have to be hidden for it.
pub(crate) fn cheapest<'s>(
    system: &'s System,
    var: Var,
    value: i64,
    movable: &[Var],
) -> Option<(Trial<'s>, Vec<Var>)> {
    let mut model = Model::new(system, OptimizationDirection::Minimize);
    for moved in movable.iter().filter(|moved| **moved != var) {
        let variable = system.of(*moved);
        match variable.cost {
            None => model.add(*moved, 0.0, distance(variable.told, variable.start)),
            Some(cost) => {
                let free = distance(variable.told, variable.start);
                let all = distance(variable.hidden.0, variable.start);
                model.add_hideable(*moved, cost.into(), free, all);
            }
        }
    }
    let by = value.checked_sub(system.of(var).start)?;
    model.relate(movable, (var, by))?;
    let mut trial = model.solve()?;
    trial.set(var, value);
    let is_told = |moved: &Var| system.of(*moved).told.has(trial.value(*moved));
    let moved = trial.values().keys().copied();
    let hidden: Vec<Var> = moved.filter(|moved| !is_told(moved)).collect();
    let can_be = hidden.iter().all(|one| system.of(*one).cost.is_some());
    (can_be && trial.fits(&hidden)).then_some((trial, hidden))
}

/// Values for variables of which nothing is known but that they make everything fit, each of them
/// in `unknown`.
pub(crate) fn settled<'s>(system: &'s System, unknown: &[Var]) -> Option<Trial<'s>> {
    let mut model = Model::new(system, OptimizationDirection::Minimize);
    for var in unknown {
        let variable = system.of(*var);
        model.add(*var, 1.0, distance(variable.told, variable.start));
    }
    let first = unknown.first()?;
    model.relate(unknown, (*first, 0))?;
    let trial = model.solve()?;
    trial.fits(&[]).then_some(trial)
}

/// A range told by its distance from the start.
fn distance(range: Range, start: i64) -> (i32, i32) {
    let to = |end: Option<i64>, far: i64| {
        let by = end.map_or(far, |end| end.saturating_sub(start));
        i32::try_from(by.clamp(-DISTANCE_MAX, DISTANCE_MAX)).unwrap_or(0)
    };
    (
        to(range.lower, -DISTANCE_MAX),
        to(range.upper, DISTANCE_MAX),
    )
}

struct Model<'s> {
    system: &'s System,
    problem: Problem,
    /// Each variable with its parts in the problem and their signs.
    parts: BTreeMap<Var, Vec<(Variable, f64)>>,
}

impl<'s> Model<'s> {
    fn new(system: &'s System, direction: OptimizationDirection) -> Self {
        Self {
            system,
            problem: Problem::new(direction),
            parts: BTreeMap::new(),
        }
    }

    fn add(&mut self, var: Var, cost: f64, range: (i32, i32)) {
        let part = self.problem.add_integer_var(cost, range);
        self.parts.insert(var, vec![(part, 1.0)]);
    }

    /// A variable that moves freely within what it tells, and beyond at a cost for every step.
    fn add_hideable(&mut self, var: Var, cost: f64, free: (i32, i32), all: (i32, i32)) {
        let up = all.1.saturating_sub(free.1).max(0);
        let down = free.0.saturating_sub(all.0).max(0);
        let mut parts = vec![
            (self.problem.add_integer_var(cost, (0, up)), 1.0),
            (self.problem.add_integer_var(cost, (0, down)), -1.0),
        ];
        if free.0 < free.1 {
            parts.push((self.problem.add_integer_var(0.0, free), 1.0));
        }
        self.parts.insert(var, parts);
    }

    /// Adds every row that a movable variable is in; what does not move is a number, and `held` is
    /// moved by so much. `None` when a row has numbers that a float might not hold.
    fn relate(&mut self, movable: &[Var], (held, by): (Var, i64)) -> Option<()> {
        let mut rows: Vec<usize> = movable
            .iter()
            .flat_map(|var| self.system.rows_of(*var))
            .copied()
            .collect();
        rows.sort_unstable();
        rows.dedup();
        for place in rows {
            let row = self.system.row(place);
            let mut terms = Vec::new();
            let mut moved: i128 = 0;
            for (var, weight) in &row.terms {
                if let Some(parts) = self.parts.get(var) {
                    let weight = f64::from(i32::try_from(*weight).ok()?);
                    terms.extend(parts.iter().map(|(part, sign)| (*part, sign * weight)));
                } else if *var == held {
                    moved = i128::from(by).saturating_mul((*weight).into());
                }
            }
            let at = row.at_start.saturating_add(moved);
            let lower = bound(row.lower.saturating_sub(at));
            let upper = row.upper.and_then(|upper| bound(upper.saturating_sub(at)));
            if lower.is_some() && lower == upper {
                let both = lower.unwrap_or(0.0);
                self.problem.add_constraint(&terms, ComparisonOp::Eq, both);
                continue;
            }
            if let Some(lower) = lower {
                self.problem.add_constraint(&terms, ComparisonOp::Ge, lower);
            }
            if let Some(upper) = upper {
                self.problem.add_constraint(&terms, ComparisonOp::Le, upper);
            }
        }
        Some(())
    }

    fn solve(self) -> Option<Trial<'s>> {
        let mut options = SolveOptions::default();
        options.node_limit = Some(BRANCHES_MAX);
        let solution = self
            .problem
            .solve_with(options)
            .ok()?
            .into_solution()
            .ok()?;
        let mut trial = Trial::new(self.system);
        for (var, parts) in &self.parts {
            let by: f64 = parts
                .iter()
                .map(|(part, sign)| sign * solution.var_value(*part))
                .sum();
            let by = whole(by);
            if by != 0 {
                trial.set(*var, self.system.of(*var).start.saturating_add(by));
            }
        }
        Some(trial)
    }
}

/// An end of a row as the solver takes it; one that is too far away bounds nothing there, and a
/// proposal that passes it is refused.
fn bound(end: i128) -> Option<f64> {
    i32::try_from(end).ok().map(f64::from)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the values are within the bounds of the problem, and checked exactly afterwards"
)]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
