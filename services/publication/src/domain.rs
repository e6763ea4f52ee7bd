//! Compiling a release: pure functions from an edition and a snapshot's totals to the facts that
//! are published, in the order in which they are told.
//!
//! A compiled release is the same in every language: figures with their bases, gaps and footnotes,
//! coverage, tables. Nothing of a metric that is withheld gets in, but for its code in the list of
//! what is not published and the printed list of definitional changes, which has no figures. A
//! statement that rests on a withheld metric is left out whole and named. The same edition and
//! totals give the same release.
//!
//! Deliberately not here: words (`crate::render`), storage, a clock, any adding up.

mod calendar;
mod compile;
mod data;
mod date;
mod figure;
mod footnotes;
mod history;
mod languages;
mod life_cycle;
mod previous;
mod protect;
mod quality;
mod revise;
mod sources;
mod spread;
mod standing;
mod statements;
mod tables;
mod totals;
mod wordings;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarError};
pub(crate) use compile::{Compiled, Error, SnapshotIdentity, compile};
pub(crate) use data::rows_of;
pub use data::{DataRow, data_rows};
pub(crate) use date::{Date, local};
pub(crate) use figure::{FigureFact, Note, PartPeriod, Share};
pub(crate) use footnotes::Footnote;
pub(crate) use history::{Earlier, EarlierValue, Point, breaks, series};
pub(crate) use languages::{Held, LanguageReport};
pub(crate) use life_cycle::{IllegalMove, State, go};
pub(crate) use previous::{Previous, YearChange};
pub(crate) use protect::{Disclosed, audit, is_controlled};
pub(crate) use quality::{PopulationCount, PopulationName, Quality};
pub(crate) use revise::{
    Change, FigureChange, ShownColumn, ShownFigure, ShownMetric, ShownTables, UpdateNote, marks_of,
};
pub(crate) use sources::SourceReturn;
pub(crate) use spread::Spread;
pub(crate) use statements::{Section, Statement, area_name, statement_args};
pub(crate) use tables::{Column, Shown, Table};
pub(crate) use totals::NationalCell;
pub use totals::TotalsError;
pub(crate) use wordings::Wordings;
