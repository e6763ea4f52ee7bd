//! What the back end for more than one machine does beyond what every store does: against a real
//! cluster.

pub(crate) mod cluster;
mod faults;
mod leases;
mod network;
mod replicas;
mod tls;
