//! The subcommands.

pub(crate) mod catalogue;
pub(crate) mod data_return;
pub(crate) mod demo;
pub(crate) mod rehearse;
pub(crate) mod up;
