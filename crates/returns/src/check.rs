//! The rules of an edition, held against the cells of a return.
//!
//! A rule is worked out only where every value it names is there: a cell that is missing, not
//! provided or erroneous stops it, and so does an error finding of a rule about every value (`*`).
//! Findings of other rules stop nothing, so all that a slip breaks is said at once. What does not
//! apply counts as 0; a part-period value counts as it is.
//!
//! Arithmetic is exact in 128 bits. No values of 64 bits reach the end of them; a threshold of
//! the catalogue that did would leave its rule not worked out.

use std::cmp::Ordering;

use mesur_catalogue::{
    CellId, CellRef, Comparator, Edition, Expression, Operand, Rule, RuleKind, Test, Tolerance,
};
use mesur_figures::rescale;

use crate::finding::{self, Finding};
use crate::kind::FindingKind;
use crate::observation::Observation;
use crate::outcome::CellState;
use crate::plain::{SCALE, THOUSANDTHS, plain, rate};
use crate::previous::Previous;

/// A hundred per cent in thousandths of a per cent.
const WHOLE: i128 = 100_000;

/// Holds the edition's rules against the cells of a return, by cell number; `previous` is the same
/// authority's values of an earlier period. The findings are in catalogue order of their places,
/// then in the order of the rules.
pub fn check(edition: &Edition, cells: &[CellState], previous: Option<&Previous>) -> Vec<Finding> {
    let rows = cells.iter().map(|cell| match cell {
        CellState::Observed { observation, line } => Some((observation, *line)),
        CellState::Missing | CellState::Erroneous => None,
    });
    let rows: Vec<Option<Row<'_>>> = rows.collect();
    let values = edition.cells().iter().zip(&rows).map(|(cell, row)| {
        let value = row.as_ref()?.0.value.counted()?;
        rescale(value, cell.decimals, SCALE)
    });
    let mut checker = Checker {
        edition,
        values: values.collect(),
        rows,
        // A file of this period or a later one, given by mistake, is nothing to compare with.
        previous: previous.filter(|previous| previous.period < edition.name().period),
    };
    let mut findings = Vec::new();
    for rule in edition.rules() {
        checker.check_every(rule, &mut findings);
    }
    for place in findings.iter().filter(|finding| finding.is_error()) {
        let cell = place.cells.first().and_then(|cell| edition.cell_id(cell));
        if let Some(value) = cell.and_then(|id| checker.values.get_mut(id.index())) {
            *value = None;
        }
    }
    for rule in edition.rules() {
        if let Some(breach) = checker.breach(rule) {
            findings.push(checker.on_rule(rule, breach));
        }
    }
    finding::sort(edition, &mut findings);
    findings
}

type Row<'a> = (&'a Observation, Option<u64>);

struct Checker<'a> {
    edition: &'a Edition,
    rows: Vec<Option<Row<'a>>>,
    /// By cell number, on [`SCALE`]; `None` stops the rules that need it.
    values: Vec<Option<i128>>,
    previous: Option<&'a Previous>,
}

/// What a broken rule asks for and what is there.
struct Breach {
    expected: String,
    found: String,
}

