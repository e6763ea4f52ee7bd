//! Charts as SVG: bars over areas, and a series over periods.
//!
//! A chart says nothing that its table does not: it has a title and a description, and is hidden
//! piece by piece from those who read the table. Lengths across are percentages and heights are pixels, so
//! that it fits any width without its letters shrinking. Colours stand in the style sheet; no two
//! marks are told apart by colour alone.
//!
//! Deliberately not here: words, rounding, what is worth a chart.

mod bars;
mod years;

use mesur_figures::{Rounding, percent};

pub(crate) use bars::{Bar, Bars, Names, Reference, bars, spark};
pub(crate) use years::{YearMark, Years, years};

/// Where a value lies on a scale from zero to `most`, stretched over `span` hundredths of the
/// width: `41.25%`.
fn across(value: i64, most: i64, span: u8) -> String {
    let part = i128::from(value.max(0)).saturating_mul(i128::from(span));
    let whole = i128::from(most.max(1)).saturating_mul(100);
    let place = percent(part, whole, 2, Rounding::HalfUp).map_or(0, |share| share.units);
    hundredths(place.min(10_000))
}

/// Hundredths of a per cent as an SVG length.
fn hundredths(units: i64) -> String {
    format!("{}.{:02}%", units.div_euclid(100), units.rem_euclid(100))
}
