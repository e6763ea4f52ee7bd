//! The metric catalogue: what is asked for, by whom, in which year, and how it is checked and told.
//!
//! An [`Edition`] is the catalogue of one collection for one period. It is data, a folder of
//! tables that people keep in a spreadsheet; nothing about a metric is in code. Loading checks
//! everything and reports every [`Fault`] with file, row and column. A loaded edition is
//! immutable, identified by a content digest, and compiled into a dense cell index: each metric
//! and category is a [`CellId`], so that a return is an array and a rule is arithmetic over
//! numbers.
//!
//! Where to look: [`Catalogue`] finds editions, `load` reads a folder, `expression` and `rule`
//! compile the arithmetic, `compare` says what changed between two editions.
//!
//! Deliberately not here: values, services, storage, a clock, any network.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm
)]

mod authority;
mod catalogue;
mod cell_index;
mod change;
mod compare;
mod digest;
mod disclosure;
mod edition;
mod expression;
mod fault;
mod figure;
mod folder;
mod ids;
mod load;
mod metric;
mod population;
mod program;
mod release;
mod rule;
mod series;
mod settings;
mod table;
mod texts;

pub use authority::Authority;
pub use catalogue::{Catalogue, Error};
pub use cell_index::{Cell, CellIndex};
pub use change::{Comparable, DefinitionalChange};
pub use compare::{ComparedItem, Comparison, Difference, FieldChange, PrintedChange};
pub use digest::ContentHash;
pub use disclosure::{Disclosure, DisclosurePolicy, SmallValues};
pub use edition::Edition;
pub use expression::{Expression, Operand, Overflow, Term};
pub use fault::{Fault, Faults};
pub use figure::{Figure, FigureKind, OutsideFigure, Rank, Reason};
pub use ids::{
    AuthorityCode, CategoryCode, CellId, CellRef, CollectionId, EditionName, IdError, MetricCode,
    Period,
};
pub use metric::{Category, CategoryWords, Metric};
pub use program::{Compared, Program, SCALE, Source, Step, Sum, Weighted, Work};
pub use release::{FootnoteStyle, Group, PopulationGroup, ReleasePlan, Section};
pub use rule::{Comparator, Rule, RuleKind, RuleText, Severity, Stage, Test, Tolerance};
pub use series::Series;
pub use settings::Settings;
pub use texts::{TEXT_BYTES_MAX, Text, TextError};
