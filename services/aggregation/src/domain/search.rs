//! How the values of every cell lie, over any number of authorities, in a bounded room.
//!
//! Of few values each is kept, and the quartiles are selected. Of more only the lowest, the highest and their number
//! are kept at first; then each pass over the returns narrows the ranges in which the quartiles lie, to
//! one of [`Search::ranges`] parts of what they were, until each is one value. Both say the same.

use std::sync::Arc;

use mesur_catalogue::{CellId, Edition};

use super::Spread;
use super::spread::{AUTHORITIES_MIN, rank_of};
use super::totals::Contribution;

/// The most values that are kept each: 32 MiB of them.
const KEPT_VALUES_MAX: usize = 4 * 1024 * 1024;

/// How many counters a search may have: 16 MiB of them.
const COUNTERS_MAX: usize = 4 * 1024 * 1024;

/// The quartiles that are searched for, by their number of quarters.
const QUARTILES: [usize; 3] = [1, 2, 3];

/// The values of every cell, or what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// Each of them.
    Kept(Vec<Vec<i64>>),
    /// Between what they lie.
    Bounds(Vec<Bounds>),
}

/// The lowest and the highest of some values, and their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bounds {
    minimum: i64,
    maximum: i64,
    count: u32,
}

impl Bounds {
    /// Of one value.
    pub(super) fn of(value: i64) -> Self {
        Self {
            minimum: value,
            maximum: value,
            count: 1,
        }
    }

    fn take(&mut self, other: Self) -> Option<()> {
        if other.count == 0 {
            return Some(());
        }
        if self.count == 0 {
            *self = other;
            return Some(());
        }
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.count = self.count.checked_add(other.count)?;
        Some(())
    }
}

impl Values {
    /// No values yet, of an edition of so many authorities.
    pub(crate) fn new(edition: &Edition) -> Self {
        let (cells, authorities) = (edition.cells().len(), edition.authorities().len());
        if cells.saturating_mul(authorities) <= KEPT_VALUES_MAX {
            // Room for all at once: lists that grow leave twice as much behind.
            let rooms = std::iter::repeat_with(|| Vec::with_capacity(authorities));
            Self::Kept(rooms.take(cells).collect())
        } else {
            Self::Bounds(vec![Bounds::default(); cells])
        }
    }

    /// Takes the robust values of an authority in. `None` when there are too many of them.
    pub(crate) fn take(&mut self, edition: &Edition, own: &Contribution<'_>) -> Option<()> {
        for (cell, value) in robust_values(edition, own) {
            match self {
                Self::Kept(cells) => cells.get_mut(cell)?.push(value),
                Self::Bounds(cells) => cells.get_mut(cell)?.take(Bounds::of(value))?,
            }
        }
        Some(())
    }

    /// Takes the values of other authorities in.
    pub(crate) fn merge(&mut self, other: Self) -> Option<()> {
        match (self, other) {
            (Self::Kept(own), Self::Kept(others)) => {
                for (own, others) in own.iter_mut().zip(others) {
                    own.extend(others);
                }
            }
            (Self::Bounds(own), Self::Bounds(others)) => {
                for (own, others) in own.iter_mut().zip(others) {
                    own.take(others)?;
                }
            }
            (Self::Kept(_), Self::Bounds(_)) | (Self::Bounds(_), Self::Kept(_)) => return None,
        }
        Some(())
    }

    /// The spreads, or what has to be searched for.
    pub(crate) fn spreads(self) -> Result<Vec<Option<Spread>>, Search> {
        match self {
            Self::Kept(cells) => {
                let spreads = cells.into_iter().map(|mut values| Spread::of(&mut values));
                Ok(spreads.collect())
            }
            Self::Bounds(bounds) => Err(Search::new(bounds)),
        }
    }
}

/// The robust values of an authority by the number of their cell.
fn robust_values<'a>(
    edition: &'a Edition,
    own: &'a Contribution<'_>,
) -> impl Iterator<Item = (usize, i64)> + 'a {
    let cells = own.data_return.cells();
    let cells = cells
        .statuses()
        .iter()
        .zip(cells.values())
        .zip((0..).map(CellId));
    let is_marked = own.not_robust.is_some();
    cells.filter_map(move |((status, value), cell)| {
        let told = status.has_value() && (!is_marked || own.is_robust(edition, cell));
        told.then_some((cell.index(), *value))
    })
}

/// Where a quartile lies: the value of this rank, from 1, among those in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Target {
    low: i64,
    high: i64,
    rank: u32,
}

impl Target {
    fn is_found(&self) -> bool {
        self.low == self.high
    }

    /// How far a distance within the range is shifted to be the number of its part.
    fn shift(&self, part_bits: u32) -> u32 {
        let range = self.high.abs_diff(self.low);
        let bits = u64::BITS.saturating_sub(range.leading_zeros());
        bits.saturating_sub(part_bits)
    }

