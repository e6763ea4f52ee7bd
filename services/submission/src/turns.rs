//! Taking turns: those who change the same return in this process do it one after the other.
//!
//! The store would let one of them through and send the others back to decide again, a bounded
//! number of times; a crowd would end with refusals. Nothing rests on the turns: another process
//! does not know of them, and commits still say what they rely on.

use std::hash::{BuildHasher as _, RandomState};

use mesur_wire::ReturnName;
use tokio::sync::{Mutex, MutexGuard};

/// How many turns there are. Two returns that share one wait for each other without need.
const TURNS: usize = 1_024;

/// The turns of all returns.
pub(crate) struct Turns {
    hasher: RandomState,
    turns: Vec<Mutex<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS);
        Self {
            hasher: RandomState::new(),
            turns: turns.collect(),
        }
    }
}

impl Turns {
    /// Waits for the turn of a return; it is over when what comes back is dropped.
    pub(crate) async fn wait(&self, name: &ReturnName) -> Option<MutexGuard<'_, ()>> {
        let hash = self.hasher.hash_one(name.to_string());
        let place = usize::try_from(hash).unwrap_or(0).checked_rem(TURNS)?;
        Some(self.turns.get(place)?.lock().await)
    }
}
