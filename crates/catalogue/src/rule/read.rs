//! Reading the rules of an edition.

use std::collections::BTreeSet;
use std::sync::Arc;

use mesur_figures::parse_quantity;

use super::text::{self, RuleText};
use super::{Comparator, KINDS, Rule, RuleKind, Severity, THRESHOLD_DECIMALS, Test, Tolerance};
use crate::cell_index::CellIndex;
use crate::expression::Expression;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellId, CellRef, MetricCode};
use crate::metric::{Metric, check_edition};
use crate::table::{Row, Table};

const FILE: &str = "rules.csv";
const COLUMNS: [&str; 11] = [
    "edition",
    "rule_id",
    "kind",
    "left",
    "operator",
    "right",
    "threshold",
    "severity",
    "basis",
    "basis_status",
    "note",
];

const COMPARATORS: [(&str, Comparator); 3] = [
    ("=", Comparator::Equal),
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
];

/// What the rules may name.
pub(crate) struct Named<'a, F> {
    /// The number of a cell.
    pub(crate) cell: F,
    /// The cells of metrics.
    pub(crate) index: &'a CellIndex,
    /// The metrics.
    pub(crate) metrics: &'a [Metric],
}

/// Reads the rules; an edition without the table has none.
pub(crate) fn load(
    folder: &Folder,
    period: Option<&str>,
    named: &Named<'_, impl Fn(&CellRef) -> Option<CellId>>,
    faults: &mut Faults,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids = BTreeSet::new();
    for row in Table::read_optional(folder, FILE, &COLUMNS, faults) {
        check_edition(&row, period, faults);
        let Some(rule) = read_rule(&row, named, faults) else {
            continue;
        };
        if ids.insert(rule.id.clone()) {
            rules.push(rule);
        } else {
            row.fault(faults, "rule_id", format!("{} stands twice", rule.id));
        }
    }
    rules
}

fn read_rule(
    row: &Row,
    named: &Named<'_, impl Fn(&CellRef) -> Option<CellId>>,
    faults: &mut Faults,
) -> Option<Rule> {
    let severities = [
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("info", Severity::Info),
    ];
    let kind = row.one_of(faults, "kind", &KINDS);
    let severity = row.one_of(faults, "severity", &severities);
    if row.get("rule_id").is_empty() {
        row.fault(faults, "rule_id", "a rule needs an id");
    }
    let own_text = read_text(row, faults);
    let test = read_test(row, kind, named, faults);
    Some(Rule {
        id: row.get("rule_id").to_owned(),
        kind: kind?,
        severity: severity?,
        test: test?,
        basis: row.get("basis").to_owned(),
        text: own_text.map(Arc::new),
    })
}

/// The rule's own sentence: in both languages or in neither.
fn read_text(row: &Row, faults: &mut Faults) -> Option<RuleText> {
    let en = row.parse(faults, "text_en", text::check)?;
    let cy = row.parse(faults, "text_cy", text::check)?;
    for (column, text, other) in [("text_en", &en, &cy), ("text_cy", &cy, &en)] {
        if text.is_empty() && !other.is_empty() {
            row.fault(faults, column, "a rule's own text stands in both languages");
            return None;
        }
    }
    (!en.is_empty()).then_some(RuleText { en, cy })
}

fn read_test(
    row: &Row,
    kind: Option<RuleKind>,
    named: &Named<'_, impl Fn(&CellRef) -> Option<CellId>>,
    faults: &mut Faults,
) -> Option<Test> {
    let cell = &named.cell;
    match kind {
        Some(RuleKind::Coverage) => return read_coverage(row, cell, faults),
        Some(RuleKind::SameValue) => {
            let cells = row.parse(faults, "left", |text| cells_named(text, named))?;
            if cells.len() < 2 {
                row.fault(faults, "left", "at least two cells can have the same value");
            }
            return Some(Test::SameValue { cells });
        }
        Some(RuleKind::Zeros) => return read_zeros(row, named, faults),
        Some(RuleKind::Peers) => return read_peers(row, cell, faults),
        _ => {}
    }
    if row.get("left") == "*" {
        let comparator = row.one_of(faults, "operator", &COMPARATORS);
        let bound = row.parse(faults, "right", thousandths);
        return Some(Test::Every {
            comparator: comparator?,
            bound: bound?,
        });
    }
    let side = |column, faults: &mut Faults| {
        row.parse(faults, column, |text| Expression::parse(text, cell))
    };
    match row.get("operator") {
        "~" => {
            let left = side("left", faults);
            let right = side("right", faults);
            // The form of the threshold depends on the kind.
            let tolerance =
                kind.and_then(|kind| row.parse(faults, "threshold", |text| tolerance(text, kind)));
            Some(Test::Near {
                left: left?,
                right: right?,
                tolerance: tolerance?,
            })
        }
        "in" => read_rate(row, cell, faults),
        _ => {
            let left = side("left", faults);
            let right = side("right", faults);
            let choices = "one of: =, <=, >=, ~, in";
            let operator = row.get("operator");
            let comparator = COMPARATORS.iter().find(|(name, _)| *name == operator);
            if comparator.is_none() {
                row.fault(faults, "operator", format!("{operator:?} is not {choices}"));
            }
            Some(Test::Compare {
                left: left?,
                comparator: comparator?.1,
                right: right?,
            })
        }
    }
}

