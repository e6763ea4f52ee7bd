//! Exact figures: what a number in an official statistic may be, and how it is rounded and printed.
//!
//! A figure is an `i64` scaled by its metric's decimals (`1234` with one decimal is 123.4). It is
//! parsed from plain digits, added up with checked arithmetic, and rounded once, at the end.
//! No figure ever passes through a float.
//!
//! Deliberately not here: what a metric is (`mesur-catalogue`), words around a figure
//! (`mesur-wording`), any I/O.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm
)]

mod percent;
mod quantity;
mod shorthand;

pub use percent::{Percent, Rounding, coverage_percent, percent};
pub use quantity::{DECIMALS_MAX, QuantityError, format_quantity, parse_quantity, rescale};
pub use shorthand::{Marks, Shorthand};
