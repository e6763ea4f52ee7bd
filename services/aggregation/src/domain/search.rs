//! How the values of every cell lie, over any number of authorities, in a bounded room.
//!
//! Of few values each is kept, and the quartiles are selected. Of more the values of some authorities are kept, and
//! tell between what the quartiles probably lie. Over all authorities only the lowest, the highest and their number
//! are kept then, with how many values lie below each of those ranges and in each of its parts. Where a range is wide,
//! or a quartile does not lie in it, each further pass over the returns narrows it to one of [`Search::ranges`] parts of
//! what it was, until it is one value. What was guessed decides how many passes there are, and never what is found:
//! both say the same.

use std::sync::Arc;

use mesur_catalogue::{CellId, Edition};

use super::Spread;
use super::spread::{AUTHORITIES_MIN, rank_of};
use super::totals::Contribution;

/// The most values that are kept each: 32 MiB of them.
const KEPT_VALUES_MAX: usize = 4 * 1024 * 1024;

/// How many counters a search may have: 16 MiB of them.
const COUNTERS_MAX: usize = 4 * 1024 * 1024;

/// The most parts of a range, as a power of two.
const PART_BITS_MAX: u32 = 10;

/// Of how many authorities the values are kept to guess from, and of how many fewer nothing can be guessed.
const SAMPLE: usize = 1_024;
const SAMPLE_MIN: usize = 64;

/// How far off a quartile of the sample may be, in standard deviations of its rank: one of a million is further off.
const DEVIATIONS: usize = 5;

/// The quartiles that are searched for, by their number of quarters.
const QUARTILES: [usize; 3] = [1, 2, 3];

/// The values of every cell, or what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Values {
    /// Each of them.
    Kept(Vec<Vec<i64>>),
    /// Between what they lie, and how many where the quartiles may be.
    Bounds(Vec<Bounds>, Option<Counts>),
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

/// Whether there are so few values that each is kept.
fn are_kept(edition: &Edition, authorities: usize) -> bool {
    edition.cells().len().saturating_mul(authorities) <= KEPT_VALUES_MAX
}

/// Of how many authorities the values are kept to guess from, where not each is kept.
pub(crate) fn sample_size(edition: &Edition, authorities: usize) -> Option<usize> {
    if are_kept(edition, authorities) {
        return None;
    }
    let room = KEPT_VALUES_MAX.checked_div(edition.cells().len())?;
    Some(room.min(SAMPLE)).filter(|size| *size >= SAMPLE_MIN)
}

impl Values {
    /// No values yet, of so many authorities.
    pub(crate) fn new(edition: &Edition, authorities: usize, guess: Option<&Arc<Search>>) -> Self {
        let cells = edition.cells().len();
        if are_kept(edition, authorities) {
            // Room for all at once: lists that grow leave twice as much behind.
            let rooms = std::iter::repeat_with(|| Vec::with_capacity(authorities));
            Self::Kept(rooms.take(cells).collect())
        } else {
            Self::Bounds(vec![Bounds::default(); cells], guess.map(Counts::new))
        }
    }

