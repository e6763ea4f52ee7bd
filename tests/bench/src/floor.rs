//! What stands beside Mesur: the least that the libraries and the disk allow.

pub(crate) mod append;
pub(crate) mod echo;
#[cfg(feature = "etcd")]
pub(crate) mod etcd;
pub(crate) mod nginx;
pub(crate) mod web;
