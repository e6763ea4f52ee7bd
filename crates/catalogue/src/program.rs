//! The rules of an edition as an engine runs them: cell numbers, and weights on one scale.
//!
//! Made once when the edition is loaded, so that checking a return parses, looks up and allocates
//! nothing. What a rule means is in [`Rule`](crate::Rule); here is only its arithmetic.
//!
//! Every value is multiplied by a weight that brings it to [`SCALE`] decimals. A weight is at most
//! 10<sup>12</sup> and a value 2<sup>63</sup>, so a sum of all cells of an edition fits 128 bits.

use crate::cell_index::CellIndex;
use crate::change::{Comparable, DefinitionalChange};
use crate::expression::{Expression, Operand};
use crate::ids::{CellId, CellRef};
use crate::rule::{Comparator, Rule, Stage, Test, Tolerance};

/// Decimals on which rules compare: those of the most precise metric there may be.
pub const SCALE: u8 = mesur_figures::DECIMALS_MAX;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A cell of the return.
    Cell(CellId),
    /// A value of the earlier period, by its place in [`Program::previous`]. Its weight is the
    /// coefficient alone: how many decimals it has is known only with the value.
    Previous(usize),
}

/// A value and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighted {
    /// Where the value comes from.
    pub source: Source,
    /// What it is multiplied by.
    pub weight: i64,
}

/// A sum of weighted values.
pub type Sum = Box<[Weighted]>;

/// What a step works out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Every value that was sent against a bound on [`SCALE`].
    Every(Comparator, i128),
    /// Two sums against each other.
    Compare(Sum, Comparator, Sum),
    /// Two sums near each other.
    Near(Sum, Sum, Tolerance),
    /// A part and its base, with bounds in thousandths of a per cent.
    Rate(Sum, Sum, i64, i64),
    /// A total and the cells of its breakdown.
    Coverage(CellId, Box<[CellId]>),
    /// Cells that should not all have one value.
    SameValue(Box<[CellId]>),
    /// Cells, and the least earlier value on [`SCALE`] beside which zero is a surprise.
    Zeros(Box<[Compared]>, i128),
}

/// A cell that is compared with its own earlier value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The cell.
    pub cell: CellId,
    /// The place of its earlier value in [`Program::previous`].
    pub previous: usize,
    /// Whether its series goes on from the year just before.
    pub comparable: bool,
}

/// One rule of a return. Rules between authorities are not among the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The place of the rule in [`Edition::rules`](crate::Edition::rules).
    pub rule: usize,
    /// When it is worked out.
    pub stage: Stage,
    /// Whether its series goes on from the year just before.
    pub comparable: bool,
    /// What it works out.
    pub work: Work,
}

/// The rules of an edition for one return.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// In the order of stages, then of the table.
    pub steps: Vec<Step>,
    /// Every cell of an earlier period that a step needs, once and in order.
    pub previous: Vec<CellRef>,
    /// The cell of the edition with the codes of each of these, where there is one.
    pub previous_cells: Vec<Option<CellId>>,
    /// What brings the value of each cell to [`SCALE`].
    pub weights: Vec<i64>,
}

impl Program {
    /// A sum of cells with their weights; earlier values are left out.
    pub fn sum_of<'a>(&'a self, sum: &'a Expression) -> impl Iterator<Item = Weighted> + 'a {
        sum.terms.iter().filter_map(|term| match term.operand {
            Operand::Cell(cell) => Some(Weighted {
                source: Source::Cell(cell),
                weight: self
                    .weights
                    .get(cell.index())?
                    .saturating_mul(term.coefficient),
            }),
            Operand::Previous(_) => None,
        })
    }

    pub(crate) fn new(rules: &[Rule], changes: &[DefinitionalChange], index: &CellIndex) -> Self {
        let all: Vec<CellId> = (0..).map(CellId).take(index.cells.len()).collect();
        let mut previous: Vec<CellRef> = Vec::new();
        for rule in rules {
            let (sides, cells) = earlier_of(rule, &all);
            let named = sides.into_iter().flat_map(Expression::previous).cloned();
            let own = cells
                .iter()
                .filter_map(|cell| index.cells.get(cell.index()));
            previous.extend(named.chain(own.map(|cell| cell.reference.clone())));
        }
        previous.sort();
        previous.dedup();
        let same = |cell: &CellRef| index.find(cell.metric.as_str(), cell.category_str());
        let mut compiler = Compiler {
            index,
            all: &all,
            changes,
            program: Self {
                steps: Vec::new(),
                previous_cells: previous.iter().map(same).collect(),
                previous,
                weights: index
                    .cells
                    .iter()
                    .map(|cell| scale(cell.decimals))
                    .collect(),
            },
        };
        for (place, rule) in rules.iter().enumerate() {
            compiler.add(place, rule);
        }
        let mut program = compiler.program;
        program.steps.sort_by_key(|step| (step.stage, step.rule));
        program
    }
}

