//! Authorities in the order of a percentage.

use std::cmp::Ordering;

use mesur_catalogue::{Edition, FigureKind};

use super::figure::{Share, side};
use super::totals::Returns;

/// An authority's own share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RankedShare {
    /// The authority's place in the edition.
    pub(crate) authority: usize,
    /// Its share, before rounding.
    pub(crate) share: Share,
}

/// The authorities that provided both sides of a percent figure and have a base, lowest first by
/// the unrounded share; equal shares stay in the order of the edition's authorities. `None` when
/// a sum does not fit.
pub(crate) fn rank_authorities(
    edition: &Edition,
    returns: &Returns<'_>,
    figure: &str,
) -> Option<Vec<RankedShare>> {
    let kind = edition.figure(figure).map(|figure| &figure.kind);
    let Some(FigureKind::Percent { numerator, denominator }) = kind else {
        return Some(Vec::new());
    };
    let mut ranked = Vec::new();
    for (authority, data_return) in returns.by_authority().enumerate() {
        let Some(data_return) = data_return else { continue };
        let part = side(edition, data_return, numerator)?;
        let base = side(edition, data_return, denominator)?;
        if let (Some(numerator), Some(denominator @ 1..)) = (part, base) {
            let share = Share { numerator, denominator, authorities: 1 };
            ranked.push(RankedShare { authority, share });
        }
    }
    ranked.sort_by(|one, other| compare_shares(&one.share, &other.share));
    Some(ranked)
}

/// Compares a/b with c/d as a·d with c·b: exact for sides below 2^63, far above any count of
/// people; beyond that it saturates rather than fails.
pub(crate) fn compare_shares(one: &Share, other: &Share) -> Ordering {
    let left = one.numerator.saturating_mul(other.denominator);
    let right = other.numerator.saturating_mul(one.denominator);
    left.cmp(&right)
}
