//! The national value of every cell, with who provided it.

use std::collections::{BTreeMap, BTreeSet};

use mesur_catalogue::{AuthorityCode, CellId, Edition, MetricCode};
use mesur_figures::coverage_percent;
use mesur_returns::{Cells, DataReturn, Status};

use super::{Error, Step};

/// The values that are not robust: they are in the national totals, and nothing is said of the
/// authority by itself. No authority stands here without a metric.
pub(crate) type NotRobust = BTreeMap<AuthorityCode, BTreeSet<MetricCode>>;

/// What one authority adds to the totals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contribution<'a> {
    /// The authority's place in the edition.
    pub(crate) place: usize,
    /// Its return.
    pub(crate) data_return: &'a DataReturn,
    /// Its return of the edition before, that changes are told from.
    pub(crate) previous: Option<&'a DataReturn>,
    /// The metrics whose values are not robust.
    pub(crate) not_robust: Option<&'a BTreeSet<MetricCode>>,
}

impl Contribution<'_> {
    /// Whether the authority may be named with its value of a cell.
    pub(crate) fn is_robust(&self, edition: &Edition, cell: CellId) -> bool {
        is_robust(edition, self.not_robust, cell)
    }
}

/// Whether an authority with these marks may be named with its value of a cell.
pub(crate) fn is_robust(
    edition: &Edition,
    not_robust: Option<&BTreeSet<MetricCode>>,
    cell: CellId,
) -> bool {
    let marked = not_robust.zip(edition.cell(cell));
    !marked.is_some_and(|(marked, cell)| marked.contains(&cell.reference.metric))
}

/// What is known of a cell over the authorities that were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CellTally {
    /// Wide, so that the order of the authorities cannot decide whether the sum fits.
    sum: i128,
    provided: u32,
    part_period: u32,
    not_applicable: u32,
}

impl CellTally {
    fn step(&mut self, step: Step, status: Status, value: i64) -> Option<()> {
        match status {
            Status::Provided | Status::PartPeriod => {
                self.sum = step.sum(self.sum, value.into())?;
                self.provided = step.count(self.provided)?;
                if status == Status::PartPeriod {
                    self.part_period = step.count(self.part_period)?;
                }
            }
            Status::NotApplicable => self.not_applicable = step.count(self.not_applicable)?,
            Status::NotProvided | Status::Missing | Status::Erroneous => {}
        }
        Some(())
    }

    fn merge(&mut self, other: &Self) -> Option<()> {
        self.sum = self.sum.checked_add(other.sum)?;
        self.provided = self.provided.checked_add(other.provided)?;
        self.part_period = self.part_period.checked_add(other.part_period)?;
        self.not_applicable = self.not_applicable.checked_add(other.not_applicable)?;
        Some(())
    }

    /// The total among so many authorities; `None` when the sum does not fit.
    fn total(&self, expected: u32) -> Option<CellTotal> {
        let value = match self.provided {
            0 => None,
            _ => Some(i64::try_from(self.sum).ok()?),
        };
        let known = self.provided.checked_add(self.not_applicable)?;
        Some(CellTotal {
            value,
            provided: self.provided,
            part_period: self.part_period,
            not_provided: expected.saturating_sub(known),
            not_applicable: self.not_applicable,
        })
    }
}

/// The tallies of all cells, in catalogue order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellTallies(Vec<CellTally>);

impl CellTallies {
    pub(crate) fn new(edition: &Edition) -> Self {
        Self(vec![CellTally::default(); edition.cells().len()])
    }

    pub(crate) fn step(&mut self, step: Step, cells: &Cells) -> Option<()> {
        let values = cells.statuses().iter().zip(cells.values());
        for (tally, (status, value)) in self.0.iter_mut().zip(values) {
            tally.step(step, *status, *value)?;
        }
        Some(())
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        for (tally, other) in self.0.iter_mut().zip(&other.0) {
            tally.merge(other)?;
        }
        Some(())
    }

    /// The total of every cell.
    pub(crate) fn totals(&self, edition: &Edition) -> Result<Vec<CellTotal>, Error> {
        let expected = expected(edition);
        let totals = self.0.iter().zip(edition.cells()).map(|(tally, cell)| {
            tally.total(expected).ok_or_else(|| Error::TotalTooLarge {
                item: cell.reference.to_string(),
            })
        });
        totals.collect()
    }
}

/// How many authorities report for an edition.
pub(crate) fn expected(edition: &Edition) -> u32 {
    u32::try_from(edition.authorities().len()).unwrap_or(u32::MAX)
}

/// The sum over the authorities that provided a cell, and its coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CellTotal {
    /// Scaled by the metric's decimals; `None` when nobody provided a value.
    pub(crate) value: Option<i64>,
    /// Authorities whose value is in the sum, part-period ones among them.
    pub(crate) provided: u32,
    /// Authorities whose value covers part of the period.
    pub(crate) part_period: u32,
    /// Authorities that provided nothing, those without a return among them.
    pub(crate) not_provided: u32,
    /// Authorities that the cell does not apply to.
    pub(crate) not_applicable: u32,
}

impl CellTotal {
    /// (expected less not provided) / expected, as a whole percentage, halves up.
    pub(crate) fn coverage(&self, expected: u32) -> i64 {
        coverage_percent(expected.saturating_sub(self.not_provided), expected).unwrap_or(0)
    }
}
