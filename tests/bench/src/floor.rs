//! What stands beside Mesur: the least that the libraries and the disk allow.

pub(crate) mod append;
pub(crate) mod echo;
pub(crate) mod nginx;
pub(crate) mod web;
