//! Returns: what one authority sends for one collection and period, how it is read, and the one
//! engine that checks it.
//!
//! The command line, the submission service and the validation service all check with this crate,
//! so the same content has the same findings everywhere. A return comes in as loose rows, from a
//! file ([`read_file`]) or from a message; [`assemble`] puts them into one cell state for each
//! cell of the edition, and [`check`] holds the edition's rules against them. [`check_file`] does
//! all of it.
//!
//! Promises: every fault is found in one pass, with its place; findings are data with plain
//! machine values, in a deterministic order; no input makes it panic; arithmetic is exact.
//!
//! Deliberately not here: the words of a finding, storage, a clock, any network. What a finding
//! means for a return's state is its caller's to decide; this crate only tells a content that is
//! no complete return (`Incomplete`) from a complete one that breaks rules.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod assemble;
mod cells;
mod check;
mod data_return;
mod date;
mod file;
mod finding;
mod kind;
mod limits;
mod observation;
mod outcome;
pub mod peers;
mod plain;
mod previous;
mod row;
mod suggest;

pub use assemble::{Assembler, assemble};
pub use cells::{Cells, CellsBuilder, Status};
pub use check::check;
pub use data_return::{DataReturn, Draft, content_digest};
pub use date::Date;
pub use file::{
    FileCheck, FileReading, Outcome, check_file, guarded, read_file, read_file_for_cells,
};
pub use finding::{Finding, RuleSummary, summary_by_rule};
pub use kind::FindingKind;
pub use limits::{
    COMMENT_CHARS_MAX, FILE_BYTES_MAX, REFERENCE_CHARS_MAX, VALUE_CHARS_MAX, file_bytes_max,
    rows_max,
};
pub use observation::{Observation, Observed};
pub use outcome::Assembly;
pub use previous::{Previous, PreviousError, PreviousValue, PreviousValues, PreviousValuesBuilder};
pub use row::{RawObservation, RawValue};
