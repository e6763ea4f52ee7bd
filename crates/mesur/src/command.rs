//! The subcommands.

pub(crate) mod access;
pub(crate) mod catalogue;
pub(crate) mod data_return;
pub(crate) mod delegation;
pub(crate) mod demo;
pub(crate) mod findings;
pub(crate) mod form;
pub(crate) mod query;
pub(crate) mod rehearse;
pub(crate) mod robust;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod up;
