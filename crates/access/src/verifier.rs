//! Checks tokens, and remembers those that were good, so that a call with a token seen before costs
//! a hash and no signature.
//!
//! What is remembered is bounded, keyed by the SHA-256 of the token, and forgotten when the keys
//! change. The time is compared on every call.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::keys::{self, JWKS_BYTES_MAX, KeySet};
use crate::token::{self, Settings, Verified};
use crate::watched::{self, WatchedFile};

/// Tokens remembered at most: twice this.
const GENERATION_TOKENS_MAX: usize = 2_048;

/// Why a file with keys cannot be used.
pub type FileError = watched::Error<keys::Error>;

/// Checks tokens by the keys and settings of one provider.
pub struct Verifier {
    settings: Settings,
    keys: Keys,
    seen: Mutex<Seen>,
}

enum Keys {
    Fixed(Arc<KeySet>),
    File(WatchedFile<KeySet, keys::Error>),
}

/// Tokens that were good with one set of keys. When the younger half is full the older is dropped,
/// so that what is used stays.
struct Seen {
    keys: Arc<KeySet>,
    young: HashMap<[u8; 32], Arc<Verified>>,
    old: HashMap<[u8; 32], Arc<Verified>>,
}

impl Verifier {
    /// Checks by keys that stay.
    pub fn new(settings: Settings, keys: KeySet) -> Self {
        let keys = Arc::new(keys);
        Self {
            settings,
            seen: Mutex::new(Seen::new(Arc::clone(&keys))),
            keys: Keys::Fixed(keys),
        }
    }

    /// Checks by the key set in a file, which is looked at again after `recheck` and read again when
    /// it changed; [`RECHECK_INTERVAL`](crate::watched::RECHECK_INTERVAL) is meant for it.
    pub fn from_file(
        settings: Settings,
        path: &Path,
        recheck: Duration,
    ) -> Result<Self, FileError> {
        let file = WatchedFile::open(path, JWKS_BYTES_MAX, recheck, KeySet::parse)?;
        Ok(Self {
            settings,
            seen: Mutex::new(Seen::new(file.get())),
            keys: Keys::File(file),
        })
    }

    /// Who shows this token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, token::Error> {
        let keys = match &self.keys {
            Keys::Fixed(keys) => Arc::clone(keys),
            Keys::File(file) => file.get(),
        };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(verified) = self.seen(&keys, &digest) {
            return verified.at(now).cloned();
        }
        let verified = Arc::new(token::verify(token, &keys, &self.settings)?);
        let caller = verified.at(now)?.clone();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&seen.keys, &keys) {
            seen.put(digest, verified);
        }
        Ok(caller)
    }

    fn seen(&self, keys: &Arc<KeySet>, digest: &[u8; 32]) -> Option<Arc<Verified>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&seen.keys, keys) {
            *seen = Seen::new(Arc::clone(keys));
        }
        seen.get(digest)
    }
}

impl Seen {
    fn new(keys: Arc<KeySet>) -> Self {
        Self {
            keys,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    fn get(&mut self, digest: &[u8; 32]) -> Option<Arc<Verified>> {
        if let Some(verified) = self.young.get(digest) {
            return Some(Arc::clone(verified));
        }
        let verified = self.old.remove(digest)?;
        self.put(*digest, Arc::clone(&verified));
        Some(verified)
    }

    fn put(&mut self, digest: [u8; 32], verified: Arc<Verified>) {
        if self.young.len() >= GENERATION_TOKENS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, verified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::Issuer;

    fn verified(identity: &str) -> Arc<Verified> {
        let caller = Caller {
            identity: identity.to_owned(),
            roles: Vec::new(),
        };
        Arc::new(Verified {
            caller,
            from: 10,
            until: 20,
        })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_seen_before_is_not_checked_again_but_for_the_time() {
        let verifier = Issuer::generate().verifier();
        // No signature would let this text pass.
        let digest = Sha256::digest(b"seen").into();
        verifier
            .seen
            .lock()
            .unwrap()
            .put(digest, verified("somebody"));
        let seen = |second| verifier.verify("seen", at(second));
        assert_eq!(seen(10).unwrap().identity, "somebody");
        assert_eq!(seen(19).unwrap().identity, "somebody");
        assert_eq!(seen(9), Err(token::Error::NotYetValid));
        assert_eq!(seen(20), Err(token::Error::Expired));
        assert_eq!(
            verifier.verify("other", at(10)),
            Err(token::Error::Malformed)
        );
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_used_stays() {
        let keys = KeySet::parse(Issuer::generate().jwks_json().as_bytes()).unwrap();
        let mut seen = Seen::new(Arc::new(keys));
        let digest = |number: usize| -> [u8; 32] { Sha256::digest(number.to_be_bytes()).into() };
        seen.put(digest(0), verified("used"));
        for number in 1..5 * GENERATION_TOKENS_MAX {
            seen.put(digest(number), verified("once"));
            assert!(seen.get(&digest(0)).is_some(), "after {number}");
            assert!(seen.young.len() + seen.old.len() <= 2 * GENERATION_TOKENS_MAX);
        }
        assert!(seen.get(&digest(1)).is_none());
    }
}
