//! Disclosure control: what of a release must be hidden, and what a reader can work out all the same.
//!
//! [`protect`] hides small values as their metric's policy says, and as few others as it finds so
//! that nothing hidden can be worked out: within a table, over linked tables, over the revisions of
//! a release. [`audit`] says for every hidden value the tightest interval that a reader can
//! derive, and starts from what is published, not from what [`protect`] did. Both are
//! deterministic.
//!
//! The promise: an interval is never said to be wider than it is. Both of its ends are proved by
//! an assignment of whole numbers to all values that fits everything published, checked without
//! floats. It may be said to be narrower than it is where a search was cut short; then a release
//! may be refused that could be published, and never the other way round.
//!
//! Where to look: `treatment` is what a policy does to one value, `knowledge` what a reader knows
//! as a system of values and relations, `interval` the search for an interval's ends by `repair` and
//! by `solver`, `suppress` the choice of what else to hide.
//!
//! Deliberately not here: what a release looks like, other collections and what anybody knows from
//! elsewhere, and attacks on the choice of what was hidden.

mod audit;
mod interval;
mod knowledge;
mod protect;
mod relations;
mod repair;
mod revision;
mod solver;
mod suppress;
mod system;
mod treatment;

pub use audit::{Audit, Derived, audit};
pub use protect::protect;
pub use revision::{Area, Collected, Column, Revision};
pub use treatment::{Scaled, Treatment};
