//! What the rows of a return came to.

use mesur_catalogue::{AuthorityCode, Edition};

use crate::finding::Finding;
use crate::observation::{DataReturn, Observation};

/// What is known of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CellState {
    /// No row was sent.
    #[default]
    Missing,
    /// What was sent cannot be taken; a finding says why.
    Erroneous,
    /// What was sent.
    Observed {
        /// The observation.
        observation: Observation,
        /// The line of its row.
        line: Option<u64>,
    },
}

/// The cells of a return and what was found in putting them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembly {
    /// One for each cell of the edition, by cell number.
    pub cells: Vec<CellState>,
    /// Structural findings, in catalogue order.
    pub findings: Vec<Finding>,
}

impl Assembly {
    /// The return, if the rows are one: every cell observed, and no error.
    pub fn into_return(self, edition: &Edition, authority: &AuthorityCode) -> Option<DataReturn> {
        if self.findings.iter().any(Finding::is_error) {
            return None;
        }
        let observation = |cell| match cell {
            CellState::Observed { observation, .. } => Some(observation),
            CellState::Missing | CellState::Erroneous => None,
        };
        let observations: Option<Vec<_>> = self.cells.into_iter().map(observation).collect();
        Some(DataReturn {
            authority: authority.clone(),
            edition: edition.name().clone(),
            edition_digest: edition.digest().to_owned(),
            observations: observations?,
        })
    }
}
