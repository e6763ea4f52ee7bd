//! The rules of an edition, held against the cells of a return.
//!
//! A rule is worked out only where every value it names is there. What does not apply counts as 0;
//! a part-period value counts as it is. Rules come in stages: what could not be taken as a row, or
//! is impossible as a value, stops every later rule that names it. Values that do not fit each
//! other stop nothing, so all that a slip breaks is said at once.
//!
//! Arithmetic is exact in 128 bits. No values of 64 bits reach the end of them; a threshold of
//! the catalogue that did would leave its rule not worked out. Where nothing is found nothing is
//! allocated but the row of earlier values.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use mesur_catalogue::{
    CellId, CellRef, Compared, ContentHash, Edition, Program, Rule, RuleKind, SCALE, Source, Stage,
    Step, Weighted, Work,
};
use mesur_figures::rescale;

use crate::cells::{Cells, Status};
use crate::finding::{self, Finding};
use crate::kind::FindingKind;
use crate::plain::plain;
use crate::previous::{Previous, PreviousValue};

mod relation;

pub(crate) use relation::{Breach, effect};

/// Holds the edition's rules against the cells of a return, by cell number; `previous` is the same
/// authority's values of an earlier period. The findings are in their order.
pub fn check(edition: &Edition, cells: &Cells, previous: Option<&Previous>) -> Vec<Finding> {
    let mut findings = check_in_any_order(edition, cells, previous);
    finding::sort(edition, &mut findings);
    findings
}

/// The same findings, not put in order yet and without their ids.
pub(crate) fn check_in_any_order(
    edition: &Edition,
    cells: &Cells,
    previous: Option<&Previous>,
) -> Vec<Finding> {
    let program = edition.program();
    // A file of this period or a later one, given by mistake, is nothing to compare with.
    let previous = previous.filter(|previous| previous.is_before(edition));
    let mut checker = Checker {
        edition,
        program,
        cells,
        earlier: earlier_values(edition, previous),
        follows: previous.is_some_and(|one| edition.name().period.follows(&one.period)),
        unsound: Vec::new(),
        findings: Vec::new(),
    };
    let mut stage = Stage::Value;
    for step in &program.steps {
        if step.stage != stage {
            checker.close_stage();
            stage = step.stage;
        }
        if let Some(rule) = edition.rules().get(step.rule) {
            checker.run(step, rule);
        }
    }
    let mut findings = checker.findings;
    for finding in &mut findings {
        finding.note_previous(previous);
    }
    findings
}

/// The earlier values that the rules need, on [`SCALE`], in the order of the program.
fn earlier_values(edition: &Edition, previous: Option<&Previous>) -> Vec<Option<i128>> {
    let Some(previous) = previous else {
        return Vec::new();
    };
    let program = edition.program();
    let scaled = |value: PreviousValue| rescale(value.value, value.decimals, SCALE);
    if previous.values.are_by_number(edition.cell_index()) {
        let wanted = program.previous.iter().zip(&program.previous_cells);
        let values = wanted.map(|(codes, cell)| match cell {
            Some(cell) => previous.values.by_number(*cell),
            None => previous.values.get(codes),
        });
        return values.map(|value| value.and_then(scaled)).collect();
    }
    let mut held = previous.values.iter();
    let mut next = held.next();
    // Both are in the order of their codes.
    let wanted = program.previous.iter().map(|wanted| {
        loop {
            let (cell, value) = next?;
            match cell.cmp(wanted) {
                Ordering::Less => next = held.next(),
                Ordering::Equal => return scaled(value),
                Ordering::Greater => return None,
            }
        }
    });
    wanted.collect()
}

