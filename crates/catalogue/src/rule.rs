//! Rules: arithmetic relations and plausibility ranges over the cells of a return.

use mesur_figures::parse_quantity;

use crate::expression::Expression;
use crate::fault::Faults;
use crate::folder::Folder;
use crate::ids::{CellId, CellRef};
use crate::metric::check_edition;
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

/// Bounds and thresholds of rules are kept in thousandths.
pub(crate) const THRESHOLD_DECIMALS: u8 = 3;

/// What a finding of a rule means for sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Blocks sign-off.
    Error,
    /// Needs an explanation.
    Warning,
    /// Informs.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// What a rule is about; the arithmetic is in its [`Test`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// Values are zero or more.
    Count,
    /// Values are not larger than can be.
    ValueRange,
    /// The categories make up the total.
    Sum,
    /// A category is within the total.
    Category,
    /// Every case with an answer has at least one category.
    Cover,
    /// A part is within what it is based on.
    Subset,
    /// Parts that exclude each other are within the whole together.
    Exclusive,
    /// A breakdown has the total of its base.
    SameTotal,
    /// Within timescale is within completed.
    Timescale,
    /// The stock follows from the flow.
    StockFlow,
    /// A part as a percentage of its base is within bounds.
    Rate,
    /// The change since an earlier period.
    YearOnYear,
}

const KINDS: [(&str, RuleKind); 12] = [
    ("count", RuleKind::Count),
    ("value_range", RuleKind::ValueRange),
    ("sum", RuleKind::Sum),
    ("category", RuleKind::Category),
    ("cover", RuleKind::Cover),
    ("subset", RuleKind::Subset),
    ("exclusive", RuleKind::Exclusive),
    ("same_total", RuleKind::SameTotal),
    ("timescale", RuleKind::Timescale),
    ("stock_flow", RuleKind::StockFlow),
    ("rate", RuleKind::Rate),
    ("year_on_year", RuleKind::YearOnYear),
];

impl RuleKind {
    /// The kind as it is written in the table.
    pub(crate) fn as_str(self) -> &'static str {
        let names = KINDS.iter().find(|(_, kind)| *kind == self);
        names.map_or("", |(name, _)| name)
    }
}

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparator {
    /// `=`
    Equal,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

/// How far apart two sides may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Thousandths of a per cent of the larger side.
    OfLarger {
        /// Per cent, in thousandths.
        percent: i64,
    },
    /// The change must pass both to be found.
    OfEarlier {
        /// Per cent of the earlier value, in thousandths.
        percent: i64,
        /// Number, in thousandths.
        number: i64,
    },
}

/// The arithmetic of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Every value of the return against one bound, in thousandths.
    Every {
        /// `<=` or `>=` or `=`.
        comparator: Comparator,
        /// The bound, in thousandths.
        bound: i64,
    },
    /// Two sums against each other.
    Compare {
        /// The left side.
        left: Expression,
        /// How they are compared.
        comparator: Comparator,
        /// The right side.
        right: Expression,
    },
    /// Two sums near each other.
    Near {
        /// The left side.
        left: Expression,
        /// The right side.
        right: Expression,
        /// How far apart they may be.
        tolerance: Tolerance,
    },
    /// 100 × numerator / denominator between two bounds, ends included.
    Rate {
        /// The part.
        numerator: Expression,
        /// The base.
        denominator: Expression,
        /// Lower bound in thousandths of a per cent.
        low: i64,
        /// Upper bound in thousandths of a per cent.
        high: i64,
    },
}

/// A check of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id, such as `AD/005-sum`.
    pub id: String,
    /// What it is about.
    pub kind: RuleKind,
    /// What a finding means.
    pub severity: Severity,
    /// The arithmetic.
    pub test: Test,
    /// Why the rule holds, in words.
    pub basis: String,
}

impl Rule {
    /// The cells of this edition that the rule needs; none for a rule about every value.
    pub fn cells(&self) -> Vec<CellId> {
        match &self.test {
            Test::Every { .. } => Vec::new(),
            Test::Compare { left, right, .. }
            | Test::Near { left, right, .. }
            | Test::Rate {
                numerator: left,
                denominator: right,
                ..
            } => left.cells().chain(right.cells()).collect(),
        }
    }
}

/// Reads the rules; an edition without the table has none.
pub(crate) fn load(
    folder: &Folder,
    period: Option<&str>,
    cell: impl Fn(&CellRef) -> Option<CellId>,
    faults: &mut Faults,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for row in Table::read_optional(folder, FILE, &COLUMNS, faults) {
        check_edition(&row, period, faults);
        let Some(rule) = read_rule(&row, &cell, faults) else {
            continue;
        };
        if rules.iter().any(|known| known.id == rule.id) {
            row.fault(faults, "rule_id", format!("{} stands twice", rule.id));
        } else {
            rules.push(rule);
        }
    }
    rules
}

fn read_rule(
    row: &Row,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
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
    let test = read_test(row, kind, cell, faults);
    Some(Rule {
        id: row.get("rule_id").to_owned(),
        kind: kind?,
        severity: severity?,
        test: test?,
        basis: row.get("basis").to_owned(),
    })
}

fn read_test(
    row: &Row,
    kind: Option<RuleKind>,
    cell: &impl Fn(&CellRef) -> Option<CellId>,
    faults: &mut Faults,
) -> Option<Test> {
    let comparators = [
        ("=", Comparator::Equal),
        ("<=", Comparator::AtMost),
        (">=", Comparator::AtLeast),
    ];
    if row.get("left") == "*" {
        let comparator = row.one_of(faults, "operator", &comparators);
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
            let names = "one of: =, <=, >=, ~, in";
            let operator = row.get("operator");
            let comparator = comparators.iter().find(|(name, _)| *name == operator);
            if comparator.is_none() {
                row.fault(faults, "operator", format!("{operator:?} is not {names}"));
            }
            Some(Test::Compare {
                left: left?,
                comparator: comparator?.1,
                right: right?,
            })
        }
    }
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

fn tolerance(text: &str, kind: RuleKind) -> Result<Tolerance, String> {
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

impl Test {
    /// The arithmetic in one line, with the signs of the table.
    pub fn describe(&self) -> String {
        let plain = |thousandths: i64| {
            let text = mesur_figures::format_quantity(thousandths, THRESHOLD_DECIMALS);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        match self {
            Self::Every { comparator, bound } => {
                format!("* {} {}", comparator.symbol(), plain(*bound))
            }
            Self::Compare {
                left,
                comparator,
                right,
            } => {
                format!("{left} {} {right}", comparator.symbol())
            }
            Self::Near {
                left,
                right,
                tolerance,
            } => match tolerance {
                Tolerance::OfLarger { percent } => {
                    format!("{left} ~ {right} within {}%", plain(*percent))
                }
                Tolerance::OfEarlier { percent, number } => {
                    format!(
                        "{left} ~ {right} within {}% or {}",
                        plain(*percent),
                        plain(*number)
                    )
                }
            },
            Self::Rate {
                numerator,
                denominator,
                low,
                high,
            } => {
                format!(
                    "{numerator} / {denominator} in {}-{}%",
                    plain(*low),
                    plain(*high)
                )
            }
        }
    }
}

impl Comparator {
    /// The sign as it is written in the table.
    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}

#[cfg(test)]
mod tests;
