//! Room for connections: so many in all, and so many from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::rates::network;

/// How often a log line says that there is no room.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// The places of one listener.
pub(super) struct Places {
    all_max: usize,
    address_max: usize,
    limit_loopback: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: usize,
    /// Only addresses with a connection, so no more than there are connections.
    by_address: HashMap<[u16; 4], usize>,
    refused: u64,
    said: Option<Instant>,
}

/// Held by an open connection.
pub(super) struct Place {
    places: Arc<Places>,
    address: [u16; 4],
}

impl Places {
    /// Room for `all_max` connections, `address_max` of them from one address; those of this machine
    /// count as others where `limit_loopback` says so.
    pub(super) fn new(all_max: usize, address_max: usize, limit_loopback: bool) -> Arc<Self> {
        Arc::new(Self {
            all_max,
            address_max,
            limit_loopback,
            state: Mutex::default(),
        })
    }

    /// A place for a connection from `address`; none when there is no room, and the connection is
    /// to be closed at once.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let is_counted = self.limit_loopback || !address.to_canonical().is_loopback();
        let address = network(address);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let from_address = state.by_address.get(&address).copied().unwrap_or(0);
        if state.all >= self.all_max || (is_counted && from_address >= self.address_max) {
            state.refuse();
            return None;
        }
        state.all = state.all.saturating_add(1);
        state
            .by_address
            .insert(address, from_address.saturating_add(1));
        drop(state);
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }
}

impl State {
    /// Counts, and says so now and then: a line for each would be a flood of its own.
    fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
        let now = Instant::now();
        if self.said.is_none_or(|said| now - said >= SAID_EVERY) {
            self.said = Some(now);
            let refused = std::mem::take(&mut self.refused);
            warn!(refused, open = self.all, "no room for connections");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self
            .places
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.all = state.all.saturating_sub(1);
        if let Some(count) = state.by_address.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_is_room_for_and_a_place_comes_back() {
        let places = Places::new(3, 2, false);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        let first = places.enter(one).unwrap();
        let _second = places.enter(one).unwrap();
        assert!(places.enter(one).is_none(), "two of an address at most");
        let _third = places.enter(other).unwrap();
        assert!(places.enter(other).is_none(), "three in all at most");
        drop(first);
        let again = places.enter(one).unwrap();
        assert!(places.enter(one).is_none());
        drop(again);
        assert_eq!(places.state.lock().unwrap().by_address.len(), 2);
    }
}
