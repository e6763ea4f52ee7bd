//! What the rows of a return came to.

use mesur_catalogue::{AuthorityCode, Edition};

use crate::check::check;
use crate::finding::{self, Finding};
use crate::observation::{DataReturn, Observation};
use crate::previous::Previous;

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
    /// Everything that is to be said about the rows: what keeps them from being a whole return, and
    /// what the edition's rules say; in catalogue order of the place, then in the order of the
    /// rules. A file, a rehearsal and a report all have their findings from here. `previous` is the
    /// same authority's values of an earlier period.
    pub fn check(&self, edition: &Edition, previous: Option<&Previous>) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.extend(check(edition, &self.cells, previous));
        finding::sort(edition, &mut findings);
        findings
    }

    /// The return, if the rows are one: every cell observed, and no error. Otherwise the errors
    /// that keep them from being one; a cell without an observation has its own.
    pub fn into_return(
        self,
        edition: &Edition,
        authority: &AuthorityCode,
    ) -> Result<DataReturn, Vec<Finding>> {
        let observation = |cell| match cell {
            CellState::Observed { observation, .. } => Some(observation),
            CellState::Missing | CellState::Erroneous => None,
        };
        let observations: Option<Vec<_>> = self.cells.into_iter().map(observation).collect();
        let mut errors = self.findings;
        errors.retain(Finding::is_error);
        match observations {
            Some(observations) if errors.is_empty() => Ok(DataReturn {
                authority: authority.clone(),
                edition: edition.name().clone(),
                edition_digest: edition.digest().to_owned(),
                observations,
            }),
            _ => Err(errors),
        }
    }
}
