//! Checks tokens, and remembers those that were good, so that a call with a token seen before costs
//! a hash and no signature.
//!
//! What is remembered is bounded, keyed by the SHA-256 of the token, and forgotten when the keys
//! change. The time is compared on every call.

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
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

/// Ends when the provider was asked for its keys.
pub type Renewal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keys that somebody renews, such as those of a provider that is asked over HTTP.
pub trait KeySource: Send + Sync {
    /// The keys; the same `Arc` as long as they are the same. None while there are none to trust.
    fn keys(&self) -> Option<Arc<KeySet>>;

    /// Has the provider asked now rather than later, for a token whose key is not there. None when it
    /// was asked so lately that asking again is not worth it.
    fn renewal(&self) -> Option<Renewal>;
}

/// Checks tokens by the keys and settings of one provider.
pub struct Verifier {
    settings: Settings,
    keys: Keys,
    seen: Mutex<Seen>,
}

enum Keys {
    Fixed(Arc<KeySet>),
    File(WatchedFile<KeySet, keys::Error>),
    Renewed(Arc<dyn KeySource>),
}

/// Tokens that were good with one set of keys. When the younger half is full the older is dropped,
/// so that what is used stays.
#[derive(Default)]
struct Seen {
    keys: Option<Arc<KeySet>>,
    young: HashMap<[u8; 32], Arc<Verified>>,
    old: HashMap<[u8; 32], Arc<Verified>>,
}

impl Verifier {
    /// Checks by keys that stay.
    pub fn new(settings: Settings, keys: KeySet) -> Self {
        let keys = Arc::new(keys);
        Self {
            settings,
            seen: Mutex::default(),
            keys: Keys::Fixed(keys),
        }
    }

    /// Checks by keys that `source` renews.
    pub fn from_source(settings: Settings, source: Arc<dyn KeySource>) -> Self {
        Self {
            settings,
            seen: Mutex::default(),
            keys: Keys::Renewed(source),
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
            seen: Mutex::default(),
            keys: Keys::File(file),
        })
    }

    /// Who shows this token.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, token::Error> {
        let keys = match &self.keys {
            Keys::Fixed(keys) => Arc::clone(keys),
            Keys::File(file) => file.get(),
            Keys::Renewed(source) => source.keys().ok_or(token::Error::NoKeys)?,
        };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(verified) = self.seen(&keys, &digest) {
            return verified.at(now).cloned();
        }
        let verified = Arc::new(token::verify(token, &keys, &self.settings)?);
        let caller = verified.at(now)?.clone();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.are_of(&keys) {
            seen.put(digest, verified);
        }
        Ok(caller)
    }

    /// What to wait for before a token that was refused for `error` is shown again; none when that
    /// would change nothing.
    pub fn renewal(&self, error: token::Error) -> Option<Renewal> {
        match (&self.keys, error) {
            (Keys::Renewed(source), token::Error::Key | token::Error::NoKeys) => source.renewal(),
            _ => None,
        }
    }

    fn seen(&self, keys: &Arc<KeySet>, digest: &[u8; 32]) -> Option<Arc<Verified>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.are_of(keys) {
            *seen = Seen {
                keys: Some(Arc::clone(keys)),
                ..Seen::default()
            };
        }
        seen.get(digest)
    }
}

impl Seen {
    fn are_of(&self, keys: &Arc<KeySet>) -> bool {
        let own = self.keys.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, keys))
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
        assert!(verifier.verify("seen", at(10)).is_err());
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
        let mut seen = Seen::default();
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
