//! Who calls, and what they may do: roles, and the one table of permissions.
//!
//! A call is let in when [`table`] has a row for its method and one of the caller's roles stands in
//! it; everything else is denied. A row says for each role whose data it reaches: the role's own
//! authority, authorities that delegated sending to the caller, or all. The method then asks its
//! [`Grant`] about the authority that the request names, before it looks anything up, so that a
//! refusal never tells whether something exists. The row says the states of a return or a release, too,
//! in which the method does anything, and the method asks its grant again when it knows the state.
//!
//! Who calls is said by a [`token`] of the provider, checked by a [`Verifier`].
//!
//! Deliberately not here: what state something is in and why a move is refused (the services' life
//! cycles say that), and how a request comes in (`mesur-rpc` does that).

mod caller;
pub mod dev;
mod grant;
pub mod keys;
pub mod private;
mod signature;
mod state;
pub mod table;
pub mod token;
mod verifier;
pub mod watched;

pub use caller::{Caller, Role, RoleError};
pub use grant::{Access, Denied, Grant, Scope};
pub use state::{ReleaseState, ReturnState, Rule, Rules, States};
pub use verifier::{FileError, KeySource, Renewal, Verifier};
