//! Figures and rankings as messages.

use mesur_catalogue::{Edition, Figure, FigureKind};
use mesur_proto::aggregation::v1 as pb;

use super::count;
use crate::domain::{Error, FigureValue, PartPeriod, RankedShare, Share};

/// A figure with all that it says.
pub(super) fn figure_message(
    edition: &Edition,
    figure: &Figure,
    value: &FigureValue,
) -> Result<pb::Figure, Error> {
    let share = |share: &Option<Share>| {
        let share = share.as_ref();
        let message = share.map(|share| share_message(edition, &figure.id, share));
        message.transpose()
    };
    let authority = value.authority.map(|place| code_of(edition, place));
    Ok(pb::Figure {
        id: figure.id.clone(),
        kind: kind_text(&figure.kind).to_owned(),
        value: value.value,
        decimals: value.decimals.into(),
        nearly_100: value.nearly_100,
        matched: share(&value.matched)?,
        plain: share(&value.plain)?,
        expected_count: count(crate::domain::expected(edition)),
        not_provided_count: count(value.not_provided),
        part_periods: value.part_periods.0.iter().map(part_period).collect(),
        authority: authority.unwrap_or_default(),
        metrics: value.metrics.iter().map(ToString::to_string).collect(),
    })
}

fn kind_text(kind: &FigureKind) -> &'static str {
    match kind {
        FigureKind::Count { .. } => "count",
        FigureKind::Percent { .. } => "percent",
        FigureKind::Rate { .. } => "rate",
        FigureKind::Change { .. } => "change",
        FigureKind::AuthorityPercent { .. } => "authority_percent",
        FigureKind::AuthorityCount { .. } => "authority_count",
        FigureKind::Outside(_) => "outside",
    }
}

/// An authority in its place; `figure` is what the share is of.
pub(crate) fn ranked_message(
    edition: &Edition,
    figure: &str,
    ranked: &RankedShare,
) -> Result<pb::RankedAuthority, Error> {
    let percent = ranked.share.percent(edition);
    Ok(pb::RankedAuthority {
        authority: code_of(edition, ranked.authority),
        rank: count(ranked.rank),
        share: Some(share_message(edition, figure, &ranked.share)?),
        nearly_100: percent.is_some_and(|percent| percent.nearly_100),
    })
}

/// The code of the authority in a place; empty for a place that the edition does not have.
pub(crate) fn code_of(edition: &Edition, place: usize) -> String {
    let authority = edition.authorities().get(place);
    authority
        .map(|authority| authority.code.to_string())
        .unwrap_or_default()
}

fn share_message(edition: &Edition, figure: &str, share: &Share) -> Result<pb::Share, Error> {
    let fit = |side: i128| {
        i64::try_from(side).map_err(|_| Error::TotalTooLarge {
            item: figure.to_owned(),
        })
    };
    Ok(pb::Share {
        numerator: fit(share.numerator)?,
        denominator: fit(share.denominator)?,
        value: share.percent(edition).map(|percent| percent.units),
        authority_count: count(share.authorities),
    })
}

fn part_period((part, authorities): (&PartPeriod, &u32)) -> pb::PartPeriod {
    pb::PartPeriod {
        end_date: part.end.map(|end| end.to_string()).unwrap_or_default(),
        reason: part.reason.clone().unwrap_or_default(),
        authority_count: count(*authorities),
    }
}
