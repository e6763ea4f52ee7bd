//! The one place that knows how Mesur speaks gRPC.
//!
//! Every service takes from here what is the same for all of them: how an error becomes a status
//! ([`status`]), how a server is run and drained ([`server`], [`shutdown`]), how another service is
//! reached and followed ([`channel`], [`follow`]), how both know each other ([`tls`]), how a long answer is
//! streamed ([`stream`]), who did what ([`audit`]), what one replica alone does ([`duty`]), what an operator
//! asks of every service ([`operations`]), and the small rules of the interface: pages
//! ([`page`]), idempotency ([`request_id`]), optimistic concurrency ([`etag`]) and time ([`clock`]).
//!
//! It knows no resource, no store and no collection; it sets up no logging, reads no configuration.
//! Who may do what is decided in `mesur-access`; [`access`] carries it.

pub mod access;
pub mod audit;
pub mod chain;
pub mod channel;
pub mod clock;
pub mod compaction;
pub mod duty;
pub mod etag;
pub mod events;
pub mod follow;
pub mod idempotency;
pub mod operations;
pub mod page;
pub mod request_id;
pub mod server;
pub mod shutdown;
pub mod status;
pub mod stream;
pub mod tls;

pub use clock::Clock;
pub use status::{Kind, Reason, Violation, to_status};
