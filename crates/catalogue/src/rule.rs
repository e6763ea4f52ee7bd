//! Rules: arithmetic relations and plausibility ranges over the cells of a return.

use std::sync::Arc;

use crate::expression::Expression;
use crate::ids::CellId;

mod describe;
pub(crate) mod read;
#[cfg(test)]
mod tests;
mod text;

pub use text::RuleText;

/// Bounds and thresholds of rules are kept in thousandths.
pub(crate) const THRESHOLD_DECIMALS: u8 = 3;

/// What a finding of a rule means for sign-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Any other relation of sums.
    Linear,
    /// A total and its breakdown cover the same.
    Coverage,
    /// Values that should differ are one and the same.
    SameValue,
    /// Zero where an earlier period had a value.
    Zeros,
    /// The difference from other authorities.
    Peers,
}

/// When a rule is held against a return. A value that is impossible by itself stops what is worked
/// out later; values that do not fit each other stop nothing, because nobody knows which of them is
/// wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Single values are possible at all.
    Value,
    /// Values fit each other, and are likely beside others.
    Relation,
}

const KINDS: [(&str, RuleKind); 17] = [
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
    ("linear", RuleKind::Linear),
    ("coverage", RuleKind::Coverage),
    ("same_value", RuleKind::SameValue),
    ("zeros", RuleKind::Zeros),
    ("peers", RuleKind::Peers),
];

impl RuleKind {
    /// The kind as it is written in the table.
    pub fn as_str(self) -> &'static str {
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
    /// The statuses of a total and of what it is broken down into.
    Coverage {
        /// The total.
        total: CellId,
        /// Its parts.
        parts: Expression,
    },
    /// Cells that all have one value, which is not zero.
    SameValue {
        /// The cells, at least two.
        cells: Vec<CellId>,
    },
    /// Zero where the earlier period had at least so much.
    Zeros {
        /// The cells; every cell of the edition where there are none.
        cells: Vec<CellId>,
        /// In thousandths, above zero.
        threshold: i64,
    },
    /// How far an authority is from the others: judged by median and median absolute deviation.
    Peers {
        /// What is compared.
        left: Expression,
        /// Whether it is taken per head of the authority's population.
        per_head: bool,
        /// How many median absolute deviations are allowed, in thousandths.
        multiple: i64,
        /// The fewest other authorities that are worth comparing with.
        peers_min: u32,
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
    /// What a finding says instead of the sentence of its kind.
    pub text: Option<Arc<RuleText>>,
}

impl Rule {
    /// The cells of this edition that the rule names; none for a rule about every value.
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
            Test::Coverage { total, parts } => {
                std::iter::once(*total).chain(parts.cells()).collect()
            }
            Test::SameValue { cells } | Test::Zeros { cells, .. } => cells.clone(),
            Test::Peers { left, .. } => left.cells().collect(),
        }
    }

    /// When the rule is held against a return.
    pub fn stage(&self) -> Stage {
        match self.kind {
            RuleKind::Count | RuleKind::ValueRange => Stage::Value,
            RuleKind::Sum
            | RuleKind::Category
            | RuleKind::Cover
            | RuleKind::Subset
            | RuleKind::Exclusive
            | RuleKind::SameTotal
            | RuleKind::Timescale
            | RuleKind::StockFlow
            | RuleKind::Rate
            | RuleKind::YearOnYear
            | RuleKind::Linear
            | RuleKind::Coverage
            | RuleKind::SameValue
            | RuleKind::Zeros
            | RuleKind::Peers => Stage::Relation,
        }
    }
}
