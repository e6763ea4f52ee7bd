//! mesur-publication
#![cfg_attr(
    not(test),
    expect(dead_code, reason = "the service that compiles and renders is not wired in yet")
)]

mod domain;
mod render;

pub use domain::{DataRow, TotalsError, data_rows};
pub use render::write_data_csv;
