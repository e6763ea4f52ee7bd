//! A complete return: one observation for each cell of its edition.

use mesur_catalogue::{AuthorityCode, ContentHash, EditionName};

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
        /// The last day it covers, where the comment states it.
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

    /// The word of the `status` column.
    pub fn status(self) -> &'static str {
        match self {
            Self::Provided(_) => "provided",
            Self::PartPeriod { .. } => "part_period",
            Self::NotProvided => "not_provided",
            Self::NotApplicable => "not_applicable",
        }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The value, or that there is none.
    pub value: Observed,
    /// A remark, or the reason.
    pub comment: String,
    /// The sender's own reference of the row; findings give it back.
    pub reference: String,
}

/// One authority's observations for one collection and period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataReturn {
    /// Who reports.
    pub authority: AuthorityCode,
    /// The edition that it answers.
    pub edition: EditionName,
    /// The content digest of that edition.
    pub edition_digest: String,
    /// One for each cell of the edition, by cell number.
    pub observations: Vec<Observation>,
}

impl DataReturn {
    /// The identity of the content, `sha256:` and 64 hexadecimal digits. The sender's references
    /// are not content: the same figures sent from two systems have one digest.
    pub fn digest(&self) -> String {
        let mut hash = ContentHash::default();
        hash.update(format!(
            "{}\n{}\n{}\n",
            self.authority, self.edition, self.edition_digest
        ));
        for observation in &self.observations {
            let value = observation.value.value().map(|value| value.to_string());
            // The length stands before the text, so that no comment can imitate the next cell.
            hash.update(format!(
                "{} {} {}\n{}\n",
                observation.value.status(),
                value.as_deref().unwrap_or("-"),
                observation.comment.len(),
                observation.comment
            ));
        }
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_return(comment: &str, reference: &str) -> DataReturn {
        DataReturn {
            authority: AuthorityCode::parse("W06000012").expect("a code"),
            edition: EditionName::parse("pif/2022-23").expect("a name"),
            edition_digest: "sha256:0".to_owned(),
            observations: vec![Observation {
                value: Observed::Provided(7),
                comment: comment.to_owned(),
                reference: reference.to_owned(),
            }],
        }
    }

    #[test]
    fn the_digest_is_of_the_content_and_not_of_references() {
        let digest = data_return("", "row 1").digest();
        assert_eq!(digest.len(), "sha256:".len() + 64);
        assert_eq!(digest, data_return("", "other").digest());
        assert_ne!(digest, data_return("seen", "row 1").digest());
    }
}
