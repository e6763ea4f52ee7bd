//! What is asked of the organisation's provider of identities, over HTTP: where it answers
//! ([`Provider`]), the keys that tokens are checked with ([`ProviderKeys`]), and a token for somebody
//! at a terminal ([`device`]).
//!
//! Nothing that a provider answers is trusted beyond what it must be: answers are bounded in bytes
//! and in time, redirects are not followed, and an address is `https`, or `http` on this machine.
//!
//! Deliberately not here: checking tokens (`mesur-access` does that, and asks nobody), and proxies.

pub mod device;
mod discovery;
mod http;
mod keys;

pub use discovery::Provider;
pub use http::{ANSWER_BYTES_MAX, ASK_TIMEOUT, Client, Error, Roots, Url};
pub use keys::{KeysAt, Pace, ProviderKeys};
