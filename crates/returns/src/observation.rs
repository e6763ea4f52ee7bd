//! What was observed in one cell.

use crate::cells::Status;
use crate::date::Date;

/// What was observed in a cell; values are scaled by the metric's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// A value for the whole period. Zero is a value.
    Provided(i64),
    /// A value for part of the period.
    PartPeriod {
        /// The value.
        value: i64,
        /// The last day it covers, where it was stated.
        end: Option<Date>,
    },
    /// No value, for a reason.
    NotProvided,
    /// The cell does not apply to the authority, for a reason.
    NotApplicable,
}

impl Observed {
    /// The words of the `status` column, in the order in which they are explained.
    pub const STATUSES: [&str; 4] = ["provided", "part_period", "not_provided", "not_applicable"];

    /// The status.
    pub fn status(self) -> Status {
        match self {
            Self::Provided(_) => Status::Provided,
            Self::PartPeriod { .. } => Status::PartPeriod,
            Self::NotProvided => Status::NotProvided,
            Self::NotApplicable => Status::NotApplicable,
        }
    }

    /// The word of the `status` column.
    pub fn word(self) -> &'static str {
        self.status().word()
    }

    /// The value that was sent.
    pub fn value(self) -> Option<i64> {
        match self {
            Self::Provided(value) | Self::PartPeriod { value, .. } => Some(value),
            Self::NotProvided | Self::NotApplicable => None,
        }
    }

    /// The value in sums and rules: what does not apply counts as nothing.
    pub fn counted(self) -> Option<i64> {
        match self {
            Self::NotApplicable => Some(0),
            Self::Provided(_) | Self::PartPeriod { .. } | Self::NotProvided => self.value(),
        }
    }
}

/// What a sender says about one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation<'a> {
    /// The value, or that there is none.
    pub value: Observed,
    /// The id of one of the edition's reasons; empty where the comment says it alone.
    pub reason: &'a str,
    /// A remark, or the reason in words, to the byte.
    pub comment: &'a str,
    /// The sender's own reference of the row; findings give it back.
    pub reference: &'a str,
}

impl Observation<'_> {
    /// An observation without texts.
    pub fn of(value: Observed) -> Self {
        Self {
            value,
            reason: "",
            comment: "",
            reference: "",
        }
    }
}
