//! Authorities in the order of a percentage.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use mesur_catalogue::{AuthorityCode, Edition, Expression, Figure, FigureKind, Overflow};

use super::Step;
use super::part_period::{PartPeriod, PartPeriods, part_period_of};
use super::share::{Share, own_share};
use super::totals::Contribution;

/// An authority among the others: by its unrounded share, equal shares by the codes.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Its own share, with a base above zero.
    pub(crate) share: Share,
    code: AuthorityCode,
    /// Its place in the edition.
    pub(crate) authority: usize,
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_code = || self.code.cmp(&other.code);
        self.share.compare(&other.share).then_with(by_code)
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Standing {}

/// The authorities in the order of a percent figure, as they come and go.
///
/// Those are ranked that provided both sides with robust values. One whose base is zero has no
/// percentage: it is not ranked, and is not missing either.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RankTally {
    /// Lowest first, each with what part of the period its values cover.
    pub(crate) order: BTreeMap<Standing, Option<PartPeriod>>,
    /// Authorities that provided both sides, with or without a base.
    pub(crate) provided: u32,
    /// The part-period values of those that are ranked.
    pub(crate) part_periods: PartPeriods,
}

impl RankTally {
    /// Adds an authority, or takes it out; answers its share if it is ranked.
    pub(crate) fn step(
        &mut self,
        step: Step,
        edition: &Edition,
        sides: (&Expression, &Expression),
        own: &Contribution<'_>,
    ) -> Result<Option<Share>, Overflow> {
        let Some(share) = robust_share(edition, sides, own)? else {
            return Ok(None);
        };
        self.provided = step.count(self.provided).ok_or(Overflow)?;
        if share.denominator <= 0 {
            return Ok(None);
        }
        let standing = Standing {
            share,
            code: own.data_return.authority.clone(),
            authority: own.place,
        };
        let part = part_period_of(edition, own.data_return, &[sides.0, sides.1]);
        self.part_periods
            .step(step, part.as_ref())
            .ok_or(Overflow)?;
        match step {
            Step::Add => self.order.insert(standing, part),
            Step::Remove => self.order.remove(&standing),
        };
        Ok(Some(share))
    }

    /// Adds other authorities.
    pub(crate) fn merge(&mut self, other: Self) -> Option<()> {
        self.order.extend(other.order);
        self.provided = self.provided.checked_add(other.provided)?;
        self.part_periods.merge(&other.part_periods)
    }
}

/// The share of an authority that provided both sides with robust values.
pub(crate) fn robust_share(
    edition: &Edition,
    sides: (&Expression, &Expression),
    own: &Contribution<'_>,
) -> Result<Option<Share>, Overflow> {
    let mut cells = sides.0.cells().chain(sides.1.cells());
    if !cells.all(|cell| own.is_robust(edition, cell)) {
        return Ok(None);
    }
    own_share(edition, own.data_return, sides)
}

/// An authority's own share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RankedShare {
    /// The authority's place in the edition.
    pub(crate) authority: usize,
    /// Its place in the ranking, from 1; equal shares have equal ones.
    pub(crate) rank: u32,
    /// Its share, before rounding.
    pub(crate) share: Share,
}

/// Gives each authority its rank.
pub(crate) fn ranks(tally: &RankTally) -> Vec<RankedShare> {
    let mut ranked: Vec<RankedShare> = Vec::new();
    for (standing, place) in tally.order.keys().zip(1..) {
        let before = ranked.last();
        let is_equal =
            |before: &&RankedShare| before.share.compare(&standing.share) == Ordering::Equal;
        let equal = before.filter(is_equal);
        ranked.push(RankedShare {
            authority: standing.authority,
            rank: equal.map_or(place, |before| before.rank),
            share: standing.share,
        });
    }
    ranked
}

/// Both sides of a percent figure; `None` when the edition has no such percentage.
pub(crate) fn percent_sides<'a>(
    edition: &'a Edition,
    figure: &str,
) -> Option<(&'a Expression, &'a Expression)> {
    sides(edition.figure(figure)?)
}

/// Both sides of a figure that is a percentage.
pub(crate) fn sides(figure: &Figure) -> Option<(&Expression, &Expression)> {
    match &figure.kind {
        FigureKind::Percent {
            numerator,
            denominator,
        } => Some((numerator, denominator)),
        FigureKind::Count { .. }
        | FigureKind::Rate { .. }
        | FigureKind::Change { .. }
        | FigureKind::AuthorityPercent { .. }
        | FigureKind::AuthorityCount { .. }
        | FigureKind::Outside(_) => None,
    }
}
