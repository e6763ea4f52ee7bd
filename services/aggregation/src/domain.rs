//! Adding up: pure functions from an edition and its signed-off returns to national figures.
//!
//! Nothing is imputed and nothing is scaled up: a total is the sum over the authorities that
//! provided a value, and says how many they are. Exact integers, checked; a percentage is worked
//! out from unrounded sums over the authorities that provided every value in it, and rounded
//! once. The same edition and the same returns give the same totals, whatever the order in which
//! the returns arrived.

mod figure;
mod rank;
mod totals;

pub(crate) use figure::{FigureValue, Share, figure_values};
pub(crate) use rank::{RankedShare, compare_shares, rank_authorities};
pub(crate) use totals::{CellTotal, Returns, cell_totals};

use sha2::{Digest, Sha256};

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

/// The identity of a snapshot: SHA-256 over the edition's digest and every return's authority,
/// revision name and digest, in the order of the authorities' codes.
pub(crate) fn inputs_digest(edition_digest: &str, returns: &[(String, String, String)]) -> String {
    let mut returns: Vec<_> = returns.iter().collect();
    returns.sort();
    let mut hash = Sha256::new();
    hash.update(edition_digest);
    for (authority, name, digest) in returns {
        hash.update(format!("\n{authority} {name} {digest}"));
    }
    let nibble = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    let hex = hash.finalize().into_iter().flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]);
    "sha256:".chars().chain(hex).collect()
}