impl Checker<'_> {
    /// A rule about every value: each cell that was sent with one.
    fn check_every(&self, rule: &Rule, findings: &mut Vec<Finding>) {
        let Test::Every { comparator, bound } = rule.test else {
            return;
        };
        let Some(bound) = rescale(bound, THOUSANDTHS, SCALE) else {
            return;
        };
        let cells = self.edition.cells().iter().zip(&self.values);
        for ((cell, value), row) in cells.zip(&self.rows) {
            let sent = row.is_some_and(|(observation, _)| observation.value.value().is_some());
            if let Some(value) = value
                && sent
                && !holds(comparator, *value, bound)
            {
                let found = plain(*value, SCALE);
                let finding = self.at(rule, vec![cell.reference.clone()]);
                findings.push(
                    finding
                        .with_value(&found)
                        .expecting(plain(bound, SCALE))
                        .having_found(found),
                );
            }
        }
    }

    /// `None` where a rule about named cells holds, or cannot be worked out.
    fn breach(&self, rule: &Rule) -> Option<Breach> {
        let side = |expression: &Expression| {
            let value = |operand: &Operand| self.value(rule.kind, operand);
            expression.evaluate(value).ok().flatten()
        };
        match &rule.test {
            Test::Every { .. } => None,
            Test::Compare {
                left,
                comparator,
                right,
            } => {
                let (left, right) = (side(left)?, side(right)?);
                (!holds(*comparator, left, right)).then(|| Breach {
                    expected: plain(right, SCALE),
                    found: plain(left, SCALE),
                })
            }
            Test::Near {
                left,
                right,
                tolerance,
            } => near(side(left)?, side(right)?, *tolerance),
            Test::Rate {
                numerator,
                denominator,
                low,
                high,
            } => within(side(numerator)?, side(denominator)?, *low, *high),
        }
    }

    fn value(&self, kind: RuleKind, operand: &Operand) -> Option<i128> {
        match operand {
            Operand::Cell(id) => self.values.get(id.index()).copied().flatten(),
            Operand::Previous(cell) => {
                let previous = self.previous?;
                // A stock follows from the stock one year before, and from no other.
                let follows = self.edition.name().period.follows(&previous.period);
                if kind == RuleKind::StockFlow && !follows {
                    return None;
                }
                let earlier = previous.values.get(cell)?;
                rescale(earlier.value, earlier.decimals, SCALE)
            }
        }
    }

    fn on_rule(&self, rule: &Rule, breach: Breach) -> Finding {
        let mut cells: Vec<CellRef> = Vec::new();
        for id in rule.cells() {
            if let Some(cell) = self.edition.cell(id)
                && !cells.contains(&cell.reference)
            {
                cells.push(cell.reference.clone());
            }
        }
        self.at(rule, cells)
            .expecting(breach.expected)
            .having_found(breach.found)
    }

    fn at(&self, rule: &Rule, cells: Vec<CellRef>) -> Finding {
        let place = cells.first().and_then(|cell| self.edition.cell_id(cell));
        let row = place.and_then(|id: CellId| self.rows.get(id.index()).copied().flatten());
        let mut finding = Finding::new(FindingKind::of_rule(rule.kind, rule.severity)).about(cells);
        finding.severity = rule.severity;
        finding.rule = Some(rule.id.clone());
        if let Some((observation, line)) = row {
            finding.line = line;
            finding.reference.clone_from(&observation.reference);
        }
        finding
    }
}

fn holds(comparator: Comparator, left: i128, right: i128) -> bool {
    match comparator {
        Comparator::Equal => left == right,
        Comparator::AtMost => left <= right,
        Comparator::AtLeast => left >= right,
    }
}

/// Two sides near each other; the right one is the earlier value where the tolerance is of it.
fn near(left: i128, right: i128, tolerance: Tolerance) -> Option<Breach> {
    let gap = left.checked_sub(right)?.checked_abs()?;
    let shares = gap.checked_mul(WHOLE)?;
    let share_of = |percent: i64, of: i128| i128::from(percent).checked_mul(of.checked_abs()?);
    let apart = match tolerance {
        Tolerance::OfLarger { percent } => {
            let larger = left.checked_abs()?.max(right.checked_abs()?);
            shares > share_of(percent, larger)?
        }
        Tolerance::OfEarlier { percent, number } => {
            let more = gap > rescale(number, THOUSANDTHS, SCALE)?;
            more && shares > share_of(percent, right)?
        }
    };
    apart.then(|| Breach {
        expected: plain(right, SCALE),
        found: plain(left, SCALE),
    })
}

/// A part as a percentage of its base between two bounds. Nothing of nothing is no rate, and
/// something of nothing is outside any bounds.
fn within(part: i128, base: i128, low: i64, high: i64) -> Option<Breach> {
    let (part, base) = match base.cmp(&0) {
        Ordering::Less => (part.checked_neg()?, base.checked_neg()?),
        Ordering::Equal if part == 0 => return None,
        Ordering::Equal | Ordering::Greater => (part, base),
    };
    let share = part.checked_mul(WHOLE)?;
    let bound = |percent: i64| i128::from(percent).checked_mul(base);
    let inside = base != 0 && share >= bound(low)? && share <= bound(high)?;
    (!inside).then(|| Breach {
        expected: format!(
            "{}-{}%",
            plain(low.into(), THOUSANDTHS),
            plain(high.into(), THOUSANDTHS)
        ),
        found: rate(part, base, low, high),
    })
}
