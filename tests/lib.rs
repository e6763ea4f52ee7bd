//! Tests of all services together; see `it/` and `clients/`. Their data is in `data/`.
