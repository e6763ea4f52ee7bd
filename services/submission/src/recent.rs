//! What was read lately and never changes under its key.
//!
//! Bounded: when the younger half is full the older one is dropped, so that what is used stays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Values by key, twice `half` of them at most.
pub(crate) struct Recent<K, V> {
    half: usize,
    halves: Mutex<Halves<K, V>>,
}

struct Halves<K, V> {
    young: BTreeMap<K, Arc<V>>,
    old: BTreeMap<K, Arc<V>>,
}

impl<K: Ord, V> Recent<K, V> {
    /// Nothing yet.
    pub(crate) fn new(half: usize) -> Self {
        Self {
            half,
            halves: Mutex::new(Halves {
                young: BTreeMap::new(),
                old: BTreeMap::new(),
            }),
        }
    }

    /// The value under a key, if it was put lately.
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = halves.young.get(key) {
            return Some(Arc::clone(value));
        }
        let (key, value) = halves.old.remove_entry(key)?;
        let used = Arc::clone(&value);
        halves.put(key, value, self.half);
        Some(used)
    }

    /// Keeps a value for a while.
    pub(crate) fn put(&self, key: K, value: Arc<V>) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.put(key, value, self.half);
    }
}

impl<K: Ord, V> Halves<K, V> {
    fn put(&mut self, key: K, value: Arc<V>, half: usize) {
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_is_used_stays() {
        let recent = Recent::new(3);
        recent.put(0, Arc::new("used"));
        for number in 1..100 {
            recent.put(number, Arc::new("once"));
            assert_eq!(recent.get(&0).as_deref(), Some(&"used"), "after {number}");
            let halves = recent.halves.lock().expect("no panic before");
            assert!(halves.young.len() + halves.old.len() <= 6);
        }
        assert!(recent.get(&1).is_none());
    }
}
