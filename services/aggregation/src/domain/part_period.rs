//! Values that cover part of the period: until when, and why.

use std::collections::BTreeMap;

use mesur_catalogue::{Edition, Expression};
use mesur_returns::{DataReturn, Date, Observed};

use super::Step;

/// The part of the period that a value covers, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartPeriod {
    /// The last day covered, where the comment states it.
    pub(crate) end: Option<Date>,
    /// The id of the reason, where the edition knows it.
    pub(crate) reason: Option<String>,
}

/// Part-period values with the number of authorities that have them; none stands here with zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PartPeriods(pub(crate) BTreeMap<PartPeriod, u32>);

impl PartPeriods {
    /// Adds an authority, or takes it out. One without a part-period value changes nothing.
    pub(crate) fn step(&mut self, step: Step, part: Option<&PartPeriod>) -> Option<()> {
        let Some(part) = part else {
            return Some(());
        };
        let before = self.0.get(part).copied().unwrap_or(0);
        match step.count(before)? {
            0 => self.0.remove(part),
            count => self.0.insert(part.clone(), count),
        };
        Some(())
    }

    /// Adds other authorities.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        for (part, count) in &other.0 {
            let own = self.0.entry(part.clone()).or_default();
            *own = own.checked_add(*count)?;
        }
        Some(())
    }
}

/// The first part-period value among the cells of a figure.
pub(crate) fn part_period_of(
    edition: &Edition,
    data_return: &DataReturn,
    sides: &[&Expression],
) -> Option<PartPeriod> {
    let mut cells = sides.iter().flat_map(|side| side.cells());
    cells.find_map(|cell| {
        let observed = data_return.observed(cell)?;
        let Observed::PartPeriod { end, .. } = observed else {
            return None;
        };
        let observation = data_return.observation(cell)?;
        let reason = edition.reason(observation.reason);
        let reason = reason.or_else(|| edition.reason_in(observation.comment));
        let reason = reason.map(|reason| reason.id.clone());
        Some(PartPeriod { end, reason })
    })
}
