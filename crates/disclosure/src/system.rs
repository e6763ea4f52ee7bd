//! What a reader knows: values between bounds, and linear relations between them.
//!
//! One assignment of all values, the start, is known to satisfy everything: what was collected. A
//! [`Trial`] is another one, told by its differences from the start. Whether it satisfies
//! everything too is decided by whole numbers alone.

use std::collections::BTreeMap;

use crate::treatment::Range;

/// The number of a variable of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Var(usize);

/// How wide the interval of a value must stay that a reader can work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Its ends are at least so far apart.
    pub(crate) width: i64,
    /// A value of which a reader knows that it is so large needs no width; `None` where it always
    /// does.
    pub(crate) safe_from: Option<i64>,
}

/// A value that was published in one revision or in several, as one and the same.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    /// What was collected, or what may have been where that is not told.
    pub(crate) start: i64,
    /// What the value says by itself as it is shown.
    pub(crate) told: Range,
    /// The part of it in which the interval is looked for.
    pub(crate) claim: Range,
    /// The width that must remain; `None` where nothing is asked for.
    pub(crate) guard: Option<Guard>,
    /// What it would cost to hide it; `None` when it cannot be hidden, or is.
    pub(crate) cost: Option<u32>,
    /// What it would tell then, and how wide its interval would have to be.
    pub(crate) hidden: (Range, i64),
}

impl Variable {
    /// Whether a reader knows it.
    fn is_known(&self) -> bool {
        self.told.is_one_value()
    }
}

/// Why a row is in a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// What was collected satisfies it.
    Seen,
    /// A rule that may hold; not all of its values are told.
    Assumed,
    /// A national sum, not all of whose values are told.
    Sum,
}

/// A weighted sum of variables between two ends.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) terms: Vec<(Var, i64)>,
    pub(crate) lower: i128,
    /// `None` where the sum is bounded below only.
    pub(crate) upper: Option<i128>,
    /// The sum at the start.
    pub(crate) at_start: i128,
    /// Why it is there.
    pub(crate) origin: Origin,
}

impl Row {
    /// How far a sum is from the row's range: below zero it must fall.
    pub(crate) fn lacks(&self, sum: i128) -> i128 {
        let above = self.upper.map_or(0, |upper| sum.saturating_sub(upper));
        if above > 0 {
            return above.saturating_neg();
        }
        self.lower.saturating_sub(sum).max(0)
    }
}

/// Variables and rows, and which rows a variable is in.
#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    variables: Vec<Variable>,
    rows: Vec<Row>,
    rows_of: Vec<Vec<usize>>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "only a system gives out numbers of its variables and rows, and nothing is ever taken away"
)]
impl System {
    pub(crate) fn add(&mut self, variable: Variable) -> Var {
        self.variables.push(variable);
        self.rows_of.push(Vec::new());
        Var(self.variables.len().saturating_sub(1))
    }

    /// Adds a row; terms of one variable are taken together.
    pub(crate) fn relate(
        &mut self,
        terms: impl IntoIterator<Item = (Var, i64)>,
        (lower, upper): (i128, Option<i128>),
        origin: Origin,
    ) {
        let mut together: BTreeMap<Var, i64> = BTreeMap::new();
        for (var, weight) in terms {
            let known = together.entry(var).or_default();
            *known = known.saturating_add(weight);
        }
        together.retain(|_, weight| *weight != 0);
        for var in together.keys() {
            self.rows_of[var.0].push(self.rows.len());
        }
        let mut row = Row {
            terms: together.into_iter().collect(),
            lower,
            upper,
            at_start: 0,
            origin,
        };
        row.at_start = self.sum(&row.terms);
        self.rows.push(row);
    }

    fn sum(&self, terms: &[(Var, i64)]) -> i128 {
        terms.iter().fold(0, |sum: i128, (var, weight)| {
            let product = i128::from(self.of(*var).start).saturating_mul((*weight).into());
            sum.saturating_add(product)
        })
    }

    pub(crate) fn of(&self, var: Var) -> &Variable {
        &self.variables[var.0]
    }

    pub(crate) fn of_mut(&mut self, var: Var) -> &mut Variable {
        &mut self.variables[var.0]
    }

    pub(crate) fn row(&self, row: usize) -> &Row {
        &self.rows[row]
    }

    pub(crate) fn rows_of(&self, var: Var) -> &[usize] {
        &self.rows_of[var.0]
    }

    pub(crate) fn vars(&self) -> impl Iterator<Item = Var> + use<> {
        (0..self.variables.len()).map(Var)
    }

