//! What was read lately and never changes under its key.
//!
//! Bounded by what all of it weighs: when the younger half is full the older one is dropped, so that what
//! is used stays. What weighs more than a half is not kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Values by key, which weigh twice `half` at most.
pub(crate) struct Recent<K, V> {
    half: usize,
    halves: Mutex<Halves<K, V>>,
}

struct Halves<K, V> {
    young: Half<K, V>,
    old: Half<K, V>,
}

struct Half<K, V> {
    kept: BTreeMap<K, Kept<V>>,
    weight: usize,
}

struct Kept<V> {
    value: Arc<V>,
    weight: usize,
}

impl<K: Ord, V> Recent<K, V> {
    /// Nothing yet.
    pub(crate) fn new(half: usize) -> Self {
        Self {
            half,
            halves: Mutex::new(Halves {
                young: Half::default(),
                old: Half::default(),
            }),
        }
    }

    /// The value under a key, if it was put lately.
    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = halves.young.kept.get(key) {
            return Some(Arc::clone(&kept.value));
        }
        let (key, kept) = halves.old.remove(key)?;
        let used = Arc::clone(&kept.value);
        halves.put(key, kept, self.half);
        Some(used)
    }

    /// Keeps a value for a while, unless it is too heavy.
    pub(crate) fn put(&self, key: K, value: Arc<V>, weight: usize) {
        if weight <= self.half {
            let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
            halves.put(key, Kept { value, weight }, self.half);
        }
    }
}

impl<K: Ord, V> Halves<K, V> {
    fn put(&mut self, key: K, kept: Kept<V>, half: usize) {
        // It may have been put by somebody else who missed it.
        self.young.remove(&key);
        if self.young.weight.saturating_add(kept.weight) > half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.weight = self.young.weight.saturating_add(kept.weight);
        self.young.kept.insert(key, kept);
    }
}

impl<K: Ord, V> Half<K, V> {
    fn remove(&mut self, key: &K) -> Option<(K, Kept<V>)> {
        let (key, kept) = self.kept.remove_entry(key)?;
        self.weight = self.weight.saturating_sub(kept.weight);
        Some((key, kept))
    }
}

impl<K, V> Default for Half<K, V> {
    fn default() -> Self {
        Self {
            kept: BTreeMap::new(),
            weight: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<K: Ord, V> Recent<K, V> {
        /// What all of it weighs.
        fn weight(&self) -> usize {
            let halves = self.halves.lock().expect("no panic before");
            let kept = halves.young.kept.values().chain(halves.old.kept.values());
            let weight = kept.map(|kept| kept.weight).sum();
            assert_eq!(weight, halves.young.weight + halves.old.weight);
            weight
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_used_stays() {
        let recent = Recent::new(30);
        recent.put(0, Arc::new("used"), 7);
        for number in 1..100 {
            recent.put(number, Arc::new("once"), number % 24);
            assert_eq!(recent.get(&0).as_deref(), Some(&"used"), "after {number}");
            assert!(recent.weight() <= 60);
        }
        assert!(recent.get(&1).is_none());
    }

    #[test]
    fn what_weighs_as_much_as_a_half_is_kept_and_more_is_not() {
        let recent = Recent::new(30);
        recent.put(1, Arc::new("light"), 1);
        recent.put(2, Arc::new("a half"), 30);
        recent.put(3, Arc::new("too heavy"), 31);
        assert_eq!(
            [1, 2, 3].map(|key| recent.get(&key).is_some()),
            [true, true, false]
        );
    }

    #[test]
    fn what_is_put_twice_weighs_once() {
        let recent = Recent::new(30);
        for _ in 0..2 {
            recent.put(1, Arc::new("read by two"), 20);
        }
        assert_eq!(recent.weight(), 20);
    }
}
