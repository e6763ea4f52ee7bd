//! Tests of all services together; see `it/` and `clients/`. Their data is in `data/`.
//!
//! The library is what other tests, and the benchmarks, share with them.

pub mod ports;
