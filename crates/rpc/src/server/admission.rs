//! Which connections are let in, and how long each may keep the server waiting.

use std::net::IpAddr;
use std::sync::Arc;

use super::Limits;
use super::patience::{Patience, Times};
use super::places::{Place, Places};
use crate::tls::Peer;

/// What the connections of one listener may have.
#[derive(Clone)]
pub(super) struct Admission {
    places: Arc<Places>,
    times: Times,
}

impl Admission {
    pub(super) fn within(limits: &Limits) -> Self {
        Self {
            places: Places::new(
                limits.connections_max,
                limits.connections_per_address_max,
                limits.limit_loopback,
            ),
            times: Times {
                first_bytes: limits.first_bytes_timeout,
                send: limits.send_timeout,
                // tonic asks for another connection at that age. It would cut instead of asking where
                // it is told to cut as well, so that is done here.
                life: limits
                    .connection_age_max
                    .saturating_add(limits.connection_age_grace),
            },
        }
    }

    /// A place for a connection; none when it is to be closed at once.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Place> {
        self.places.enter(address)
    }

    /// What a connection that begins now may do.
    pub(super) fn patience(&self, peer: &Peer) -> Patience {
        Patience::new(self.times, peer.given())
    }
}
