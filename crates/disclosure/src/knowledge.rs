//! From the revisions of a release to the system of what a reader knows.
//!
//! A value is one and the same in two revisions when it was collected as the same, whatever marks
//! it carries: a reader who knows that is the strictest. Of a value that is hidden for itself the
//! strictest reader knows that it is below the threshold, and any reader that it is zero or more, as
//! of one that is hidden for others. A rule is taken to be known to hold wherever it does.

use std::collections::{BTreeMap, BTreeSet};

use mesur_catalogue::{CellId, Edition};

use crate::relations::{Relation, relations};
use crate::revision::{Area, Collected, Column, Revision};
use crate::solver;
use crate::system::{Guard, Origin, System, Var, Variable};
use crate::treatment::{Range, Scaled, Treatment};

/// What it costs to hide a value besides its size, so that few are hidden.
const COST: u32 = 128;
/// A zero, which readers take for a fact of the world more than for a count, costs as much as this.
const COST_OF_ZERO: u32 = 256;
/// How much more it costs to hide what the nation adds up to.
const COST_OF_NATION: u32 = 6;
/// How much more it costs to hide what the edition wants shown exactly: a last resort.
const COST_OF_EXACT: u32 = 500;

/// Where a value stands: the revision, the area, the number of the cell.
pub(crate) type Place = (usize, Area, usize);

/// The system, and where in it a value is.
pub(crate) struct Knowledge {
    pub(crate) system: System,
    pub(crate) vars: BTreeMap<Place, Var>,
}

/// How much is known of the letter `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Which of the hidden values are small: more than anybody can see.
    KnowsSmall,
    /// Only that a value is hidden, for itself or for others.
    SeesLetters,
}

impl Reader {
    /// The strictest first.
    pub(crate) const ALL: [Self; 2] = [Self::KnowsSmall, Self::SeesLetters];
}

/// What a reader of all revisions knows. The values of the last one can still be hidden.
pub(crate) fn of(edition: &Edition, revisions: &[Revision], reader: Reader) -> Knowledge {
    let mut builder = Builder {
        reader,
        edition,
        revisions,
        knowledge: Knowledge {
            system: System::default(),
            vars: BTreeMap::new(),
        },
        unknown: BTreeSet::new(),
    };
    for (number, revision) in revisions.iter().enumerate() {
        for (cell, column) in revision.columns.iter().enumerate() {
            builder.add_column(number, cell, column);
        }
    }
    let relations = relations(edition);
    for number in 0..revisions.len() {
        for place in 0..edition.authorities().len() {
            for relation in &relations {
                builder.relate(number, Area::Authority(place), relation);
            }
        }
    }
    builder.settle();
    builder.knowledge
}

struct Builder<'a> {
    reader: Reader,
    edition: &'a Edition,
    revisions: &'a [Revision],
    knowledge: Knowledge,
    /// Variables of which not even we know the value.
    unknown: BTreeSet<Var>,
}

