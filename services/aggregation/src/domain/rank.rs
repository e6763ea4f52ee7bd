//! Authorities in the order of a percentage.

use std::cmp::Ordering;

use mesur_catalogue::{Edition, Expression, FigureKind, Overflow};

use super::share::{Share, own_shares};
use super::totals::Returns;

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

/// The authorities of an edition by their own shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranking {
    /// Lowest first by the unrounded share; equal shares in the order of the codes.
    pub(crate) ranked: Vec<RankedShare>,
    /// The places of the authorities that lack a value of the figure, or one of whose values is not
    /// robust, in the edition's order.
    pub(crate) missing: Vec<usize>,
}

/// Both sides of a percent figure; `None` when the edition has no such percentage.
pub(crate) fn percent_sides<'a>(
    edition: &'a Edition,
    figure: &str,
) -> Option<(&'a Expression, &'a Expression)> {
    match &edition.figure(figure)?.kind {
        FigureKind::Percent {
            numerator,
            denominator,
        } => Some((numerator, denominator)),
        FigureKind::Count { .. }
        | FigureKind::AuthorityPercent { .. }
        | FigureKind::AuthorityCount { .. }
        | FigureKind::Outside(_) => None,
    }
}

/// Ranks the authorities that provided both sides with robust values. One whose base is zero has
/// no percentage: it is neither ranked nor missing.
pub(crate) fn rank_authorities(
    returns: &Returns<'_>,
    (numerator, denominator): (&Expression, &Expression),
) -> Result<Ranking, Overflow> {
    let authorities = returns.edition().authorities();
    let code = |place: usize| authorities.get(place).map(|authority| &authority.code);
    let mut shares = own_shares(returns, numerator, denominator)?;
    shares.retain(|(authority, _)| {
        let mut cells = numerator.cells().chain(denominator.cells());
        cells.all(|cell| returns.is_robust(*authority, cell))
    });
    let provided = |place: &usize| shares.iter().any(|(authority, _)| authority == place);
    let missing = (0..authorities.len()).filter(|place| !provided(place));
    let missing = missing.collect();
    shares.retain(|(_, share)| share.denominator > 0);
    shares.sort_by(|(one, left), (two, right)| {
        let by_code = || code(*one).cmp(&code(*two));
        left.compare(right).then_with(by_code)
    });
    let mut ranked: Vec<RankedShare> = Vec::new();
    for ((authority, share), place) in shares.into_iter().zip(1..) {
        let before = ranked.last();
        let equal = before.filter(|before| before.share.compare(&share) == Ordering::Equal);
        ranked.push(RankedShare {
            authority,
            rank: equal.map_or(place, |before| before.rank),
            share,
        });
    }
    Ok(Ranking { ranked, missing })
}
