//! The national value of every cell, with who provided it.

use std::collections::BTreeSet;

use mesur_catalogue::{AuthorityCode, CellId, Edition, MetricCode};
use mesur_figures::coverage_percent;
use mesur_returns::{DataReturn, Observed};

use super::Error;

/// The values that are not robust: they are in the national totals, and nothing is said of the
/// authority by itself.
pub(crate) type NotRobust = BTreeSet<(AuthorityCode, MetricCode)>;

/// The returns of an edition, one place for each of its authorities in their order.
pub(crate) struct Returns<'a> {
    edition: &'a Edition,
    by_authority: Vec<Option<&'a DataReturn>>,
    not_robust: NotRobust,
}

impl<'a> Returns<'a> {
    /// Puts the returns in the order of the edition's authorities. A return of anyone else is
    /// left out: the edition says who reports.
    pub(crate) fn new(
        edition: &'a Edition,
        returns: impl IntoIterator<Item = &'a DataReturn>,
    ) -> Self {
        let returns: Vec<&DataReturn> = returns.into_iter().collect();
        let by_authority = edition.authorities().iter().map(|authority| {
            let own = |data_return: &&&DataReturn| data_return.authority == authority.code;
            returns.iter().find(own).copied()
        });
        Self {
            edition,
            by_authority: by_authority.collect(),
            not_robust: NotRobust::new(),
        }
    }

    /// The same returns, of which these values are not robust.
    pub(crate) fn hiding(mut self, not_robust: &NotRobust) -> Self {
        self.not_robust.clone_from(not_robust);
        self
    }

    /// Whether the authority in a place may be named with its value of a cell.
    pub(crate) fn is_robust(&self, authority: usize, cell: CellId) -> bool {
        let named = self.edition.authorities().get(authority);
        let named = named.zip(self.edition.cell(cell));
        !named.is_some_and(|(authority, cell)| {
            let mark = (authority.code.clone(), cell.reference.metric.clone());
            self.not_robust.contains(&mark)
        })
    }

    /// The edition that the returns answer.
    pub(crate) fn edition(&self) -> &'a Edition {
        self.edition
    }

    /// How many authorities report.
    pub(crate) fn expected(&self) -> u32 {
        u32::try_from(self.by_authority.len()).unwrap_or(u32::MAX)
    }

    /// The returns by authority; `None` for one that sent none.
    pub(crate) fn by_authority(&self) -> impl Iterator<Item = Option<&'a DataReturn>> + '_ {
        self.by_authority.iter().copied()
    }

    /// What each authority said about a cell.
    fn observed(&self, cell: CellId) -> impl Iterator<Item = Option<Observed>> + '_ {
        self.by_authority()
            .map(move |data_return| data_return?.observed(cell))
    }
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

/// Adds every cell up: one pass over the returns, in the order of the cells.
pub(crate) fn cell_totals(returns: &Returns<'_>) -> Result<Vec<CellTotal>, Error> {
    let cells = returns.edition().cells().iter().zip(0..);
    let totals = cells.map(|(cell, number)| {
        cell_total(returns, CellId(number)).ok_or_else(|| Error::TotalTooLarge {
            item: cell.reference.to_string(),
        })
    });
    totals.collect()
}

/// `None` when the sum does not fit.
fn cell_total(returns: &Returns<'_>, cell: CellId) -> Option<CellTotal> {
    let mut total = CellTotal::default();
    // Summed wide, so that the order of the authorities cannot decide whether the sum fits.
    let mut sum: i128 = 0;
    for observed in returns.observed(cell) {
        let count = match observed {
            Some(Observed::Provided(value)) => {
                sum = sum.checked_add(value.into())?;
                &mut total.provided
            }
            Some(Observed::PartPeriod { value, .. }) => {
                sum = sum.checked_add(value.into())?;
                total.part_period = total.part_period.checked_add(1)?;
                &mut total.provided
            }
            Some(Observed::NotApplicable) => &mut total.not_applicable,
            Some(Observed::NotProvided) | None => &mut total.not_provided,
        };
        *count = count.checked_add(1)?;
    }
    if total.provided > 0 {
        total.value = Some(i64::try_from(sum).ok()?);
    }
    Some(total)
}