    /// Takes the robust values of an authority in. `None` when there are too many of them.
    pub(crate) fn take(&mut self, edition: &Edition, own: &Contribution<'_>) -> Option<()> {
        match self {
            Self::Kept(cells) => {
                for (cell, value) in robust_values(edition, own) {
                    cells.get_mut(cell)?.push(value);
                }
            }
            Self::Bounds(cells, counts) => {
                for (cell, value) in robust_values(edition, own) {
                    cells.get_mut(cell)?.take(Bounds::of(value))?;
                }
                if let Some(counts) = counts {
                    counts.take(edition, own)?;
                }
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
            (Self::Bounds(own, counts), Self::Bounds(others, counts_of_others)) => {
                for (own, others) in own.iter_mut().zip(others) {
                    own.take(others)?;
                }
                if let Some((own, others)) = counts.as_mut().zip(counts_of_others.as_ref()) {
                    own.merge(others)?;
                }
            }
            (Self::Kept(_), Self::Bounds(..)) | (Self::Bounds(..), Self::Kept(_)) => return None,
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
            Self::Bounds(bounds, counts) => {
                let search = Search::new(bounds);
                Err(match counts {
                    Some(counts) => search.begun(&counts),
                    None => search,
                })
            }
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

    /// The range between the values beside which the quartile of a sample lies.
    fn guessed(sorted: &[i64], quarters: usize) -> Self {
        let count = sorted.len();
        // The variance of the rank of a quartile is at most a quarter of the number.
        let off = count.isqrt().saturating_mul(DEVIATIONS).div_ceil(2);
        let place = rank_of(count, quarters).unwrap_or(0).saturating_sub(1);
        let last = count.saturating_sub(1);
        let value = |place: usize| sorted.get(place).copied().unwrap_or(0);
        Self {
            low: value(place.saturating_sub(off)),
            high: value(place.saturating_add(off).min(last)),
            rank: 0,
        }
    }

    /// How far a distance within the range is shifted to be the number of its part.
    fn shift(&self, part_bits: u32) -> u32 {
        let range = self.high.abs_diff(self.low);
        let bits = u64::BITS.saturating_sub(range.leading_zeros());
        bits.saturating_sub(part_bits)
    }

    fn range(&self, part_bits: u32) -> Range {
        Range {
            low: self.low,
            width: self.high.abs_diff(self.low),
            shift: self.shift(part_bits),
        }
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

    /// Goes into what was guessed, to the side of it that holds the rank, or into the part that does.
    fn begin(&mut self, guess: Self, below: u32, counts: &[u32], part_bits: u32) {
        if self.rank <= below {
            self.high = guess.low.saturating_sub(1);
            return;
        }
        self.rank = self.rank.saturating_sub(below);
        let within = counts
            .iter()
            .fold(0_u32, |sum, count| sum.saturating_add(*count));
        if self.rank > within {
            self.rank = self.rank.saturating_sub(within);
            self.low = guess.high.saturating_add(1);
            return;
        }
        (self.low, self.high) = (guess.low, guess.high);
        self.narrow(counts, part_bits);
    }
}

/// A range as values are held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    low: i64,
    width: u64,
    shift: u32,
}

impl Range {
    /// The number of the part that a value is in.
    fn part(&self, value: i64) -> Option<usize> {
        // Below the range it comes to more than any width, for both are numbers of 64 bits.
        let distance = value.wrapping_sub(self.low).cast_unsigned();
        if distance > self.width {
            return None;
        }
        usize::try_from(distance.checked_shr(self.shift)?).ok()
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
            part_bits: parts.checked_ilog2().unwrap_or(0).clamp(1, PART_BITS_MAX),
        }
    }

    /// A guess from the values of some authorities: ranges without ranks.
    pub(crate) fn guess(sample: Values) -> Option<Self> {
        let Values::Kept(cells) = sample else {
            return None;
        };
        let mut guess = Self::new(vec![Bounds::default(); cells.len()]);
        for (targets, mut values) in guess.targets.iter_mut().zip(cells) {
            values.sort_unstable();
            *targets = QUARTILES.map(|quarters| Target::guessed(&values, quarters));
        }
        Some(guess)
    }

    /// The search after the pass that counted in what was guessed.
    fn begun(mut self, counts: &Counts) -> Self {
        let guess = &counts.search;
        let parts = counts.within.chunks(guess.ranges()).zip(&counts.below);
        let targets = self.targets.iter_mut().flatten();
        let targets = targets.zip(guess.targets.iter().flatten());
        for ((target, guessed), (counts, below)) in targets.zip(parts) {
            if !target.is_found() {
                target.begin(*guessed, *below, counts, guess.part_bits);
            }
        }
        self
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
        let parts = counts.within.chunks(self.ranges());
        let targets = next.targets.iter_mut().flatten();
        for (target, counts) in targets.zip(parts) {
            if !target.is_found() {
                target.narrow(counts, self.part_bits);
            }
        }
        next
    }
}

/// One pass of a search: how many values lie below each range, and in each part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    search: Arc<Search>,
    ranges: Vec<Range>,
    below: Vec<u32>,
    within: Vec<u32>,
}

impl Counts {
    /// No values yet.
    pub(crate) fn new(search: &Arc<Search>) -> Self {
        let targets = search.targets.iter().flatten();
        let ranges: Vec<Range> = targets
            .map(|target| target.range(search.part_bits))
            .collect();
        Self {
            search: Arc::clone(search),
            below: vec![0; ranges.len()],
            within: vec![0; ranges.len().saturating_mul(search.ranges())],
            ranges,
        }
    }

    /// Takes the robust values of an authority in.
    pub(crate) fn take(&mut self, edition: &Edition, own: &Contribution<'_>) -> Option<()> {
        let parts = self.search.ranges();
        for (cell, value) in robust_values(edition, own) {
            self.take_value(cell, value, parts)?;
        }
        Some(())
    }

    fn take_value(&mut self, cell: usize, value: i64, parts: usize) -> Option<()> {
        let first = cell.checked_mul(QUARTILES.len())?;
        let end = first.checked_add(QUARTILES.len())?;
        let ranges = self.ranges.get(first..end)?;
        let belows = self.below.get_mut(first..end)?;
        for ((range, below), number) in ranges.iter().zip(belows).zip(first..) {
            *below = below.checked_add(u32::from(value < range.low))?;
            if let Some(part) = range.part(value) {
                let at = number.checked_mul(parts)?.checked_add(part)?;
                let count = self.within.get_mut(at)?;
                *count = count.checked_add(1)?;
            }
        }
        Some(())
    }

    /// Takes one value in.
    #[cfg(test)]
    pub(super) fn take_one(&mut self, cell: usize, value: i64) -> Option<()> {
        self.take_value(cell, value, self.search.ranges())
    }

    /// Takes the values of other authorities in.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        let lists = [
            (&mut self.below, &other.below),
            (&mut self.within, &other.within),
        ];
        for (own, others) in lists {
            for (own, other) in own.iter_mut().zip(others) {
                *own = own.checked_add(*other)?;
            }
        }
        Some(())
    }
}