    /// Hides a value that can be hidden.
    pub(crate) fn hide(&mut self, var: Var) {
        let variable = &mut self.variables[var.0];
        let (told, width) = variable.hidden;
        variable.told = told;
        variable.claim = told;
        let before = variable.guard.map_or(0, |guard| guard.width);
        variable.guard = Some(Guard {
            width: width.max(before),
            safe_from: None,
        });
        variable.cost = None;
    }

    /// Takes out rows that are not kept.
    pub(crate) fn retain_rows(&mut self, keep: impl Fn(&Row) -> bool) {
        self.rows.retain(keep);
        self.rows_of.iter_mut().for_each(Vec::clear);
        for (place, row) in self.rows.iter().enumerate() {
            for (var, _) in &row.terms {
                self.rows_of[var.0].push(place);
            }
        }
    }

    /// Makes other values the start; they must satisfy everything.
    pub(crate) fn start_at(&mut self, values: &BTreeMap<Var, i64>) {
        for (var, value) in values {
            self.variables[var.0].start = *value;
        }
        let sums: Vec<i128> = self.rows.iter().map(|row| self.sum(&row.terms)).collect();
        for (row, sum) in self.rows.iter_mut().zip(sums) {
            row.at_start = sum;
        }
    }

    /// The variables that may move when one does, nearest first, at most `limit`: those that a
    /// reader does not know, and those that `more` says.
    pub(crate) fn around(
        &self,
        from: Var,
        limit: usize,
        more: impl Fn(&Variable) -> bool,
    ) -> Vec<Var> {
        let mut found = vec![from];
        let mut seen_variables = vec![false; self.variables.len()];
        let mut seen_rows = vec![false; self.rows.len()];
        seen_variables[from.0] = true;
        let mut next = 0;
        while let Some(var) = found.get(next).copied() {
            next = next.saturating_add(1);
            for row in self.rows_of(var) {
                if std::mem::replace(&mut seen_rows[*row], true) {
                    continue;
                }
                for (other, _) in &self.rows[*row].terms {
                    let variable = self.of(*other);
                    let moves = !variable.is_known() || more(variable);
                    if moves && !std::mem::replace(&mut seen_variables[other.0], true) {
                        if found.len() >= limit {
                            return found;
                        }
                        found.push(*other);
                    }
                }
            }
        }
        found
    }
}

/// Values that differ from the start.
#[derive(Debug, Clone)]
pub(crate) struct Trial<'s> {
    system: &'s System,
    values: BTreeMap<Var, i64>,
    sums: BTreeMap<usize, i128>,
}

impl<'s> Trial<'s> {
    pub(crate) fn new(system: &'s System) -> Self {
        Self {
            system,
            values: BTreeMap::new(),
            sums: BTreeMap::new(),
        }
    }

    /// The value of a variable.
    pub(crate) fn value(&self, var: Var) -> i64 {
        let start = self.system.of(var).start;
        self.values.get(&var).copied().unwrap_or(start)
    }

    /// The sum of a row.
    pub(crate) fn sum(&self, row: usize) -> i128 {
        let start = self.system.row(row).at_start;
        self.sums.get(&row).copied().unwrap_or(start)
    }

    /// Gives a variable another value.
    pub(crate) fn set(&mut self, var: Var, value: i64) {
        let by = i128::from(value).saturating_sub(self.value(var).into());
        for row in self.system.rows_of(var) {
            let terms = &self.system.row(*row).terms;
            let weight = terms.binary_search_by_key(&var, |(known, _)| *known);
            let weight = weight.ok().and_then(|at| terms.get(at));
            let weight = weight.map_or(0, |(_, weight)| i128::from(*weight));
            let sum = self.sum(*row).saturating_add(by.saturating_mul(weight));
            self.sums.insert(*row, sum);
        }
        self.values.insert(var, value);
    }

    /// A row that is not satisfied.
    pub(crate) fn broken(&self) -> Option<usize> {
        let mut sums = self.sums.iter();
        sums.find(|(row, sum)| self.system.row(**row).lacks(**sum) != 0)
            .map(|(row, _)| *row)
    }

    /// Whether a reader who knows what is published cannot rule these values out, were `hidden`
    /// hidden too.
    pub(crate) fn fits(&self, hidden: &[Var]) -> bool {
        let told = |(var, value): (&Var, &i64)| {
            let range = if hidden.contains(var) {
                self.system.of(*var).hidden.0
            } else {
                self.system.of(*var).told
            };
            range.has(*value)
        };
        self.values.iter().all(told) && self.broken().is_none()
    }

    /// The values that were set.
    pub(crate) fn values(&self) -> &BTreeMap<Var, i64> {
        &self.values
    }
}