    fn part(&self, value: i64, part_bits: u32) -> Option<usize> {
        if value < self.low || value > self.high {
            return None;
        }
        let distance = value.abs_diff(self.low);
        let part = distance.checked_shr(self.shift(part_bits))?;
        usize::try_from(part).ok()
    }

    /// Goes into the part that holds the rank.
    fn narrow(&mut self, counts: &[u32], part_bits: u32) {
        let shift = self.shift(part_bits);
        for (part, count) in (0_u64..).zip(counts) {
            if self.rank > *count {
                self.rank = self.rank.saturating_sub(*count);
                continue;
            }
            let width = 1_u64.checked_shl(shift).unwrap_or(u64::MAX);
            self.low = self.low.saturating_add_unsigned(part.saturating_mul(width));
            let last = self.low.saturating_add_unsigned(width.saturating_sub(1));
            self.high = self.high.min(last);
            return;
        }
    }
}

/// A search for the quartiles of every cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    bounds: Vec<Bounds>,
    targets: Vec<[Target; 3]>,
    part_bits: u32,
}

impl Search {
    fn new(bounds: Vec<Bounds>) -> Self {
        let target = |bounds: &Bounds, quarters| {
            let count = usize::try_from(bounds.count).ok();
            let rank = count.and_then(|count| rank_of(count, quarters));
            let rank = rank.and_then(|rank| u32::try_from(rank).ok());
            Target {
                low: bounds.minimum,
                high: bounds.maximum,
                rank: rank.unwrap_or(0),
            }
        };
        let targets = bounds
            .iter()
            .map(|bounds| QUARTILES.map(|quarters| target(bounds, quarters)))
            .collect();
        let ranges = bounds.len().saturating_mul(QUARTILES.len()).max(1);
        let parts = COUNTERS_MAX.checked_div(ranges).unwrap_or(0);
        Self {
            bounds,
            targets,
            part_bits: parts.checked_ilog2().unwrap_or(0).clamp(1, 8),
        }
    }

    /// The same with other parts.
    #[cfg(test)]
    pub(super) fn with_part_bits(self, part_bits: u32) -> Self {
        Self { part_bits, ..self }
    }

    /// Into how many parts a range is divided in one pass.
    pub(crate) fn ranges(&self) -> usize {
        1_usize.checked_shl(self.part_bits).unwrap_or(usize::MAX)
    }

    /// The spreads, once every quartile is found.
    pub(crate) fn spreads(&self) -> Option<Vec<Option<Spread>>> {
        let mut spreads = Vec::with_capacity(self.bounds.len());
        for (bounds, targets) in self.bounds.iter().zip(&self.targets) {
            let [lower, median, upper] = targets;
            if targets.iter().any(|target| !target.is_found()) {
                return None;
            }
            let enough = usize::try_from(bounds.count).is_ok_and(|count| count >= AUTHORITIES_MIN);
            spreads.push(enough.then_some(Spread {
                minimum: bounds.minimum,
                lower_quartile: lower.low,
                median: median.low,
                upper_quartile: upper.low,
                maximum: bounds.maximum,
                authorities: bounds.count,
            }));
        }
        Some(spreads)
    }

    /// The search after a pass.
    pub(crate) fn narrowed(&self, counts: &Counts) -> Self {
        let mut next = self.clone();
        let parts = counts.counts.chunks(self.ranges());
        let targets = next.targets.iter_mut().flatten();
        for (target, counts) in targets.zip(parts) {
            if !target.is_found() {
                target.narrow(counts, self.part_bits);
            }
        }
        next
    }
}

/// One pass of a search: how many values lie in each part of each range.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    search: Arc<Search>,
    counts: Vec<u32>,
}

impl Counts {
    /// No values yet.
    pub(crate) fn new(search: &Arc<Search>) -> Self {
        let ranges = search.targets.len().saturating_mul(QUARTILES.len());
        Self {
            search: Arc::clone(search),
            counts: vec![0; ranges.saturating_mul(search.ranges())],
        }
    }

    /// Takes the robust values of an authority in.
    pub(crate) fn take(&mut self, edition: &Edition, own: &Contribution<'_>) -> Option<()> {
        for (cell, value) in robust_values(edition, own) {
            self.take_value(cell, value)?;
        }
        Some(())
    }

    pub(super) fn take_value(&mut self, cell: usize, value: i64) -> Option<()> {
        let (parts, part_bits) = (self.search.ranges(), self.search.part_bits);
        let targets = self.search.targets.get(cell)?;
        let first = cell.checked_mul(QUARTILES.len())?;
        for (target, range) in targets.iter().zip(first..) {
            let part = target.part(value, part_bits).filter(|_| !target.is_found());
            if let Some(part) = part {
                let at = range.checked_mul(parts)?.checked_add(part)?;
                let count = self.counts.get_mut(at)?;
                *count = count.checked_add(1)?;
            }
        }
        Some(())
    }

    /// Takes the values of other authorities in.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        for (own, other) in self.counts.iter_mut().zip(&other.counts) {
            *own = own.checked_add(*other)?;
        }
        Some(())
    }
}
