//! The words of a release and of the checks, in English and Welsh.
//!
//! Everything Mesur says to a reader or a supplier is a Fluent message: the house wording, shared by
//! every edition and embedded here, and the wording of one edition, which is data of the catalogue
//! and may replace a house message. Code passes values and never builds a sentence, so a year's
//! changed statement, or the Welsh for it, is a change of data.
//!
//! Promises:
//! - A text comes out whole or not at all. A missing message or variable is an [`Error`] that names
//!   it; the reader never sees `{$variable}`.
//! - No float touches a printed figure. Numbers given to Fluent choose a plural form and nothing
//!   else: printing one is an error. What is printed goes in as text.
//! - A figure of a statement comes out as a [`Span::Figure`] that names it, so that the printed value,
//!   its footnote mark and the way back to its source are put in by the caller.
//! - English and Welsh are formatted apart, and neither falls back to the other.
//!
//! It does not round, format percentages, number footnotes or choose a language, and knows neither
//! the catalogue nor the figures: its input is plain text and whole numbers.

#![deny(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod args;
mod error;
mod language;
mod number;
mod shape;
mod wording;

pub use args::Args;
pub use error::{Error, Fault, Part};
pub use language::Language;
pub use number::thousands;
pub use shape::Variables;
pub use wording::{Span, Wording};
