//! That a supplier's system may send for an authority.

use jiff::Timestamp;
use mesur_catalogue::EditionName;
use mesur_wire::DelegationName;

/// A delegation; it is kept after it was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delegation {
    /// Which, and of which authority.
    pub(crate) name: DelegationName,
    /// For which collection and period.
    pub(crate) edition: EditionName,
    /// The supplier's identity.
    pub(crate) supplier: String,
    /// Who made it.
    pub(crate) identity: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Who took it back, and when.
    pub(crate) revoked: Option<(String, Timestamp)>,
}