impl<'a> Builder<'a> {
    fn policy(&self, cell: usize) -> Option<Scaled<'a>> {
        policy(self.edition, cell)
    }

    fn add_column(&mut self, revision: usize, cell: usize, column: &Column) {
        let mut terms = Vec::new();
        for (area, collected) in column.values() {
            let place = (revision, area, cell);
            let var = match collected {
                Collected::Value(value) => self.add_value(place, value, column),
                Collected::Untold => self.add_untold(place),
                Collected::Absent | Collected::NotApplicable => continue,
            };
            terms.push((var, if area == Area::Nation { -1 } else { 1 }));
        }
        if !matches!(column.nation, Collected::Value(_)) {
            return;
        }
        let system = &mut self.knowledge.system;
        let products = terms
            .iter()
            .map(|(var, sign)| i128::from(system.of(*var).start).saturating_mul((*sign).into()));
        let sum = products.fold(0, i128::saturating_add);
        if terms.iter().any(|(var, _)| self.unknown.contains(var)) {
            system.relate(terms, (0, Some(0)), Origin::Sum);
        } else if sum == 0 {
            system.relate(terms, (0, Some(0)), Origin::Seen);
        }
    }

    fn add_value(&mut self, place: Place, value: i64, column: &Column) -> Var {
        let (revision, area, cell) = place;
        let new = if column.withheld.contains(&area) {
            self.withheld(cell, value)
        } else {
            self.variable(place, value, column.hidden.contains(&area))
        };
        let earlier = revision.checked_sub(1).and_then(|before| {
            let column = self.revisions.get(before)?.column(cell)?;
            (column.value(area) == Collected::Value(value)).then_some((before, area, cell))
        });
        let earlier = earlier.and_then(|place| self.knowledge.vars.get(&place).copied());
        let system = &mut self.knowledge.system;
        let var = match earlier {
            None => system.add(new),
            Some(var) => {
                join(system.of_mut(var), &new);
                var
            }
        };
        self.knowledge.vars.insert(place, var);
        var
    }

    /// What one value tells in one revision.
    fn variable(&self, (revision, area, cell): Place, value: i64, is_hidden: bool) -> Variable {
        let policy = self.policy(cell);
        let width = policy.map_or(1, |policy| policy.width());
        let protected = untold(value);
        let hides_itself = policy.filter(|policy| policy.treat(value) == Treatment::Hidden);
        let rounds = policy.filter(|policy| policy.is_small(value) && !is_hidden);
        let told = match (is_hidden, hides_itself, policy) {
            (true, None, _) => protected,
            (true, Some(_), _) if self.reader == Reader::SeesLetters => protected,
            (true, Some(policy), _) | (false, None, Some(policy)) => policy.told(value),
            (false, Some(_), _) | (false, None, None) => Range::exactly(value),
        };
        let claim = match hides_itself {
            Some(policy) if value >= 0 => policy.small(),
            _ => told,
        };
        let guard = if is_hidden || hides_itself.is_some() {
            Some(width)
        } else {
            // A small value that is rounded: it must not be told more exactly than that.
            rounds.map(|_| told.width().map_or(width, |rounded| width.min(rounded)))
        };
        let is_last = revision.saturating_add(1) == self.revisions.len();
        Variable {
            start: value,
            told,
            claim,
            guard: guard.map(|width| Guard {
                width,
                safe_from: None,
            }),
            cost: (is_last && !is_hidden).then(|| cost(value, area, policy.is_none())),
            hidden: (protected, width),
        }
    }

    /// A value that is not told, for another reason than that it is small. It may be small all the
    /// same.
    fn withheld(&self, cell: usize, value: i64) -> Variable {
        let told = untold(value);
        Variable {
            start: value,
            told,
            claim: told,
            guard: self.policy(cell).map(|policy| Guard {
                width: policy.width(),
                safe_from: Some(policy.threshold()),
            }),
            cost: None,
            hidden: (told, 0),
        }
    }

    /// One that is in the national value, and that is not told here either.
    fn add_untold(&mut self, place: Place) -> Var {
        let (_, _, cell) = place;
        let var = self.knowledge.system.add(self.withheld(cell, 0));
        self.unknown.insert(var);
        self.knowledge.vars.insert(place, var);
        var
    }

    /// A value of which nothing is told but that it is zero or more.
    fn add_free(&mut self) -> Var {
        let var = self.knowledge.system.add(Variable {
            start: 0,
            told: Range::COUNT,
            claim: Range::COUNT,
            guard: None,
            cost: None,
            hidden: (Range::COUNT, 0),
        });
        self.unknown.insert(var);
        var
    }

    /// Adds a rule for one authority, if it holds there as far as can be seen.
    fn relate(&mut self, revision: usize, area: Area, relation: &Relation) {
        let mut terms = Vec::new();
        let mut free = Vec::new();
        let mut sum: i128 = 0;
        for (cell, weight) in &relation.terms {
            match self.lookup(revision, area, cell.index()) {
                Lookup::Nothing => {}
                Lookup::Var(var) if !self.unknown.contains(&var) => {
                    let start = i128::from(self.knowledge.system.of(var).start);
                    sum = sum.saturating_add(start.saturating_mul((*weight).into()));
                    terms.push((var, *weight));
                }
                Lookup::Var(var) => {
                    free.push(*weight);
                    terms.push((var, *weight));
                }
                Lookup::Free(place) => {
                    let var = self.add_free();
                    self.knowledge.vars.insert(place, var);
                    free.push(*weight);
                    terms.push((var, *weight));
                }
            }
        }
        let can_rise = free.iter().any(|weight| *weight > 0);
        let can_fall = free.iter().any(|weight| *weight < 0);
        let holds = if relation.is_zero {
            sum == 0 || (sum < 0 && can_rise) || (sum > 0 && can_fall)
        } else {
            sum >= 0 || can_rise
        };
        if holds {
            let upper = relation.is_zero.then_some(0);
            let origin = if free.is_empty() {
                Origin::Seen
            } else {
                Origin::Assumed
            };
            self.knowledge.system.relate(terms, (0, upper), origin);
        }
    }

    fn lookup(&self, revision: usize, area: Area, cell: usize) -> Lookup {
        let place = (revision, area, cell);
        if let Some(var) = self.knowledge.vars.get(&place) {
            return Lookup::Var(*var);
        }
        let column = self
            .revisions
            .get(revision)
            .and_then(|one| one.column(cell));
        if column.is_some_and(|column| column.value(area) == Collected::NotApplicable) {
            Lookup::Nothing
        } else {
            Lookup::Free(place)
        }
    }

    /// Finds values for what is not known to us either; rules that leave none are not taken for
    /// true.
    fn settle(&mut self) {
        let mut due = self.unknown.clone();
        while let Some(first) = due.first().copied() {
            let unknown = &self.unknown;
            let system = &mut self.knowledge.system;
            let group = group(system, first, unknown);
            due.retain(|var| !group.contains(var));
            for dropped in [None, Some(Origin::Assumed), Some(Origin::Sum)] {
                if let Some(origin) = dropped {
                    let touches = |var: &Var| group.contains(var);
                    system.retain_rows(|row| {
                        row.origin != origin || !row.terms.iter().any(|(var, _)| touches(var))
                    });
                }
                let members: Vec<Var> = group.iter().copied().collect();
                let found = solver::settled(system, &members).map(|trial| trial.values().clone());
                if let Some(values) = found {
                    system.start_at(&values);
                    break;
                }
            }
        }
    }
}