/// The sides of a rule that may name earlier values, and the cells whose own ones it needs.
fn earlier_of<'a>(rule: &'a Rule, all: &'a [CellId]) -> (Vec<&'a Expression>, &'a [CellId]) {
    match &rule.test {
        Test::Compare { left, right, .. }
        | Test::Near { left, right, .. }
        | Test::Rate {
            numerator: left,
            denominator: right,
            ..
        } => (vec![left, right], &[]),
        Test::Zeros { cells, .. } if cells.is_empty() => (Vec::new(), all),
        Test::Zeros { cells, .. } => (Vec::new(), cells),
        Test::Every { .. }
        | Test::Coverage { .. }
        | Test::SameValue { .. }
        | Test::Peers { .. } => (Vec::new(), &[]),
    }
}

struct Compiler<'a> {
    index: &'a CellIndex,
    all: &'a [CellId],
    changes: &'a [DefinitionalChange],
    program: Program,
}

impl Compiler<'_> {
    fn add(&mut self, place: usize, rule: &Rule) {
        let Some(work) = self.work(&rule.test) else {
            return;
        };
        let comparable = !rule.cells().iter().any(|cell| self.broke_off(*cell));
        self.program.steps.push(Step {
            rule: place,
            stage: rule.stage(),
            comparable,
            work,
        });
    }

    fn work(&self, test: &Test) -> Option<Work> {
        Some(match test {
            Test::Every { comparator, bound } => Work::Every(*comparator, thousandths(*bound)),
            Test::Compare {
                left,
                comparator,
                right,
            } => Work::Compare(self.sum(left), *comparator, self.sum(right)),
            Test::Near {
                left,
                right,
                tolerance,
            } => Work::Near(self.sum(left), self.sum(right), *tolerance),
            Test::Rate {
                numerator,
                denominator,
                low,
                high,
            } => Work::Rate(self.sum(numerator), self.sum(denominator), *low, *high),
            Test::Coverage { total, parts } => Work::Coverage(*total, parts.cells().collect()),
            Test::SameValue { cells } => Work::SameValue(cells.clone().into()),
            Test::Zeros { cells, threshold } => {
                let cells = if cells.is_empty() { self.all } else { cells };
                let pairs = cells.iter().filter_map(|cell| {
                    let reference = &self.index.cells.get(cell.index())?.reference;
                    Some(Compared {
                        cell: *cell,
                        previous: self.program.previous.binary_search(reference).ok()?,
                        comparable: !self.broke_off(*cell),
                    })
                });
                Work::Zeros(pairs.collect(), thousandths(*threshold))
            }
            Test::Peers { .. } => return None,
        })
    }

    fn sum(&self, expression: &Expression) -> Sum {
        let terms = expression.terms.iter().filter_map(|term| {
            Some(match &term.operand {
                Operand::Cell(cell) => Weighted {
                    source: Source::Cell(*cell),
                    weight: self
                        .program
                        .weights
                        .get(cell.index())?
                        .saturating_mul(term.coefficient),
                },
                Operand::Previous(cell) => Weighted {
                    source: Source::Previous(self.program.previous.binary_search(cell).ok()?),
                    weight: term.coefficient,
                },
            })
        });
        terms.collect()
    }

    /// Whether the list of changes says that the values of a cell cannot be compared with those of
    /// the year before.
    fn broke_off(&self, cell: CellId) -> bool {
        let Some(cell) = self.index.cells.get(cell.index()) else {
            return false;
        };
        self.changes
            .iter()
            .any(|change| change.is_of(&cell.reference) && change.comparable == Comparable::No)
    }
}

/// 10 to the power of the decimals that a value lacks.
pub(crate) fn scale(decimals: u8) -> i64 {
    10_i64
        .checked_pow(SCALE.saturating_sub(decimals).into())
        .unwrap_or(1)
}

fn thousandths(number: i64) -> i128 {
    i128::from(number).saturating_mul(scale(3).into())
}
