//! Adding up: pure functions from an edition and its signed-off returns to national figures.
//!
//! Nothing is imputed and nothing is scaled up: a total is the sum over the authorities that
//! provided a value, and says how many they are. Exact integers, checked; a percentage is worked
//! out from unrounded sums over the authorities that provided every value in it, and rounded
//! once. The same edition and the same returns give the same totals, whatever the order in which
//! the returns arrived.

mod figure;
mod rank;
mod share;
#[cfg(test)]
mod tests;
mod totals;

pub(crate) use figure::{FigureValue, PartPeriod, figure_values};
pub(crate) use rank::{RankedShare, percent_sides, rank_authorities};
pub(crate) use share::Share;
pub(crate) use totals::{CellTotal, NotRobust, Returns, cell_totals};

use mesur_catalogue::ContentHash;
use mesur_catalogue::EditionName;
use mesur_returns::DataReturn;
use mesur_wire::{RevisionName, SnapshotName};

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

/// A signed-off return that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedReturn {
    /// Which revision of which return.
    pub(crate) name: RevisionName,
    /// The digest of its content.
    pub(crate) digest: String,
    /// The content.
    pub(crate) data_return: DataReturn,
}

/// A snapshot, apart from its totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its name, which comes from the digest.
    pub(crate) name: SnapshotName,
    /// The digest of its inputs.
    pub(crate) digest: String,
    /// The edition that it adds up.
    pub(crate) edition: EditionName,
    /// When it was made.
    pub(crate) created: jiff::Timestamp,
    /// How often the edition's snapshots had been overtaken when it was made or last stood again.
    pub(crate) overtaken_before: u64,
}

/// The identity of a snapshot: SHA-256 over the edition's digest, every return's authority,
/// revision name and digest, in the order of the authorities' codes, and the values that are not
/// robust.
pub(crate) fn inputs_digest(
    edition_digest: &str,
    returns: &[SignedReturn],
    not_robust: &NotRobust,
) -> String {
    let lines = returns.iter().map(|signed| {
        let authority = &signed.data_return.authority;
        format!("\n{authority} {} {}", signed.name, signed.digest)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    let mut hash = ContentHash::default();
    hash.update(edition_digest);
    for line in lines {
        hash.update(line);
    }
    for (authority, metric) in not_robust {
        hash.update(format!("\nnot robust {authority} {metric}"));
    }
    hash.finish()
}
