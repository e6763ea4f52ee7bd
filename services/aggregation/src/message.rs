//! Totals as the message that is served, and stored for a snapshot.
//!
//! The bytes of the message are part of the promise: everything in it stands in the order of the
//! edition, and it holds no map, so equal inputs have equal bytes on every machine.

use mesur_catalogue::{AuthorityCode, Cell, CellId, Edition, Figure, FigureKind};
use mesur_proto::aggregation::v1 as pb;
use mesur_proto::types::v1::observation::Status;
use mesur_returns::{CellsBuilder, DataReturn, Observation, Observed};
use mesur_wire::{EditionResource, status_to_wire};

use crate::domain::{
    CellTotal, Error, FigureValue, NotRobust, PartPeriod, RankedShare, Returns, Share,
    SignedReturn, cell_totals, figure_values,
};

/// The totals of signed-off returns, which stand in the order of the edition's authorities.
pub(crate) fn totals_message(
    edition: &Edition,
    signed: &[SignedReturn],
    not_robust: &NotRobust,
) -> Result<pb::Totals, Error> {
    let returns = Returns::new(edition, signed.iter().map(|signed| &signed.data_return));
    let returns = returns.hiding(not_robust);
    let totals = cell_totals(&returns)?;
    let figures = figure_values(&returns, &totals)?;
    let cells = edition.cells().iter().zip(&totals);
    let figures = edition.figures().iter().zip(&figures);
    let figures = figures.map(|(figure, value)| figure_message(&returns, figure, value));
    let mut message = pb::Totals {
        edition: EditionResource(edition.name().clone()).to_string(),
        edition_digest: edition.digest().to_owned(),
        returns: signed.iter().map(return_input).collect(),
        missing_authorities: Vec::new(),
        cells: cells
            .map(|(cell, total)| cell_message(cell, total, returns.expected()))
            .collect(),
        figures: figures.collect::<Result<_, _>>()?,
        ..pb::Totals::default()
    };
    let by_authority = returns.by_authority().enumerate();
    for (authority, (place, data_return)) in edition.authorities().iter().zip(by_authority) {
        let code = authority.code.to_string();
        if data_return.is_none() {
            message.missing_authorities.push(code.clone());
        }
        message.authorities.push(pb::AuthorityValues {
            authority: code,
            values: authority_values(&returns, place, data_return),
        });
    }
    Ok(message)
}

/// The values of one authority in totals as a return, which has no comments and lacks what is not
/// robust. `None` when the totals are not those of the edition.
pub(crate) fn return_of(
    edition: &Edition,
    authority: &AuthorityCode,
    totals: &pb::Totals,
) -> Option<DataReturn> {
    let own = |values: &&pb::AuthorityValues| values.authority == authority.as_str();
    let values = &totals.authorities.iter().find(own)?.values;
    if values.len() != edition.cells().len() {
        return None;
    }
    let mut cells = CellsBuilder::new(values.len());
    for (value, cell) in values.iter().zip(0..) {
        let observed = match (value.status(), value.value) {
            (Status::Provided, Some(value)) => Observed::Provided(value),
            (Status::PartPeriod, Some(value)) => Observed::PartPeriod { value, end: None },
            (Status::NotApplicable, None) => Observed::NotApplicable,
            (Status::NotProvided, None) => Observed::NotProvided,
            (_, None) if value.not_robust => Observed::NotProvided,
            _ => return None,
        };
        cells.set(CellId(cell), Observation::of(observed));
    }
    DataReturn::new(edition, authority.clone(), cells.finish())
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

fn return_input(signed: &SignedReturn) -> pb::ReturnInput {
    pb::ReturnInput {
        authority: signed.data_return.authority.to_string(),
        name: signed.name.to_string(),
        digest: signed.digest.clone(),
        sign_off_time: None,
    }
}

fn cell_message(cell: &Cell, total: &CellTotal, expected: u32) -> pb::CellTotal {
    pb::CellTotal {
        metric: cell.reference.metric.to_string(),
        category: cell.reference.category_str().to_owned(),
        value: total.value,
        provided_count: count(total.provided),
        part_period_count: count(total.part_period),
        not_provided_count: count(total.not_provided),
        not_applicable_count: count(total.not_applicable),
        expected_count: count(expected),
        coverage_percent: i32::try_from(total.coverage(expected)).unwrap_or_default(),
        ..pb::CellTotal::default()
    }
}

fn figure_message(
    returns: &Returns<'_>,
    figure: &Figure,
    value: &FigureValue,
) -> Result<pb::Figure, Error> {
    let edition = returns.edition();
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
        expected_count: count(returns.expected()),
        not_provided_count: count(value.not_provided),
        part_periods: value.part_periods.iter().map(part_period).collect(),
        authority: authority.unwrap_or_default(),
        metrics: value.metrics.iter().map(ToString::to_string).collect(),
    })
}

fn kind_text(kind: &FigureKind) -> &'static str {
    match kind {
        FigureKind::Count { .. } => "count",
        FigureKind::Percent { .. } => "percent",
        FigureKind::AuthorityPercent { .. } => "authority_percent",
        FigureKind::AuthorityCount { .. } => "authority_count",
        FigureKind::Outside(_) => "outside",
    }
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

/// An authority without a return provided nothing.
fn authority_values(
    returns: &Returns<'_>,
    authority: usize,
    data_return: Option<&DataReturn>,
) -> Vec<pb::AuthorityValue> {
    let cells = (0..).map(CellId).take(returns.edition().cells().len());
    let values = cells.map(|cell| {
        let observed = data_return.and_then(|data_return| data_return.observed(cell));
        let observed = observed.unwrap_or(Observed::NotProvided);
        let robust = observed.value().is_none() || returns.is_robust(authority, cell);
        pb::AuthorityValue {
            value: observed.value().filter(|_| robust),
            status: status_to_wire(observed).into(),
            not_robust: !robust,
        }
    });
    values.collect()
}

/// A count as the wire has it, which knows no unsigned numbers; authorities are few.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