enum Lookup {
    /// It counts as zero.
    Nothing,
    Var(Var),
    /// Nothing is told of it.
    Free(Place),
}

/// The policy of a cell's metric on its scale.
pub(crate) fn policy(edition: &Edition, cell: usize) -> Option<Scaled<'_>> {
    let id = CellId(u32::try_from(cell).ok()?);
    let metric = edition.metrics().get(edition.cell(id)?.metric)?;
    let policy = metric.disclosure.as_deref()?;
    Some(Scaled::new(policy, metric.decimals))
}

/// What a value tells that is not told: that it is zero or more, unless nobody could think so.
fn untold(value: i64) -> Range {
    if value < 0 {
        Range {
            lower: None,
            upper: None,
        }
    } else {
        Range::COUNT
    }
}

/// What it costs to hide a value: more for a larger one, by its size and not by its number.
fn cost(value: i64, area: Area, is_exact: bool) -> u32 {
    let value = value.unsigned_abs();
    let digits = u64::BITS.saturating_sub(value.leading_zeros());
    let first = value.checked_shl(value.leading_zeros()).unwrap_or(0) >> (u64::BITS - 5);
    let size = u32::try_from(first)
        .unwrap_or(0)
        .saturating_add(digits.saturating_mul(16));
    let cost = COST.saturating_add(if value == 0 { COST_OF_ZERO } else { size });
    let nation = if area == Area::Nation {
        COST_OF_NATION
    } else {
        1
    };
    let exact = if is_exact { COST_OF_EXACT } else { 1 };
    cost.saturating_mul(nation).saturating_mul(exact)
}

/// One value that two revisions tell of.
fn join(variable: &mut Variable, later: &Variable) {
    // Of a value that was hidden once, the interval is looked for where it was hidden.
    variable.claim = match (variable.guard.is_some(), later.guard.is_some()) {
        (true, false) => variable.claim,
        (false, true) => later.claim,
        (true, true) | (false, false) => variable.claim.within(later.claim),
    };
    let before = variable.told;
    variable.told = before.within(later.told);
    variable.guard = match (variable.guard, later.guard) {
        (Some(one), Some(other)) if other.width > one.width => Some(other),
        (one, other) => one.or(other),
    };
    let (told, width) = later.hidden;
    let told = told.within(before);
    variable.cost = later.cost.filter(|_| !told.is_one_value());
    variable.hidden = (told, width);
}

/// The unknown variables that are related to one, over others that are unknown.
fn group(system: &System, first: Var, unknown: &BTreeSet<Var>) -> BTreeSet<Var> {
    let mut found = BTreeSet::from([first]);
    let mut due = vec![first];
    while let Some(var) = due.pop() {
        for row in system.rows_of(var) {
            for (other, _) in &system.row(*row).terms {
                if unknown.contains(other) && found.insert(*other) {
                    due.push(*other);
                }
            }
        }
    }
    found
}