struct Checker<'a> {
    edition: &'a Edition,
    program: &'a Program,
    cells: &'a Cells,
    earlier: Vec<Option<i128>>,
    /// Whether the earlier period is the one just before.
    follows: bool,
    /// Whether an earlier stage found an error in a cell, by cell number; empty before it has.
    unsound: Vec<bool>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    /// Notes which cells the errors so far make unsound.
    fn close_stage(&mut self) {
        for finding in self.findings.iter().filter(|finding| finding.is_error()) {
            let place = finding.cells.first();
            let Some(cell) = place.and_then(|place| self.edition.cell_id(place)) else {
                continue;
            };
            if self.unsound.is_empty() {
                self.unsound = vec![false; self.cells.len()];
            }
            if let Some(slot) = self.unsound.get_mut(cell.index()) {
                *slot = true;
            }
        }
    }

    fn run(&mut self, step: &Step, rule: &Rule) {
        match &step.work {
            Work::Every(comparator, bound) => {
                let cells = self.cells.statuses().iter().zip(self.cells.values());
                for ((cell, weight), (status, value)) in (0..).zip(&self.program.weights).zip(cells)
                {
                    let value = product(*value, *weight);
                    if status.has_value() && !relation::holds(*comparator, value, *bound) {
                        let breach = Breach::new(*bound, value);
                        let finding = self.on_cell(rule, CellId(cell), &breach, None);
                        self.findings.push(finding.with_value(&breach.found));
                    }
                }
            }
            Work::Compare(left, comparator, right) => {
                let sides = self.sum(step, rule, left).zip(self.sum(step, rule, right));
                let broken = sides.filter(|(l, r)| !relation::holds(*comparator, *l, *r));
                let breach = broken.map(|(left, right)| Breach::new(right, left));
                self.on_rule(step, rule, breach);
            }
            Work::Near(left, right, tolerance) => {
                let sides = self.sum(step, rule, left).zip(self.sum(step, rule, right));
                let breach = sides.and_then(|(l, r)| relation::near(l, r, *tolerance));
                self.on_rule(step, rule, breach);
            }
            Work::Rate(part, base, low, high) => {
                let sides = self.sum(step, rule, part).zip(self.sum(step, rule, base));
                let breach = sides.and_then(|(p, b)| relation::within(p, b, *low, *high));
                self.on_rule(step, rule, breach);
            }
            Work::Coverage(total, parts) => self.coverage(rule, *total, parts),
            Work::SameValue(cells) => self.same_value(rule, cells),
            Work::Zeros(cells, threshold) => {
                for compared in cells {
                    self.zero(rule, *compared, *threshold);
                }
            }
        }
    }

    /// `None` where a value is not there or not to be compared.
    fn sum(&self, step: &Step, rule: &Rule, terms: &[Weighted]) -> Option<i128> {
        let mut sum: i128 = 0;
        for term in terms {
            let value = match term.source {
                Source::Cell(cell) => self.value(cell, term.weight)?,
                Source::Previous(place) => {
                    // A stock follows from the stock one year before, and from no other.
                    let comparable = match rule.kind {
                        RuleKind::StockFlow => self.follows,
                        RuleKind::YearOnYear => step.comparable || !self.follows,
                        _ => true,
                    };
                    let earlier = self.earlier.get(place).copied().flatten();
                    let earlier = earlier.filter(|_| comparable)?;
                    earlier.checked_mul(term.weight.into())?
                }
            };
            sum = sum.checked_add(value)?;
        }
        Some(sum)
    }

    fn value(&self, cell: CellId, weight: i64) -> Option<i128> {
        match self.cells.status(cell) {
            Status::Missing | Status::Erroneous | Status::NotProvided => None,
            Status::NotApplicable => Some(0),
            Status::Provided | Status::PartPeriod => {
                let value = self.cells.values().get(cell.index())?;
                self.is_sound(cell).then(|| product(*value, weight))
            }
        }
    }

    /// Whether no earlier stage found an error in the cell.
    fn is_sound(&self, cell: CellId) -> bool {
        !self
            .unsound
            .get(cell.index())
            .is_some_and(|unsound| *unsound)
    }

    /// A total for the whole period beside parts that are not, or the reverse. What does not apply
    /// covers as much as anything.
    fn coverage(&mut self, rule: &Rule, total: CellId, parts: &[CellId]) {
        let whole = self.cells.status(total);
        let unknown = |status: Status| matches!(status, Status::Missing | Status::Erroneous);
        if unknown(whole) || parts.iter().any(|part| unknown(self.cells.status(*part))) {
            return;
        }
        let differs = |part: &&CellId| {
            let status = self.cells.status(**part);
            status != whole && status != Status::NotApplicable
        };
        let mut apart = parts.iter().filter(differs).peekable();
        let Some(first) = apart.peek().filter(|_| whole != Status::NotApplicable) else {
            return;
        };
        let breach = Breach {
            expected: self.cells.status(**first).word().to_owned(),
            found: whole.word().to_owned(),
            effect: 0,
        };
        let mut cells = vec![total];
        cells.extend(apart.copied());
        let finding = self.on_cells(rule, &cells, &breach, None);
        self.findings.push(finding);
    }

    fn same_value(&mut self, rule: &Rule, cells: &[CellId]) {
        let sent = |cell: &CellId| {
            let weight = self.program.weights.get(cell.index())?;
            let sent = self.cells.status(*cell).has_value();
            self.value(*cell, *weight).filter(|_| sent)
        };
        let Some(first) = cells.first().and_then(sent).filter(|value| *value != 0) else {
            return;
        };
        if cells.iter().all(|cell| sent(cell) == Some(first)) {
            let value = plain(first, SCALE);
            let breach = Breach {
                expected: String::new(),
                found: value,
                effect: 0,
            };
            let finding = self.on_cells(rule, cells, &breach, None);
            self.findings.push(Finding {
                expected: None,
                ..finding
            });
        }
    }

    fn zero(&mut self, rule: &Rule, compared: Compared, threshold: i128) {
        let cell = compared.cell;
        let is_zero = self.cells.status(cell).has_value()
            && self.cells.values().get(cell.index()) == Some(&0)
            && self.is_sound(cell);
        let comparable = compared.comparable || !self.follows;
        let earlier = self.earlier.get(compared.previous).copied().flatten();
        if let Some(earlier) = earlier
            && is_zero
            && comparable
            && earlier >= threshold
        {
            let breach = Breach::new(earlier, 0);
            let finding = self.on_cell(rule, cell, &breach, Some(earlier));
            self.findings.push(finding);
        }
    }

    /// A broken rule, on all the cells that it names.
    fn on_rule(&mut self, step: &Step, rule: &Rule, breach: Option<Breach>) {
        let Some(breach) = breach else {
            return;
        };
        let mut seen = BTreeSet::new();
        let mut cells = rule.cells();
        cells.retain(|cell| seen.insert(*cell));
        let finding = self.on_cells(rule, &cells, &breach, self.earlier_used(step));
        self.findings.push(finding);
    }

    /// The earlier values that a step works with, in their order.
    fn earlier_used(&self, step: &Step) -> impl IntoIterator<Item = i128> + use<> {
        let sides: [&[Weighted]; 2] = match &step.work {
            Work::Compare(left, _, right)
            | Work::Near(left, right, _)
            | Work::Rate(left, right, ..) => [left, right],
            _ => [&[], &[]],
        };
        let places = sides
            .into_iter()
            .flatten()
            .filter_map(|term| match term.source {
                Source::Previous(place) => self.earlier.get(place).copied().flatten(),
                Source::Cell(_) => None,
            });
        places.collect::<Vec<_>>()
    }

    fn on_cell(
        &self,
        rule: &Rule,
        cell: CellId,
        breach: &Breach,
        earlier: impl IntoIterator<Item = i128>,
    ) -> Finding {
        self.on_cells(rule, &[cell], breach, earlier)
    }

    fn on_cells(
        &self,
        rule: &Rule,
        cells: &[CellId],
        breach: &Breach,
        earlier: impl IntoIterator<Item = i128>,
    ) -> Finding {
        of_rule(self.edition, rule, self.cells, cells, breach, earlier)
    }
}

