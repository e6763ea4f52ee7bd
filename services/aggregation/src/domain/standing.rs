//! What is published of every metric: the decisions in force, or else what the edition says, with
//! the coverage that a decision rests on.
//!
//! The edition's coverage floor proposes and never decides: whether a metric with poor coverage is
//! withheld is said by a person.

use std::collections::BTreeSet;

use mesur_catalogue::{CellId, Edition, Overflow};
use mesur_figures::coverage_percent;
use mesur_returns::{DataReturn, Status};

use super::Step;
use super::decision::{Decisions, Mark, Ruling, Subject};
use super::totals::CellTotal;

/// How many authorities provided the whole breakdown of each metric. One return more or less costs
/// one return's work, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breakdowns(Vec<Breakdown>);

/// The breakdown of one metric over some authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Breakdown {
    /// They provided every category that applies to them, and one does.
    provided: u32,
    /// No category applies to them; they are not missing.
    not_applicable: u32,
}

impl Breakdowns {
    /// Those of no return.
    pub(crate) fn new(edition: &Edition) -> Self {
        Self(vec![Breakdown::default(); edition.metrics().len()])
    }

    /// Adds a return, or takes it out.
    pub(crate) fn step(
        &mut self,
        step: Step,
        edition: &Edition,
        data_return: &DataReturn,
    ) -> Result<(), Overflow> {
        for (metric, breakdown) in self.0.iter_mut().enumerate() {
            let count = match extent(edition, metric, data_return) {
                Extent::Provided => &mut breakdown.provided,
                Extent::NotApplicable => &mut breakdown.not_applicable,
                Extent::Missing => continue,
            };
            *count = step.count(*count).ok_or(Overflow)?;
        }
        Ok(())
    }

    /// Adds those of other returns.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            let add = |own: u32, other: u32| own.checked_add(other).ok_or(Overflow);
            own.provided = add(own.provided, other.provided)?;
            own.not_applicable = add(own.not_applicable, other.not_applicable)?;
        }
        Ok(())
    }
}

/// How far an authority provided a breakdown.
enum Extent {
    Provided,
    NotApplicable,
    Missing,
}

/// Without a breakdown the metric's own cell says it.
fn extent(edition: &Edition, metric: usize, data_return: &DataReturn) -> Extent {
    let is_category = |cell: &CellId| {
        let cell = edition.cell(*cell);
        cell.is_some_and(|cell| cell.reference.category.is_some())
    };
    let mut any = false;
    let has_breakdown = edition.cells_of(metric).any(|cell| is_category(&cell));
    for cell in edition.cells_of(metric) {
        if has_breakdown && !is_category(&cell) {
            continue;
        }
        match data_return.cells().status(cell) {
            Status::Provided | Status::PartPeriod => any = true,
            Status::NotApplicable => {}
            Status::NotProvided | Status::Missing | Status::Erroneous => return Extent::Missing,
        }
    }
    if any {
        Extent::Provided
    } else {
        Extent::NotApplicable
    }
}

/// What is published of a metric, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetricStanding {
    /// Whether the national value is published.
    pub(crate) national_published: bool,
    /// Whether the values of the authorities are published.
    pub(crate) authorities_published: bool,
    /// The coverage of the lead cell is below the floor of the edition.
    pub(crate) withholding_proposed: bool,
    /// Marks on all values.
    pub(crate) marks: BTreeSet<Mark>,
    /// Marks on the values of the authorities in these places, in the edition's order.
    pub(crate) authority_marks: Vec<(usize, BTreeSet<Mark>)>,
    /// Authorities that provided the lead cell, and every category.
    pub(crate) provided: [u32; 2],
    /// Whole percentages of the authorities that are not missing there, halves up.
    pub(crate) coverage_percent: [i64; 2],
    /// The numbers of the decisions in force, in their order.
    pub(crate) decisions: Vec<u32>,
}

/// The standing of every metric, in catalogue order.
pub(crate) fn standings(
    edition: &Edition,
    totals: &[CellTotal],
    breakdowns: &Breakdowns,
    decisions: &Decisions,
) -> Vec<MetricStanding> {
    let expected = u32::try_from(edition.authorities().len()).unwrap_or(u32::MAX);
    let metrics = edition.metrics().iter().zip(&breakdowns.0).enumerate();
    let standings = metrics.map(|(place, (metric, breakdown))| {
        let lead = edition.cells_of(place).next();
        let lead = lead.and_then(|cell| totals.get(cell.index()));
        let lead = lead.copied().unwrap_or_default();
        let present = expected.saturating_sub(lead.not_provided);
        let whole = breakdown.provided.saturating_add(breakdown.not_applicable);
        let ruling = |subject| decisions.on(&metric.code, &subject).map(|one| &one.ruling);
        let national_published = match ruling(Subject::National) {
            Some(Ruling::National(published)) => *published,
            _ => metric.published,
        };
        let authorities_published = match ruling(Subject::Authorities) {
            Some(Ruling::Authorities(published)) => *published,
            _ => national_published,
        };
        let marks = |authority| match ruling(Subject::Marks(authority)) {
            Some(Ruling::Marks { marks, .. }) => marks.clone(),
            _ => BTreeSet::new(),
        };
        let authorities = edition.authorities().iter().enumerate();
        let authority_marks =
            authorities.map(|(place, one)| (place, marks(Some(one.code.clone()))));
        let mut numbers: Vec<u32> = decisions
            .of_metric(&metric.code)
            .map(|decision| decision.number)
            .collect();
        numbers.sort_unstable();
        MetricStanding {
            national_published,
            authorities_published,
            withholding_proposed: is_below_floor(edition, present, expected),
            marks: marks(None),
            authority_marks: authority_marks
                .filter(|(_, marks)| !marks.is_empty())
                .collect(),
            provided: [lead.provided, breakdown.provided],
            coverage_percent: [present, whole]
                .map(|present| coverage_percent(present, expected).unwrap_or(0)),
            decisions: numbers,
        }
    });
    standings.collect()
}

/// Whether fewer authorities than the edition asks for are present, by the share before rounding.
fn is_below_floor(edition: &Edition, present: u32, expected: u32) -> bool {
    let floor = edition.settings().coverage_floor_percent;
    floor.is_some_and(|floor| {
        let share = u64::from(present).saturating_mul(100);
        share < u64::from(expected).saturating_mul(floor.into())
    })
}