fn read_coverage(
    row: &Row,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
    faults: &mut Faults,
) -> Option<Test> {
    let total = row.parse(faults, "left", |text| {
        let reference = CellRef::parse(text).map_err(|error| error.to_string())?;
        cell(&reference).ok_or_else(|| format!("{reference} is not a cell of this edition"))
    });
    let parts = row.parse(faults, "right", |text| of_one_return(text, cell));
    Some(Test::Coverage {
        total: total?,
        parts: parts?,
    })
}

fn read_zeros(
    row: &Row,
    named: &Named<'_, impl Fn(&CellRef) -> Option<CellId>>,
    faults: &mut Faults,
) -> Option<Test> {
    let cells = match row.get("left") {
        "*" => Some(Vec::new()),
        _ => row.parse(faults, "left", |text| cells_named(text, named)),
    };
    let threshold = row.parse(faults, "threshold", |text| match thousandths(text)? {
        number @ 1.. => Ok(number),
        _ => Err(format!("{text:?} is not above zero")),
    });
    Some(Test::Zeros {
        cells: cells?,
        threshold: threshold?,
    })
}

fn read_peers(
    row: &Row,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
    faults: &mut Faults,
) -> Option<Test> {
    let left = row.parse(faults, "left", |text| of_one_return(text, cell));
    let per_head = row.one_of(faults, "right", &[("population", true), ("1", false)]);
    let threshold = row.parse(faults, "threshold", |text| {
        let parts = "how many deviations and how few others, such as 3.5,8";
        let (multiple, peers) = text.split_once(',').ok_or(parts)?;
        let peers = peers.trim().parse().ok().filter(|peers| *peers > 1);
        Ok::<_, String>((at_least_zero(multiple)?, peers.ok_or(parts)?))
    });
    let (multiple, peers_min) = threshold?;
    Some(Test::Peers {
        left: left?,
        per_head: per_head?,
        multiple,
        peers_min,
    })
}

/// A sum without values of an earlier period.
fn of_one_return(
    text: &str,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
) -> Result<Expression, String> {
    let sum = Expression::parse(text, cell)?;
    let earlier = sum.previous().next().cloned();
    match earlier {
        None => Ok(sum),
        Some(earlier) => Err(format!(
            "prev:{earlier} has no place in a rule of this kind"
        )),
    }
}

/// Cells joined by ` + `; `AD/005[*]` is every cell of a metric.
fn cells_named(
    text: &str,
    named: &Named<'_, impl Fn(&CellRef) -> Option<CellId>>,
) -> Result<Vec<CellId>, String> {
    let mut cells = Vec::new();
    for name in text.split(" + ").map(str::trim) {
        if let Some(code) = name.strip_suffix("[*]") {
            let code = MetricCode::parse(code).map_err(|error| error.to_string())?;
            let place = named.metrics.iter().position(|metric| metric.code == code);
            let range = place.and_then(|place| named.index.of_metric.get(place));
            let range = range.ok_or_else(|| format!("{code} is not a metric of this edition"))?;
            cells.extend(range.clone().map(CellId));
        } else {
            let reference = CellRef::parse(name).map_err(|error| error.to_string())?;
            let known = (named.cell)(&reference);
            cells.push(known.ok_or_else(|| format!("{reference} is not a cell of this edition"))?);
        }
    }
    cells.dedup();
    Ok(cells)
}

fn read_rate(
    row: &Row,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
    faults: &mut Faults,
) -> Option<Test> {
    let sides = row.parse(faults, "left", |text| {
        let (part, base) = text
            .split_once(" / ")
            .ok_or("a rate is written PART / BASE")?;
        Ok::<_, String>((
            Expression::parse(part, cell)?,
            Expression::parse(base, cell)?,
        ))
    });
    let bounds = row.parse(faults, "right", |text| {
        let (low, high) = text.split_once('-').ok_or("bounds are written LOW-HIGH")?;
        let (low, high) = (thousandths(low)?, thousandths(high)?);
        if low > high {
            Err("the lower bound is above the upper".to_owned())
        } else {
            Ok((low, high))
        }
    });
    let (numerator, denominator) = sides?;
    let (low, high) = bounds?;
    Some(Test::Rate {
        numerator,
        denominator,
        low,
        high,
    })
}

pub(super) fn tolerance(text: &str, kind: RuleKind) -> Result<Tolerance, String> {
    let percent = |text: &str| {
        let digits = text
            .trim()
            .strip_suffix('%')
            .ok_or("a threshold in per cent ends in %")?;
        at_least_zero(digits)
    };
    if kind == RuleKind::YearOnYear {
        let (share, number) = text
            .split_once(',')
            .ok_or("year_on_year has two thresholds, such as 50%,50")?;
        Ok(Tolerance::OfEarlier {
            percent: percent(share)?,
            number: at_least_zero(number)?,
        })
    } else {
        Ok(Tolerance::OfLarger {
            percent: percent(text)?,
        })
    }
}

fn at_least_zero(text: &str) -> Result<i64, String> {
    match thousandths(text)? {
        ..0 => Err(format!("{text:?} is below zero")),
        number => Ok(number),
    }
}

fn thousandths(text: &str) -> Result<i64, String> {
    parse_quantity(text.trim(), THRESHOLD_DECIMALS).map_err(|error| format!("{text:?}: {error}"))
}