/// A finding of a rule on some cells, the place first.
pub(crate) fn of_rule(
    edition: &Edition,
    rule: &Rule,
    observed: &Cells,
    cells: &[CellId],
    breach: &Breach,
    earlier: impl IntoIterator<Item = i128>,
) -> Finding {
    let references = cells.iter().filter_map(|cell| edition.cell(*cell));
    let references: Vec<CellRef> = references.map(|cell| cell.reference.clone()).collect();
    let mut finding = Finding::new(FindingKind::of_rule(rule.kind, rule.severity))
        .about(references)
        .expecting(breach.expected.clone())
        .having_found(breach.found.clone());
    finding.severity = rule.severity;
    finding.rule = Some(rule.id.clone());
    finding.text.clone_from(&rule.text);
    finding.effect = breach.effect;
    finding.fingerprint = fingerprint(&rule.id, observed, cells, earlier);
    if let Some(place) = cells.first() {
        observed
            .reference(*place)
            .clone_into(&mut finding.reference);
    }
    finding
}

/// What an explanation was given for: it lapses when any of this changes.
fn fingerprint(
    rule: &str,
    observed: &Cells,
    cells: &[CellId],
    earlier: impl IntoIterator<Item = i128>,
) -> String {
    let mut text = format!("{rule}\n");
    for cell in cells {
        let value = observed.values().get(cell.index()).copied().unwrap_or(0);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {value}", observed.status(*cell).word());
    }
    for earlier in earlier {
        let _ = writeln!(text, "before {earlier}");
    }
    finding::short_hash(&ContentHash::of(text))
}

/// A value on [`SCALE`]. The product of two numbers of 64 bits fits 128.
fn product(value: i64, weight: i64) -> i128 {
    i128::from(value).wrapping_mul(i128::from(weight))
}
