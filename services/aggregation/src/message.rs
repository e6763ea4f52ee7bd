//! Totals as messages: what is national in one, what each authority provided in one of its own.
//!
//! The bytes of the messages are part of the promise: everything in them stands in the order of the
//! edition, and they hold no map, so equal inputs have equal bytes on every machine.

mod authority;
mod figure;
mod metric;

pub(crate) use authority::{authority_message, pieces};
pub(crate) use figure::{code_of, ranked_message};
pub(crate) use metric::marks_to_wire;

use mesur_catalogue::{Cell, CellId, Edition, Series};
use mesur_proto::aggregation::v1 as pb;
use mesur_rpc::clock;
use mesur_wire::EditionResource;
use prost::Message as _;

use crate::domain::{
    CellTotal, Decisions, Definitions, Error, Input, Inputs, Rate, Spread, Tally, expected,
    figure_values,
};

/// All that the national totals of an edition are told from.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) definitions: &'a Definitions<'a>,
    pub(crate) inputs: &'a Inputs,
    pub(crate) decisions: &'a Decisions,
    pub(crate) tally: &'a Tally,
    /// How the values of every cell lie.
    pub(crate) spreads: &'a [Option<Spread>],
    /// The totals of the edition before; empty where none of its returns is signed off.
    pub(crate) previous: &'a [CellTotal],
}

/// The totals without the values of the authorities.
pub(crate) fn totals_message(known: &Known<'_>) -> Result<pb::Totals, Error> {
    let edition = known.definitions.edition;
    let totals = known.tally.cell_totals(edition)?;
    let figures = figure_values(edition, known.tally, &totals)?;
    let figures = edition.figures().iter().zip(&figures);
    let figures = figures.map(|(figure, value)| figure::figure_message(edition, figure, value));
    let cells = edition.cells().iter().zip(&totals).zip((0..).map(CellId));
    let cells = cells.map(|((cell, total), id)| cell_message(known, (cell, id), total));
    let missing = Inputs::by_place(&known.inputs.returns, edition);
    let missing = missing.into_iter().filter(|(_, input)| input.is_none());
    let previous = known.definitions.previous;
    let previous = previous.filter(|_| !known.inputs.previous.is_empty());
    let name = |edition: &Edition| EditionResource(edition.name().clone()).to_string();
    Ok(pb::Totals {
        edition: name(edition),
        edition_digest: edition.digest().to_owned(),
        returns: known.inputs.returns.iter().map(input_message).collect(),
        missing_authorities: missing.map(|(place, _)| code_of(edition, place)).collect(),
        cells: cells.collect::<Result<_, _>>()?,
        figures: figures.collect::<Result<_, _>>()?,
        authorities: Vec::new(),
        metrics: metric::metric_messages(known, &totals),
        previous_edition: previous.map(name).unwrap_or_default(),
        previous_edition_digest: previous
            .map(|previous| previous.digest().to_owned())
            .unwrap_or_default(),
        previous_returns: known.inputs.previous.iter().map(input_message).collect(),
    })
}

/// What the digest of a snapshot's content says of its totals: all but when the returns were signed off,
/// which is no input of a snapshot. So the same inputs are the same content.
pub(crate) fn untimed(totals: &mut pb::Totals) -> Vec<u8> {
    let inputs = [&mut totals.returns, &mut totals.previous_returns];
    let timed = inputs.map(|inputs| {
        let untimed = inputs.iter().map(|input| pb::ReturnInput {
            sign_off_time: None,
            ..input.clone()
        });
        let untimed = untimed.collect();
        std::mem::replace(inputs, untimed)
    });
    let bytes = totals.encode_to_vec();
    [totals.returns, totals.previous_returns] = timed;
    bytes
}

fn input_message(input: &Input) -> pb::ReturnInput {
    pb::ReturnInput {
        authority: input.authority().to_string(),
        name: input.name.to_string(),
        digest: input.digest.clone(),
        sign_off_time: input.signed_off.map(clock::to_proto),
    }
}

fn cell_message(
    known: &Known<'_>,
    (cell, id): (&Cell, CellId),
    total: &CellTotal,
) -> Result<pb::CellTotal, Error> {
    let edition = known.definitions.edition;
    let expected = expected(edition);
    let spread = known.spreads.get(id.index()).copied().flatten();
    let rate = known.tally.rates().cells.get(id.index());
    let too_large = || Error::TotalTooLarge {
        item: cell.reference.to_string(),
    };
    Ok(pb::CellTotal {
        metric: cell.reference.metric.to_string(),
        category: cell.reference.category_str().to_owned(),
        value: total.value,
        provided_count: count(total.provided),
        part_period_count: count(total.part_period),
        not_provided_count: count(total.not_provided),
        not_applicable_count: count(total.not_applicable),
        expected_count: count(expected),
        coverage_percent: whole(total.coverage(expected)),
        spread: spread.map(spread_message),
        rate: match rate.filter(|rate| rate.authorities > 0) {
            Some(rate) => Some(rate_message(edition, cell, rate).ok_or_else(too_large)?),
            None => None,
        },
        change: change_message(known, (cell, id)).map_err(|()| too_large())?,
    })
}

fn spread_message(spread: Spread) -> pb::Spread {
    pb::Spread {
        minimum: spread.minimum,
        lower_quartile: spread.lower_quartile,
        median: spread.median,
        upper_quartile: spread.upper_quartile,
        maximum: spread.maximum,
        authority_count: count(spread.authorities),
    }
}

/// `None` when it does not fit.
fn rate_message(edition: &Edition, cell: &Cell, rate: &Rate) -> Option<pb::Rate> {
    Some(pb::Rate {
        numerator: rate.numerator.try_into().ok()?,
        population: rate.population.try_into().ok()?,
        value: rate.value(edition, cell.decimals)?,
        authority_count: count(rate.authorities),
    })
}

/// `Ok(None)` where there is nothing to tell a change from, `Err` when it does not fit.
fn change_message(known: &Known<'_>, (_, id): (&Cell, CellId)) -> Result<Option<pb::Change>, ()> {
    let comparison = known.definitions.comparison.as_ref();
    let Some(comparison) = comparison.filter(|_| !known.previous.is_empty()) else {
        return Ok(None);
    };
    let before = match comparison.series(id) {
        Series::New => return Ok(None),
        Series::Broken => {
            return Ok(Some(pb::Change {
                break_in_series: true,
                ..pb::Change::default()
            }));
        }
        Series::Goes(before) => before,
    };
    let matched = known.tally.changes();
    let matched = matched.and_then(|changes| changes.cells.get(id.index()));
    let matched = matched.copied().unwrap_or_default();
    let fit = |sum: i128| i64::try_from(sum).map_err(|_| ());
    let previous = known.previous.get(before.index());
    let previous = match previous.and_then(|total| total.value) {
        Some(value) => Some(fit(comparison.rescaled(id, before, value).ok_or(())?)?),
        None => None,
    };
    Ok(Some(pb::Change {
        break_in_series: false,
        previous_value: previous,
        matched_value: fit(matched.value)?,
        matched_previous_value: fit(matched.previous)?,
        authority_count: count(matched.authorities),
        percent: matched.percent(known.definitions.edition),
    }))
}

/// A count as the wire has it, which knows no unsigned numbers; authorities are few.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A whole percentage.
fn whole(percent: i64) -> i32 {
    i32::try_from(percent).unwrap_or_default()
}
