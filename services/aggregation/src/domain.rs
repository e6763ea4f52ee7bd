//! Adding up: pure functions from an edition and its signed-off returns to national figures.
//!
//! Nothing is imputed and nothing is scaled up: a total is the sum over the authorities that
//! provided a value, and says how many they are. Exact integers, checked; a percentage is worked
//! out from unrounded sums over the authorities that provided every value in it, and rounded
//! once. The same edition and the same returns give the same totals, whatever the order in which
//! the returns arrived.

mod change;
mod decision;
mod definitions;
#[cfg(test)]
mod earlier_tests;
mod figure;
mod part_period;
mod rank;
mod rate;
mod search;
mod share;
mod snapshot;
mod spread;
mod standing;
mod step;
mod tally;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use change::Lineage;
pub(crate) use decision::{Decision, DecisionReason, Decisions, Mark, Ruling};
pub(crate) use definitions::Definitions;
pub(crate) use figure::{FigureValue, figure_values};
pub(crate) use part_period::PartPeriod;
pub(crate) use rank::{RankTally, RankedShare, percent_sides, ranks, robust_share};
pub(crate) use rate::Rate;
pub(crate) use search::{Counts, Search, Values};
pub(crate) use share::Share;
pub(crate) use snapshot::{ContentDigest, Input, Inputs, SignedReturn, Snapshot, inputs_digest};
pub(crate) use spread::Spread;
pub(crate) use standing::{MetricStanding, standings};
pub(crate) use step::Step;
pub(crate) use tally::Tally;
pub(crate) use totals::{CellTallies, CellTotal, Contribution, NotRobust, expected, is_robust};

/// A total that cannot be stated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The sum does not fit 64 bits.
    #[error("the total of {item} is too large")]
    TotalTooLarge {
        /// The cell or the figure.
        item: String,
    },
}
